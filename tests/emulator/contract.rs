//! The service's answers without faults, and its oddities (`service.md#common`).

use std::time::Duration;

use j2v::emulator::KeyRule;
use serde_json::{Value, json};

use crate::support::{Service, movie};

#[tokio::test]
async fn a_post_answers_with_exactly_three_fields() {
    let service = Service::new().await;
    let (status, body) = service.post(&movie()).await;
    assert_eq!(status, 200);
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["success", "project", "timestamp"]);
    let project = body["project"].as_str().unwrap();
    assert!(project.starts_with("EMU") && project.len() == 16, "{project}");
    assert_eq!(body["timestamp"], "2026-03-14T15:09:26.000Z");
}

#[tokio::test]
async fn every_post_is_another_project() {
    let service = Service::new().await;
    assert_ne!(service.project(&movie()).await, service.project(&movie()).await);
    assert_eq!(service.accepted().await, 2);
}

#[tokio::test]
async fn a_bad_key_is_a_400() {
    let service = Service::new().await;
    let request = |key: Option<&str>| {
        let request = service.client.get(service.url("/v2/movies"));
        key.map_or(request.try_clone().unwrap(), |key| request.header("x-api-key", key)).send()
    };
    let missing = request(None).await.unwrap();
    assert_eq!(missing.status(), 400);
    assert_eq!(missing.text().await.unwrap(), r#"{"success":false,"message":"Error: API Key not provided"}"#);
    let wrong = request(Some("wrong-key")).await.unwrap();
    assert_eq!(wrong.status(), 400);
    assert_eq!(wrong.text().await.unwrap(), r#"{"success":false,"message":"Error: Invalid API Key"}"#);
}

#[tokio::test]
async fn with_an_exact_key_no_other_is_good() {
    let service = Service::with(|settings| settings.key = KeyRule::Exactly("right".to_owned())).await;
    assert_eq!(service.get("/v2/movies").await.1["message"], "Error: Invalid API Key");
    assert!(!service.state().await.to_string().contains("right"));
}

#[tokio::test]
async fn a_body_that_is_no_movie_is_refused_without_a_success_field() {
    let service = Service::new().await;
    for (body, message) in [
        ("", "No movie JSON received"),
        ("{\"scenes\":[}", "Error parsing movie JSON or the movie was empty"),
        ("{}", "Error parsing movie JSON or the movie was empty"),
        ("null", "No valid movie JSON received"),
        ("[1]", "No valid movie JSON received"),
        ("{\"template\":\"missing\"}", "Template missing not found"),
    ] {
        let response = service.client.post(service.url("/v2/movies")).header("x-api-key", "key").body(body).send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(response.json::<Value>().await.unwrap(), json!({ "message": message }));
    }
    assert_eq!(service.accepted().await, 0);
}

#[tokio::test]
async fn a_render_is_pending_then_running_then_done() {
    let service = Service::new().await;
    let project = service.project(&movie()).await;
    let pending = service.movie(&project).await;
    assert_eq!((&pending["status"], &pending["url"], &pending["ended_at"]), (&json!("pending"), &Value::Null, &Value::Null));
    service.pass(Duration::from_millis(200));
    assert_eq!(service.movie(&project).await["status"], "running");
    service.pass(Duration::from_millis(1800));
    let done = service.movie(&project).await;
    assert_eq!(done["status"], "done");
    assert_eq!(done["ended_at"], "2026-03-14T15:09:28.000Z");
    assert_eq!(done["url"], service.url(&format!("/files/{project}.mp4")));
    assert_eq!((&done["duration"], &done["width"], &done["height"]), (&json!(5), &json!(640), &json!(480)));
}

#[tokio::test]
async fn a_video_without_src_is_accepted_and_fails_at_render() {
    let service = Service::new().await;
    let project = service.project(&json!({ "scenes": [{ "elements": [{ "type": "text" }, { "type": "video" }] }] })).await;
    service.render();
    let (status, body) = service.get(&format!("/v2/movies?project={project}")).await;
    assert_eq!((status, &body["success"]), (200, &json!(true)));
    assert_eq!(body["movie"]["success"], false);
    assert_eq!(body["movie"]["status"], "error");
    assert_eq!(body["movie"]["message"], "Error: Scene #1 Element #2: The element type 'video' requires a 'src' property.");
    assert_eq!(body["movie"]["consumed_credits"], json!([]));
    assert_eq!(body["movie"]["url"], Value::Null);
}

#[tokio::test]
async fn an_unknown_project_is_a_leaked_type_error() {
    let service = Service::new().await;
    let (status, body) = service.get("/v2/movies?project=EMUnobodyknowsit").await;
    assert_eq!((status, &body["message"]), (400, &json!("TypeError: Cannot read properties of null (reading 'success')")));
    let (status, body) = service.delete("/v2/movies?project=EMUnobodyknowsit").await;
    assert_eq!((status, &body["message"]), (400, &json!("TypeError: Cannot read properties of null (reading 'success')")));
}

#[tokio::test]
async fn simple_leaves_the_document_out_of_a_status_but_not_of_the_list() {
    let service = Service::new().await;
    let project = service.project(&movie()).await;
    assert_eq!(service.movie(&project).await["json"], movie().to_string());
    let simple = service.get(&format!("/v2/movies?id={project}&format=simple")).await.1;
    assert_eq!(simple["movie"]["project"], project.as_str());
    assert!(simple["movie"].get("json").is_none());
    assert_eq!(service.get("/v2/movies?format=simple").await.1["movies"][0]["json"], movie().to_string());
}

#[tokio::test]
async fn the_list_is_newest_first_and_has_pages() {
    let service = Service::new().await;
    let mut projects = Vec::new();
    for _ in 0..5 {
        projects.insert(0, service.project(&movie()).await);
    }
    let (mut listed, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = service.get(&format!("/v2/movies?limit=2&next_token={token}")).await.1;
        listed.extend(page["movies"].as_array().unwrap().iter().map(|movie| movie["project"].as_str().unwrap().to_owned()));
        assert_eq!(page["has_prev"], pages > 0);
        pages += 1;
        match page["next_token"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!((listed, pages), (projects, 3));
}

#[tokio::test]
async fn without_dates_last_months_renders_are_not_listed() {
    let service = Service::new().await;
    service.project(&movie()).await;
    service.pass(Duration::from_secs(20 * 24 * 3600));
    assert_eq!(service.get("/v2/movies").await.1["count"], 0);
    assert_eq!(service.get("/v2/movies?from=2026-03-14&to=2026-03-14").await.1["count"], 1);
    assert_eq!(service.get("/v2/movies?from=2026-01-01&to=2026-06-01").await.0, 400);
}

#[tokio::test]
async fn a_deletion_keeps_the_entry_and_can_be_repeated() {
    let service = Service::new().await;
    let project = service.project(&movie()).await;
    service.render();
    let first = service.delete(&format!("/v2/movies?project={project}")).await;
    service.pass(Duration::from_secs(60));
    let second = service.delete(&format!("/v2/movies?project={project}")).await;
    assert_eq!((first.0, second.0), (200, 200));
    assert_eq!(first.1["deleted_at"], second.1["deleted_at"]);
    let left = service.movie(&project).await;
    assert_eq!((&left["url"], &left["deleted_at"], &left["status"]), (&Value::Null, &first.1["deleted_at"], &json!("done")));
    assert_eq!(service.get(&format!("/files/{project}.mp4")).await.0, 403);
    let bad = service.delete("/v2/movies?project=short").await;
    assert_eq!(
        (bad.0, bad.1["message"].as_str().unwrap()),
        (400, "A 16-character project ID must be provided in the 'project' query parameter")
    );
}

#[tokio::test]
async fn a_file_is_what_the_status_says_and_is_gone_after_its_time() {
    let service = Service::new().await;
    let project = service.project(&movie()).await;
    service.render();
    let report = service.movie(&project).await;
    let file = service.client.get(report["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "video/mp4");
    let bytes = file.bytes().await.unwrap();
    assert_eq!(json!(bytes.len()), report["size"]);
    assert_eq!(&bytes[4..8], b"ftyp");
    service.pass(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(service.movie(&project).await["url"], Value::Null);
    assert_eq!(service.get(&format!("/files/{project}.mp4")).await.0, 403);
}

#[tokio::test]
async fn a_file_is_served_in_ranges() {
    let service = Service::new().await;
    let project = service.project(&movie()).await;
    service.render();
    let url = service.url(&format!("/files/{project}.mp4"));
    let head = service.client.head(&url).send().await.unwrap();
    let (size, etag) = (head.headers()["content-length"].to_str().unwrap().to_owned(), head.headers()["etag"].clone());
    assert_eq!(head.headers()["accept-ranges"], "bytes");
    let part = service.client.get(&url).header("range", "bytes=4-7").header("if-range", etag).send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.headers()["content-range"].to_str().unwrap()), (206, format!("bytes 4-7/{size}").as_str()));
    assert_eq!(part.bytes().await.unwrap().as_ref(), b"ftyp");
    let other = service.client.get(&url).header("range", "bytes=4-7").header("if-range", "\"old\"").send().await.unwrap();
    assert_eq!(other.status(), 200);
    let beyond = service.client.get(&url).header("range", "bytes=99999999-").send().await.unwrap();
    assert_eq!((beyond.status().as_u16(), beyond.headers()["content-range"].to_str().unwrap()), (416, format!("bytes */{size}").as_str()));
}

#[tokio::test]
async fn credits_are_spent_a_second_each_and_run_out() {
    let service = Service::with(|settings| settings.credits = Some(12)).await;
    service.project(&movie()).await;
    service.project(&json!({ "scenes": [{ "elements": [{ "type": "video" }] }] })).await;
    service.project(&movie()).await;
    assert_eq!(service.get("/v2/movies").await.1["remaining_quota"], json!({ "time": 2 }));
    assert_eq!(service.post(&movie()).await, (400, json!({ "message": "Insufficient credits" })));
}

#[tokio::test]
async fn every_answer_says_that_it_is_an_emulators() {
    let service = Service::new().await;
    for path in ["/", "/v2/movies", "/v2/nothing", "/files/nothing.mp4"] {
        let response = service.client.get(service.url(path)).send().await.unwrap();
        assert!(response.headers()["server"].to_str().unwrap().starts_with("j2v-emulator/"), "{path}");
        assert_eq!(response.headers()["date"], "Sat, 14 Mar 2026 15:09:26 GMT");
    }
}

#[tokio::test]
async fn the_state_counts_tokens_and_requests_but_keeps_no_key() {
    let service = Service::new().await;
    service.project(&json!({ "id": "mine", "client-data": { "j2v": "k#1.00000000.1" }, "scenes": [{ "duration": 1 }] })).await;
    service.client.get(service.url("/files/x.mp4")).header("x-api-key", "canary-key").send().await.unwrap();
    let state = service.state().await;
    assert_eq!(state["requests"]["POST /v2/movies"], 1);
    assert_eq!((&state["accepted"][0]["token"], &state["accepted"][0]["id"]), (&json!("k#1.00000000.1"), &json!("mine")));
    assert_eq!(state["keys"]["misplaced"], 1);
    assert!(!state.to_string().contains("canary"));
    service.client.post(service.url("/emulator/reset")).send().await.unwrap();
    assert_eq!(service.accepted().await, 0);
}

#[test]
fn it_runs_inside_a_runtime_of_one_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let service = Service::new().await;
        let project = service.project(&movie()).await;
        assert_eq!(service.movie(&project).await["status"], "pending");
        service.emulator.stop().await;
    });
}
