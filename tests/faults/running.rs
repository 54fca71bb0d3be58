//! A running command: its output so far, signals to it, its end.

use std::io::Read;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{CANARY, Run, World};

/// Longer than anything here takes, even on a busy machine.
const FOREVER: Duration = Duration::from_secs(130);

/// A command that was started.
pub(crate) struct Running {
    child: Child,
    stdout: Arc<Heard>,
    stderr: Arc<Heard>,
}

impl Running {
    /// Starts a command line; words are split at spaces.
    pub(crate) fn start(world: &World, line: &str) -> Self {
        Self::of(world.command(&line.split_whitespace().collect::<Vec<_>>()))
    }

    /// Starts a command whose output is piped.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = Heard::from(child.stdout.take().unwrap());
        let stderr = Heard::from(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until stderr contains a text.
    #[track_caller]
    pub(crate) fn until_it_tells(&self, words: &str) {
        let told = self.stderr.wait(|text, _| text.contains(words));
        assert!(told, "no `{words}` in:\n{}", self.stderr.text());
    }

    /// Its stderr so far.
    pub(crate) fn told(&self) -> String {
        self.stderr.text()
    }

    /// Its stdout so far.
    pub(crate) fn printed(&self) -> String {
        self.stdout.text()
    }

    /// Sends a signal: `INT`, `TERM`, `KILL`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status().unwrap();
        assert!(sent.success(), "kill -{name}");
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Run {
        let ended = self.stderr.wait(|_, ended| ended) && self.stdout.wait(|_, ended| ended);
        if !ended {
            self.child.kill().unwrap();
            panic!("it never ends; stderr so far:\n{}", self.stderr.text());
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let run = Run { code, stdout: self.stdout.text(), stderr: self.stderr.text() };
        assert!(!run.stdout.contains(CANARY) && !run.stderr.contains(CANARY), "the key was printed: {run:?}");
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }
}

/// Nothing that a test started outlives it, however the test ends.
impl Drop for Running {
    fn drop(&mut self) {
        // A process that has ended needs no signal.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Waits for a condition that no event reports.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < FOREVER, "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs all cases at once: most of their time they wait.
pub(crate) fn abreast<T: Send>(cases: impl IntoIterator<Item = T>, run: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> = cases.into_iter().map(|case| scope.spawn(move || run(case))).collect();
        let failed: Vec<_> = running.into_iter().filter_map(|one| one.join().err()).collect();
        assert!(failed.is_empty(), "{} cases failed", failed.len());
    });
}

/// The last next command that a run printed.
#[track_caller]
pub(crate) fn next_command(run: &Run) -> &str {
    let line = run.stderr.lines().rev().find_map(|line| line.strip_prefix("next: j2v "));
    line.unwrap_or_else(|| panic!("no next command in:\n{}", run.stderr))
}

/// The output of a pipe so far.
#[derive(Default)]
struct Heard {
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

impl Heard {
    fn from(mut pipe: impl Read + Send + 'static) -> Arc<Self> {
        let heard = Arc::new(Self::default());
        let told = Arc::clone(&heard);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = pipe.read(&mut buffer).unwrap_or(0);
                let mut state = told.state.lock().unwrap();
                state.0.extend_from_slice(&buffer[..count]);
                state.1 |= count == 0;
                told.changed.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        heard
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.state.lock().unwrap().0).into_owned()
    }

    fn wait(&self, is_so: impl Fn(&str, bool) -> bool) -> bool {
        let state = self.state.lock().unwrap();
        let is_not = |state: &mut (Vec<u8>, bool)| !is_so(&String::from_utf8_lossy(&state.0), state.1) && !state.1;
        let (state, _) = self.changed.wait_timeout_while(state, FOREVER, is_not).unwrap();
        is_so(&String::from_utf8_lossy(&state.0), state.1)
    }
}
