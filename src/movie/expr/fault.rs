//! Why an expression can't be read or has no value: the fault, its place, and the likely reason.

use std::fmt;

use super::{ByteRange, Limit};

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Fault {
    /// The place, in the text that the expression was read from.
    pub range: ByteRange,
    /// The kind of fault.
    pub kind: FaultKind,
}

/// The kinds of faults of an expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It is not an expression: something else was expected.
    Syntax {
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
        /// The likely reason, if one was found.
        likely: Option<&'static str>,
    },
    /// There is nothing between the braces.
    Empty {
        /// The likely reason, if one was found.
        likely: Option<&'static str>,
    },
    /// `{{` without `}}`.
    Unclosed,
    /// No scope has such a variable.
    Undefined(String),
    /// A variable that only the service knows while it renders: `<element id>_end` and the like.
    Dynamic(String),
    /// The value has no such field or item.
    Missing {
        /// The path to the value that lacks it.
        of: String,
        /// The field or item.
        field: String,
        /// The type of the value.
        kind: &'static str,
    },
    /// No such function.
    UnknownFunction(String),
    /// A function with the wrong number of arguments.
    Arguments {
        /// The function.
        name: &'static str,
        /// The number of arguments that it accepts.
        takes: &'static str,
        /// The number of arguments given.
        given: usize,
    },
    /// An operator does not accept this value.
    Operand {
        /// The operator or the function.
        operator: &'static str,
        /// What it was given.
        kind: &'static str,
    },
    /// A division by zero.
    DivisionByZero,
    /// A result outside the range of numbers.
    TooLarge,
    /// A limit was reached.
    Limit(Limit),
    /// A variable that it needs has no value; that was reported at the variable's own place.
    Told,
}

impl FaultKind {
    /// The fault at a place.
    #[must_use]
    pub fn at(self, range: ByteRange) -> Fault {
        Fault { range, kind: self }
    }

    /// The likely reason, if one was found.
    #[must_use]
    pub fn likely(&self) -> Option<&'static str> {
        match self {
            Self::Syntax { likely, .. } | Self::Empty { likely } => *likely,
            Self::Unclosed => Some("every `{{` needs its `}}`"),
            _ => None,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { expected, found, .. } => write!(f, "expected {expected}, found {found}"),
            Self::Empty { .. } => f.write_str("nothing stands between `{{` and `}}`"),
            Self::Unclosed => f.write_str("`{{` is never closed"),
            Self::Undefined(name) => write!(f, "the variable `{name}` is defined nowhere"),
            Self::Dynamic(name) => write!(f, "`{name}` is known only to the service while it renders"),
            Self::Missing { of, field, kind } => write!(f, "`{of}` is {kind} without `{field}`"),
            Self::UnknownFunction(name) => write!(f, "there is no function `{name}`"),
            Self::Arguments { name, takes, given } => write!(f, "`{name}` takes {takes}, not {given}"),
            Self::Operand { operator, kind } => write!(f, "`{operator}` can't take {kind}"),
            Self::DivisionByZero => f.write_str("a division by zero"),
            Self::TooLarge => f.write_str("the result is too large for a number"),
            Self::Limit(limit) => write!(f, "{limit}"),
            Self::Told => f.write_str("a variable it needs has no value"),
        }
    }
}
