//! Faults on demand, as a client sees them.

use std::io::ErrorKind;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Service, get_bytes, movie, post_bytes, scripted};

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

async fn done_with(faults: &[&str]) -> (Service, String) {
    let service = Service::faulty(faults).await;
    let project = service.project(&movie()).await;
    service.render();
    (service, project)
}

async fn statuses(service: &Service, project: &str, count: usize) -> Vec<Value> {
    let mut words = Vec::new();
    for _ in 0..count {
        words.push(service.movie(project).await["status"].clone());
    }
    words
}

#[tokio::test]
async fn a_reset_after_accept_loses_the_answer_and_keeps_the_movie() {
    let service = Service::faulty(&["post-reset"]).await;
    let (answer, end) = service.raw(&post_bytes(&movie())).await;
    assert_eq!((answer.as_str(), end.unwrap_err().kind()), ("", ErrorKind::ConnectionReset));
    assert_eq!(service.accepted().await, 1);
}

#[tokio::test]
async fn a_reset_before_accept_keeps_nothing() {
    let service = Service::faulty(&["post-reset-before"]).await;
    assert!(service.raw(&post_bytes(&movie())).await.1.is_err());
    assert_eq!(service.accepted().await, 0);
}

#[tokio::test]
async fn a_close_after_accept_is_an_early_end_without_an_error() {
    let service = Service::faulty(&["post-close"]).await;
    let (answer, end) = service.raw(&post_bytes(&movie())).await;
    assert!(answer.is_empty() && end.is_ok());
    assert_eq!(service.accepted().await, 1);
}

#[tokio::test]
async fn an_answer_is_truncated_at_any_byte() {
    let whole = json!({ "success": true, "project": "EMU0123456789abc", "timestamp": "2026-03-14T15:09:26.000Z" }).to_string().len();
    for bytes in [0, 1, 10, whole - 1] {
        let service = Service::faulty(&[&format!("post-truncate={bytes}")]).await;
        let (answer, end) = service.raw(&post_bytes(&movie())).await;
        assert!(end.is_ok());
        assert_eq!(body_of(&answer).len(), bytes);
        assert!(answer.contains(&format!("content-length: {whole}\r\n")));
        assert_eq!(service.accepted().await, 1);
    }
}

#[tokio::test]
async fn a_request_can_be_reset_while_it_is_sent() {
    let service = Service::faulty(&["post-drop=4096"]).await;
    let long = json!({ "comment": "x".repeat(4 << 20), "scenes": [{ "duration": 1 }] });
    let mut stream = TcpStream::connect(service.emulator.address()).await.unwrap();
    let sent = stream.write_all(post_bytes(&long).as_bytes()).await;
    let read = stream.read_to_end(&mut Vec::new()).await;
    assert!(sent.is_err() || read.is_err());
    assert_eq!(service.accepted().await, 0);
}

#[tokio::test]
async fn a_post_is_accepted_whatever_the_answer_says() {
    for (fault, status, expected) in [
        ("post-status=502", 502, "<!doctype html>"),
        ("post-html", 200, "<!doctype html>"),
        ("post-empty", 200, ""),
        ("post-no-project", 200, "{\"success\":true,\"timestamp\""),
        ("post-deep", 200, "[[[[[[[["),
        ("post-slow=1ms", 200, "{\"success\":true,\"project\""),
    ] {
        let service = Service::faulty(&[fault]).await;
        let response =
            service.client.post(service.url("/v2/movies")).header("x-api-key", "key").body(movie().to_string()).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{fault}");
        let body = response.text().await.unwrap();
        assert!(body.starts_with(expected) && body.is_empty() == expected.is_empty(), "{fault}: {body}");
        assert_eq!(service.accepted().await, 1, "{fault}");
    }
}

#[tokio::test]
async fn a_refused_post_is_not_accepted() {
    for (fault, status, message) in [
        ("post-key", 400, "Error: Invalid API Key"),
        ("post-quota", 401, "You exceeded the quota of movies in your plan. Please upgrade your plan to continue."),
        ("post-credits", 400, "Insufficient credits"),
        ("post-plan", 401, "Movie is larger (1920x1080) than your plan allowance (1280x720)"),
        ("post-suspended", 403, "account_suspended"),
        ("post-413", 413, "Request Entity Too Large"),
        ("post-refuse=Scene #1: no", 400, "Scene #1: no"),
        ("post-429", 429, "Too many requests"),
    ] {
        let service = Service::faulty(&[fault]).await;
        let (told, body) = service.post(&movie()).await;
        assert_eq!((told, body["message"].as_str().unwrap()), (status, message));
        assert_eq!(body.get("success").is_some(), fault == "post-key");
        assert_eq!(service.accepted().await, 0);
    }
}

#[tokio::test]
async fn retry_after_is_told_as_it_was_given() {
    let service = Service::faulty(&["post-429=Sat, 14 Mar 2026 15:10:00 GMT", "get-429=-5"]).await;
    let post = service.client.post(service.url("/v2/movies")).header("x-api-key", "key").body(movie().to_string()).send().await.unwrap();
    assert_eq!(post.headers()["retry-after"], "Sat, 14 Mar 2026 15:10:00 GMT");
    let get = service.client.get(service.url("/v2/movies?project=EMU0123456789abc")).header("x-api-key", "key").send().await.unwrap();
    assert_eq!(get.headers()["retry-after"], "-5");
}

#[tokio::test]
async fn a_redirect_is_a_307_or_what_was_asked() {
    for (fault, status) in [("post-redirect=http://127.0.0.1:9/x", 307), ("post-redirect=301:http://127.0.0.1:9/x", 301)] {
        let service = Service::faulty(&[fault]).await;
        let response =
            service.client.post(service.url("/v2/movies")).header("x-api-key", "key").body(movie().to_string()).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["location"].to_str().unwrap()), (status, "http://127.0.0.1:9/x"));
    }
}

#[tokio::test]
async fn large_answers_are_as_large_as_they_say() {
    let (status, big) = Service::faulty(&["post-big"]).await.post(&movie()).await;
    assert!(status == 200 && big["project"].is_string() && big.to_string().len() > 200_000);
    let (_, huge) = Service::faulty(&["post-huge"]).await.post(&movie()).await;
    assert!(huge.to_string().len() > 10_000_000);
}

#[tokio::test]
async fn a_hanging_post_is_accepted_and_says_nothing_until_the_end() {
    let service = Service::faulty(&["post-hang"]).await;
    let mut stream = TcpStream::connect(service.emulator.address()).await.unwrap();
    stream.write_all(post_bytes(&movie()).as_bytes()).await.unwrap();
    while service.accepted().await == 0 {
        tokio::task::yield_now().await;
    }
    service.emulator.stop().await;
    let mut bytes = Vec::new();
    // The connection ends without an answer, in whichever way.
    let _ = stream.read_to_end(&mut bytes).await;
    assert!(bytes.is_empty());
}

#[tokio::test]
async fn a_counted_fault_gives_way_to_the_answer() {
    let (service, project) = done_with(&["get-status=503*2"]).await;
    let path = format!("/v2/movies?project={project}");
    for expected in [503, 503, 200] {
        assert_eq!(service.get(&path).await.0, expected);
    }
}

#[tokio::test]
async fn a_status_request_can_fail_in_every_way_of_the_wire() {
    let (service, project) =
        done_with(&["get-reset*1", "get-close*1", "get-truncate=5*1", "get-html*1", "get-big*1", "get-typeerror*1"]).await;
    let path = format!("/v2/movies?project={project}");
    assert!(service.raw(&get_bytes(&path)).await.1.is_err());
    assert_eq!(service.raw(&get_bytes(&path)).await.0, "");
    assert_eq!(body_of(&service.raw(&get_bytes(&path)).await.0), "{\"suc");
    assert!(service.raw(&get_bytes(&path)).await.0.contains("<html>"));
    assert!(service.get(&path).await.1.to_string().len() > 200_000);
    assert_eq!(
        service.get(&path).await,
        (400, json!({ "success": false, "message": "TypeError: Cannot read properties of null (reading 'success')" }))
    );
    assert_eq!(service.movie(&project).await["status"], "done");
}

#[tokio::test]
async fn numbers_can_be_strings_and_fields_null() {
    let (service, project) = done_with(&["get-strings*1", "get-nulls*1"]).await;
    let strings = service.movie(&project).await;
    assert_eq!((&strings["duration"], &strings["width"]), (&json!("5"), &json!("640")));
    let nulls = service.movie(&project).await;
    assert_eq!((&nulls["duration"], &nulls["status"]), (&Value::Null, &json!("done")));
    assert!(nulls["url"].is_string());
}

#[tokio::test]
async fn a_render_takes_the_course_that_was_asked_for() {
    for (fault, words) in [
        ("timeout", ["timeout", "timeout", "timeout", "timeout"]),
        ("error=no", ["error", "error", "error", "error"]),
        ("get-backwards", ["done", "running", "pending", "done"]),
        ("get-word=queued", ["done", "done", "done", "done"]),
    ] {
        let (service, project) = done_with(&[fault]).await;
        assert_eq!(statuses(&service, &project, 4).await, words, "{fault}");
    }
}

#[tokio::test]
async fn an_unknown_word_is_shown_while_it_runs() {
    let service = Service::faulty(&["get-word=queued"]).await;
    let project = service.project(&movie()).await;
    service.pass(Duration::from_secs(1));
    assert_eq!(service.movie(&project).await["status"], "queued");
}

#[tokio::test]
async fn a_timeout_and_an_error_can_still_become_done() {
    for (fault, word) in [("timeout-then-done=1m", "timeout"), ("error-then-done=1m", "error")] {
        let (service, project) = done_with(&[fault]).await;
        assert_eq!(service.movie(&project).await["status"], word);
        service.pass(Duration::from_secs(60));
        let done = service.movie(&project).await;
        assert_eq!((&done["status"], &done["message"]), (&json!("done"), &json!("")));
        assert!(done["url"].is_string());
    }
}

#[tokio::test]
async fn done_can_come_without_a_url() {
    let (service, project) = done_with(&["done-without-url"]).await;
    let report = service.movie(&project).await;
    assert_eq!((&report["status"], &report["url"]), (&json!("done"), &Value::Null));
}

#[tokio::test]
async fn done_can_come_with_a_url_that_leads_elsewhere() {
    let (service, project) = done_with(&["done-with-url=http://169.254.169.254/latest"]).await;
    assert_eq!(service.movie(&project).await["url"], "http://169.254.169.254/latest");
}

#[tokio::test]
async fn a_lag_hides_a_project_from_the_status_or_from_the_list() {
    let service = Service::faulty(&["get-lag=10s", "list-lag=20s"]).await;
    let project = service.project(&movie()).await;
    let path = format!("/v2/movies?project={project}");
    assert_eq!((service.get(&path).await.0, service.get("/v2/movies").await.1["count"].clone()), (400, json!(0)));
    service.pass(Duration::from_secs(10));
    assert_eq!((service.get(&path).await.0, service.get("/v2/movies").await.1["count"].clone()), (200, json!(0)));
    service.pass(Duration::from_secs(10));
    assert_eq!(service.get("/v2/movies").await.1["count"], 1);
}

#[tokio::test]
async fn client_data_can_be_missing_in_the_list() {
    let tagged = json!({ "client-data": { "j2v": "token" }, "scenes": [{ "duration": 1 }] });
    for (fault, in_json) in [("list-no-client-data", true), ("list-drop-client-data", false)] {
        let service = Service::faulty(&[fault]).await;
        let project = service.project(&tagged).await;
        let listed = service.get("/v2/movies").await.1["movies"][0].clone();
        assert!(listed.get("client-data").is_none());
        assert_eq!(listed["json"].as_str().unwrap().contains("token"), in_json, "{fault}");
        assert_eq!(service.movie(&project).await["client-data"]["j2v"], "token");
    }
}

#[tokio::test]
async fn a_list_can_repeat_itself_and_be_short() {
    let service = Service::faulty(&["list-repeat-cursor*3", "list-duplicate*1", "list-short*1"]).await;
    for _ in 0..4 {
        service.project(&movie()).await;
    }
    let first = service.get("/v2/movies?limit=2").await.1["next_token"].clone();
    for _ in 0..2 {
        let page = service.get(&format!("/v2/movies?limit=2&next_token={}", first.as_str().unwrap())).await.1;
        assert_eq!((&page["next_token"], &page["has_next"]), (&first, &json!(true)));
    }
    let doubled = service.get("/v2/movies?limit=2").await.1;
    assert_eq!(doubled["count"], 4);
    assert_eq!(doubled["movies"][0]["project"], doubled["movies"][1]["project"]);
    assert_eq!(service.get("/v2/movies?limit=4").await.1["count"], 2);
    assert_eq!(service.get("/v2/movies?limit=4").await.1["count"], 4);
}

#[tokio::test]
async fn a_file_can_break_off_and_refuse_ranges() {
    let (service, project) =
        done_with(&["file-truncate=100*1", "file-reset=100*1", "file-no-range*1", "file-416*1", "file-html*1", "file-status=503*1"]).await;
    let path = format!("/files/{project}.mp4");
    let part = || service.client.get(service.url(&path)).header("range", "bytes=0-3").send();
    let mut raw = Vec::new();
    for reset in [false, true] {
        let mut stream = TcpStream::connect(service.emulator.address()).await.unwrap();
        stream.write_all(get_bytes(&path).as_bytes()).await.unwrap();
        raw.clear();
        assert_eq!(stream.read_to_end(&mut raw).await.is_err(), reset);
        let head = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(raw.len() - head, 100);
    }
    assert_eq!(part().await.unwrap().status(), 200);
    assert_eq!(part().await.unwrap().status(), 416);
    assert_eq!(part().await.unwrap().headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(part().await.unwrap().status(), 503);
    assert_eq!(part().await.unwrap().status(), 206);
}

#[tokio::test]
async fn an_expired_url_is_renewed_by_another_look() {
    let (service, project) = done_with(&["file-expired"]).await;
    for expected in [403, 200] {
        let url = service.movie(&project).await["url"].as_str().unwrap().to_owned();
        assert_eq!(service.client.get(url).send().await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn a_hostile_render_carries_escapes_and_paths() {
    let (service, project) = done_with(&["hostile", "error"]).await;
    let report = service.movie(&project).await;
    assert!(report["message"].as_str().unwrap().contains('\u{1b}'));
    assert!(report["ass"].as_str().unwrap().contains("../"));
}

#[tokio::test]
async fn a_deletion_that_fails_deletes_nothing() {
    let (service, project) = done_with(&["delete-status=500*1"]).await;
    let path = format!("/v2/movies?project={project}");
    assert_eq!(service.delete(&path).await.0, 500);
    assert!(service.movie(&project).await["url"].is_string());
    assert_eq!(service.delete(&path).await.0, 200);
}

#[tokio::test]
async fn each_movie_brings_its_own_faults() {
    let service = Service::new().await;
    let (answer, _) = service.raw(&post_bytes(&scripted(&json!({ "fault": ["post-close"] })))).await;
    assert_eq!(answer, "");
    let project = service.project(&scripted(&json!({ "fault": "get-status=503*1" }))).await;
    let other = service.project(&movie()).await;
    assert_eq!(service.get(&format!("/v2/movies?project={other}")).await.0, 200);
    assert_eq!(service.get(&format!("/v2/movies?project={project}")).await.0, 503);
    assert_eq!(service.get(&format!("/v2/movies?project={project}")).await.0, 200);
}

#[tokio::test]
async fn a_second_attempt_at_a_movie_counts_on() {
    let service = Service::new().await;
    let attempt =
        |token: &str| json!({ "scenes": [{ "duration": 5 }], "client-data": { "j2v": token, "emulator": { "fault": ["post-429*1"] } } });
    assert_eq!(service.post(&attempt("a#1.00000000.1")).await.0, 429);
    assert_eq!(service.post(&attempt("a#1.00000000.2")).await.0, 200);
}

#[tokio::test]
async fn a_movie_sets_its_own_course() {
    let service = Service::new().await;
    let words = service.project(&scripted(&json!({ "status": ["running", "pending", "done"] }))).await;
    assert_eq!(statuses(&service, &words, 4).await, ["running", "pending", "done", "done"]);
    let quick = service.project(&scripted(&json!({ "render-time": "0s", "outcome": "error", "message": "no" }))).await;
    let report = service.movie(&quick).await;
    assert_eq!((&report["status"], &report["message"]), (&json!("error"), &json!("no")));
}

#[tokio::test]
async fn a_typing_mistake_in_a_script_is_refused() {
    let service = Service::new().await;
    for script in
        [json!({ "fault": ["post-rest"] }), json!({ "fault": "list-hang" }), json!({ "outcom": "error" }), json!({ "render-time": "soon" })]
    {
        let (status, body) = service.post(&scripted(&script)).await;
        assert_eq!(status, 400);
        assert!(body["message"].as_str().unwrap().starts_with("j2v emulator: "));
    }
    assert_eq!(service.accepted().await, 0);
}
