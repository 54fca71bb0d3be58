//! The commands that are named to the user: spelled with the flags of this one, quoted for a shell.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ledger::{Render, SUBMIT_SCOPE};
use crate::render::identity::Key;

/// Whether to render again a key that already has a render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Submission {
    /// The same render: attach to it, or send it if it was never accepted.
    Same,
    /// One more render of the key, since the last one failed or was given up.
    Again,
    /// One more render of the key, since the file of the last one was deleted.
    Anew,
}

/// Spells commands for the user to type, with the flags that select the same service and ledger.
#[derive(Debug, Clone, Default)]
pub struct CommandLine {
    flags: Vec<String>,
    /// Keys of single submissions that a batch also has, among those that were looked up.
    shared: Arc<Mutex<HashSet<Key>>>,
}

impl CommandLine {
    /// Commands with these global flags.
    #[must_use]
    pub fn with_flags(flags: Vec<String>) -> Self {
        Self { flags, shared: Arc::default() }
    }

    /// The shortest name that identifies a render: `KEY`, or `BATCH/KEY`.
    pub(crate) fn name(&self, render: &Render) -> String {
        let is_shared = || self.shared.lock().unwrap_or_else(PoisonError::into_inner).contains(&render.key);
        // Alone, a key such as `-5` would be read as a flag.
        let is_plain = || !render.key.as_str().contains('/') && !render.key.as_str().starts_with('-');
        if render.own_scope() == Some(SUBMIT_SCOPE) && is_plain() && !is_shared() {
            return render.key.to_string();
        }
        render.full_name()
    }

    pub(super) fn learn_shared(&self, key: &Key) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
    }

    /// The command that sends a render: its submission, or the next run of its batch.
    pub(crate) fn send(&self, render: &Render, submission: Submission) -> String {
        if render.batch().is_none() {
            return self.submit(&render.source, &render.flags, &render.key, submission);
        }
        let again = match submission {
            Submission::Same => &[][..],
            Submission::Again => &["--retry-failed"],
            Submission::Anew => &["--retry-expired"],
        };
        self.batch(&render.source, &render.flags, again)
    }

    /// The command that runs a batch again, with `more` flags.
    pub(crate) fn batch(&self, source: &str, flags: &[String], more: &[&str]) -> String {
        let source = source_words(source);
        let words = ["batch"].into_iter().chain(source.iter().chain(flags).map(String::as_str)).chain(more.iter().copied());
        self.spell(&words.collect::<Vec<_>>())
    }

    /// The command for a render's submission, with the flags that composed its movie.
    pub(crate) fn submit(&self, source: &str, flags: &[String], key: &Key, submission: Submission) -> String {
        let again = if submission == Submission::Same { &[][..] } else { &["--again"] };
        let flags = flags.iter().map(String::as_str);
        let source = source_words(source);
        let joined = format!("--key={key}");
        let key = if is_like_a_flag(key.as_str()) { vec![joined.as_str()] } else { vec!["--key", key.as_str()] };
        let words = ["submit"].into_iter().chain(source.iter().map(String::as_str)).chain(flags).chain(key).chain(again.iter().copied());
        self.spell(&words.collect::<Vec<_>>())
    }

    /// `j2v WORDS… FLAGS…`, quoted for a shell where a word needs it.
    #[must_use]
    pub fn spell(&self, words: &[&str]) -> String {
        let words = words.iter().copied().chain(self.flags.iter().map(String::as_str));
        std::iter::once("j2v".to_owned()).chain(words.map(quoted)).collect::<Vec<_>>().join(" ")
    }
}

/// What is typed for a movie's source: a template that is the movie as its flag, a file whose name looks like a flag as a path.
pub(crate) fn source_words(source: &str) -> Vec<String> {
    match source.strip_prefix("--template=") {
        Some(id) if id.starts_with('-') => vec![source.to_owned()],
        Some(id) => vec!["--template".to_owned(), id.to_owned()],
        None if is_like_a_flag(source) => vec![format!("./{source}")],
        None => vec![source.to_owned()],
    }
}

fn is_like_a_flag(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

/// A word quoted for a shell.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_command_can_be_pasted_into_a_shell() {
        let command = CommandLine::with_flags(vec!["--emulate".to_owned()]);
        assert_eq!(command.spell(&["settle", "it's #1"]), r"j2v settle 'it'\''s #1' --emulate");
    }
}
