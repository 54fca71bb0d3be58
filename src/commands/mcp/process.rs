//! Runs one command of j2v for a tool, and builds the answer from its output: lines of JSON, messages, the exit code.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use crate::exit::Exit;

/// Objects and messages of one answer that an agent gets; the rest is counted.
const MOST: usize = 50;

/// How commands are run.
pub(super) struct Runner {
    /// The program: j2v itself.
    pub(super) program: PathBuf,
    /// The global flags of the server, for each command.
    pub(super) flags: Vec<String>,
    /// Places for commands at once.
    pub(super) places: Semaphore,
}

/// The answer of a tool.
pub(super) struct Answer {
    /// One JSON object, or plain text.
    pub(super) text: String,
    /// Whether the call failed.
    pub(super) failed: bool,
}

impl Answer {
    /// The answer for a call that can't be carried out, with the reason.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self { text: json!({"ok": false, "message": why.into()}).to_string(), failed: true }
    }

    /// An answer in plain text.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), failed: false }
    }
}

/// A command that has ended.
pub(super) struct Ran {
    /// Its exit code.
    pub(super) exit: u8,
    /// The objects that it printed.
    pub(super) results: Vec<Value>,
    /// What it printed, as text.
    pub(super) printed: String,
    messages: Vec<String>,
    next: Vec<String>,
}

impl Runner {
    /// Runs a command to its end; `input` is its stdin. If the caller goes away, the command ends, unless it `outlives` it:
    /// a submission has to record the service's answer.
    ///
    /// # Errors
    /// When the command can't be started.
    pub(super) async fn run(&self, words: Vec<String>, input: Option<String>, outlives: bool) -> anyhow::Result<Ran> {
        let _place = self.places.acquire().await?;
        let mut child = self.command(words).kill_on_drop(!outlives).spawn().context("j2v can't be started")?;
        let run = async move {
            let stdin = child.stdin.take();
            let write = async move {
                if let (Some(mut stdin), Some(text)) = (stdin, input) {
                    // A command that stops reading has given its reason itself.
                    stdin.write_all(text.as_bytes()).await.ok();
                }
            };
            tokio::join!(write, child.wait_with_output()).1
        };
        let output = if outlives { tokio::spawn(run).await? } else { run.await };
        Ok(Ran::of(&output?))
    }

    /// Starts a command that keeps running, and waits for its first line.
    ///
    /// # Errors
    /// When it can't be started, or ends without a line.
    pub(super) async fn start(&self, words: Vec<String>, input: Option<String>) -> anyhow::Result<Result<(String, Child), Ran>> {
        let mut child = self.command(words).kill_on_drop(true).spawn().context("j2v can't be started")?;
        if let (Some(mut stdin), Some(text)) = (child.stdin.take(), input) {
            stdin.write_all(text.as_bytes()).await.ok();
        }
        let stdout = child.stdout.take().context("the command has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        match lines.next_line().await? {
            Some(line) => {
                // Its later output is read, too, so that it never blocks on a full pipe.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                if let Some(mut messages) = child.stderr.take() {
                    tokio::spawn(async move { tokio::io::copy(&mut messages, &mut tokio::io::sink()).await });
                }
                Ok(Ok((line, child)))
            }
            None => Ok(Err(Ran::of(&child.wait_with_output().await?))),
        }
    }

    fn command(&self, words: Vec<String>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.flags).args(["--color", "never"]).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Ran {
    fn of(output: &Output) -> Self {
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        let (next, messages): (Vec<&str>, Vec<&str>) =
            said.lines().filter(|line| !line.trim().is_empty()).partition(|line| line.starts_with("next: "));
        Self {
            // A killed command counts as an unexpected failure.
            exit: output.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(Exit::Internal as u8),
            results: printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            messages: messages.into_iter().map(str::to_owned).collect(),
            next: next.into_iter().filter_map(|line| line.strip_prefix("next: ")).map(str::to_owned).collect(),
            printed,
        }
    }

    /// The answer of a tool: the objects, the messages, and how it ended. `fine` says which exit codes are answers, not
    /// failures.
    pub(super) fn answer(self, fine: &[Exit], more: &[(&str, Value)]) -> Answer {
        let is_fine = fine.iter().any(|exit| *exit as u8 == self.exit);
        let meaning = Exit::ALL.iter().find(|exit| **exit as u8 == self.exit).map(|exit| exit.meaning());
        let mut answer = json!({"ok": is_fine, "exit": self.exit, "meaning": meaning});
        let mut put = |name: &str, value: Value| answer[name] = value;
        for (name, value) in more {
            put(name, value.clone());
        }
        put("results", some(self.results));
        put("messages", some(self.messages.into_iter().map(Value::String).collect()));
        if !self.next.is_empty() {
            put("next", some(self.next.into_iter().map(Value::String).collect()));
        }
        Answer { text: answer.to_string(), failed: !is_fine }
    }
}

/// The first of many, and how many more there are.
fn some(mut values: Vec<Value>) -> Value {
    let more = values.len().saturating_sub(MOST);
    values.truncate(MOST);
    if more > 0 {
        values.push(json!(format!("and {more} more")));
    }
    Value::Array(values)
}
