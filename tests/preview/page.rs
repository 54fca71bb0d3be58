//! The page in a browser: the right elements at the right places at the right times, whichever way a time is reached.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::{Folder, Served, corpus, picture};

/// Everything that is seen: where each element is, in the movie's pixels, and how it is drawn.
const SEEN: &str = "
    const frame = j2v.stage.frame.getBoundingClientRect();
    const scale = frame.width / j2v.preview.width;
    const round = (value) => Math.round(value * 10) / 10;
    return j2v.stage.pieces.filter((piece) => piece.node && !piece.node.hidden && piece.plan.place).map((piece) => {
      const box = piece.node.getBoundingClientRect();
      const drawn = getComputedStyle(piece.node.querySelector('.move'));
      return [piece.plan.at.pointer, round((box.left - frame.left) / scale), round((box.top - frame.top) / scale), round(box.width / scale), round(box.height / scale),
        drawn.opacity, drawn.translate, drawn.rotate, drawn.scale];
    });";

pub(crate) async fn shown(browser: &Browser, served: &Served) {
    browser.client.goto(&served.url).await.unwrap();
    browser.until("return Boolean(window.j2v && j2v.stage)").await;
}

fn ten() -> Folder {
    let folder = Folder::new();
    folder.write("house.svg", picture());
    let image = |more: Value| {
        let mut element = json!({"type": "image", "src": "./house.svg"});
        element.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        element
    };
    let movie = json!({"resolution": "full-hd", "scenes": [{"duration": 8, "elements": [
        image(json!({"width": 400, "height": 200})),
        image(json!({"width": 300, "height": 150, "x": 500, "y": 60})),
        image(json!({"width": 300, "height": 150, "position": "top-right"})),
        image(json!({"width": 300, "height": 150, "position": "bottom-left"})),
        image(json!({"width": 300, "height": 150, "position": "center-center", "fade-in": 2})),
        image(json!({"width": 300, "height": 150, "position": "bottom-right", "x": -20, "y": -10})),
        image(json!({"resize": "cover", "z-index": -1, "zoom": 3})),
        {"type": "text", "text": "For sale"},
        {"type": "component", "component": "basic/000", "settings": {"headline": {"text": "FOR SALE"}}, "width": 800, "height": 300, "x": 90, "y": 700},
        {"type": "audiogram", "height": 200, "width": 1000, "y": 800, "rotate": {"angle": 90, "speed": 4}},
    ]}]});
    folder.write("movie.json", movie.to_string());
    folder
}

#[tokio::test]
async fn ten_elements_are_where_the_plan_says() {
    let Some(browser) = Browser::open().await else { return };
    let folder = ten();
    let served = folder.serve(&["movie.json"]);
    shown(&browser, &served).await;
    browser.at(2.0).await;
    let seen = browser.run(SEEN).await;
    let planned = browser.run("return j2v.stage.pieces.map(({ plan }) => [plan.at.pointer, plan.place.across.offset, plan.place.down.offset, plan.place.across.length, plan.place.down.length])").await;
    let (seen, planned) = (seen.as_array().unwrap(), planned.as_array().unwrap());
    assert_eq!((seen.len(), planned.len()), (10, 10));
    for (seen, planned) in seen.iter().zip(planned) {
        assert_eq!(seen[0], planned[0]);
        for side in 1..=4 {
            let (is, wanted) = (seen[side].as_f64().unwrap(), planned[side].as_f64().unwrap());
            assert!((is - wanted).abs() < 1.0, "{seen} is not at {planned}");
        }
    }
    assert_eq!(browser.faults().await, [""; 0]);
}

#[tokio::test]
async fn a_picture_is_the_same_whichever_way_its_time_is_reached() {
    let Some(browser) = Browser::open().await else { return };
    let folder = ten();
    let served = folder.serve(&["movie.json"]);
    shown(&browser, &served).await;
    browser.at(1.0).await;
    let before = browser.run(SEEN).await;
    for time in [2.5, 7.9, 0.0, 5.0] {
        browser.at(time).await;
    }
    browser.at(1.0).await;
    assert_eq!(browser.run(SEEN).await, before);
    browser.at(0.9).await;
    browser.run("j2v.clock.play(); return 0").await;
    browser.until("return j2v.clock.time > 1.2").await;
    browser.at(1.0).await;
    assert_eq!(browser.run(SEEN).await, before, "playing leaves nothing behind");
}

#[tokio::test]
async fn the_page_follows_the_file_and_a_broken_one_keeps_the_last_good_picture() {
    let Some(browser) = Browser::open().await else { return };
    let folder = Folder::new();
    let movie = |text: &str| format!(r#"{{"scenes": [{{"duration": 6, "elements": [{{"type": "text", "text": "{text}"}}]}}]}}"#);
    folder.write("movie.json", movie("before"));
    let served = folder.serve(&["movie.json"]);
    shown(&browser, &served).await;
    browser.at(3.0).await;
    folder.write("movie.json", movie("after the edit"));
    browser.until("return document.querySelector('.words')?.textContent === 'after the edit'").await;
    assert_eq!(browser.run("return j2v.clock.time").await.as_f64(), Some(3.0), "the playhead stays");
    folder.write("movie.json", "{\n  \"scenes\": [,]\n}");
    let banner = browser.until("const banner = document.querySelector('.banner'); return banner.hidden ? null : banner.textContent").await;
    assert!(banner.as_str().unwrap().starts_with("movie.json:2:"), "{banner}");
    assert_eq!(browser.run("return document.querySelector('.words').textContent").await, json!("after the edit"));
    folder.write("movie.json", movie("whole again"));
    browser
        .until("return document.querySelector('.words')?.textContent === 'whole again' && document.querySelector('.banner').hidden")
        .await;
    assert_eq!(browser.faults().await, [""; 0]);
}

#[tokio::test]
async fn keys_move_the_clock_and_a_click_shows_pointer_and_line() {
    let Some(browser) = Browser::open().await else { return };
    let folder = Folder::new();
    let text = "{\"scenes\": [{\"duration\": 4, \"elements\": [\n{\"type\": \"text\", \"text\": \"First\"}]},\n{\"duration\": 4, \"elements\": [{\"type\": \"text\", \"text\": \"Second\"}]}]}";
    folder.write("movie.json", text);
    let served = folder.serve(&["movie.json"]);
    shown(&browser, &served).await;
    let press = |key: &str, shift: bool| {
        format!(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', shiftKey: {shift}, bubbles: true }})); return Math.round(j2v.clock.time * 100) / 100"
        )
    };
    let keys = [
        ("Home", false, 0.0),
        ("ArrowRight", false, 0.04),
        ("ArrowRight", true, 1.04),
        ("ArrowLeft", true, 0.04),
        ("]", false, 4.0),
        ("[", false, 0.0),
        ("End", false, 8.0),
    ];
    for (key, shift, time) in keys {
        assert_eq!(browser.run(&press(key, shift)).await.as_f64(), Some(time), "{key}");
    }
    browser.run(&press(" ", false)).await;
    browser.until("return j2v.clock.isPlaying").await;
    browser.run(&press(" ", false)).await;
    browser.at(1.0).await;
    browser.client.find(fantoccini::Locator::Css(".words")).await.unwrap().click().await.unwrap();
    let told = browser.until("const facts = document.querySelector('.sheet dl'); return facts ? facts.textContent : null").await;
    let told = told.as_str().unwrap();
    assert!(told.contains("movie.json:2") && told.contains("/scenes/0/elements/0"), "{told}");
}

#[tokio::test]
async fn every_movie_at_hand_opens_without_a_fault_of_a_script() {
    let Some(browser) = Browser::open().await else { return };
    let folder = Folder::new();
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/listing.json");
    for movie in corpus().into_iter().chain([example]) {
        let page = folder.path("page.html").display().to_string();
        let made = folder.command(&["preview", movie.to_str().unwrap(), "--offline", "--out", &page]).output().unwrap();
        assert!(made.status.success(), "{}: {}", movie.display(), String::from_utf8_lossy(&made.stderr));
        browser.client.goto(&format!("file://{page}")).await.unwrap();
        browser.until("return Boolean(window.j2v && j2v.stage)").await;
        let duration = browser.run("return j2v.preview.duration").await.as_f64().unwrap();
        for part in [0.1, 0.5, 0.99] {
            browser.at(duration * part).await;
        }
        assert_eq!(browser.faults().await, [""; 0], "{}", movie.display());
    }
}

#[tokio::test]
async fn ten_thousand_elements_take_no_more_nodes_than_are_seen() {
    let Some(browser) = Browser::open().await else { return };
    let folder = Folder::new();
    let scenes: Vec<Value> = (0..500)
        .map(|scene| {
            let elements: Vec<Value> =
                (0..20).map(|element| json!({"type": "text", "text": format!("{scene} {element}"), "x": element * 20})).collect();
            json!({"duration": 2, "elements": elements})
        })
        .collect();
    folder.write("movie.json", json!({"resolution": "sd", "scenes": scenes}).to_string());
    let served = folder.serve(&["movie.json"]);
    shown(&browser, &served).await;
    for time in [1.0, 500.0, 999.0, 3.0] {
        browser.at(time).await;
    }
    let nodes = browser.run("return [j2v.stage.pieces.length, j2v.stage.frame.querySelectorAll('*').length]").await;
    assert_eq!(nodes[0], json!(10_000));
    assert!(nodes[1].as_u64().unwrap() < 1000, "{nodes}");
    assert_eq!(browser.faults().await, [""; 0]);
}

#[tokio::test]
async fn a_recording_without_data_holds_the_clock_and_one_that_is_gone_does_not() {
    let Some(browser) = Browser::open().await else { return };
    let stalls = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stalls.local_addr().unwrap();
    let folder = Folder::new();
    let movie =
        |src: &str| format!(r#"{{"scenes": [{{"duration": 6, "elements": [{{"type": "video", "src": "{src}", "duration": 6}}]}}]}}"#);
    // The connection is taken by the system, and nobody answers.
    folder.write("movie.json", movie(&format!("http://{address}/a.mp4")));
    let served = folder.serve(&["movie.json", "--allow-private"]);
    shown(&browser, &served).await;
    browser.run("j2v.clock.play(); return 0").await;
    browser.until("return !document.querySelector('.wait').hidden").await;
    let stands = browser.run("return j2v.clock.time").await.as_f64().unwrap();
    assert!(stands < 1.0, "{stands}");
    folder.write("movie.json", movie("./gone.mp4"));
    browser.until("return document.querySelector('.stand-in')?.textContent.includes('gone.mp4')").await;
    browser.run("j2v.clock.play(); return 0").await;
    browser.until("return j2v.clock.time > 1.5").await;
}
