//! The syntax tree of expressions. Operators of one precedence form a chain, and the steps of a path a
//! list, so that the tree nests only where the text nests.

use std::borrow::Cow;

use super::ByteRange;
use super::operator::Operator;
use crate::movie::json::Number;

/// An expression and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr<'t> {
    /// Its place in the text it was read from.
    pub range: ByteRange,
    /// Its kind.
    pub kind: ExprKind<'t>,
}

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is spelled.
    Number(Number),
    /// A text, without its quotes.
    Text(Cow<'t, str>),
    /// A variable, or something inside it.
    Path(Path<'t>),
    /// `!a`.
    Not(Box<Expr<'t>>),
    /// `-a`.
    Negated(Box<Expr<'t>>),
    /// `a + b - c`: operators of one precedence, from left to right.
    Chain(Box<Expr<'t>>, Vec<(Operator, Expr<'t>)>),
    /// `a ? b : c`.
    Choice(Box<Choice<'t>>),
    /// `min(a, b)`.
    Call(&'t str, Vec<Expr<'t>>),
}

/// `condition ? yes : no`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<'t> {
    /// The condition.
    pub condition: Expr<'t>,
    /// The value when it is true.
    pub yes: Expr<'t>,
    /// The value when it is not.
    pub no: Expr<'t>,
}

/// A variable and the path into it: `room.image`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<'t> {
    /// The variable.
    pub name: &'t str,
    /// The place of its name.
    pub range: ByteRange,
    /// The steps from there.
    pub steps: Vec<Step<'t>>,
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'t> {
    /// Its place.
    pub range: ByteRange,
    /// Its target.
    pub kind: StepKind<'t>,
}

/// The target of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind<'t> {
    /// `.name`.
    Field(&'t str),
    /// `[expression]`.
    Index(Expr<'t>),
}

impl<'t> Expr<'t> {
    /// The path, if the expression is only a path.
    #[must_use]
    pub fn as_path(&self) -> Option<&Path<'t>> {
        if let ExprKind::Path(path) = &self.kind { Some(path) } else { None }
    }

    /// Every variable that it names, evaluated or not.
    #[must_use]
    pub fn names(&self) -> Vec<&'t str> {
        let mut names = Vec::new();
        self.collect(&mut names);
        names
    }

    fn collect(&self, names: &mut Vec<&'t str>) {
        match &self.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) => {}
            ExprKind::Path(path) => {
                names.push(path.name);
                for step in &path.steps {
                    if let StepKind::Index(index) = &step.kind {
                        index.collect(names);
                    }
                }
            }
            ExprKind::Not(inner) | ExprKind::Negated(inner) => inner.collect(names),
            ExprKind::Chain(first, rest) => {
                first.collect(names);
                for (_, operand) in rest {
                    operand.collect(names);
                }
            }
            ExprKind::Choice(choice) => [&choice.condition, &choice.yes, &choice.no].into_iter().for_each(|part| part.collect(names)),
            ExprKind::Call(_, arguments) => arguments.iter().for_each(|argument| argument.collect(names)),
        }
    }
}
