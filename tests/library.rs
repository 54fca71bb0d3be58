//! The library's interface against the emulator, as a Rust program uses it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::time::Duration;

use j2v::{Client, Element, Emulator, EmulatorSettings, Error, Fault, Movie, Scene, World};

fn movie(text: &str) -> Movie {
    Movie::new().scene(Scene::new().duration(2).element(Element::text(text)))
}

async fn emulator(faults: &[&str]) -> Emulator {
    let faults = faults.iter().map(|fault| Fault::parse(fault).unwrap()).collect();
    let render_time = Duration::from_millis(50);
    Emulator::start(EmulatorSettings { faults, render_time, ..EmulatorSettings::new(World::real()) }).await.unwrap()
}

fn client(emulator: &Emulator) -> Client {
    Client::new("any-key-of-an-account").unwrap().url(&emulator.api_url()).unwrap()
}

#[tokio::test]
async fn a_key_is_rendered_once_by_two_programs_on_one_ledger_and_its_video_is_saved() {
    let emulator = emulator(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("renders.db");
    let first = client(&emulator).ledger(&ledger).unwrap().submit(movie("a")).key("L-1").send().await.unwrap();
    let second = client(&emulator).ledger(&ledger).unwrap().submit(movie("a")).key("L-1").send().await.unwrap();
    assert_eq!((first.project(), first.key()), (second.project(), "L-1"));
    let video = second.wait().await.unwrap();
    assert!(video.url().unwrap().starts_with(&emulator.api_url()[..16]), "{video:?}");
    let file = video.save(folder.path().join("videos")).await.unwrap();
    assert_eq!(file.file_name().unwrap().to_str().unwrap(), format!("{}.mp4", first.project()));
    assert!(file.metadata().unwrap().len() > 0);
    let third = client(&emulator).ledger(&ledger).unwrap().submit(movie("a")).key("L-1").again().send().await.unwrap();
    assert_ne!(third.project(), first.project());
}

#[tokio::test]
async fn a_lost_answer_is_found_again_and_not_paid_twice() {
    let emulator = emulator(&["post-reset"]).await;
    let client = client(&emulator);
    let render = client.submit(movie("a")).key("L-1").send().await.unwrap();
    let again = client.submit(movie("a")).key("L-1").send().await.unwrap();
    assert_eq!(render.project(), again.project());
}

#[tokio::test]
async fn what_went_wrong_is_a_value_and_not_a_text() {
    let emulator = emulator(&["error"]).await;
    let client = client(&emulator);
    let broken = Movie::new().scene(Scene::new().duration(2).element(Element::image("photo.jpg")));
    let Err(Error::Invalid(findings)) = client.submit(&broken).send().await else { panic!("it is not public") };
    assert!(!findings.is_empty());
    assert!(matches!(client.submit(movie("a")).key("").send().await, Err(Error::Key(_))));
    assert!(matches!(Client::new(""), Err(Error::ApiKey(_))));
    assert!(matches!(Client::new("k").unwrap().url("http://example.com"), Err(Error::Url(_))));
    let failed = client.submit(movie("b")).key("L-2").send().await.unwrap().wait().await;
    assert!(matches!(failed, Err(Error::Failed(_))), "{failed:?}");
    let other = client.submit(movie("c")).key("L-2").send().await;
    assert!(matches!(other, Err(Error::Unsent(_))), "{other:?}");
}

#[tokio::test]
async fn a_wait_that_is_over_leaves_the_render_to_wait_for_again() {
    let settings = EmulatorSettings { render_time: Duration::from_millis(600), ..EmulatorSettings::new(World::real()) };
    let emulator = Emulator::start(settings).await.unwrap();
    let render = client(&emulator).submit(movie("a")).send().await.unwrap();
    assert!(matches!(render.wait_for(Duration::from_millis(1)).await, Err(Error::Running)));
    assert!(render.wait().await.unwrap().url().is_some());
}

#[test]
fn nothing_that_can_be_printed_shows_the_key() {
    let client = Client::new("a-secret-of-the-account").unwrap();
    let printed = format!("{client:?} {:?}", client.submit(movie("a")));
    assert!(!printed.contains("a-secret"), "{printed}");
}
