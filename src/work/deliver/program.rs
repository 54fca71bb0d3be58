//! The sink that starts a program, without a shell: the JSON line of an outcome on its stdin, the fields in its
//! environment. The exit code decides the result.
//!
//! Its stdin is a file of its own, locked through the handle that the program inherits. The lock lives as long as the
//! program, even when the process that started it was killed. The next process that delivers the outcome sees by the
//! lock that the program still runs.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::future::Future;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};

use super::{Notification, Sink, SinkResult};

/// How long a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// How often to check whether a terminated program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// How often to check whether a program that another process started has ended.
const STILL_RUNS: Duration = Duration::from_secs(2);

/// The longest value in the environment, in bytes: systems refuse to start a program with a longer one (128 KiB on
/// Linux). The line on stdin holds everything.
const LONGEST_VALUE: usize = 32 << 10;

/// A program that receives outcomes.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program to start.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// How long it may run.
    pub timeout: Duration,
    /// The folder of the files that it reads.
    pub folder: PathBuf,
    /// The environment variables that it does not inherit.
    pub withheld: Vec<String>,
}

impl Sink for Program {
    fn name(&self) -> String {
        Path::new(&self.program).display().to_string()
    }

    fn hand<'a>(&'a self, notification: &'a Notification) -> Pin<Box<dyn Future<Output = SinkResult> + Send + 'a>> {
        Box::pin(async {
            let path = self.folder.join(format!("{}.json", notification.id));
            let input = match self.input(&path, &notification.line) {
                Ok(Some(input)) => input,
                Ok(None) => return self.still_runs(),
                Err(why) => return failed(format!("{}: {why}", path.display())),
            };
            let hand = match self.start(input, &notification.facts) {
                Ok(mut child) => self.end_of(&mut child).await,
                Err(why) => failed(self.not_started(&why)),
            };
            sweep(&path);
            hand
        })
    }
}

impl Program {
    /// Writes and locks the file that the program reads; `None` while another run of the program has it.
    fn input(&self, path: &Path, line: &str) -> io::Result<Option<File>> {
        create_private_folder(&self.folder)?;
        let mut file = open_private(path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        file.set_len(0)?;
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")?;
        file.rewind()?;
        Ok(Some(file))
    }

    /// Starts the program. Its output goes to our stderr, since our stdout is data.
    fn start(&self, input: File, facts: &Value) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        for name in &self.withheld {
            command.env_remove(name);
        }
        command.envs(environment(facts));
        command.stdin(Stdio::from(input)).stdout(Stdio::from(io::stderr())).stderr(Stdio::inherit());
        // The program gets its own process group: Ctrl-C reaches only us, and we wait for the program. The group also
        // ends its children.
        #[cfg(unix)]
        command.process_group(0);
        command.spawn()
    }

    /// Waits for the program and returns the result. When it failed, its remaining children are ended, too, so that its
    /// next run is alone.
    async fn end_of(&self, child: &mut Child) -> SinkResult {
        let group = Group::of(child);
        let why = match tokio::time::timeout(self.timeout, child.wait()).await {
            Ok(Ok(status)) if status.success() => return SinkResult::Over,
            Ok(Ok(status)) => format!("{} {}", self.name(), in_words(status)),
            Ok(Err(why)) => format!("{}: its exit could not be observed: {why}", self.name()),
            Err(_) => format!("{} was ended after {} s", self.name(), self.timeout.as_secs_f64()),
        };
        group.end(child).await;
        failed(why)
    }

    fn still_runs(&self) -> SinkResult {
        let name = self.name();
        SinkResult::Later {
            after: STILL_RUNS,
            why: Some(format!("{name}, or a process it started, still holds the input of an earlier run; this run starts when that ends")),
        }
    }

    fn not_started(&self, why: &io::Error) -> String {
        match why.kind() {
            io::ErrorKind::NotFound => format!("there is no program {}", self.name()),
            io::ErrorKind::PermissionDenied => format!("{} is not executable", self.name()),
            _ => format!("{} can't be started: {why}", self.name()),
        }
    }
}

fn failed(why: String) -> SinkResult {
    SinkResult::Failed { why, after: None }
}

/// The fields of an outcome as variables. A field without a value is empty, so that an inherited variable does not
/// show.
fn environment(facts: &Value) -> Vec<(String, String)> {
    let fields = facts.as_object().into_iter().flatten();
    let variable = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.replace('\0', ""),
            other => other.to_string(),
        };
        let text = if text.len() > LONGEST_VALUE { String::new() } else { text };
        (format!("J2V_{}", name.replace('-', "_").to_ascii_uppercase()), text)
    };
    fields.map(variable).collect()
}

fn in_words(status: ExitStatus) -> String {
    status.code().map_or_else(|| "was killed".to_owned(), |code| format!("ended with exit code {code}"))
}

/// A program and the processes that it started, except those that left its process group.
struct Group {
    #[cfg(unix)]
    id: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Self {
        Self { id: child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) }
    }

    /// Ends the group: with SIGTERM first, then with SIGKILL.
    async fn end(&self, child: &mut Child) {
        use rustix::process::Signal;
        self.signal(Signal::TERM);
        let gone = async {
            // The exit status does not matter here.
            let _ = child.wait().await;
            while self.is_there() {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(GRACE, gone).await.is_err() {
            self.signal(Signal::KILL);
            let _ = child.wait().await;
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        // A group that can't be signalled has ended.
        let _ = self.id.map(|id| rustix::process::kill_process_group(id, signal));
    }

    fn is_there(&self) -> bool {
        self.id.is_some_and(|id| rustix::process::test_kill_process_group(id).is_ok())
    }
}

#[cfg(not(unix))]
impl Group {
    fn of(_: &Child) -> Self {
        Self {}
    }

    /// Ends the program. The processes that it started can't be reached here.
    async fn end(&self, child: &mut Child) {
        // A program that can't be killed has ended.
        let _ = child.kill().await;
    }
}

/// Removes the program's input file, unless a process that it started still holds it.
fn sweep(path: &Path) {
    let is_free = File::open(path).is_ok_and(|file| file.try_lock().is_ok());
    if is_free {
        // A file that can't be removed is overwritten by the next run.
        let _ = fs::remove_file(path);
    }
}

/// Creates a folder, and its missing parents, that only its owner can read.
///
/// # Errors
/// When it can't be created.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn every_field_is_a_variable_and_none_is_too_long_or_broken() {
        let facts = json!({"project": "p", "url": null, "duration": 2.5, "client-data": {"a": [1]}, "message": "a\0b", "source": "x".repeat(40_000)});
        let variables = environment(&facts);
        let value = |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!((value("J2V_PROJECT"), value("J2V_URL"), value("J2V_DURATION")), (Some("p"), Some(""), Some("2.5")));
        assert_eq!((value("J2V_CLIENT_DATA"), value("J2V_MESSAGE"), value("J2V_SOURCE")), (Some(r#"{"a":[1]}"#), Some("ab"), Some("")));
    }

    fn shell(folder: &TempDir, script: &str, timeout: Duration) -> Program {
        let arguments = ["-c".into(), script.into(), "sh".into(), folder.path().into()].to_vec();
        Program { program: "sh".into(), arguments, timeout, folder: folder.path().join("running"), withheld: Vec::new() }
    }

    fn notification() -> Notification {
        let facts = json!({"project": "p", "status": "done"});
        Notification { id: "msg1".to_owned(), line: facts.to_string(), facts }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn it_reads_a_line_and_its_exit_code_decides() {
        let folder = TempDir::new().unwrap();
        let script = r#"read -r line; printf '%s %s' "$J2V_STATUS" "$line" > "$1/got"; test "$J2V_STATUS" = done"#;
        assert_eq!(shell(&folder, script, GRACE).hand(&notification()).await, SinkResult::Over);
        assert_eq!(fs::read_to_string(folder.path().join("got")).unwrap(), r#"done {"project":"p","status":"done"}"#);
        // A file whose handle another test's program inherited for a moment is removed after the next run.
        let left_behind = || fs::read_dir(folder.path().join("running")).unwrap().count();
        for _ in 0..100 {
            if left_behind() > 0 {
                shell(&folder, "read -r line", GRACE).hand(&notification()).await;
            }
        }
        assert_eq!(left_behind(), 0);
        let SinkResult::Failed { why, .. } = shell(&folder, "exit 3", GRACE).hand(&notification()).await else { panic!("it was over") };
        assert_eq!(why, "sh ended with exit code 3");
        let missing = Program { program: "no-such-program".into(), ..shell(&folder, "", GRACE) };
        assert_eq!(missing.hand(&notification()).await, failed("there is no program no-such-program".to_owned()));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn it_is_ended_with_all_that_it_started_when_its_time_is_over() {
        const SHORT: Duration = Duration::from_millis(100);
        let folder = TempDir::new().unwrap();
        let ignoring = "(trap '' TERM; sleep 60) &";
        let scripts = [
            ("sleep 60 & sleep 60".to_owned(), SHORT, "sh was ended after 0.1 s"),
            (format!("{ignoring} sleep 60"), SHORT, "sh was ended after 0.1 s"),
            (format!("{ignoring} exit 3"), GRACE * 6, "sh ended with exit code 3"),
        ];
        for (script, timeout, told) in scripts {
            let program = shell(&folder, &script, timeout);
            let SinkResult::Failed { why, .. } = program.hand(&notification()).await else { panic!("it was over") };
            assert_eq!(why, told);
            // No process that it started holds the input any more, or this would wait for a minute.
            File::open(folder.path().join("running/msg1.json")).map_or(Ok(()), |file| file.lock()).unwrap();
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn it_is_not_begun_while_another_run_for_the_same_outcome_lives() {
        let folder = TempDir::new().unwrap();
        let program = shell(&folder, "read line", GRACE);
        let path = folder.path().join("running/msg1.json");
        let held = program.input(&path, "{}").unwrap().unwrap();
        assert_eq!(program.hand(&notification()).await, program.still_runs());
        // Closing it is not enough: a program that another test is starting has a copy of every handle for a moment.
        held.unlock().unwrap();
        assert_eq!(program.hand(&notification()).await, SinkResult::Over);
    }
}
