//! The language between `{{` and `}}`: names, numbers, texts, arithmetic, comparison, choices and a few
//! functions (`movie-format.md#variables`). Pure; a [`Scope`] decides what a name means.
//!
//! The sources leave much of the language open. Syntax that they do not name is still read if its meaning is
//! plain (`&&`, `list[0]`, `"5" * 2`), and each such guess is reported to the scope as a [`Guess`].
//!
//! ```
//! use j2v::movie::expr::{ExprLimits, Variables, evaluate, parse};
//! use j2v::movie::json;
//!
//! let variables = json::parse(r#"{"rooms": 3, "price": 1.50}"#, 0)?.root;
//! let parsed = parse("rooms > 2 ? price : 'free'", &ExprLimits::default())?;
//! let value = evaluate(&parsed.root, &mut Variables::new(&variables, ExprLimits::default()))?;
//! assert_eq!(value.to_text(), "1.50");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod evaluate;
mod fault;
mod function;
mod guess;
mod lexer;
mod likely;
mod operator;
mod parser;
mod syntax;
pub mod template;
mod value;
mod variables;

#[cfg(test)]
mod tests;

pub use evaluate::{Scope, evaluate};
pub use fault::{Fault, FaultKind};
pub use guess::Guess;
pub use operator::Operator;
pub use parser::{ParsedExpression, parse};
pub use syntax::{Choice, Expr, ExprKind, Path, Step, StepKind};
pub use value::{ExprValue, read_number};
pub use variables::Variables;

/// A range of bytes in the text that an expression was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByteRange {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl ByteRange {
    /// The range from the start of one range to the end of another.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end }
    }

    /// The same range in a text that contains this one from a byte on.
    #[must_use]
    pub fn within(self, from: usize) -> Self {
        Self { start: self.start + from, end: self.end + from }
    }
}

/// The limits of an expression's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExprLimits {
    /// The greatest depth to which parentheses, choices, calls and signs may nest.
    pub depth: usize,
    /// The largest number of operands and operators to evaluate.
    pub steps: u64,
    /// The largest number of bytes of text to make.
    pub bytes: u64,
}

impl Default for ExprLimits {
    fn default() -> Self {
        Self { depth: 64, steps: 100_000, bytes: 1 << 20 }
    }
}

/// The limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Nesting inside an expression.
    Depth(usize),
    /// Evaluated operands and operators.
    Steps(u64),
    /// Bytes of text.
    Bytes(u64),
    /// Variables that refer to variables.
    References(usize),
    /// Scenes after iteration.
    Scenes(usize),
    /// Values in the expanded movie.
    Nodes(u64),
    /// Arrays and objects inside each other in the expanded movie.
    Nesting(usize),
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Depth(most) => write!(f, "the expression nests deeper than {most} levels"),
            Self::Steps(most) => write!(f, "more than {most} steps would be needed"),
            Self::Bytes(most) => write!(f, "more than {most} bytes of text would come out"),
            Self::References(most) => write!(f, "variables refer to variables over more than {most} levels"),
            Self::Scenes(most) => write!(f, "more than {most} scenes would come out"),
            Self::Nodes(most) => write!(f, "more than {most} values would come out"),
            Self::Nesting(most) => write!(f, "arrays and objects would nest deeper than {most} levels"),
        }
    }
}
