//! The simplest scope: the members of one object, taken as they are written.

use super::{ByteRange, ExprLimits, ExprValue, FaultKind, Guess, Limit, Scope};
use crate::movie::json::Node;

/// The members of an object as variables.
#[derive(Debug, Clone)]
pub struct Variables<'a> {
    members: &'a Node,
    limits: ExprLimits,
    steps: u64,
    bytes: u64,
    guesses: Vec<(ByteRange, Guess)>,
}

impl<'a> Variables<'a> {
    /// The members of an object; any other value has none.
    #[must_use]
    pub fn new(members: &'a Node, limits: ExprLimits) -> Self {
        Self { members, limits, steps: 0, bytes: 0, guesses: Vec::new() }
    }

    /// The guesses so far.
    #[must_use]
    pub fn guesses(&self) -> &[(ByteRange, Guess)] {
        &self.guesses
    }
}

impl<'a> Scope<'a> for Variables<'a> {
    fn lookup(&mut self, name: &str) -> Result<&'a Node, FaultKind> {
        self.members.get(name).ok_or_else(|| FaultKind::Undefined(name.to_owned()))
    }

    fn read(&mut self, node: &'a Node) -> Result<ExprValue<'a>, FaultKind> {
        Ok(ExprValue::of(node))
    }

    fn spend(&mut self, steps: u64, bytes: u64) -> Result<(), FaultKind> {
        self.steps = self.steps.saturating_add(steps);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.steps > self.limits.steps {
            return Err(FaultKind::Limit(Limit::Steps(self.limits.steps)));
        }
        if self.bytes > self.limits.bytes {
            return Err(FaultKind::Limit(Limit::Bytes(self.limits.bytes)));
        }
        Ok(())
    }

    fn guess(&mut self, range: ByteRange, guess: Guess) {
        self.guesses.push((range, guess));
    }
}
