//! The results of a run, one per render: a line of data each in the order of the arguments, or a line of JSON each
//! in the order in which they end; and the exit code of them all.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Out;
use super::record::{RecordFile, RecordFormat, Recorded};
use crate::exit::Exit;
use crate::render::event::{Cause, Event, Listener, Outcome, OutcomeStatus};
use crate::render::line;

/// What the line of a render holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The project id, if there is one.
    Project,
    /// The project id, once its file is deleted.
    Deletion,
    /// The video's URL, once it is rendered; the saved file's path where the URL no longer works.
    Url,
    /// The saved file's path.
    File,
}

/// Collects outcomes by the index of their argument.
pub(crate) struct Results<'a> {
    out: &'a Out,
    json: bool,
    wanted: Wanted,
    lines: Vec<Option<String>>,
    printed: usize,
    codes: Vec<Exit>,
    record: Option<Record>,
    /// The `client-data` of the movies, by their index.
    client_data: HashMap<usize, Value>,
}

/// The file of `--results`.
struct Record {
    path: PathBuf,
    file: RecordFile,
    /// Why it can't be written any more. The run continues: the renders are worth more than the file.
    unwritten: Option<io::Error>,
}

impl<'a> Results<'a> {
    /// Results of `count` renders.
    #[must_use]
    pub(crate) fn new(out: &'a Out, json: bool, wanted: Wanted, count: usize) -> Self {
        Self {
            out,
            json,
            wanted,
            lines: vec![None; count],
            printed: 0,
            codes: Vec::with_capacity(count),
            record: None,
            client_data: HashMap::new(),
        }
    }

    /// The same, also written into a file.
    ///
    /// # Errors
    /// When the file can't be created.
    pub(crate) fn recorded(self, path: &Path, format: RecordFormat) -> io::Result<Self> {
        let file = RecordFile::create(path, format, false)?;
        Ok(Self { record: Some(Record { path: path.to_owned(), file, unwritten: None }), ..self })
    }

    /// Records an outcome: reports it to people, prints the lines that are due, keeps its code.
    pub(crate) fn end(&mut self, index: usize, mut outcome: Outcome) {
        outcome.client_data = outcome.client_data.or_else(|| self.client_data.remove(&index));
        self.end_silently(index, &outcome, Exit::of(&outcome));
        self.out.hear(&Event::Ended(Box::new(outcome)));
    }

    /// Keeps a movie's own `client-data` for its line: the service reports it with the status only.
    pub(crate) fn carries(&mut self, index: usize, client_data: Option<Value>) {
        self.client_data.extend(client_data.map(|data| (index, data)));
    }

    /// Records an outcome that shares its cause with others: prints its line, and leaves the report to the caller.
    pub(crate) fn end_silently(&mut self, index: usize, outcome: &Outcome, exit: Exit) {
        self.codes.push(exit);
        self.print(index, outcome);
        if let Some(record) = self.record.as_mut().filter(|record| record.unwritten.is_none()) {
            let number = u64::try_from(index).map_or(u64::MAX, |index| index.saturating_add(1));
            record.unwritten = record.file.add(&Recorded { number, outcome }).err();
        }
    }

    /// The exit code of all.
    #[must_use]
    pub(crate) fn finish(self) -> Exit {
        let Some(Record { path, file, unwritten }) = self.record else { return Exit::fold(self.codes) };
        match unwritten.map_or_else(|| file.finish(), Err) {
            Ok(()) => {
                self.out.progress(&format!("results: {}", path.display()));
                Exit::fold(self.codes)
            }
            Err(why) => {
                self.out.error(&format!("the file of --results could not be written: {why}"));
                Exit::fold([Exit::fold(self.codes), Exit::Internal])
            }
        }
    }

    fn print(&mut self, index: usize, outcome: &Outcome) {
        if self.json {
            self.out.data(&line::facts(outcome).to_string());
        } else if let Some(line) = self.lines.get_mut(index) {
            *line = Some(line_of(self.wanted, outcome));
            self.print_what_is_due();
        }
    }

    fn print_what_is_due(&mut self) {
        while let Some(Some(line)) = self.lines.get(self.printed) {
            self.out.data(line);
            self.printed += 1;
        }
    }
}

fn line_of(wanted: Wanted, outcome: &Outcome) -> String {
    let file = || outcome.file.as_ref().map(|file| file.to_string_lossy().into_owned());
    let is_done = outcome.status == OutcomeStatus::Done && outcome.cause == Cause::None;
    let line = match wanted {
        Wanted::Deletion if outcome.status != OutcomeStatus::Deleted => None,
        Wanted::Project | Wanted::Deletion => outcome.project.as_ref().map(ToString::to_string),
        Wanted::File if is_done => file(),
        Wanted::Url if is_done => outcome.report.as_ref().and_then(|report| report.url.clone()).or_else(file),
        Wanted::File | Wanted::Url => None,
    };
    line.map(|line| super::sanitize::line(&line).into_owned()).unwrap_or_default()
}
