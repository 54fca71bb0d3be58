//! The README's pictures, made by the tests' browser: `target/tmp/preview.png` and `gallery.png`. `CONTRIBUTING.md` says
//! when to copy them to `docs/`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::page::shown;
use crate::served::Folder;

/// The largest size of a picture, bytes: the README stays small with two of them.
const LARGEST: usize = 160_000;

/// A house in front of hills, under a sky of this colour.
fn house(sky: &str, wall: &str) -> String {
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="1920" height="1080"><rect width="1920" height="1080" fill="{sky}"/><circle cx="1400" cy="330" r="120" fill="#ffe9b0"/><path d="M0 760 Q480 560 960 740 T1920 700 V1080 H0Z" fill="#3f7f5f"/><path d="M620 780 V520 L860 340 L1100 520 V780Z" fill="{wall}"/><path d="M560 560 L860 320 L1160 560" stroke="#5b3a35" stroke-width="46" fill="none"/><rect x="800" y="600" width="120" height="180" fill="#5b3a35"/></svg>"##
    )
}

/// Takes a picture of the window and saves it for `docs/`.
async fn taken(browser: &Browser, name: &str) {
    let picture = browser.client.screenshot().await.unwrap();
    // A picture of an empty window has a few kilobytes.
    assert!((15_000..LARGEST).contains(&picture.len()), "{name}: {} bytes", picture.len());
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), picture).unwrap();
}

/// The listing of the examples with pictures of this machine, which the browser draws.
async fn listing(browser: &Browser, folder: &Folder) -> Value {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/listing.json")).unwrap();
    let mut movie: Value = serde_json::from_str(&text).unwrap();
    let rooms = [("front.png", "#7fb2ff", "#f4e7d3"), ("kitchen.png", "#ffd6a5", "#e8dcc8"), ("bedroom.png", "#bdb2ff", "#efe3f3")];
    browser.client.set_window_size(2000, 1300).await.unwrap();
    for (place, (name, sky, wall)) in rooms.into_iter().enumerate() {
        folder.write("room.html", format!("<style>body {{ margin: 0 }} svg {{ display: block }}</style>{}", house(sky, wall)));
        browser.client.goto(&format!("file://{}", folder.path("room.html").display())).await.unwrap();
        let drawn = browser.client.find(fantoccini::Locator::Css("svg")).await.unwrap();
        folder.write(name, drawn.screenshot().await.unwrap());
        movie["variables"]["rooms"][place]["image"] = json!(name);
    }
    movie
}

#[tokio::test]
async fn the_page_with_a_chosen_element() {
    let Some(browser) = Browser::open().await else { return };
    let folder = Folder::new();
    let movie = listing(&browser, &folder).await;
    folder.write("listing.json", serde_json::to_string_pretty(&movie).unwrap());
    let served = folder.serve(&["listing.json", "--offline", "--upload"]);
    shown(&browser, &served).await;
    browser.client.set_window_size(1180, 860).await.unwrap();
    browser.at(5.1).await;
    browser.until("const image = document.querySelector('.look img'); return image && image.complete && image.naturalWidth > 0").await;
    browser.client.find(fantoccini::Locator::Css(".words")).await.unwrap().click().await.unwrap();
    browser.until("return document.querySelector('.sheet dl')").await;
    taken(&browser, "preview.png").await;
}

#[tokio::test]
async fn the_gallery_of_a_batch() {
    let Some(browser) = Browser::open().await else { return };
    let folder = Folder::new();
    let mut rows = String::from("id,title,emulator:=\n");
    for number in 1..=24 {
        let fails = if number == 6 {
            r#""{""outcome"": ""error"", ""message"": ""Scene #1, element #1: Failed to download 'https://cdn.example/house.jpg' (404)""}""#
        } else {
            "{}"
        };
        writeln!(rows, "IMM-{number:04},House {number},{fails}").unwrap();
    }
    folder.write("listings.csv", rows);
    folder
        .write("movie.json", r#"{"resolution": "sd", "scenes": [{"duration": 3, "elements": [{"type": "text", "text": "{{ title }}"}]}]}"#);
    let command =
        "batch movie.json --emulate --rows listings.csv --key id --client-data-columns emulator:= --download videos/ --results out.html";
    folder.command(&command.split(' ').collect::<Vec<_>>()).output().unwrap();
    browser.client.set_window_size(1180, 760).await.unwrap();
    browser.client.goto(&format!("file://{}", folder.path("out.html").display())).await.unwrap();
    browser.until("const videos = [...document.querySelectorAll('video')]; return videos.length > 3 && videos.every((video) => video.readyState > 1)").await;
    taken(&browser, "gallery.png").await;
}
