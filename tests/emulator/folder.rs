//! Emulators that share a folder, and emulators that share a seed.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use crate::support::{Service, movie};

async fn in_folder(folder: &Path) -> Service {
    Service::with(|settings| settings.folder = Some(folder.to_owned())).await
}

#[tokio::test]
async fn a_render_of_an_earlier_process_is_found_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let first = in_folder(folder.path()).await;
    let project = first.project(&movie()).await;
    first.emulator.stop().await;
    let second = in_folder(folder.path()).await;
    second.render();
    let report = second.movie(&project).await;
    assert_eq!(report["status"], "done");
    assert_eq!(report["url"], second.url(&format!("/files/{project}.mp4")));
    assert_eq!(second.get("/v2/movies").await.1["movies"][0]["project"], project.as_str());
}

#[tokio::test]
async fn two_processes_on_one_folder_see_what_the_other_does() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (in_folder(folder.path()).await, in_folder(folder.path()).await);
    let (first, second) = (one.project(&movie()).await, other.project(&movie()).await);
    assert_ne!(first, second);
    assert_eq!((one.accepted().await, other.accepted().await), (2, 2));
    one.render();
    other.render();
    other.delete(&format!("/v2/movies?project={first}")).await;
    assert_eq!(one.movie(&first).await["url"], Value::Null);
}

#[tokio::test]
async fn a_project_id_never_names_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let service = in_folder(folder.path()).await;
    std::fs::write(folder.path().join("outside.json"), "{}").unwrap();
    assert_eq!(service.get("/v2/movies?project=../outside").await.0, 400);
    assert_eq!(service.get("/files/..%2Foutside.mp4").await.0, 404);
}

#[tokio::test]
async fn a_file_that_cant_be_understood_is_no_project() {
    let folder = tempfile::tempdir().unwrap();
    let service = in_folder(folder.path()).await;
    std::fs::write(folder.path().join("projects/EMU0123456789abc.json"), "{\"number\":").unwrap();
    assert_eq!(service.get("/v2/movies?project=EMU0123456789abc").await.0, 400);
    assert_eq!(service.get("/v2/movies").await.1["count"], 0);
}

#[tokio::test]
async fn emulators_of_one_seed_and_folder_never_give_an_id_twice() {
    let folder = tempfile::tempdir().unwrap();
    let seeded = || {
        Service::with(|settings| {
            settings.seed = Some(7);
            settings.folder = Some(folder.path().to_owned());
        })
    };
    let (one, other) = (seeded().await, seeded().await);
    let mut projects = HashSet::new();
    for _ in 0..5 {
        projects.insert(one.project(&movie()).await);
        projects.insert(other.project(&movie()).await);
    }
    assert_eq!(projects.len(), 10);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids_and_times() {
    let seeded = || Service::with(|settings| settings.seed = Some(7));
    let (one, other) = (seeded().await, seeded().await);
    let (first, second) = (one.post(&movie()).await, other.post(&movie()).await);
    assert_eq!(first, second);
    assert_eq!(first.1["timestamp"], "2026-01-15T12:00:00.000Z");
}
