//! Templates and media as the service has them, including its oddities.

use std::time::Duration;

use j2v::emulator::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Service;

/// Sends a request to the account's API with a role; returns the status and the body.
async fn ask(service: &Service, key: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = service.client.request(method, service.url(path)).header("x-api-key", key);
    let request = if body.is_null() { request } else { request.body(body.to_string()) };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

async fn post(service: &Service, path: &str, body: Value) -> (u16, Value) {
    ask(service, "key", Method::POST, path, &body).await
}

async fn get(service: &Service, path: &str) -> Value {
    let (status, body) = ask(service, "key", Method::GET, path, &Value::Null).await;
    assert_eq!(status, 200, "{body}");
    body
}

fn refused(message: &str) -> (u16, Value) {
    (400, json!({ "success": false, "message": message }))
}

/// Uploads bytes to the URL of a registration.
async fn put(service: &Service, url: &str, kind: &str, bytes: &'static str) -> u16 {
    service.client.put(url).header("content-type", kind).body(bytes).send().await.unwrap().status().as_u16()
}

/// Registers a file of 5 bytes; returns the URL for its bytes.
async fn registered(service: &Service, name: &str, folder: &str) -> String {
    let (status, body) =
        post(service, "/v2/media/file", json!({ "name": name, "folder": folder, "contentType": "text/plain", "size": 5 })).await;
    assert_eq!((status, &body["expiresIn"]), (200, &json!(120)), "{body}");
    body["uploadUrl"].as_str().unwrap().to_owned()
}

async fn uploaded(service: &Service, name: &str, folder: &str) {
    let url = registered(service, name, folder).await;
    assert_eq!(put(service, &url, "text/plain", "hello").await, 200);
}

#[tokio::test]
async fn a_template_is_written_under_one_name_of_its_id_and_read_under_another() {
    let service = Service::new().await;
    let movie = r#"{"variables":{"n":1.50},"scenes":[]}"#;
    let (_, made) = post(&service, "/v2/templates", json!({ "name": "One", "movie": movie, "tags": " a , B" })).await;
    let id = made["templateId"].as_str().unwrap();
    assert!(id.len() == 20 && made["timestamp"].is_string() && made["id"].is_null(), "{made}");
    let all = get(&service, "/v2/templates").await;
    assert_eq!(
        (&all["count"], &all["templates"][0]["tags"], &all["templates"][0]["prompt"]),
        (&json!(1), &json!(["a", "B"]), &json!(false))
    );
    assert!(all["templates"][0]["movie"].is_null());
    let one = get(&service, &format!("/v2/templates?id={id}")).await;
    assert_eq!((&one["template"]["id"], &one["template"]["movie"]), (&json!(id), &json!(movie)));
    post(&service, &format!("/v2/templates?id={id}"), json!({ "name": "Two", "prompt": "words" })).await;
    let one = get(&service, &format!("/v2/templates?id={id}&scopes=prompt")).await["template"].clone();
    assert_eq!(
        (&one["name"], &one["prompt"], &one["ai_prompt"], &one["movie"]),
        (&json!("Two"), &json!(true), &json!("words"), &Value::Null)
    );
    let fields = get(&service, &format!("/v2/templates?id={id}&format=make")).await["template"]["variables"].clone();
    let names: Vec<_> = fields.as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["make_webhook_url", "n", "client_data"]);
    assert_eq!(fields[1]["default"], "1.50");
    assert!(
        get(&service, &format!("/v2/templates?id={id}&format=jsonschema")).await["template"]["variables"]["properties"]["n"].is_object()
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_template_is_told_in_the_services_words() {
    let service = Service::new().await;
    assert_eq!(ask(&service, "key", Method::GET, "/v2/templates?id=nothing", &Value::Null).await, refused("Template nothing not found"));
    assert_eq!(ask(&service, "key", Method::DELETE, "/v2/templates", &Value::Null).await, refused("No template ID provided"));
    assert_eq!(post(&service, "/v2/templates", json!({})).await, refused("No payload provided"));
    assert_eq!(post(&service, "/v2/templates", json!({ "name": "a", "tags": 5 })).await, refused("Tags must be a string or an array"));
    assert_eq!(post(&service, "/v2/templates?id=x&action=duplicate", json!({})).await, refused("Template x not found"));
    assert_eq!(ask(&service, "wrong", Method::GET, "/v2/templates", &Value::Null).await, refused("Error: Invalid API Key"));
    let (status, body) = ask(&service, "render-key", Method::POST, "/v2/templates", &json!({ "name": "a" })).await;
    assert_eq!((status, &body["message"]), (403, &json!("Insufficient permissions")));
    assert_eq!(ask(&service, "render-key", Method::GET, "/v2/templates", &Value::Null).await.0, 200);
}

#[tokio::test]
async fn a_template_of_the_users_account_is_taken_until_the_emulator_has_templates_of_its_own() {
    let service = Service::new().await;
    let render = async |id: &str| {
        let (status, body) = service.post(&json!({ "template": id })).await;
        (status, body["message"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |id: &str| (400, format!("Template {id} not found"));
    assert_eq!(render("LerKrmBfiqaIgBuacLWn").await, (200, String::new()));
    assert_eq!(render("EMULATORlibrary00001").await, (200, String::new()));
    for id in ["listing", "EMUrKrmBfiqaIgBuacLW", "LerKrmBfiqaIgBuac-Wn"] {
        assert_eq!(render(id).await, refused(id));
    }
    let (_, made) = post(&service, "/v2/templates", json!({ "name": "One", "movie": { "scenes": [{ "duration": 3 }] } })).await;
    assert_eq!(render(made["templateId"].as_str().unwrap()).await, (200, String::new()));
    assert_eq!(render("LerKrmBfiqaIgBuacLWn").await, refused("LerKrmBfiqaIgBuacLWn"));
}

#[tokio::test]
async fn a_copy_and_a_movie_that_names_a_template_take_its_body_with_variables_merged_deep() {
    let service = Service::new().await;
    let movie = json!({ "variables": { "agent": { "name": "Ann", "phone": "1" } }, "scenes": [{ "duration": 3 }] });
    let (_, made) = post(&service, "/v2/templates", json!({ "name": "One", "movie": movie })).await;
    let id = made["templateId"].as_str().unwrap();
    let (_, copy) =
        post(&service, &format!("/v2/templates?id={id}&action=duplicate"), json!({ "variables": { "agent": { "phone": "2" } } })).await;
    assert_eq!(copy["name"], "One (custom)");
    let stored = get(&service, &format!("/v2/templates?id={}", copy["templateId"].as_str().unwrap())).await;
    let stored: Value = serde_json::from_str(stored["template"]["movie"].as_str().unwrap()).unwrap();
    assert_eq!(stored["variables"], json!({ "agent": { "name": "Ann", "phone": "2" } }));
    let (_, third) =
        post(&service, "/v2/templates", json!({ "name": "Three", "movie": { "template": id, "variables": { "x": 1 } } })).await;
    let stored = get(&service, &format!("/v2/templates?id={}", third["templateId"].as_str().unwrap())).await;
    let stored: Value = serde_json::from_str(stored["template"]["movie"].as_str().unwrap()).unwrap();
    assert_eq!((&stored["scenes"], &stored["variables"]["x"]), (&json!([{ "duration": 3 }]), &json!(1)));
    let project = service.project(&json!({ "template": id })).await;
    service.render();
    service.pass(Duration::from_secs(5));
    assert_eq!(service.movie(&project).await["duration"], 3);
    let gallery = get(&service, "/v2/templates/library?tags=none").await;
    assert!(gallery["count"].as_u64().unwrap() > 0 && gallery["templates"][0]["movie"].is_null());
    assert!(gallery["templates"][0]["tags"].as_array().unwrap().contains(&json!("published")));
}

#[tokio::test]
async fn a_file_goes_up_in_two_steps_and_is_pending_for_a_while() {
    let service = Service::new().await;
    let url = registered(&service, "mi vídeo (final).txt", "my films/x.y").await;
    assert!(!url.starts_with(&service.url("")), "the bytes go to another host: {url}");
    let path = "/v2/media/file?path=myfilms/xy/mi_v_deo__final_.txt";
    assert_eq!(get(&service, path).await["file"]["status"], "pending");
    let (status, body) = post(
        &service,
        "/v2/media/file",
        json!({ "name": "mi vídeo (final).txt", "folder": "myfilms/xy", "contentType": "a/b", "size": 9 }),
    )
    .await;
    assert_eq!((status, &body["message"]), (409, &json!("A file with this name already exists. Delete it first.")));
    assert_eq!(put(&service, &url, "text/html", "hello").await, 403, "another content type");
    let keyed =
        service.client.put(&url).header("content-type", "text/plain").header("x-api-key", "key").body("hello").send().await.unwrap();
    assert_eq!(keyed.status(), 403, "the key has no business there");
    assert_eq!(put(&service, &url, "text/plain", "hello").await, 200);
    let file = get(&service, path).await["file"].clone();
    assert_eq!((&file["status"], &file["type"], &file["size"]), (&json!("pending"), &json!("other"), &json!(5)));
    service.pass(Duration::from_secs(5));
    let file = get(&service, path).await["file"].clone();
    assert_eq!(file["status"], "uploaded");
    let fetched = service.client.get(file["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(
        (fetched.headers()["content-type"].clone(), fetched.text().await.unwrap().as_str()),
        ("text/plain".parse().unwrap(), "hello")
    );
    let late = registered(&service, "late.txt", "").await;
    service.pass(Duration::from_secs(121));
    assert_eq!(put(&service, &late, "text/plain", "hello").await, 403, "the URL has expired");
    assert_eq!(service.state().await["keys"]["misplaced"], 1);
}

#[tokio::test]
async fn bytes_without_a_length_are_not_taken() {
    let service = Service::new().await;
    let url = registered(&service, "a.txt", "").await;
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>("hello")]);
    let request = service.client.put(&url).header("content-type", "text/plain").body(reqwest::Body::wrap_stream(stream));
    assert_eq!(request.send().await.unwrap().status(), 411);
}

#[tokio::test]
async fn temporary_files_do_not_count_and_moving_changes_that() {
    let service = Service::new().await;
    uploaded(&service, "a.txt", "").await;
    uploaded(&service, "b.txt", "temp").await;
    service.pass(Duration::from_secs(5));
    assert_eq!(get(&service, "/v2/media").await["storage"]["used_bytes"], 5);
    let move_to = |name: &'static str, folder: &'static str, to: &'static str| json!({ "name": name, "folder": folder, "destination": to });
    assert_eq!(ask(&service, "key", Method::PUT, "/v2/media/file", &move_to("b.txt", "temp", "kept")).await.0, 200);
    assert_eq!(get(&service, "/v2/media").await["storage"]["used_bytes"], 10);
    assert_eq!(
        ask(&service, "key", Method::PUT, "/v2/media/file", &json!({ "name": "b.txt", "folder": "kept" })).await,
        refused("destination is required")
    );
    assert_eq!(ask(&service, "key", Method::PUT, "/v2/media/file", &move_to("b.txt", "temp", "")).await, refused("File not found"));
    uploaded(&service, "b.txt", "").await;
    let (status, body) = ask(&service, "key", Method::PUT, "/v2/media/file", &move_to("b.txt", "kept", "")).await;
    assert_eq!((status, &body["message"]), (409, &json!("A file with this name already exists in the destination folder")));
    assert_eq!(ask(&service, "key", Method::DELETE, "/v2/media/file", &json!({ "name": "a.txt" })).await.0, 200);
    assert_eq!(ask(&service, "key", Method::DELETE, "/v2/media/file", &json!({ "name": "a.txt" })).await, refused("File not found"));
}

#[tokio::test]
async fn folders_are_listed_in_pages_and_go_only_when_they_are_empty() {
    let service = Service::new().await;
    for name in ["a.txt", "b.txt", "c.txt"] {
        uploaded(&service, name, "x/y").await;
    }
    let page = get(&service, "/v2/media/folder?path=x/y&page=1&page_size=2").await;
    assert_eq!(
        (&page["files"][0]["name"], &page["total"], &page["total_files"], &page["total_size"]),
        (&json!("c.txt"), &json!(3), &json!(3), &json!(15))
    );
    assert_eq!(get(&service, "/v2/media/folder?path=x/y&q=B.").await["total"], 1);
    assert_eq!(get(&service, "/v2/media/folder").await["folders"], json!(["temp", "x"]));
    assert_eq!(get(&service, "/v2/media/folder?folder=x").await["folders"], json!(["y"]));
    let tree = get(&service, "/v2/media/folder?tree=true").await;
    let paths: Vec<_> = tree["tree"].as_array().unwrap().iter().map(|branch| branch["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/", "temp", "x", "x/y"]);
    let delete = |folder: &'static str| json!({ "folder": folder });
    for (folder, message) in [
        ("x", "Folder is not empty. Delete all files first."),
        ("x/y", "Folder is not empty. Delete all files first."),
        ("temp", "Cannot delete the temp folder"),
        ("/", "Cannot delete root folder"),
        ("", "folder is required"),
    ] {
        assert_eq!(ask(&service, "key", Method::DELETE, "/v2/media/folder", &delete(folder)).await, refused(message), "{folder}");
    }
    assert_eq!(post(&service, "/v2/media/folder", json!({ "folder": "x" })).await.1["message"], "Folder already exists");
    assert_eq!(post(&service, "/v2/media/folder", json!({ "folder": "..." })).await, refused("Invalid folder name"));
}

#[tokio::test]
async fn emulators_of_one_folder_see_each_others_account() {
    let folder = tempfile::tempdir().unwrap();
    let shared = |settings: &mut Settings| settings.folder = Some(folder.path().to_path_buf());
    let first = Service::with(shared).await;
    let (_, made) = post(&first, "/v2/templates", json!({ "name": "One", "movie": {} })).await;
    uploaded(&first, "a.txt", "").await;
    let url = get(&first, "/v2/media/file?path=a.txt").await["file"]["url"].clone();
    first.emulator.stop().await;
    let second = Service::with(shared).await;
    get(&second, &format!("/v2/templates?id={}", made["templateId"].as_str().unwrap())).await;
    assert_eq!(get(&second, "/v2/media/file?path=a.txt").await["file"]["url"], url);
    assert_eq!(second.client.get(url.as_str().unwrap()).send().await.unwrap().text().await.unwrap(), "hello");
}
