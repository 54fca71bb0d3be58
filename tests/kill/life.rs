//! One run of the binary, from its start to its end or its kill.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::moment::Moment;
use crate::support::{CANARY, World};

/// How long a run may take whose moment to be killed never arrives: it may search for a lost answer for a minute.
const PATIENCE: Duration = Duration::from_secs(4);

/// How a run is to be killed.
#[derive(Debug, Clone)]
pub(crate) enum Death {
    /// Before a system call.
    At(Moment),
    /// After this many milliseconds.
    After(u64),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It was killed as planned.
    Killed,
    /// It took too long and was killed.
    Impatience,
    /// It exited.
    Exited {
        /// Its exit code.
        code: i32,
        /// Its stderr.
        stderr: String,
    },
}

/// A command line about one key, in a world.
#[derive(Clone, Copy)]
pub(crate) struct Life<'a> {
    pub(crate) world: &'a World,
    pub(crate) key: &'a str,
}

impl Life<'_> {
    /// Runs a command line to its end, or until it is killed.
    pub(crate) fn run(self, line: &str, death: Option<&Death>) -> End {
        match death {
            Some(Death::At(moment)) => match outlive(self.under_strace(line, moment, "signal=SIGKILL"), PATIENCE) {
                Some(status) => self.end(status),
                None => End::Impatience,
            },
            Some(Death::After(limit)) => {
                let status = outlive(self.command(line), Duration::from_millis(*limit));
                status.map_or(End::Killed, |status| self.end(status))
            }
            None => self.end(self.command(line).status().unwrap()),
        }
    }

    /// Runs a command line to its end while the system refuses a call at a moment (`error=ENOSPC`).
    pub(crate) fn run_with(self, line: &str, moment: &Moment, deed: &str) -> End {
        self.end(self.under_strace(line, moment, deed).status().unwrap())
    }

    /// Starts a command line in which `strace` injects `deed` at a moment; the child is `strace`.
    pub(crate) fn begin_with(self, line: &str, moment: &Moment, deed: &str) -> Child {
        self.under_strace(line, moment, deed).spawn().unwrap()
    }

    fn command(self, line: &str) -> Command {
        let mut command = self.world.command(&line.split_whitespace().collect::<Vec<_>>());
        self.redirect(&mut command);
        command
    }

    fn under_strace(self, line: &str, moment: &Moment, deed: &str) -> Command {
        let j2v = self.command(line);
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null"]).args(moment.strace(&self.world.path(""), self.key, deed));
        strace.arg(j2v.get_program()).args(j2v.get_args()).current_dir(j2v.get_current_dir().unwrap());
        strace.env_clear().env("PATH", "/usr/bin:/bin").envs(j2v.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.redirect(&mut strace);
        strace
    }

    /// Output goes to files, so that a write to it is a distinguishable moment.
    fn redirect(self, command: &mut Command) {
        let to = |kind: &str| File::create(self.world.path(&format!("{}.{kind}", self.key))).unwrap();
        command.stdin(Stdio::null()).stdout(to("out")).stderr(to("err"));
    }

    /// The stdout of the last run.
    pub(crate) fn stdout(self) -> String {
        String::from_utf8(self.world.read(&format!("{}.out", self.key))).unwrap()
    }

    /// The end of a run with this exit status.
    pub(crate) fn end(self, status: ExitStatus) -> End {
        let read = |kind: &str| String::from_utf8_lossy(&self.world.read(&format!("{}.{kind}", self.key))).into_owned();
        let (stdout, stderr) = (read("out"), read("err"));
        assert!(!stderr.contains("panicked") && !stderr.contains(CANARY) && !stdout.contains(CANARY), "{}: {stdout}{stderr}", self.key);
        if let Some(code) = status.code() {
            return End::Exited { code, stderr };
        }
        assert_eq!(status.signal(), Some(9), "{}: {stderr}", self.key);
        End::Killed
    }
}

/// The exit of a command within this time; after it, the command is killed.
fn outlive(mut command: Command, limit: Duration) -> Option<ExitStatus> {
    let (begin, mut child) = (Instant::now(), command.spawn().unwrap());
    while begin.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(1));
    }
    match traced_by(child.id()) {
        // `strace` ends with its process; if `strace` were killed, it would only detach.
        Some(traced) => assert!(Command::new("kill").args(["-KILL", &traced.to_string()]).status().is_ok()),
        None => child.kill().unwrap(),
    }
    // It may just have exited by itself.
    Some(child.wait().unwrap()).filter(|status| status.code().is_some())
}

/// The process that this `strace` traces: its only child.
pub(crate) fn traced_by(tracer: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Whether `strace` is installed and may trace.
pub(crate) fn can_trace() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    let can =
        *CAN.get_or_init(|| Command::new("strace").args(["-qq", "-o", "/dev/null", "/bin/true"]).status().is_ok_and(|it| it.success()));
    if !can {
        println!("skipped: there is no strace, or it may not trace here");
    }
    can
}
