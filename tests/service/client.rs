//! Submitting, reading, listing, deleting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use j2v::render::identity::ProjectId;
use j2v::render::outcome::{Reason, Status};
use j2v::service::answer::{BodyEnd, ConnectFault, Loss, PostMeaning, RequestResult, TlsFault, meaning_of_post};
use j2v::service::client::{Client, Settings, Timeouts};
use j2v::service::endpoint::ApiUrl;
use j2v::service::first_byte::{BeforeFirstByte, HookRefused};
use j2v::service::page::Window;
use j2v::service::read::ReadError;
use j2v::service::secret::ApiKey;
use j2v::world::{Rng, Timestamp, World};
use tokio::sync::oneshot;

use crate::server::{self, Act, Server, json_reply};

pub(crate) const KEY: &str = "canary-0123456789";
const ID: &str = "JkGxEoPRF9EgRb32";
const ACCEPTED: &str = r#"{"success":true,"project":"JkGxEoPRF9EgRb32","timestamp":"2026-11-23T10:00:00.000Z"}"#;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn client(url: &str) -> Client {
    let brief = Duration::from_millis(400);
    client_with(url, Timeouts { connect: brief, request: brief, body: brief })
}

fn client_with(url: &str, timeouts: Timeouts) -> Client {
    let (url, key) = (ApiUrl::parse(url).unwrap(), ApiKey::parse(KEY).unwrap());
    let world = World { rng: Arc::new(Zeros), ..World::real() };
    Client::new(Settings { url, key, timeouts, world })
}

/// A random source that makes every back-off end at once.
struct Zeros;

impl Rng for Zeros {
    fn next_u64(&self) -> u64 {
        0
    }
}

/// A hook that counts its calls.
fn counting(calls: &Arc<AtomicUsize>) -> BeforeFirstByte {
    let calls = Arc::clone(calls);
    Box::new(move || {
        calls.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    })
}

/// Posts once; returns the result and how often the hook ran.
async fn post(client: &Client, body: &[u8]) -> (RequestResult, usize) {
    let calls = Arc::new(AtomicUsize::new(0));
    let happened = client.post_movie(body.to_vec(), counting(&calls)).await;
    let shown = format!("{happened:?} {:?}", meaning_of_post(&happened));
    assert!(!shown.contains(KEY), "{shown}");
    (happened, calls.load(Ordering::SeqCst))
}

fn body_end(happened: &RequestResult) -> BodyEnd {
    match happened {
        RequestResult::Answered(answer) => answer.body.end,
        other => panic!("{other:?}"),
    }
}

fn project() -> ProjectId {
    ProjectId::parse(ID).unwrap()
}

#[tokio::test]
async fn a_movie_is_posted_as_the_contract_says() {
    let server = Server::start(vec![Act::Reply(json_reply("200 OK", "", ACCEPTED))]).await;
    let (happened, hooks) = post(&client(&server.url("/v2/")), b"{\"scenes\":[]}").await;
    assert_eq!(meaning_of_post(&happened), PostMeaning::Accepted { project: project() });
    assert_eq!(hooks, 1);
    let request = server.requests().remove(0).to_lowercase();
    assert!(request.starts_with("post /v2/movies http/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"scenes\":[]}"), "{request}");
    for header in [
        "content-type: application/json",
        "content-length: 13",
        "x-api-key: canary-0123456789",
        concat!("user-agent: j2v/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header} in {request}");
    }
    assert!(!request.contains("transfer-encoding") && !request.contains("expect"), "{request}");
}

#[tokio::test]
async fn the_hook_ends_before_the_first_byte_leaves() {
    let (server, silence) = Server::listening_for_silence(json_reply("200 OK", "", ACCEPTED)).await;
    let (tell, was_silent) = oneshot::channel();
    let hook: BeforeFirstByte = Box::new(move || {
        Box::pin(async move {
            tell.send(silence.await.unwrap()).unwrap();
            Ok(())
        })
    });
    let happened = client(&server.url("/v2")).post_movie(b"{}".to_vec(), hook).await;
    assert!(was_silent.await.unwrap(), "bytes came before the hook had ended");
    assert!(matches!(meaning_of_post(&happened), PostMeaning::Accepted { .. }), "{happened:?}");
}

#[tokio::test]
async fn a_hook_that_takes_longer_than_every_timeout_takes_nothing_from_the_service() {
    let server = Server::start(vec![Act::Reply(json_reply("200 OK", "", ACCEPTED))]).await;
    let hook: BeforeFirstByte = Box::new(|| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(900)).await;
            Ok(())
        })
    });
    let happened = client(&server.url("/v2")).post_movie(b"{}".to_vec(), hook).await;
    assert!(matches!(meaning_of_post(&happened), PostMeaning::Accepted { .. }), "{happened:?}");
}

#[tokio::test]
async fn a_hook_that_says_no_leaves_nothing_written() {
    let server = Server::start(vec![Act::Reply(json_reply("200 OK", "", ACCEPTED))]).await;
    let hook: BeforeFirstByte = Box::new(|| Box::pin(async { Err(HookRefused("disk full".to_owned())) }));
    let happened = client(&server.url("/v2")).post_movie(b"{}".to_vec(), hook).await;
    assert_eq!(happened, RequestResult::HookStopped("disk full".to_owned()));
    server.finished(1).await;
    assert_eq!(server.requests(), [""]);
}

#[tokio::test]
async fn many_posts_at_once_each_pass_their_own_gate_on_their_own_connection() {
    let server = Server::start(vec![Act::Reply(json_reply("200 OK", "", ACCEPTED))]).await;
    let client = client_with(&server.url("/v2"), Timeouts::default());
    let calls = Arc::new(AtomicUsize::new(0));
    let posts = (0..50).map(|_| client.post_movie(b"{}".to_vec(), counting(&calls)));
    let happened = futures_util::future::join_all(posts).await;
    assert!(happened.iter().all(|one| matches!(meaning_of_post(one), PostMeaning::Accepted { .. })));
    assert_eq!((calls.load(Ordering::SeqCst), server.requests().len()), (50, 50));
}

#[tokio::test]
async fn row_1_a_refused_connection_never_reaches_the_hook() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = post(&client(&format!("http://127.0.0.1:{port}/v2")), b"{}").await;
    assert_eq!(outcome, (RequestResult::NotConnected(ConnectFault::Refused), 0));
}

#[tokio::test]
async fn row_2_an_unknown_name_never_reaches_the_hook() {
    let client = client_with("https://j2v.invalid/v2", Timeouts::default());
    assert_eq!(post(&client, b"{}").await, (RequestResult::NotConnected(ConnectFault::Dns), 0));
}

#[tokio::test]
async fn row_3_a_peer_that_speaks_no_tls_never_reaches_the_hook() {
    let server = Server::start(vec![Act::Blurt(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())]).await;
    let (happened, hooks) = post(&client(&server.https_url()), b"{}").await;
    assert!(matches!(happened, RequestResult::NotConnected(ConnectFault::Tls(TlsFault::Handshake(_)))), "{happened:?}");
    assert_eq!(hooks, 0);
}

#[tokio::test]
async fn row_3_a_stalled_handshake_never_reaches_the_hook() {
    let server = Server::start(vec![Act::Hang]).await;
    assert_eq!(post(&client(&server.https_url()), b"{}").await, (RequestResult::NotConnected(ConnectFault::Timeout), 0));
}

#[tokio::test]
async fn row_3_a_certificate_that_nobody_trusts_never_reaches_the_hook() {
    let (happened, hooks) = post(&client_with(&server::self_signed(), Timeouts::default()), b"{}").await;
    assert!(matches!(happened, RequestResult::NotConnected(ConnectFault::Tls(TlsFault::Certificate(_)))), "{happened:?}");
    assert_eq!(hooks, 0);
}

#[tokio::test]
async fn rows_5_and_6_silence_after_the_request_is_a_loss() {
    for act in [Act::HangBeforeReading, Act::Hang] {
        let server = Server::start(vec![act]).await;
        assert_eq!(post(&client(&server.url("/v2")), b"{}").await, (RequestResult::Lost(Loss::Timeout), 1));
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn row_7_an_end_or_a_reset_after_the_request_is_a_loss_and_is_not_sent_again() {
    for act in [Act::Close, Act::Reset] {
        let server = Server::start(vec![act]).await;
        let (happened, hooks) = post(&client(&server.url("/v2")), b"{}").await;
        assert!(matches!(happened, RequestResult::Lost(Loss::Broken(_))), "{happened:?}");
        assert_eq!((hooks, server.connections()), (1, 1));
    }
}

#[tokio::test]
async fn row_8_a_drop_anywhere_in_the_body_is_a_loss_and_is_not_sent_again() {
    for read in [0, 1, 100, 4096, 100_000] {
        let server = Server::start(vec![Act::ResetAfter(read)]).await;
        let (happened, hooks) = post(&client(&server.url("/v2")), &vec![b' '; 8 << 20]).await;
        assert!(matches!(happened, RequestResult::Lost(Loss::Broken(_))), "{read}: {happened:?}");
        assert_eq!((hooks, server.connections()), (1, 1));
    }
}

#[tokio::test]
async fn row_9_a_truncated_answer_gives_up_its_project() {
    let mut reply = json_reply("200 OK", "", ACCEPTED);
    reply.truncate(reply.len() - 20);
    let server = Server::start(vec![Act::Reply(reply)]).await;
    let (happened, _) = post(&client(&server.url("/v2")), b"{}").await;
    assert_eq!(body_end(&happened), BodyEnd::Cut);
    assert!(matches!(meaning_of_post(&happened), PostMeaning::Unknown { salvaged: Some(id), .. } if id == project()));
}

#[tokio::test]
async fn row_12_an_answer_that_drips_is_given_up() {
    let mut reply = json_reply("200 OK", "", ACCEPTED);
    reply.truncate(reply.len() - 60);
    let server = Server::start(vec![Act::ReplyAndHang(reply)]).await;
    let (happened, _) = post(&client(&server.url("/v2")), b"{}").await;
    assert_eq!(body_end(&happened), BodyEnd::TooSlow);
}

#[tokio::test]
async fn row_13_a_redirect_is_never_followed_so_the_key_stays_here() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let thief = Server::start(vec![Act::Close]).await;
        let location = format!("Location: {}\r\n", thief.url("/v2/movies"));
        let server = Server::start(vec![Act::Reply(json_reply(status, &location, "{}"))]).await;
        let client = client(&server.url("/v2"));
        let (happened, _) = post(&client, b"{}").await;
        assert!(matches!(meaning_of_post(&happened), PostMeaning::Unknown { why, .. } if why.contains("127.0.0.1")), "{status}");
        assert!(matches!(client.read(&project(), PATIENCE).await, Err(ReadError::Broken { .. })), "{status}");
        assert_eq!(thief.connections(), 0);
    }
}

#[tokio::test]
async fn row_20_an_answer_of_a_gateway_is_unknown_and_is_not_sent_again() {
    let server = Server::start(vec![Act::Reply(json_reply("502 Bad Gateway", "", "<html>no</html>"))]).await;
    let (happened, _) = post(&client(&server.url("/v2")), b"{}").await;
    assert!(matches!(meaning_of_post(&happened), PostMeaning::Unknown { .. }));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn row_23_an_answer_over_ten_megabytes_is_cut_off() {
    let server = Server::start(vec![Act::Reply(json_reply("200 OK", "", &" ".repeat(11 << 20)))]).await;
    let (happened, _) = post(&client_with(&server.url("/v2"), Timeouts::default()), b"{}").await;
    assert_eq!(body_end(&happened), BodyEnd::TooLarge);
}

fn movie(status: &str) -> Act {
    let body = format!(r#"{{"success":true,"movie":{{"project":"{ID}","status":"{status}","url":"https://x/y.mp4"}}}}"#);
    Act::Reply(json_reply("200 OK", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", &body))
}

#[tokio::test]
async fn row_38_a_read_outlives_resets_throttling_and_illness() {
    let server = Server::start(vec![
        Act::Reset,
        Act::Reply(json_reply("429 Too Many Requests", "Retry-After: 1\r\n", "{}")),
        Act::Reply(json_reply("503 Service Unavailable", "", "<html>")),
        Act::Reply(json_reply("200 OK", "", "<html>log in</html>")),
        movie("done"),
    ])
    .await;
    let client = client_with(&server.url("/v2"), Timeouts::default());
    let began = tokio::time::Instant::now();
    let report = client.read(&project(), PATIENCE).await.unwrap();
    assert_eq!((report.status, server.connections()), (Status::Done, 5));
    assert!(began.elapsed() >= Duration::from_secs(1), "Retry-After is obeyed");
    assert!(server.requests().iter().all(|request| request.starts_with(&format!("GET /v2/movies?project={ID}&format=simple "))));
}

#[tokio::test]
async fn a_read_gives_up_when_its_patience_is_over() {
    let server = Server::start(vec![Act::Reply(json_reply("500 Oh", "", r#"{"error":"Error starting subprocess"}"#))]).await;
    let error = client_with(&server.url("/v2"), Timeouts::default()).read(&project(), Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "127.0.0.1 could not be reached or kept failing: HTTP 500 Internal Server Error");
    assert!(server.connections() > 1);
}

#[tokio::test]
async fn row_30_an_unknown_project_is_told_from_a_refusal() {
    let reply = |message: &str| Act::Reply(json_reply("400 Bad Request", "", &format!(r#"{{"message":"{message}"}}"#)));
    let server = Server::start(vec![reply("TypeError: Cannot read properties of null"), reply("Error: Invalid API Key")]).await;
    let client = client(&server.url("/v2"));
    assert!(matches!(client.read(&project(), PATIENCE).await, Err(ReadError::NoSuchProject { .. })));
    assert!(matches!(client.read(&project(), PATIENCE).await, Err(ReadError::Refused(refusal)) if refusal.reason == Reason::Key));
}

#[tokio::test]
async fn row_39_the_clock_of_the_service_is_learned_from_any_answer() {
    let server = Server::start(vec![movie("running")]).await;
    let client = client(&server.url("/v2"));
    assert_eq!(client.server_offset(), None);
    client.read(&project(), PATIENCE).await.unwrap();
    let offset = client.server_offset().unwrap();
    let service = World::real().now().minus(Duration::from_millis(offset.unsigned_abs()));
    assert_eq!(service.to_iso().get(..10), Some("1994-11-06"));
}

#[tokio::test]
async fn row_39_a_sweep_sends_both_ends_of_its_window_and_walks_all_pages() {
    let page = |projects: &[&str], next: &str| {
        let items: Vec<_> =
            projects.iter().map(|project| format!(r#"{{"project":"{project}","status":"running","json":"{{}}"}}"#)).collect();
        Act::Reply(json_reply("200 OK", "", &format!(r#"{{"movies":[{}],"has_next":true,"next_token":{next}}}"#, items.join(","))))
    };
    let last = Act::Reply(json_reply("200 OK", "", r#"{"movies":[],"has_next":false,"remaining_quota":{"time":12}}"#));
    let server = Server::start(vec![page(&["a", "b"], "\"t 1\""), page(&["b", "c"], "\"t2\""), last]).await;
    let window = Window { from: Timestamp(1_700_000_000_000), to: Timestamp(1_700_000_100_000) };
    let sweep = client(&server.url("/v2")).sweep(window, PATIENCE).await.unwrap();
    assert_eq!(sweep.reports.iter().map(|report| report.project.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((sweep.whole, sweep.requests, sweep.remaining_credits), (true, 3, Some(12.0)));
    let requests = server.requests();
    let both = "GET /v2/movies?from=2023-11-14T22%3A13%3A20.000Z&to=2023-11-14T22%3A15%3A00.000Z&limit=100";
    assert!(requests.iter().all(|request| request.starts_with(both)), "{requests:?}");
    assert!(requests[1].contains("&next_token=t+1 ") && requests[2].contains("&next_token=t2 "));
}

#[tokio::test]
async fn a_deletion_is_repeated_until_it_is_confirmed() {
    let done = Act::Reply(json_reply("200 OK", "", &format!(r#"{{"success":true,"project":"{ID}"}}"#)));
    let server = Server::start(vec![Act::Close, done]).await;
    client(&server.url("/v2")).delete(&project(), PATIENCE).await.unwrap();
    assert!(server.requests()[1].starts_with(&format!("DELETE /v2/movies?project={ID} ")));
}
