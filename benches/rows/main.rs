//! How fast tables are read and how much memory that needs, each in its own process: `cargo bench --bench rows`.
//! Nothing here passes or fails: the figures depend on how quiet the machine is.
#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use j2v::rows::binding::Binding;
use j2v::rows::format::Format;
use j2v::rows::{Source, Table};
use rust_xlsxwriter::Workbook;

/// The columns of the tables.
const COLUMNS: [&str; 8] = ["listing_id", "address", "price", "agent", "phone", "headline", "image", "notes"];

/// The lengths of the tables, rows.
const LENGTHS: [u32; 3] = [1_000, 10_000, 100_000];

fn main() {
    // Each process of the benchmark measures one figure; cargo passes its own flag.
    match env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        Some(table) => read(&table),
        None => compare(),
    }
}

fn compare() {
    let folder = tempfile::tempdir().expect("a folder for the run");
    println!("\nreading a table of {} columns, and saying what each row is to a movie", COLUMNS.len());
    println!("  {:<8} {:>8} {:>8} {:>12} {:>14}", "format", "rows", "MB", "rows/s", "VmHWM, MB");
    for (ending, format) in Format::ALL {
        for rows in LENGTHS {
            let table = written(folder.path(), ending, format, rows);
            let size = fs::metadata(&table).map_or(0, |found| found.len());
            let this = env::current_exe().expect("this program has a path");
            let output = Command::new(this).arg(&table).output().expect("this program runs");
            let figures = String::from_utf8_lossy(&output.stdout);
            let mut figures = figures.split_whitespace();
            let (speed, peak) = (figures.next().unwrap_or("failed"), figures.next().unwrap_or("-"));
            println!("  {ending:<8} {rows:>8} {:>8.1} {speed:>12} {peak:>14}", megabytes(size));
            fs::remove_file(&table).expect("the table is removed");
        }
    }
}

/// Reads a table as a batch does and prints rows per second and the peak memory.
fn read(table: &str) {
    let begun = Instant::now();
    let table = Table::open(&Source::new(table)).expect("the table is one");
    let mut binding = Binding::default();
    let mut count = 0_u32;
    for row in table.rows().expect("the table has rows") {
        binding.bind(&row.expect("each row is good"));
        count += 1;
    }
    println!("{:.0} {}", f64::from(count) / begun.elapsed().as_secs_f64(), peak().map_or("-".to_owned(), |peak| format!("{peak:.1}")));
}

/// The peak memory of this process, where the system reports it.
fn peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes: u64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(megabytes(kilobytes << 10))
}

fn megabytes(bytes: u64) -> f64 {
    Duration::from_micros(bytes).as_secs_f64()
}

/// A table with this many rows.
fn written(folder: &Path, ending: &str, format: Format, rows: u32) -> PathBuf {
    let path = folder.join(format!("rows.{ending}"));
    let objects = || (0..rows).map(|row| serde_json::to_string(&COLUMNS.iter().zip(cells(row)).collect::<Object>()).expect("JSON"));
    let text = match format {
        Format::Csv => lines(rows, ","),
        Format::Tsv => lines(rows, "\t"),
        Format::Json => format!("[{}]", objects().collect::<Vec<_>>().join(",\n")),
        Format::JsonLines => objects().collect::<Vec<_>>().join("\n"),
        Format::Xlsx => {
            workbook(rows).save(&path).expect("the workbook is written");
            return path;
        }
    };
    fs::write(&path, text).expect("the table is written");
    path
}

type Object<'c> = std::collections::BTreeMap<&'c &'static str, String>;

fn lines(rows: u32, separator: &str) -> String {
    let quoted = |row| cells(row).map(|cell| format!("\"{cell}\"")).join(separator);
    std::iter::once(COLUMNS.join(separator)).chain((0..rows).map(quoted)).collect::<Vec<_>>().join("\n")
}

fn workbook(rows: u32) -> Workbook {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, COLUMNS).expect("the header is written");
    for row in 0..rows {
        sheet.write_row(row + 1, 0, cells(row)).expect("a row is written");
    }
    book
}

/// The cells of a row.
fn cells(row: u32) -> [String; COLUMNS.len()] {
    [
        format!("L-{row}"),
        format!("{row} Oak Street, Apt. {}", row % 90),
        (200_000 + row * 7).to_string(),
        format!("AG-{}", row % 40),
        format!("555 01{:02}", row % 100),
        format!("A house like no other, number {row}"),
        format!("https://cdn.example/listings/{row}/front.jpg"),
        "Keys at the office; call before each visit.".to_owned(),
    ]
}
