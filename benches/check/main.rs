//! How fast a movie is checked before it is paid for: in this process, compared with `ajv` (npm) and Python's `jsonschema`
//! (`PyPI`) validating the same document with the schema that `j2v schema` prints; and whole commands.
//! `cargo bench --bench check`. Nothing passes or fails here.
#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod rival;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use j2v::movie::Document;
use j2v::movie::check::{Resolved, Settings, check};
use j2v::movie::expand::{Limits, expand};
use j2v::movie::plan::{NoAssets, plan};
use rival::Rival;
use serde_json::{Value, json};

const J2V: &str = env!("CARGO_BIN_EXE_j2v");
const LISTING: &str = include_str!("../../examples/listing.json");

/// The size of the checked document, bytes.
const SIZE: usize = 3000;

/// Uncounted rounds for the warm-up of compilers, and the counted rounds in turns after them.
const WARM_UP: usize = 40;
const ROUNDS: usize = 101;

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the run");
    let listing = listing();
    fs::write(folder.path().join("listing.json"), &listing).expect("the listing is written");
    fs::write(folder.path().join("schema.json"), j2v::movie::schema::schema().to_string()).expect("the schema is written");
    stages(&listing);
    beside_others(&listing, folder.path());
    commands(folder.path());
    growth();
}

/// The listing of the tutorial with enough rooms to make it 3 KB.
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
    resolved(&Document::parse("listing.json", text).expect("the text is a movie"))
}

/// The work of `j2v check` on a document.
fn resolved(document: &Document) -> usize {
    let resolved = Resolved::of(document);
    check(document, &Settings { facts: Some(&resolved.facts), ..Settings::default() }).len()
}

/// The median of five runs of a tenth of a second or more.
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

/// The two tasks: validate the text, or validate the parsed document; and the results.
fn beside_others(listing: &str, folder: &Path) {
    println!("in turns, microseconds a time: median of {ROUNDS} rounds (best), times a second");
    println!("  ajv and jsonschema hold the document against the printed schema: names, types, ranges, words. j2v's rules do");
    println!("  that, look across properties, and know the place of everything; `all` resolves and plans the movie, too");
    let document = Document::parse("listing.json", listing).expect("the listing is a movie");
    let rules = |document: &Document| check(document, &Settings::default()).len();
    let parsed = || Document::parse("listing.json", listing).expect("the listing is a movie");
    let mut contenders = vec![
        ours("j2v, text to verdict by the rules", || rules(&parsed())),
        ours("j2v, parsed to verdict by the rules", || rules(&document)),
        ours("j2v, text to verdict, all", || everything(listing)),
        ours("j2v, parsed to verdict, all", || resolved(&document)),
        ours("j2v, parse only", || parsed().sources.len()),
    ];
    let mut rivals = rivals(folder);
    for rival in &mut rivals {
        for mode in ["text", "parsed", "parse"] {
            contenders.push((format!("{}, {mode}", rival.0), Vec::new(), Contender::Rival(mode)));
        }
    }
    for round in 0..WARM_UP + ROUNDS {
        for (name, times, contender) in &mut contenders {
            let time = match contender {
                Contender::Ours(work) => Some(microseconds_of(work)),
                Contender::Rival(mode) => rivals.iter_mut().find(|rival| name.starts_with(rival.0)).and_then(|rival| rival.1.turn(mode)),
            };
            times.extend(time.filter(|_| round >= WARM_UP));
        }
    }
    for (name, mut times, _) in contenders {
        times.sort_by(f64::total_cmp);
        if let (Some(best), Some(median)) = (times.first(), times.get(times.len() / 2)) {
            println!("  {name:<38} {median:>9.1} ({best:.1})   {:>8.0}", 1e6 / median);
        }
    }
    for (_, rival) in rivals {
        rival.end();
    }
}

/// The validator of a turn.
enum Contender<'w> {
    Ours(Box<dyn FnMut() -> usize + 'w>),
    Rival(&'static str),
}

fn ours<'w>(name: &str, work: impl FnMut() -> usize + 'w) -> (String, Vec<f64>, Contender<'w>) {
    (name.to_owned(), Vec::new(), Contender::Ours(Box::new(work)))
}

fn microseconds_of(work: &mut impl FnMut() -> usize) -> f64 {
    const TIMES: u32 = 300;
    let start = Instant::now();
    for _ in 0..TIMES {
        black_box(work());
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
}

/// The validators that are installed on this machine.
fn rivals(folder: &Path) -> Vec<(&'static str, Rival)> {
    fs::write(folder.join("ajv.js"), rival::AJV).expect("a script is written");
    fs::write(folder.join("validate.py"), rival::JSONSCHEMA).expect("a script is written");
    let mut rivals = Vec::new();
    if run(folder, "npm", &["install", "--silent", "ajv@8"]).is_some() {
        rivals.extend(Rival::start(folder, Path::new("node"), "ajv.js").map(|rival| ("ajv", rival)));
    }
    if run(folder, "python3", &["-m", "venv", "py"]).is_some() && run(folder, "py/bin/pip", &["install", "-q", "jsonschema"]).is_some() {
        let python = folder.join("py/bin/python");
        rivals.extend(Rival::start(folder, &python, "validate.py").map(|rival| ("jsonschema", rival)));
    }
    rivals
}

/// The output of a program; `None` where it can't be run.
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
    println!("  j2v expand                       {:.2}", median("./j2v", &["expand", "listing.json"]));
    println!("  j2v plan                         {:.2}", median("./j2v", &["plan", "listing.json"]));
    println!("  node with ajv                    {:.2}", median("node", &["ajv.js"]));
    println!("  python with jsonschema           {:.2}", median("py/bin/python", &["validate.py"]));
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
