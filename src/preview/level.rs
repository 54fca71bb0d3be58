//! How exact a picture is compared with the service's render, and the sentence that says why it is not exact.

use serde::Serialize;

/// How exact a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The picture follows from the documentation.
    Exact,
    /// The picture shows the content; a number or a shape in it is assumed.
    Approximate,
    /// The service can show the content, the preview can't.
    NotShown,
}

impl Level {
    /// The word for it in the output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Approximate => "approximate",
            Self::NotShown => "not shown",
        }
    }
}

/// Why a picture is not exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How exact the picture is in this respect.
    pub level: Level,
    /// The subject, in a word or two: `fonts`, `zoom`.
    pub subject: String,
    /// The sentence.
    pub reason: String,
}

impl Note {
    /// A note that a number or a shape of the picture is assumed.
    pub(super) fn approximate(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { level: Level::Approximate, subject: subject.into(), reason: reason.into() }
    }

    /// A note that something is not shown.
    pub(super) fn not_shown(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { level: Level::NotShown, subject: subject.into(), reason: reason.into() }
    }
}

/// The level of a picture with these notes: the least exact of them.
#[must_use]
pub(super) fn worst(notes: &[Note]) -> Level {
    notes.iter().map(|note| note.level).max().unwrap_or(Level::Exact)
}
