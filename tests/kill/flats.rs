//! A table of flats for a batch under attack, one video of a second per row, and an undisturbed run that settles the rest.

use std::time::Duration;
use std::{fs, io};

use serde_json::Value;

use crate::support::{Run, World};

/// A world with these faults, the movie `flat.json` and its table `flats.jsonl`.
pub(crate) fn world(seed: u64, rows: usize, faults: &[&str]) -> World {
    let world = World::with(|settings| {
        settings.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        settings.seed = Some(seed);
        settings.render_time = Duration::from_millis(100);
    });
    world.write("flat.json", r#"{"scenes":[{"duration":1,"elements":[{"type":"text","text":"{{city}}"}]}]}"#);
    let row = |number: usize| format!("{{\"id\":\"k{number:04}\",\"city\":\"City {number}\"}}");
    world.write("flats.jsonl", (0..rows).map(row).collect::<Vec<_>>().join("\n"));
    world
}

/// One undisturbed run; then every held row is sent again. Returns whether nothing was left to do.
pub(crate) fn is_through(command: &str, j2v: impl Fn(&str) -> Run) -> bool {
    let run = j2v(command);
    let lines = run.jsons();
    let is_done = |line: &Value| line["status"] == "done" && line["file"].is_string();
    for line in lines.iter().filter(|line| line["status"] == "held") {
        let key = line["key"].as_str().unwrap();
        j2v(&format!("settle {key} --resubmit"));
    }
    run.code == 0 && lines.iter().all(is_done)
}

/// The number of videos.
pub(crate) fn videos(world: &World) -> usize {
    let is_video = |entry: io::Result<fs::DirEntry>| entry.unwrap().path().extension().is_some_and(|ending| ending == "mp4");
    fs::read_dir(world.path("out")).unwrap().map(is_video).filter(|is_video| *is_video).count()
}
