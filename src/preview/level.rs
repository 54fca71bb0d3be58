//! How true a picture is to what the service will render, and the sentence that says why it isn't exact.

use serde::Serialize;

/// How true a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It follows from what is documented.
    Exact,
    /// It shows what is meant; a number or a shape is assumed.
    Approximate,
    /// The service can show it, the preview can't.
    NotShown,
}

impl Level {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Approximate => "approximate",
            Self::NotShown => "not shown",
        }
    }
}

/// Why a picture isn't exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How true it is in this regard.
    pub level: Level,
    /// What it is about, in a word or two: `fonts`, `zoom`.
    pub subject: String,
    /// The sentence.
    pub reason: String,
}

impl Note {
    /// Something is shown with a number or a shape that is assumed.
    pub(super) fn approximate(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { level: Level::Approximate, subject: subject.into(), reason: reason.into() }
    }

    /// Something isn't shown.
    pub(super) fn not_shown(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { level: Level::NotShown, subject: subject.into(), reason: reason.into() }
    }
}

/// How true something is with all that is said about it.
#[must_use]
pub(super) fn worst(notes: &[Note]) -> Level {
    notes.iter().map(|note| note.level).max().unwrap_or(Level::Exact)
}
