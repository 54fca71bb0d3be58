//! The file of `--results`: one line per row as it ends, as CSV, JSON Lines or a page. Each line is written whole, so that
//! a killed run leaves a readable file. The next run writes a new file, and replaces the old one with it as
//! soon as the new one holds at least as much. At the end of the run the lines are in the order of the table.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempPath;

use super::gallery;
use crate::draft;
use crate::render::event::Outcome;
use crate::render::line::facts;
use crate::render::untrusted::escaped;
use crate::world::Timestamp;

/// The format of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordFormat {
    /// CSV: a header, then one line per row.
    Csv,
    /// JSON Lines: one object per line.
    JsonLines,
    /// A page with one tile per row.
    Html,
}

impl RecordFormat {
    /// The format for a file's extension.
    #[must_use]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "html" | "htm" => Some(Self::Html),
            _ => None,
        }
    }

    /// The number of lines of a file that count as content; the header of a CSV file is one of them.
    fn count(self, bytes: &[u8]) -> u64 {
        let lines = bytes.split(|byte| *byte == b'\n');
        // The head of a page counts as one write.
        let count =
            if self == Self::Html { 1 + lines.filter(|line| line.starts_with(gallery::ROW.as_bytes())).count() } else { lines.count() };
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Whether a file that begins so is such a file of an earlier run. An older version wrote fewer columns.
    #[must_use]
    pub(crate) fn is_begun_by(self, bytes: &[u8]) -> bool {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match self {
            Self::Csv => line.strip_prefix(MARK).unwrap_or(line).starts_with(COLUMNS[..SURE].join(",").as_bytes()),
            Self::JsonLines => {
                let row = serde_json::from_slice::<Value>(line).unwrap_or_default();
                COLUMNS[..SURE].iter().all(|column| row.get(column).is_some())
            }
            Self::Html => gallery::is_begun_by(bytes),
        }
    }

    /// The end of a complete file.
    fn end(self) -> &'static [u8] {
        if self == Self::Html { gallery::END.as_bytes() } else { b"" }
    }
}

/// The columns of the file, in their order.
const COLUMNS: [&str; 13] = [
    "row",
    "key",
    "project",
    "status",
    "url",
    "file",
    "message",
    "length",
    "size",
    "credits",
    "submitted_at",
    "ended_at",
    "rendering_time",
];

/// So many of the first columns show that a file is a record of results.
const SURE: usize = 4;

/// The facts of one row, besides its outcome.
pub(crate) struct Recorded<'a> {
    /// Its number.
    pub(crate) number: u64,
    /// Its outcome.
    pub(crate) outcome: &'a Outcome,
}

/// The mark by which Excel recognizes a CSV file as UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The file while it is being written.
pub(crate) struct RecordFile {
    format: RecordFormat,
    path: PathBuf,
    file: File,
    lines: u64,
    /// The length of the part before the rows, bytes.
    head: u64,
    /// The length of the file, bytes.
    length: u64,
    /// The lines of rows: the row, the start of its line, and its length.
    rows: Vec<(u64, u64, usize)>,
    /// The draft, and the number of lines in the file that it will replace.
    replaces: Option<(TempPath, u64)>,
}

impl RecordFile {
    /// Creates the file; with `for_excel`, as CSV that Excel recognizes as UTF-8.
    ///
    /// # Errors
    /// When it can't be created.
    pub(crate) fn create(path: &Path, format: RecordFormat, for_excel: bool) -> io::Result<Self> {
        // A file that another run has made meanwhile is not cut off: this run's takes its place in the end.
        let (file, replaces) = match OpenOptions::new().read(true).write(true).create_new(true).open(path) {
            Ok(file) => (file, None),
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
                let lines = format.count(&fs::read(path)?);
                let (file, draft) = draft::beside(path)?.into_parts();
                (file, Some((draft, lines)))
            }
            Err(why) => return Err(why),
        };
        let path = path.to_owned();
        let mut record = Self { format, path, file, lines: 0, head: 0, length: 0, rows: Vec::new(), replaces };
        match format {
            RecordFormat::Csv => {
                let mark = if for_excel { MARK } else { b"" };
                record.write(&[mark, &csv_line(COLUMNS.iter().map(ToString::to_string))?].concat())?;
            }
            RecordFormat::Html => record.write(gallery::head(&record.title()).as_bytes())?,
            RecordFormat::JsonLines => {}
        }
        record.head = record.length;
        Ok(record)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn add(&mut self, recorded: &Recorded<'_>) -> io::Result<()> {
        let fields = fields(recorded);
        let line = match self.format {
            RecordFormat::Csv => csv_line(COLUMNS.iter().map(|column| cell(&fields[*column])))?,
            RecordFormat::JsonLines => format!("{}\n", escaped(&fields.to_string())).into_bytes(),
            RecordFormat::Html => gallery::row(fields, recorded.outcome, self.path.parent().unwrap_or(Path::new(""))).into_bytes(),
        };
        self.rows.push((recorded.number, self.length, line.len()));
        self.write(&line)?;
        if self.replaces.as_ref().is_some_and(|(_, lines)| self.lines >= *lines) { self.take_its_place() } else { Ok(()) }
    }

    /// Ends the file: sorts its lines into the order of the table, writes it to disk, and moves it into place.
    ///
    /// # Errors
    /// When one of these steps fails.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.rows.is_sorted_by_key(|(row, ..)| *row) {
            self.file.write_all(self.format.end())?;
            self.file.sync_all()?;
            return self.take_its_place();
        }
        let sorted = draft::beside(&self.path)?;
        self.write_sorted(sorted.as_file())?;
        // An unsorted draft is removed with the end of `self`.
        sorted.persist(&self.path).map(drop).map_err(|why| why.error)
    }

    fn write_sorted(&mut self, file: &File) -> io::Result<()> {
        self.rows.sort_by_key(|(row, ..)| *row);
        let mut to = BufWriter::new(file);
        let mut from = BufReader::new(&self.file);
        let lines = self.rows.iter().map(|(_, at, length)| (*at, *length as u64));
        for (at, length) in std::iter::once((0, self.head)).chain(lines) {
            from.seek(SeekFrom::Start(at))?;
            io::copy(&mut from.by_ref().take(length), &mut to)?;
        }
        to.write_all(self.format.end())?;
        to.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }

    /// The title of a page.
    fn title(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.lines += 1;
        self.length += line.len() as u64;
        self.file.write_all(line)
    }

    fn take_its_place(&mut self) -> io::Result<()> {
        match self.replaces.take() {
            Some((draft, _)) => {
                draft.persist(&self.path).map_err(|why| why.error)?;
                // It is no draft any more, and others may read it: on Windows a lock keeps them off.
                self.file.unlock().or(Ok(()))
            }
            None => Ok(()),
        }
    }
}

fn fields(recorded: &Recorded<'_>) -> Value {
    let outcome = recorded.outcome;
    let report = outcome.report.as_ref();
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_iso);
    let known = facts(outcome);
    json!({
        "row": recorded.number,
        "key": known["key"],
        "project": known["project"],
        "status": known["status"],
        "url": known["url"],
        "file": known["file"],
        "message": known["message"],
        "length": known["duration"],
        "size": known["size"],
        "credits": report.and_then(|report| report.credits),
        "submitted_at": time(report.and_then(|report| report.created_at)),
        "ended_at": time(report.and_then(|report| report.ended_at)),
        "rendering_time": known["rendering_time"],
    })
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn csv_line(cells: impl Iterator<Item = String>) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|why| io::Error::other(why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::event::OutcomeStatus;
    use crate::render::identity::Key;

    fn add(file: &mut RecordFile, number: u64, message: &str) {
        let key = Some(Key::parse("a, \"b\"").unwrap());
        let outcome = Outcome { key, message: Some(message.to_owned()), ..Outcome::new(OutcomeStatus::Error) };
        file.add(&Recorded { number, outcome: &outcome }).unwrap();
    }

    #[test]
    fn a_killed_run_leaves_all_that_was_known_and_the_next_one_no_less() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        let mut killed = RecordFile::create(&path, RecordFormat::Csv, false).unwrap();
        add(&mut killed, 2, "one\nmore line");
        add(&mut killed, 3, "three");
        drop(killed);
        let first = fs::read_to_string(&path).unwrap();
        assert!(first.starts_with("row,key,project,status,"), "{first}");
        assert!(first.contains("2,\"a, \"\"b\"\"\",,error,,,\"one\nmore line\","), "{first}");
        let mut next = RecordFile::create(&path, RecordFormat::Csv, false).unwrap();
        add(&mut next, 2, "one");
        assert_eq!(fs::read_to_string(&path).unwrap(), first, "the old file stays until the new one says as much");
        for number in 3..9 {
            add(&mut next, number, "more");
        }
        assert!(fs::read_to_string(&path).unwrap().lines().count() > 4);
        next.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 8);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_page_holds_a_line_a_row_and_says_when_it_has_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.html");
        let mut file = RecordFile::create(&path, RecordFormat::of(&path).unwrap(), false).unwrap();
        add(&mut file, 2, "</script>");
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.contains("\\u003c/script>") && !page.contains("id=\"end\""), "a page that grows can be looked at");
        file.finish().unwrap();
        let page = fs::read_to_string(&path).unwrap();
        assert_eq!((RecordFormat::Html.count(page.as_bytes()), page.contains("id=\"end\"")), (2, true));
    }

    #[test]
    fn json_lines_hold_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.jsonl");
        let mut file = RecordFile::create(&path, RecordFormat::of(&path).unwrap(), true).unwrap();
        add(&mut file, 7, "why");
        file.finish().unwrap();
        let line: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!((&line["row"], &line["status"], &line["message"]), (&json!(7), &json!("error"), &json!("why")));
    }

    #[test]
    fn a_file_that_is_ended_has_the_order_of_the_table_and_the_mark_of_excel() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        for rows in [vec![4, 2, 3], vec![3, 2, 4, 5], vec![2, 3]] {
            let mut file = RecordFile::create(&path, RecordFormat::Csv, true).unwrap();
            for row in &rows {
                add(&mut file, *row, "one\nmore line");
            }
            file.finish().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let mut reader = csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap().as_bytes());
            let found: Vec<u64> = reader.records().map(|record| record.unwrap()[0].parse().unwrap()).collect();
            let mut wanted = rows;
            wanted.sort_unstable();
            assert_eq!(found, wanted);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
