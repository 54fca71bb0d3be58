//! The only module that writes to stdout and stderr. Stdout is data, stderr is for people, and a closed pipe does not
//! cause a panic.

pub(crate) mod annotations;
mod fields;
pub(crate) mod findings;
mod gallery;
mod human;
mod progress;
mod record;
mod results;
pub(crate) mod sanitize;
pub(crate) mod sarif;
pub(crate) mod snippet;
pub(crate) mod table;
pub(crate) mod timeline;

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

pub(crate) use human::bytes;
pub(crate) use record::{RecordFile, RecordFormat, Recorded};
pub(crate) use results::{Results, Wanted};

use crate::render::event::{Event, Listener};
use crate::render::untrusted::escaped;
use crate::settings::{Api, Settings, Terminal};
use progress::Progress;
pub(crate) use progress::UploadBar;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// When the first progress line of a batch is due, milliseconds; each further one after twice the time, a minute at most.
const PROGRESS_AFTER: u64 = 5_000;

/// See [`PROGRESS_AFTER`].
const PROGRESS_EVERY: u64 = 60_000;

/// The two streams.
pub(crate) struct Out {
    terminal: Terminal,
    quiet: bool,
    /// Whether renders cost nothing: the emulator inside the process makes them.
    is_free: bool,
    stdout_lost: OnceLock<io::Error>,
    progress: Progress,
    /// When the next line of a batch's progress is due, milliseconds into its run.
    next_progress: AtomicU64,
    /// The fields that are printed of each JSON object; the whole object when the list is empty.
    fields: Vec<String>,
}

impl Out {
    /// The streams that the settings describe.
    #[must_use]
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { is_free: matches!(settings.api, Api::Emulator(_)), ..Self::plain(settings.terminal, settings.quiet) }
    }

    /// The streams with these options, for messages before the settings are known.
    #[must_use]
    pub(crate) fn plain(terminal: Terminal, quiet: bool) -> Self {
        Self {
            terminal,
            quiet,
            is_free: false,
            stdout_lost: OnceLock::new(),
            progress: Progress::new(terminal.stderr && !quiet),
            next_progress: AtomicU64::new(PROGRESS_AFTER),
            fields: Vec::new(),
        }
    }

    /// The streams, which print these fields instead of whole objects.
    #[must_use]
    pub(crate) fn of_fields(self, fields: Vec<String>) -> Self {
        Self { fields, ..self }
    }

    /// Writes one or more lines of data to stdout. They may contain text from outside: characters that a terminal would obey
    /// are escaped, so that a line of JSON keeps its meaning.
    pub(crate) fn data(&self, text: &str) {
        if self.fields.is_empty() {
            self.drawn(&escaped(text));
        } else {
            for line in fields::lines(text, &self.fields) {
                self.drawn(&line);
            }
        }
    }

    /// Writes a JSON document to stdout: byte for byte into a file or a pipe, and like [`Out::data`] to a terminal.
    pub(crate) fn document(&self, text: &str) {
        if self.terminal.stdout { self.data(text) } else { self.drawn(text) }
    }

    /// Writes this program's own layout of harmless parts to stdout, colours included. Flushes it at once;
    /// after the first failure nothing more goes there. A project or a URL that was paid for is not lost with it: the lines
    /// go to stderr, unless the reader has read enough.
    pub(crate) fn drawn(&self, line: &str) {
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(line.as_bytes())?;
            stdout.write_all(b"\n")?;
            stdout.flush()
        };
        if self.stdout_lost.get().is_none()
            && let Err(why) = self.progress.suspend(write)
        {
            if why.kind() != io::ErrorKind::BrokenPipe {
                self.error(&format!("stdout could not be written: {why}; its lines follow here"));
            }
            // The first reason is kept.
            let _ = self.stdout_lost.set(why);
        }
        if self.lost().is_some() {
            self.write(line);
        }
    }

    /// Writes bytes to stdout as they are.
    ///
    /// # Errors
    /// When they can't be written. A reader that closed the pipe is not an error.
    pub(crate) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes)?;
            stdout.flush()
        };
        self.progress.suspend(write).or_else(|why| if why.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(why) })
    }

    /// A bar for a file that is being uploaded; nothing where no bars are shown.
    pub(crate) fn upload(&self, name: &str, size: u64) -> UploadBar {
        self.progress.upload(name, size)
    }

    /// Why data was lost. A reader that closed the pipe has read enough: that is not a loss.
    #[must_use]
    pub(crate) fn lost(&self) -> Option<&io::Error> {
        self.stdout_lost.get().filter(|why| why.kind() != io::ErrorKind::BrokenPipe)
    }

    /// An error message for a person.
    pub(crate) fn error(&self, text: &str) {
        self.message(Some(("error", ERROR)), text);
    }

    /// A warning for a person.
    pub(crate) fn warning(&self, text: &str) {
        self.message(Some(("warning", WARNING)), text);
    }

    /// The next command to type.
    pub(crate) fn hint(&self, command: &str) {
        self.message(Some(("next", HINT)), command);
    }

    /// The remedy for an error that no command fixes.
    pub(crate) fn help(&self, text: &str) {
        self.message(Some(("help", HINT)), text);
    }

    /// A fact that is shown even with `--quiet`, such as a project's id.
    pub(crate) fn note(&self, text: &str) {
        self.message(None, text);
    }

    /// A line of progress, which `--quiet` drops.
    pub(crate) fn progress(&self, text: &str) {
        if !self.quiet {
            self.message(None, text);
        }
    }

    /// Whether a progress line is due after a run of this length, on a stream that shows no bar.
    fn is_time_for_progress(&self, elapsed: Duration) -> bool {
        let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let is_time = elapsed >= self.next_progress.load(Ordering::Relaxed);
        if is_time {
            self.next_progress.store(elapsed.saturating_add(elapsed.min(PROGRESS_EVERY)), Ordering::Relaxed);
        }
        is_time
    }

    fn message(&self, label: Option<(&str, Style)>, text: &str) {
        let text = sanitize::message(cut(text));
        let line = match label {
            Some((word, style)) if self.terminal.color => format!("{style}{word}{style:#}: {text}"),
            Some((word, _)) => format!("{word}: {text}"),
            None => text,
        };
        self.write(&line);
    }

    fn write(&self, text: &str) {
        // A failure of stderr itself can't be reported.
        let _ = self.progress.suspend(|| writeln!(io::stderr().lock(), "{text}"));
    }
}

/// The longest message, bytes: long enough for a command line. A message that quotes a file could be as long as the file.
const LONGEST: usize = 32 << 10;

/// The part of a text that a message shows.
fn cut(text: &str) -> &str {
    &text[..findings::boundary(text, LONGEST)]
}

impl Listener for Out {
    fn hear(&self, event: &Event) {
        if self.progress.hear(event) {
            return;
        }
        human::tell(self, event, self.progress.is_shown());
    }
}
