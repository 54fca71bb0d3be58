//! Files to send to others: a page that plays by itself, a storyboard, the list for programs, the gallery.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::{Folder, picture};

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("house.svg", picture());
    folder.write(
        "movie.json",
        r#"{"resolution": "sd", "scenes": [
            {"duration": 3, "elements": [{"type": "image", "src": "./house.svg", "zoom": 2}]},
            {"duration": 3, "transition": {"style": "fade", "duration": 1}, "elements": [{"type": "component", "component": "advanced/100"}]}]}"#,
    );
    folder
}

#[tokio::test]
async fn a_page_for_others_holds_the_files_of_this_machine_and_needs_no_server() {
    let Some(browser) = Browser::open().await else { return };
    let folder = folder();
    let made =
        folder.command(&["preview", "movie.json", "--out", "page.html", "--storyboard", "board.html", "--offline"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&made.stdout), "page.html\nboard.html\n");
    browser.client.goto(&format!("file://{}", folder.path("page.html").display())).await.unwrap();
    browser.until("const image = document.querySelector('.look img'); return image && image.naturalWidth === 400").await;
    browser.client.goto(&format!("file://{}", folder.path("board.html").display())).await.unwrap();
    browser.until("return document.querySelectorAll('figure .scene').length === 2").await;
    assert_eq!(browser.faults().await, [""; 0]);
}

#[test]
fn what_upload_would_put_on_the_account_is_no_fault() {
    let folder = folder();
    folder.write("house.png", picture());
    folder.write(
        "local.json",
        r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "image", "src": "house.png"}, {"type": "image", "src": "gone.png"}]}]}"#,
    );
    let told = |flags: &[&str]| {
        let made = folder.command(&[&["preview", "local.json", "--offline", "--out", "page.html"], flags].concat()).output().unwrap();
        String::from_utf8(made.stderr).unwrap()
    };
    assert!(told(&[]).contains("2 errors"), "{}", told(&[]));
    assert!(told(&["--upload"]).contains("1 error;"), "{}", told(&["--upload"]));
}

#[tokio::test]
async fn a_picture_that_a_setting_names_is_a_file_of_the_movie() {
    let Some(browser) = Browser::open().await else { return };
    let folder = folder();
    folder.write(
        "behind.json",
        r#"{"scenes": [{"duration": 4, "elements": [
            {"type": "text", "text": "Hi", "settings": {"background-image": "url('house.svg')"}},
            {"type": "component", "component": "basic/120", "settings": {"image": {"background-image": "url(https://example.com/a.jpg)"}}}]}]}"#,
    );
    let made = folder.command(&["preview", "behind.json", "--out", "page.html", "--offline"]).output().unwrap();
    assert!(made.status.success());
    browser.client.goto(&format!("file://{}", folder.path("page.html").display())).await.unwrap();
    browser.until("const words = document.querySelector('.words'); return words && getComputedStyle(words).backgroundImage.startsWith('url(\"data:image/svg')").await;
    let urls = browser.run("return j2v.preview.media.map((file) => file.url)").await;
    assert_eq!(urls, json!(["house.svg", "https://example.com/a.jpg"]));
    assert_eq!(browser.faults().await, [""; 0]);
}

#[test]
fn programs_read_how_true_everything_is() {
    let folder = folder();
    let told = folder.command(&["preview", "movie.json", "--json", "--offline"]).output().unwrap();
    assert!(told.status.success());
    let lines: Vec<Value> = String::from_utf8(told.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let levels: Vec<_> = lines
        .iter()
        .filter(|line| line["pointer"] != "")
        .map(|line| (line["level"].as_str().unwrap(), line["pointer"].as_str().unwrap(), line["line"].as_u64()))
        .collect();
    assert_eq!(
        levels,
        [
            ("approximate", "/scenes/0/elements/0", Some(2)),
            ("exact", "/scenes/1/transition", Some(3)),
            ("not-shown", "/scenes/1/elements/0", Some(3)),
        ]
    );
    assert!(lines.iter().any(|line| line["reason"].as_str().unwrap().contains("zoom 2: extent assumed")));
}

#[test]
fn a_movie_that_cannot_be_read_is_refused_with_its_place() {
    let folder = Folder::new();
    folder.write("movie.json", "{\"scenes\": [,]}");
    let refused = folder.command(&["preview", "movie.json", "--no-open"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("movie.json:1:"));
    assert_eq!(folder.command(&["preview", "nothing.json", "--no-open"]).output().unwrap().status.code(), Some(2));
}

#[tokio::test]
async fn the_gallery_plays_what_was_saved_and_says_why_the_rest_was_not() {
    let Some(browser) = Browser::open().await else { return };
    let folder = Folder::new();
    folder
        .write("movie.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{ title }}"}]}]}"#);
    let fails = r#""{""outcome"": ""error"", ""message"": ""Scene #1, element #1: Failed to download 'x' (404)""}""#;
    folder.write("rows.csv", format!("id,title,emulator:=\na b#1,One,{{}}\nc2,Two,{fails}\nd3,Three,{{}}\n"));
    let command =
        "batch movie.json --emulate --rows rows.csv --key id --client-data-columns emulator:= --download videos/ --results pages/out.html";
    std::fs::create_dir(folder.path("pages")).unwrap();
    let made = folder.command(&command.split(' ').collect::<Vec<_>>()).output().unwrap();
    let page = folder.path("pages/out.html");
    assert!(page.exists(), "{}", String::from_utf8_lossy(&made.stderr));
    browser.client.goto(&format!("file://{}", page.display())).await.unwrap();
    browser.until("return document.querySelectorAll('article').length === 3").await;
    browser.until("const videos = [...document.querySelectorAll('video')]; return videos.length >= 1 && videos.every((video) => video.readyState > 0)").await;
    let failed = browser.run("return document.querySelector('article.failed').textContent").await;
    assert!(failed.as_str().unwrap().contains("(404)") && failed.as_str().unwrap().contains("j2v explain EMU"), "{failed}");
    browser.run("gallery.search.value = 'a b'; gallery.search.dispatchEvent(new Event('input')); return 0").await;
    browser.until("return document.querySelectorAll('article').length === 1").await;
    assert_eq!(browser.faults().await, [""; 0]);
}

#[tokio::test]
async fn a_gallery_of_five_thousand_rows_asks_for_no_video_that_is_not_seen() {
    let Some(browser) = Browser::open().await else { return };
    let folder = Folder::new();
    folder.write("movie.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "x"}]}]}"#);
    let made = folder.command(&["submit", "movie.json", "--emulate", "--wait", "--results", "out.html"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let page = std::fs::read_to_string(folder.path("out.html")).unwrap();
    let row = page.lines().find(|line| line.contains("class=\"row\"")).unwrap();
    let rows: String = (1..=5000).map(|number| format!("{}\n", row.replace("\"row\":1,", &format!("\"row\":{number},")))).collect();
    folder.write("many.html", page.replace(&format!("{row}\n"), &rows));
    browser.client.goto(&format!("file://{}", folder.path("many.html").display())).await.unwrap();
    browser.until("return document.querySelectorAll('article').length > 0").await;
    let counts = browser
        .run("return [gallery.rows.length, document.querySelectorAll('article').length, document.querySelectorAll('video').length]")
        .await;
    assert_eq!(counts[0], json!(5000));
    assert!(counts[1].as_u64().unwrap() <= 240 && counts[2].as_u64().unwrap() <= 60, "{counts}");
    assert_eq!(browser.faults().await, [""; 0]);
}
