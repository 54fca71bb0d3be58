//! The source of the key, and its retrieval: only by a command that talks to the service, and only when it does.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::child::{LEDGER, SECRETS};
use super::origin::Origin;
use super::stored;
use crate::service::secret::ApiKey;

/// The longest key, bytes.
const LONGEST: u64 = 16 << 10;

/// The source of the key.
#[derive(Debug, Clone)]
pub(crate) enum KeySource {
    /// No source is configured.
    None,
    /// The key itself.
    Given(ApiKey, Origin),
    /// A program prints it: `key-command`.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// The place of that setting.
        origin: Origin,
    },
    /// A separate file: `auth login`.
    File(PathBuf),
}

/// Why the configured key can't be read. Never contains the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFault {
    /// The program failed.
    #[error("the key-command `{command}` {why}")]
    Command {
        /// Its command, as it is written.
        command: String,
        /// What went wrong.
        why: String,
    },
    /// The file can't be read.
    #[error("the key in {path} can't be read: {why}")]
    File {
        /// The file's path.
        path: PathBuf,
        /// The system's message.
        why: io::Error,
    },
    /// The value found is not a key.
    #[error("what {from} gives can't be used: {why}")]
    Unusable {
        /// The source.
        from: String,
        /// The reason, without the key.
        why: String,
    },
}

impl KeySource {
    /// The key. Blocks while a program asks its user for a password.
    ///
    /// # Errors
    /// When the program or the file fails, or returns something that can't be a key.
    pub(crate) fn obtain(&self) -> Result<Option<ApiKey>, KeyFault> {
        match self {
            Self::None => Ok(None),
            Self::Given(key, _) => Ok(Some(key.clone())),
            Self::Command { words, .. } => {
                let key = told_by(words)?;
                let from = format!("the key-command `{}`", spelled(words));
                ApiKey::parse(&key).map(Some).map_err(|why| KeyFault::Unusable { from, why: why.to_string() })
            }
            Self::File(path) => {
                let key = fs::read_to_string(path).map_err(|why| KeyFault::File { path: path.clone(), why })?;
                let from = format!("the file {}", path.display());
                ApiKey::parse(&key).map(Some).map_err(|why| KeyFault::Unusable { from, why: why.to_string() })
            }
        }
    }

    /// The source, in a few words.
    #[must_use]
    pub(crate) fn described(&self) -> Option<(String, Origin)> {
        match self {
            Self::None => None,
            Self::Given(_, origin) => Some(("set".to_owned(), origin.clone())),
            Self::Command { words, origin } => Some((format!("from `{}`", spelled(words)), origin.clone())),
            Self::File(path) => Some(("kept".to_owned(), Origin::File(path.clone()))),
        }
    }

    /// The warning about the place of the key.
    pub(super) fn warning(&self) -> Option<String> {
        let Self::File(path) = self else { return None };
        let mode = stored::exposed(path, 0o077)?;
        let path = path.display();
        Some(format!("the key in {path} can be read or written by others (mode {mode:o}): `chmod 600 {path}` closes it"))
    }
}

fn spelled(words: &[String]) -> String {
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// The first line that a program prints. The program uses the terminal for its questions, and runs without a shell.
fn told_by(words: &[String]) -> Result<String, KeyFault> {
    let failed = |why: String| KeyFault::Command { command: spelled(words), why };
    let [program, arguments @ ..] = words else { return Err(failed("is empty".to_owned())) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::inherit()).stderr(Stdio::inherit()).stdout(Stdio::piped());
    for name in SECRETS.into_iter().chain([LEDGER]) {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(|why| failed(format!("can't be started: {why}")))?;
    let mut told = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST).read_to_end(&mut told).map_err(|why| failed(format!("can't be read: {why}")))?;
    }
    let status = child.wait().map_err(|why| failed(format!("was lost: {why}")))?;
    if !status.success() {
        return Err(failed(status.code().map_or_else(|| "was ended".to_owned(), |code| format!("ended with exit code {code}"))));
    }
    let told = String::from_utf8(told).map_err(|_| failed("did not print text".to_owned()))?;
    Ok(told.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> KeySource {
        KeySource::Command { words: words.iter().map(|word| (*word).to_owned()).collect(), origin: Origin::Config(1) }
    }

    #[cfg(unix)]
    #[test]
    fn a_program_tells_the_key_on_its_first_line() {
        assert!(command(&["printf", "key-4711\nuser: me\n"]).obtain().unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_fails_is_told_as_it_was_written() {
        let error = command(&["sh", "-c", "exit 3"]).obtain().unwrap_err().to_string();
        assert_eq!(error, "the key-command `sh -c 'exit 3'` ended with exit code 3");
        assert!(command(&["/no/such/program"]).obtain().unwrap_err().to_string().contains("can't be started"));
        assert!(command(&["true"]).obtain().unwrap_err().to_string().contains("the API key is empty"));
    }
}
