//! The results of a run, one a render: a line of data each in the order of the arguments, or a line of JSON each
//! in the order in which they end; and the exit code that they make together.

use super::Out;
use crate::exit::Exit;
use crate::render::event::{Event, Listener, Outcome, Trouble, Verdict};
use crate::render::line;

/// What the line of a render holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The project id, if there is one.
    Project,
    /// The project id, once its file is deleted.
    Deletion,
    /// The video's URL, once it is rendered; the saved file's path where the URL is dead.
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
}

impl<'a> Results<'a> {
    /// Results of `count` renders.
    #[must_use]
    pub(crate) fn new(out: &'a Out, json: bool, wanted: Wanted, count: usize) -> Self {
        Self { out, json, wanted, lines: vec![None; count], printed: 0, codes: Vec::with_capacity(count) }
    }

    /// Takes in an outcome: tells people, prints what is due, remembers the code.
    pub(crate) fn end(&mut self, index: usize, outcome: Outcome) {
        self.end_silently(index, &outcome, Exit::of(&outcome));
        self.out.hear(&Event::Ended(Box::new(outcome)));
    }

    /// Takes in an outcome that shares its cause with others: prints its line, and leaves the telling to the caller.
    pub(crate) fn end_silently(&mut self, index: usize, outcome: &Outcome, exit: Exit) {
        self.codes.push(exit);
        self.print(index, outcome);
    }

    /// The exit code of all.
    #[must_use]
    pub(crate) fn finish(self) -> Exit {
        Exit::fold(self.codes)
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
    let is_done = outcome.verdict == Verdict::Done && outcome.trouble == Trouble::None;
    let line = match wanted {
        Wanted::Deletion if outcome.verdict != Verdict::Deleted => None,
        Wanted::Project | Wanted::Deletion => outcome.project.as_ref().map(ToString::to_string),
        Wanted::File if is_done => file(),
        Wanted::Url if is_done => outcome.report.as_ref().and_then(|report| report.url.clone()).or_else(file),
        Wanted::File | Wanted::Url => None,
    };
    line.map(|line| super::sanitize::line(&line).into_owned()).unwrap_or_default()
}
