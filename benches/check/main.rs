//! How fast a movie is checked before it is paid for: in this process, beside `ajv` (npm) and Python's `jsonschema`
//! (`PyPI`) validating the same document with the schema that `j2v schema` prints; and whole commands.
//! `cargo bench --bench check`. Nothing passes or fails here.
#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use j2v::movie::Document;
use j2v::movie::check::{Resolved, Settings, check};
use j2v::movie::expand::{Limits, expand};
use j2v::movie::plan::{NoAssets, plan};
use serde_json::{Value, json};

const J2V: &str = env!("CARGO_BIN_EXE_j2v");
const LISTING: &str = include_str!("../../examples/listing.json");

/// The size of the document that is checked, bytes.
const SIZE: usize = 3000;

/// Validates the listing again and again for two seconds and prints how often a second.
const AJV: &str = r"
const Ajv = require('ajv/dist/2020').default, fs = require('fs');
const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(fs.readFileSync('schema.json', 'utf8')));
const text = fs.readFileSync('listing.json', 'utf8');
const end = Date.now() + Number(process.argv[2] || 0);
let times = 0;
do { validate(JSON.parse(text)); times++; } while (Date.now() < end);
console.log(times * 1000 / Number(process.argv[2] || 1000));
";

const JSONSCHEMA: &str = r"
import json, sys, time, jsonschema
schema = json.load(open('schema.json')); text = open('listing.json').read()
validator = jsonschema.Draft202012Validator(schema)
times, end = 0, time.time() + 2
while time.time() < end:
    list(validator.iter_errors(json.loads(text))); times += 1
print(times / 2)
";

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the run");
    let listing = listing();
    fs::write(folder.path().join("listing.json"), &listing).expect("the listing is written");
    fs::write(folder.path().join("schema.json"), j2v::movie::schema::schema().to_string()).expect("the schema is written");
    stages(&listing);
    others(folder.path());
    commands(folder.path());
    growth();
}

/// The listing of the tutorial with as many rooms as make it 3 KB.
fn listing() -> String {
    let mut movie: Value = serde_json::from_str(LISTING).expect("the example is JSON");
    while serde_json::to_string_pretty(&movie).map_or(0, |text| text.len()) < SIZE {
        let rooms = movie.pointer_mut("/variables/rooms").and_then(Value::as_array_mut).expect("the example has rooms");
        let number = rooms.len();
        rooms.push(
            json!({"name": format!("Room {number}"), "image": format!("https://cdn.json2video.com/assets/images/room-{number}.jpg")}),
        );
    }
    serde_json::to_string_pretty(&movie).expect("it prints")
}

fn stages(listing: &str) {
    println!("in process, one thread, a listing of {} bytes (microseconds; a second)", listing.len());
    let document = Document::parse("listing.json", listing).expect("the listing is a movie");
    let limits = Limits::default();
    let expansion = expand(&document, &limits);
    let resolved = Resolved::of(&document);
    let settings = Settings { facts: Some(&resolved.facts), ..Settings::default() };
    figure("parse", || drop(black_box(Document::parse("listing.json", listing))));
    figure("expand", || drop(black_box(expand(&document, &limits))));
    figure("plan", || drop(black_box(plan(&expansion, &NoAssets))));
    figure("check by the rules", || drop(black_box(check(&document, &settings))));
    figure("parse, expand, plan and check", || {
        black_box(everything(listing));
    });
}

fn everything(text: &str) -> usize {
    let document = Document::parse("listing.json", text).expect("the text is a movie");
    let resolved = Resolved::of(&document);
    check(&document, &Settings { facts: Some(&resolved.facts), ..Settings::default() }).len()
}

/// The middle of five runs of a tenth of a second or more.
fn figure(name: &str, mut work: impl FnMut()) {
    let mut runs: Vec<f64> = (0..5).map(|_| seconds_of(&mut work)).collect();
    runs.sort_by(f64::total_cmp);
    println!("  {name:<32} {:>9.1}   {:>9.0}", runs[2] * 1e6, 1.0 / runs[2]);
}

fn seconds_of(work: &mut impl FnMut()) -> f64 {
    let (start, mut times) = (Instant::now(), 0.0);
    while start.elapsed().as_secs_f64() < 0.1 || times < 1.0 {
        work();
        times += 1.0;
    }
    start.elapsed().as_secs_f64() / times
}

fn others(folder: &Path) {
    println!("others, validating the same document (a second)");
    fs::write(folder.join("ajv.js"), AJV).expect("a script is written");
    fs::write(folder.join("validate.py"), JSONSCHEMA).expect("a script is written");
    if run(folder, "npm", &["install", "--silent", "ajv@8"]).is_some() {
        println!("  ajv in node                      {}", run(folder, "node", &["ajv.js", "2000"]).unwrap_or_default());
    }
    if run(folder, "python3", &["-m", "venv", "py"]).is_some() && run(folder, "py/bin/pip", &["install", "-q", "jsonschema"]).is_some() {
        println!("  jsonschema in Python             {}", run(folder, "py/bin/python", &["validate.py"]).unwrap_or_default());
    }
}

/// What a program prints, or nothing where it can't be had.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let program = if program.contains('/') { folder.join(program) } else { program.into() };
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn commands(folder: &Path) {
    println!("whole commands (milliseconds, median of 30)");
    let median = |program: &str, arguments: &[&str]| {
        let mut times: Vec<f64> = (0..30)
            .map(|_| {
                let start = Instant::now();
                run(folder, program, arguments);
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[15]
    };
    fs::copy(J2V, folder.join("j2v")).expect("the binary is copied");
    println!("  j2v check                        {:.2}", median("./j2v", &["check", "listing.json"]));
    println!("  node with ajv                    {:.2}", median("node", &["ajv.js"]));
}

fn growth() {
    println!("the cost of a scene as the movie grows (microseconds a scene)");
    for scenes in [10, 100, 1000, 10_000] {
        let scene = json!({"duration": 4, "elements": [{"type": "text", "text": "{{ name }}"}, {"type": "image", "src": "https://example.com/a.png"}]});
        let text = json!({"variables": {"name": "x"}, "scenes": vec![scene; scenes]}).to_string();
        let seconds = seconds_of(&mut || {
            black_box(everything(&text));
        });
        println!("  {scenes:>6} scenes                    {:.2}", seconds * 1e6 / f64::from(u32::try_from(scenes).unwrap_or(u32::MAX)));
    }
}
