//! Where and why the parser stopped: what the error message is made of.

/// The place where the parser stopped, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct ParseStop {
    pub(super) at: usize,
    pub(super) cause: Cause,
}

/// Why the parser stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Something else was expected, or the text ended.
    Expected(Expected),
    /// A string that opened here never closes.
    OpenString,
    /// A comment that opened here never closes.
    OpenComment,
    /// A control character inside a string.
    Control,
    /// A backslash that does not start an escape.
    Escape,
    /// The text that starts here is not a number, but its first bytes could be one: as many as this length.
    Number(usize),
    /// An array or object nested too deep.
    Deep,
    /// More values than are allowed.
    Many,
    /// A text longer than a span can point into.
    Large,
}

/// What the parser expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Value,
    Key,
    Colon,
    CommaInArray,
    CommaInObject,
    End,
}

impl Expected {
    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Value => "a value",
            Self::Key => "a key in double quotes or `}`",
            Self::Colon => "`:`",
            Self::CommaInArray => "`,` or `]`",
            Self::CommaInObject => "`,` or `}`",
            Self::End => "the end of the text",
        }
    }
}
