//! What an expression consists of. Operators of one rank stand side by side in a chain and steps of a path in a
//! list, so that only what nests in the text nests in the tree.

use std::borrow::Cow;

use super::Extent;
use super::operator::Operator;
use crate::movie::json::Number;

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr<'t> {
    /// Where it stands in the text it was read from.
    pub extent: Extent,
    /// What it is.
    pub kind: ExprKind<'t>,
}

/// What an expression is.
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
    /// `a + b - c`: operators of one rank, from left to right.
    Chain(Box<Expr<'t>>, Vec<(Operator, Expr<'t>)>),
    /// `a ? b : c`.
    Choice(Box<Choice<'t>>),
    /// `min(a, b)`.
    Call(&'t str, Vec<Expr<'t>>),
}

/// `condition ? yes : no`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<'t> {
    /// What decides.
    pub condition: Expr<'t>,
    /// The value when it is true.
    pub yes: Expr<'t>,
    /// The value when it is not.
    pub no: Expr<'t>,
}

/// A variable and the way into it: `room.image`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<'t> {
    /// The variable.
    pub name: &'t str,
    /// Where its name stands.
    pub extent: Extent,
    /// The way from there.
    pub steps: Vec<Step<'t>>,
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'t> {
    /// Where it stands.
    pub extent: Extent,
    /// Where it goes.
    pub kind: StepKind<'t>,
}

/// Where a step goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind<'t> {
    /// `.name`.
    Field(&'t str),
    /// `[expression]`.
    Index(Expr<'t>),
}

impl<'t> Expr<'t> {
    /// The path, if the expression is nothing else.
    #[must_use]
    pub fn as_path(&self) -> Option<&Path<'t>> {
        if let ExprKind::Path(path) = &self.kind { Some(path) } else { None }
    }

    /// Every variable that is named in it, whether or not it would be evaluated.
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
