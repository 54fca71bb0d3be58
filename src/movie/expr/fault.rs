//! Why an expression can't be read or has no value: what, where, and the likely reason.

use std::fmt;

use super::{Extent, Limit};

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Fault {
    /// Where, in the text that the expression was read from.
    pub extent: Extent,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It is none: something else was expected.
    Syntax {
        /// What would have fitted.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// The likely reason, if one could be made out.
        likely: Option<&'static str>,
    },
    /// Nothing stands between the braces.
    Empty {
        /// The likely reason, if one could be made out.
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
        /// The way up to the value that lacks it.
        of: String,
        /// What was asked for.
        field: String,
        /// What the value is.
        kind: &'static str,
    },
    /// No such function.
    UnknownFunction(String),
    /// A function with the wrong number of arguments.
    Arguments {
        /// The function.
        name: &'static str,
        /// What it takes.
        takes: &'static str,
        /// How many it was given.
        given: usize,
    },
    /// An operator can't take this.
    Operand {
        /// The operator or the function.
        operator: &'static str,
        /// What it was given.
        kind: &'static str,
    },
    /// A division by zero.
    DivisionByZero,
    /// A result that no number can hold.
    TooLarge,
    /// A limit was reached.
    Limit(Limit),
    /// A variable that it needs has no value; that was told where the variable stands.
    Told,
}

impl FaultKind {
    /// The fault at a place.
    #[must_use]
    pub fn at(self, extent: Extent) -> Fault {
        Fault { extent, kind: self }
    }

    /// The likely reason, if one could be made out.
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
