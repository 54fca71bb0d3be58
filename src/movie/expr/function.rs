//! The functions. `min`, `max` and `ceil` are documented; the sources speak of "a handful" and name no more.

use super::{FaultKind, Guess};

/// A function of the language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    pub(super) name: &'static str,
    takes: Takes,
    is_documented: bool,
}

#[derive(Debug, Clone, Copy)]
enum Takes {
    One(fn(f64) -> f64),
    Several(fn(f64, f64) -> f64),
}

const FUNCTIONS: [Function; 6] = [
    Function { name: "min", takes: Takes::Several(f64::min), is_documented: true },
    Function { name: "max", takes: Takes::Several(f64::max), is_documented: true },
    Function { name: "ceil", takes: Takes::One(f64::ceil), is_documented: true },
    Function { name: "floor", takes: Takes::One(f64::floor), is_documented: false },
    Function { name: "round", takes: Takes::One(f64::round), is_documented: false },
    Function { name: "abs", takes: Takes::One(f64::abs), is_documented: false },
];

impl Function {
    /// The function of a name.
    pub(super) fn find(name: &str) -> Result<Self, FaultKind> {
        let found = FUNCTIONS.into_iter().find(|function| function.name == name);
        found.ok_or_else(|| FaultKind::UnknownFunction(name.to_owned()))
    }

    /// The guess that a call of it makes.
    pub(super) fn guess(self) -> Option<Guess> {
        (!self.is_documented).then_some(Guess::Function(self.name))
    }

    /// Its value.
    pub(super) fn call(self, arguments: &[f64]) -> Result<f64, FaultKind> {
        match (self.takes, arguments) {
            (Takes::One(function), [number]) => Ok(function(*number)),
            (Takes::Several(function), [first, rest @ ..]) => Ok(rest.iter().fold(*first, |so_far, number| function(so_far, *number))),
            (takes, _) => {
                let takes = if matches!(takes, Takes::One(_)) { "one number" } else { "one number or more" };
                Err(FaultKind::Arguments { name: self.name, takes, given: arguments.len() })
            }
        }
    }
}
