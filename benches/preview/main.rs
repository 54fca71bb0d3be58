//! How fast the preview is: from the command to its page, to the first picture in a browser, and how many pictures per second
//! it draws while the clock is dragged over 300 elements: `cargo bench --bench preview`. The browser is Debian's, headless,
//! without a graphics card.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "figures are what a benchmark is for, and one that can't go on ends")]

#[path = "../../tests/preview/browser.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod browser;
#[path = "../../tests/preview/served.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod served;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::browser::Browser;
use self::served::Folder;

/// How often each time is measured; the median counts.
const TIMES: usize = 11;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = Folder::new();
    folder.write("small.json", movie(10).to_string());
    folder.write("large.json", movie(300).to_string());
    for (name, movie) in [("10 elements", "small.json"), ("300 elements", "large.json")] {
        let page = folder.path("page.html");
        let out = median(|| {
            let began = Instant::now();
            let made = folder.command(&["preview", movie, "--offline", "--out", "page.html"]).output().unwrap();
            assert!(made.status.success());
            began.elapsed()
        });
        let size = page.metadata().unwrap().len();
        let served = median(|| {
            let began = Instant::now();
            let served = folder.serve(&[movie, "--offline"]);
            let host = served.host().to_owned();
            let (_, body) = served.ask("GET", &served.path(), &format!("Host: {host}\r\n"));
            assert!(body.contains("</html>"));
            began.elapsed()
        });
        println!("{name}: page of {size} bytes; --out {:.1} ms; command to page on loopback {:.1} ms", ms(out), ms(served));
    }
    let Some(browser) = Browser::open().await else { return };
    for (name, movie) in [("10 elements", "small.json"), ("300 elements", "large.json")] {
        let mut first = Vec::new();
        for _ in 0..TIMES {
            browser.client.goto("about:blank").await.unwrap();
            let began = Instant::now();
            let served = folder.serve(&[movie, "--offline"]);
            browser.client.goto(&served.url).await.unwrap();
            browser.until("return Boolean(window.j2v && document.querySelector('.place'))").await;
            first.push(began.elapsed());
        }
        first.sort();
        println!("{name}: command to first picture {:.1} ms (middle of {TIMES}, the browser is open)", ms(first[TIMES / 2]));
    }
    folder.command(&["preview", "large.json", "--offline", "--out", "page.html"]).output().unwrap();
    browser.client.goto(&format!("file://{}", folder.path("page.html").display())).await.unwrap();
    browser.until("return Boolean(window.j2v && j2v.stage)").await;
    browser.run(DRAG).await;
    let drawn = browser.until("return window.drawn").await;
    println!("300 elements, all seen: {:.1} pictures a second while dragged", drawn.as_f64().unwrap());
}

/// Moves the clock at each frame for three seconds and counts the frames.
const DRAG: &str = "const began = performance.now(); let frames = 0; \
    const step = (now) => { frames += 1; j2v.clock.set((frames * 0.04) % 10, false); \
    if (now - began < 3000) requestAnimationFrame(step); else window.drawn = frames * 1000 / (now - began); }; \
    requestAnimationFrame(step); return 0;";

/// A movie with a scene of this many texts, a third of them moving.
fn movie(elements: usize) -> Value {
    let text = |number: usize| {
        let style = if number.is_multiple_of(3) { "003" } else { "001" };
        json!({"type": "text", "text": format!("Number {number}"), "style": style, "x": number * 37 % 1700, "y": number * 53 % 1000,
            "settings": {"font-size": 30}})
    };
    json!({"resolution": "full-hd", "scenes": [{"duration": 10, "elements": (0..elements).map(text).collect::<Vec<_>>()}]})
}

fn median(run: impl Fn() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES).map(|_| run()).collect();
    times.sort();
    times[TIMES / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
