//! Probes of the files that a movie uses.

use std::time::Duration;

use j2v::service::answer::ConnectFault;
use j2v::service::client::Timeouts;
use j2v::service::keyless::Hosts;
use j2v::service::probe::{Found, Probe, ProbeError, Wanted};

use crate::client::KEY;
use crate::server::{Act, Server, reply};

const MP4: &str = "Content-Type: video/mp4\r\n";

/// How many bytes one request asks for.
const WINDOW: usize = 256 << 10;

fn probe() -> Probe {
    probe_beside(true)
}

fn probe_beside(api_is_loopback: bool) -> Probe {
    let brief = Duration::from_millis(400);
    Probe::new(api_is_loopback, Hosts::Public, Timeouts { connect: brief, request: brief, body: brief })
}

fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&size, kind, body].concat()
}

/// A film of 12.5 s with its index after 600,000 bytes of media, or before them.
fn film(index_first: bool) -> Vec<u8> {
    let numbers = [0, 0, 0, 1000, 12_500].map(u32::to_be_bytes).concat();
    let index = boxed(b"moov", &boxed(b"mvhd", &[numbers, vec![0; 80]].concat()));
    let (head, media) = (boxed(b"ftyp", b"isom"), boxed(b"mdat", &vec![7; 600_000]));
    if index_first { [head, index, media].concat() } else { [head, media, index].concat() }
}

/// The answer to a HEAD: that of the GET, without its body.
fn head(status: &str, headers: &str, length: usize) -> Act {
    Act::Reply(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n").into_bytes())
}

fn part(file: &[u8], from: usize) -> Act {
    let to = (from + WINDOW).min(file.len());
    let range = format!("{MP4}Content-Range: bytes {from}-{}/{}\r\n", to - 1, file.len());
    Act::Reply(reply("206 Partial Content", &range, &file[from..to]))
}

fn moved(to: &str) -> Act {
    Act::Reply(reply("302 Found", &format!("Location: {to}\r\n"), b""))
}

/// Probes one file of a server that plays this script; also returns the requests' first lines and ranges.
async fn look(script: Vec<Act>, wanted: Wanted) -> (Result<Found, ProbeError>, Vec<String>) {
    let server = Server::start(script).await;
    let found = probe().one(&server.url("/film.mp4?signature=secret"), wanted).await;
    let told = |request: &String| {
        assert!(!request.contains(KEY) && !request.to_ascii_lowercase().contains("x-api-key"), "{request}");
        let range = request.lines().find_map(|line| line.strip_prefix("range: ")).unwrap_or_default();
        format!("{} {range}", request.split(' ').next().unwrap_or_default())
    };
    (found, server.requests().iter().map(told).collect())
}

fn film_found(bytes: usize) -> Found {
    Found { content_type: Some("video/mp4".to_owned()), bytes: Some(bytes as u64), length: Some(Duration::from_millis(12_500)) }
}

#[tokio::test]
async fn a_recording_is_asked_for_its_head_and_its_first_bytes() {
    let film = film(true);
    let (found, requests) = look(vec![head("200 OK", MP4, film.len()), part(&film, 0)], Wanted::Recording).await;
    assert_eq!((found, requests), (Ok(film_found(film.len())), vec!["HEAD ".to_owned(), "GET bytes=0-262143".to_owned()]));
}

#[tokio::test]
async fn an_index_at_the_end_is_asked_for_where_it_begins() {
    let film = film(false);
    let index = 12 + 600_008;
    let (found, requests) = look(vec![head("200 OK", MP4, film.len()), part(&film, 0), part(&film, index)], Wanted::Recording).await;
    assert_eq!((found, requests[2].as_str(), requests.len()), (Ok(film_found(film.len())), "GET bytes=600020-862163", 3));
}

#[tokio::test]
async fn a_server_without_ranges_sends_no_more_than_is_read() {
    let film = film(false);
    let whole = Act::Reply(reply("200 OK", MP4, &film));
    let (found, requests) = look(vec![head("200 OK", MP4, film.len()), whole], Wanted::Recording).await;
    assert_eq!((found, requests.len()), (Ok(Found { length: None, ..film_found(film.len()) }), 2));
}

#[tokio::test]
async fn for_a_picture_the_head_is_enough() {
    let (found, requests) = look(vec![head("200 OK", "Content-Type: image/png\r\n", 900)], Wanted::Still).await;
    let picture = Found { content_type: Some("image/png".to_owned()), bytes: Some(900), length: None };
    assert_eq!((found, requests), (Ok(picture), vec!["HEAD ".to_owned()]));
}

#[tokio::test]
async fn a_no_to_the_head_is_not_believed() {
    let film = film(true);
    for no in [head("405 Method Not Allowed", "", 0), head("403 Forbidden", "", 0), Act::Close] {
        let (found, requests) = look(vec![no, part(&film, 0)], Wanted::Still).await;
        assert_eq!((found, requests.len()), (Ok(Found { length: None, ..film_found(film.len()) }), 2));
    }
    let (found, requests) = look(vec![head("404 Not Found", "", 0), Act::Reply(reply("404 Not Found", "", b"no"))], Wanted::Still).await;
    assert_eq!((found, requests.len()), (Err(ProbeError::Status { host: "127.0.0.1".to_owned(), status: 404 }), 2));
}

#[tokio::test]
async fn a_web_page_is_a_page_and_no_film() {
    let page = || head("200 OK", "Content-Type: text/html; charset=utf-8\r\n", 5000);
    let (found, requests) = look(vec![page()], Wanted::Recording).await;
    assert_eq!((found, requests.len()), (Err(ProbeError::Page("127.0.0.1".to_owned())), 1));
    let (found, _) = look(vec![page()], Wanted::Page).await;
    assert_eq!(found.unwrap().bytes, Some(5000));
}

#[tokio::test]
async fn a_film_that_ends_too_early_is_cut() {
    let film = &film(false)[..300_000];
    let (found, _) = look(vec![head("200 OK", MP4, film.len()), part(film, 0)], Wanted::Recording).await;
    assert_eq!(found, Err(ProbeError::Cut));
    let mut reply = reply("200 OK", MP4, film);
    reply.truncate(2000);
    let (found, _) = look(vec![head("200 OK", MP4, film.len()), Act::Reply(reply)], Wanted::Recording).await;
    assert!(matches!(found, Err(ProbeError::Broken { .. })), "{found:?}");
}

#[tokio::test]
async fn redirects_are_followed_five_times_and_remembered() {
    let film = film(true);
    let (found, requests) = look(vec![moved("/a"), moved("/b"), head("200 OK", MP4, 1), part(&film, 0)], Wanted::Recording).await;
    assert_eq!((found, requests.len()), (Ok(film_found(film.len())), 4));
    let (found, requests) = look(vec![moved("/again")], Wanted::Still).await;
    assert_eq!((found, requests.len()), (Err(ProbeError::Untrusted("it redirects too often")), 6));
}

#[tokio::test]
async fn private_addresses_are_never_asked() {
    let server = Server::start(vec![head("200 OK", MP4, 1)]).await;
    let away = probe_beside(false);
    let urls = [
        server.url("/film.mp4"),
        server.https_url(),
        "https://169.254.169.254/latest".to_owned(),
        "https://2852039166/latest".to_owned(),
        "https://[::ffff:10.0.0.1]/x".to_owned(),
        "https://localhost/x".to_owned(),
        "http://example.com/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        "film.mp4".to_owned(),
    ];
    for url in urls {
        let found = away.one(&url, Wanted::Recording).await;
        assert!(matches!(found, Err(ProbeError::Untrusted(_))), "{url}: {found:?}");
    }
    assert_eq!(server.connections(), 0);
    let (found, requests) = look(vec![moved("https://10.0.0.1/film.mp4")], Wanted::Recording).await;
    assert_eq!((found, requests.len()), (Err(ProbeError::Untrusted("it is on a private network")), 1));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let (found, requests) = look(vec![Act::Hang], Wanted::Recording).await;
    assert_eq!((found, requests.len()), (Err(ProbeError::Timeout("127.0.0.1".to_owned())), 1));
    let found = probe().one("http://127.0.0.1:1/film.mp4", Wanted::Recording).await;
    assert_eq!(found, Err(ProbeError::Unreachable { host: "127.0.0.1".to_owned(), fault: ConnectFault::Refused }));
}

#[tokio::test]
async fn no_more_than_four_are_looked_at_at_once() {
    let server = Server::start(vec![Act::Hang]).await;
    let urls: Vec<String> = (0..9).map(|number| server.url(&format!("/{number}"))).collect();
    let files: Vec<(&str, Wanted)> = urls.iter().map(|url| (url.as_str(), Wanted::Still)).collect();
    let patient = Timeouts { request: Duration::from_secs(20), ..Timeouts::default() };
    let probe = Probe::new(true, Hosts::Public, patient);
    let more_than_four = async {
        server.heard(4).await;
        tokio::time::timeout(Duration::from_millis(150), server.heard(5)).await.is_ok()
    };
    let is_more = tokio::select! {
        found = probe.all(&files) => panic!("nobody answers, but {found:?}"),
        is_more = more_than_four => is_more,
    };
    assert!(!is_more);
}
