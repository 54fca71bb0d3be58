//! Saving videos.

use std::path::{Path, PathBuf};
use std::time::Duration;

use j2v::render::identity::ProjectId;
use j2v::service::client::Client;
use j2v::service::download::{Order, Overwrite, Progress, SaveError, Saved, VideoSource};
use j2v::service::keyless::Hosts;
use tempfile::TempDir;

use crate::client::{KEY, client};
use crate::server::{Act, Server, reply};

const MP4: &str = "Content-Type: video/mp4\r\nETag: \"v1\"\r\n";
const WITHOUT_TAG: &str = "Content-Type: video/mp4\r\n";

/// A file of 100,000 bytes that begins like an MP4, of the version `seed`.
fn video(seed: usize) -> Vec<u8> {
    let rest = (0..99_992).map(|at| u8::try_from((at * 31 + seed) % 251).unwrap());
    b"\0\0\0\x18ftyp".iter().copied().chain(rest).collect()
}

fn whole(headers: &str, seed: usize) -> Act {
    Act::Reply(reply("200 OK", headers, &video(seed)))
}

/// The first `bytes` of the body of a whole answer, then the end of the connection.
fn cut(headers: &str, seed: usize, bytes: usize) -> Act {
    let mut reply = reply("200 OK", headers, &video(seed));
    reply.truncate(reply.len() - video(seed).len() + bytes);
    Act::Reply(reply)
}

fn rest(headers: &str, seed: usize, from: usize) -> Act {
    let range = format!("{headers}Content-Range: bytes {from}-99999/100000\r\n");
    Act::Reply(reply("206 Partial Content", &range, &video(seed)[from..]))
}

fn status(line: &str) -> Act {
    Act::Reply(reply(line, "", b""))
}

/// A folder to save into, and a server to save from.
struct Case {
    server: Server,
    client: Client,
    dir: TempDir,
}

impl Case {
    async fn new(script: Vec<Act>) -> Self {
        let server = Server::start(script).await;
        let client = client(&server.url("/v2"));
        Self { server, client, dir: tempfile::tempdir().unwrap() }
    }

    fn target(&self) -> PathBuf {
        self.dir.path().join("film.mp4")
    }

    fn source(&self, size: Option<u64>) -> VideoSource {
        VideoSource { project: ProjectId::parse("JkGxEoPRF9EgRb32").unwrap(), url: self.server.url("/film.mp4?signature=secret"), size }
    }

    async fn save(&self, size: Option<u64>, overwrite: Overwrite) -> Result<Saved, SaveError> {
        save(&self.client, &self.source(size), &self.target(), overwrite, Hosts::Public).await
    }

    /// The names in the folder, sorted.
    fn names(&self) -> Vec<String> {
        let entries = self.dir.path().read_dir().unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn assert_saved(&self, result: Result<Saved, SaveError>, seed: usize) {
        let saved = result.unwrap();
        assert_eq!(saved.now, Some(100_000));
        saved.is_recorded();
        assert!(std::fs::read(self.target()).unwrap() == video(seed), "every byte in its place");
        assert_eq!(self.names(), ["film.mp4"]);
        assert!(self.server.requests().iter().all(|request| !request.contains(KEY) && !request.contains("x-api-key")));
    }
}

async fn save(client: &Client, source: &VideoSource, target: &Path, overwrite: Overwrite, hosts: Hosts) -> Result<Saved, SaveError> {
    let order = Order { source, target, overwrite, is_its_place: true, hosts, patience: Duration::from_millis(300) };
    let result = client.save(order, &mut |_| ()).await;
    if let Err(error) = &result {
        assert!(!format!("{error} {error:?}").contains("secret"), "a signed address in {error:?}");
    }
    result
}

#[tokio::test]
async fn a_video_is_saved_without_the_key_and_nothing_else_is_left() {
    let case = Case::new(vec![whole(MP4, 1)]).await;
    let mut seen = Vec::new();
    let source = case.source(Some(100_000));
    let target = case.target();
    let order = Order {
        source: &source,
        target: &target,
        overwrite: Overwrite::No,
        is_its_place: true,
        hosts: Hosts::Public,
        patience: Duration::ZERO,
    };
    let result = case.client.save(order, &mut |progress| seen.push(progress)).await;
    case.assert_saved(result, 1);
    assert_eq!(seen.first().unwrap(), &Progress { received: 0, total: Some(100_000) });
    assert_eq!(seen.last().unwrap(), &Progress { received: 100_000, total: Some(100_000) });
}

#[tokio::test]
async fn row_90_a_cut_download_goes_on_where_it_broke() {
    let case = Case::new(vec![cut(MP4, 1, 40_000), rest(MP4, 1, 40_000)]).await;
    case.assert_saved(case.save(Some(100_000), Overwrite::No).await, 1);
    let second = case.server.requests()[1].to_lowercase();
    assert!(second.contains("\r\nrange: bytes=40000-\r\n") && second.contains("\r\nif-range: \"v1\"\r\n"), "{second}");
}

#[tokio::test]
async fn row_90_a_later_run_goes_on_where_the_first_broke() {
    let case = Case::new(vec![cut(MP4, 1, 40_000), status("500 Oh")]).await;
    assert!(matches!(case.save(None, Overwrite::No).await, Err(SaveError::Unreachable { .. })));
    assert_eq!(case.names(), ["film.mp4.partial", "film.mp4.partial.etag"]);

    let server = Server::start(vec![rest(MP4, 1, 40_000)]).await;
    let later = Case { server, ..case };
    later.assert_saved(later.save(Some(100_000), Overwrite::No).await, 1);
    assert!(later.server.requests()[0].to_lowercase().contains("range: bytes=40000-"));
}

#[tokio::test]
async fn row_90_another_size_than_promised_is_damage() {
    let case = Case::new(vec![whole(MP4, 1)]).await;
    let error = case.save(Some(100_001), Overwrite::No).await.unwrap_err();
    assert!(matches!(error, SaveError::Damaged { expected: 100_001, found: 100_000 }), "{error:?}");
    assert!(case.names().is_empty());
}

#[tokio::test]
async fn row_91_another_version_begins_from_zero_and_is_never_appended() {
    let elsewhere = rest(MP4, 1, 50_000);
    for second in [whole("ETag: \"v2\"\r\n", 2), elsewhere, status("416 Range Not Satisfiable"), rest("ETag: \"v2\"\r\n", 2, 40_000)] {
        let case = Case::new(vec![cut(MP4, 1, 40_000), second, whole("ETag: \"v2\"\r\n", 2)]).await;
        case.assert_saved(case.save(Some(100_000), Overwrite::No).await, 2);
    }
}

#[tokio::test]
async fn row_91_without_a_strong_mark_of_its_version_nothing_is_resumed() {
    for headers in [WITHOUT_TAG, "ETag: W/\"v1\"\r\n"] {
        let case = Case::new(vec![cut(headers, 1, 40_000), whole(headers, 2)]).await;
        case.assert_saved(case.save(Some(100_000), Overwrite::No).await, 2);
        assert!(!case.server.requests()[1].to_lowercase().contains("\r\nrange:"));
    }
}

#[tokio::test]
async fn row_92_an_expired_address_is_told_from_a_broken_one() {
    for line in ["403 Forbidden", "404 Not Found", "410 Gone"] {
        let case = Case::new(vec![status(line)]).await;
        assert!(matches!(case.save(None, Overwrite::No).await, Err(SaveError::Gone { .. })), "{line}");
        assert!(case.names().is_empty());
    }
    let case = Case::new(vec![status("500 Oh")]).await;
    assert!(matches!(case.save(None, Overwrite::No).await, Err(SaveError::Unreachable { last, .. }) if last.contains("500")));
}

#[tokio::test]
async fn row_93_a_web_page_is_no_video() {
    let page = reply("200 OK", "Content-Type: text/html; charset=utf-8\r\n", b"<html>log in</html>");
    let nameless = reply("200 OK", "", b"<html>log in</html>");
    let short = reply("200 OK", "", b"<h>");
    for body in [page, nameless, short] {
        let case = Case::new(vec![Act::Reply(body)]).await;
        assert!(matches!(case.save(None, Overwrite::No).await, Err(SaveError::NotAVideo { .. })));
        assert!(case.names().is_empty());
    }
}

#[tokio::test]
async fn row_94_another_file_is_never_replaced_in_silence() {
    let case = Case::new(vec![whole(MP4, 1)]).await;
    std::fs::write(case.target(), "mine").unwrap();
    assert!(matches!(case.save(Some(100_000), Overwrite::No).await, Err(SaveError::InTheWay { .. })));
    assert_eq!((std::fs::read_to_string(case.target()).unwrap().as_str(), case.server.connections()), ("mine", 0));
    case.assert_saved(case.save(Some(100_000), Overwrite::Yes).await, 1);
}

#[tokio::test]
async fn row_94_a_file_that_appears_during_the_download_stays() {
    let case = Case::new(vec![whole(MP4, 1)]).await;
    let (source, target) = (case.source(None), case.target());
    let order = Order {
        source: &source,
        target: &target,
        overwrite: Overwrite::No,
        is_its_place: true,
        hosts: Hosts::Public,
        patience: Duration::ZERO,
    };
    let result = case.client.save(order, &mut |_| std::fs::write(&target, "mine").unwrap()).await;
    assert!(matches!(result, Err(SaveError::InTheWay { .. })), "{result:?}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
}

#[tokio::test]
async fn row_75_a_file_named_by_a_run_that_was_killed_at_once_is_its_own_video_and_no_other_s() {
    let case = Case::new(vec![whole(MP4, 1), whole(MP4, 2)]).await;
    let (target, source) = (case.target(), case.source(Some(100_000)));
    let stranger = VideoSource { project: ProjectId::parse("aaaaaaaaaaaaaaaa").unwrap(), ..source.clone() };
    let order = |source, overwrite| Order {
        source,
        target: &target,
        overwrite,
        is_its_place: false,
        hosts: Hosts::Public,
        patience: Duration::ZERO,
    };
    // Killed before the location of the video was recorded.
    assert!(case.client.save(order(&source, Overwrite::No), &mut |_| ()).await.unwrap().now.is_some());
    let other = case.client.save(order(&stranger, Overwrite::No), &mut |_| ()).await;
    assert!(matches!(other, Err(SaveError::InTheWay { .. })), "{other:?}");
    let found = case.client.save(order(&source, Overwrite::No), &mut |_| ()).await.unwrap();
    assert_eq!(found.now, None);
    found.is_recorded();
    assert_eq!(case.names(), ["film.mp4"]);
    let known_no_more = case.client.save(order(&source, Overwrite::No), &mut |_| ()).await;
    assert!(matches!(known_no_more, Err(SaveError::InTheWay { .. })), "{known_no_more:?}");
}

#[tokio::test]
async fn row_75_what_is_written_after_a_kill_leaves_the_video_under_the_other_name_alone() {
    let case = Case::new(vec![whole(MP4, 1), whole(&format!("{MP4}Connection: close\r\n"), 2), status("500 Oh")]).await;
    assert!(case.save(Some(100_000), Overwrite::No).await.unwrap().now.is_some());
    let mut untouched = true;
    let (source, target) = (case.source(None), case.target());
    let order = Order {
        source: &source,
        target: &target,
        overwrite: Overwrite::Yes,
        is_its_place: true,
        hosts: Hosts::Public,
        patience: Duration::ZERO,
    };
    let saved = case.client.save(order, &mut |_| untouched &= std::fs::read(&target).unwrap() == video(1)).await;
    assert!(saved.unwrap().now.is_some() && untouched && std::fs::read(&target).unwrap() == video(2));
}

#[tokio::test]
async fn a_video_that_is_there_is_not_fetched_again() {
    let case = Case::new(vec![whole(MP4, 1)]).await;
    std::fs::write(case.target(), video(1)).unwrap();
    assert_eq!(case.save(Some(100_000), Overwrite::No).await.unwrap().now, None);
    assert_eq!(case.server.connections(), 0);
}

#[tokio::test]
async fn two_at_once_do_not_write_one_file() {
    let case = Case::new(vec![Act::Hang, whole(MP4, 1)]).await;
    let source = case.source(None);
    let target = case.target();
    let patience = Duration::from_secs(20);
    let order = Order { source: &source, target: &target, overwrite: Overwrite::No, is_its_place: true, hosts: Hosts::Public, patience };
    let mut ignored = |_| ();
    let slow = case.client.save(order, &mut ignored);
    let second = async {
        case.server.heard(1).await;
        save(&case.client, &source, &target, Overwrite::No, Hosts::Public).await
    };
    let (slow, second) = tokio::join!(slow, second);
    assert!(matches!(second, Err(SaveError::Busy { .. })), "{second:?}");
    case.assert_saved(slow, 1);
}

#[tokio::test]
async fn row_100_private_addresses_are_refused_at_once_and_after_a_redirect() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("film.mp4");
    let api = client("https://api.json2video.com/v2");
    let loopback = Server::start(vec![whole(MP4, 1)]).await;
    let with_consent = [
        loopback.url("/film.mp4"),
        loopback.https_url(),
        "https://169.254.169.254/latest".to_owned(),
        "https://2852039166/latest".to_owned(),
        "https://[::1]/x".to_owned(),
        "https://[fd00:ec2::254]/x".to_owned(),
        "https://localhost/x".to_owned(),
        "http://example.com/x".to_owned(),
    ];
    let never = ["file:///etc/passwd", "no URL"].map(str::to_owned);
    for (url, is_askable) in with_consent.into_iter().map(|url| (url, true)).chain(never.map(|url| (url, false))) {
        let source = VideoSource { project: ProjectId::parse("p").unwrap(), url: url.clone(), size: None };
        let refused = save(&api, &source, &target, Overwrite::No, Hosts::Public).await.unwrap_err();
        let fits = if is_askable { matches!(refused, SaveError::Private { .. }) } else { matches!(refused, SaveError::Untrusted { .. }) };
        assert!(fits, "{url}: {refused:?}");
    }
    assert_eq!(loopback.connections(), 0);

    let moved = |to: &str| Act::Reply(reply("302 Found", &format!("Location: {to}\r\n"), b""));
    let case = Case::new(vec![moved("https://10.0.0.1/film.mp4")]).await;
    assert!(matches!(case.save(None, Overwrite::No).await, Err(SaveError::Private { .. })));
    let case = Case::new(vec![moved("/again")]).await;
    assert!(matches!(case.save(None, Overwrite::No).await, Err(SaveError::Untrusted { .. })));
    assert_eq!(case.server.connections(), 6);
    let case = Case::new(vec![moved("/elsewhere"), whole(MP4, 1)]).await;
    case.assert_saved(case.save(Some(100_000), Overwrite::No).await, 1);
}

#[tokio::test]
async fn row_100_a_private_address_is_fetched_from_when_the_user_says_so() {
    let server = Server::start(vec![whole(MP4, 1)]).await;
    let dir = tempfile::tempdir().unwrap();
    let api = client("https://api.json2video.com/v2");
    let source = VideoSource { project: ProjectId::parse("p").unwrap(), url: server.url("/film.mp4"), size: None };
    let saved = save(&api, &source, &dir.path().join("film.mp4"), Overwrite::No, Hosts::Any).await;
    assert_eq!(saved.unwrap().now, Some(100_000));
}
