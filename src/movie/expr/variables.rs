//! The simplest scope: the members of one object, taken as they are written.

use super::{Extent, FaultKind, Guess, Limit, Limits, Scope, Value};
use crate::movie::json::Node;

/// The members of an object as variables.
#[derive(Debug, Clone)]
pub struct Variables<'a> {
    members: &'a Node,
    limits: Limits,
    steps: u64,
    bytes: u64,
    guesses: Vec<(Extent, Guess)>,
}

impl<'a> Variables<'a> {
    /// The members of an object; any other value has none.
    #[must_use]
    pub fn new(members: &'a Node, limits: Limits) -> Self {
        Self { members, limits, steps: 0, bytes: 0, guesses: Vec::new() }
    }

    /// The guesses so far.
    #[must_use]
    pub fn guesses(&self) -> &[(Extent, Guess)] {
        &self.guesses
    }
}

impl<'a> Scope<'a> for Variables<'a> {
    fn lookup(&mut self, name: &str) -> Result<&'a Node, FaultKind> {
        self.members.get(name).ok_or_else(|| FaultKind::Undefined(name.to_owned()))
    }

    fn read(&mut self, node: &'a Node) -> Result<Value<'a>, FaultKind> {
        Ok(Value::of(node))
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

    fn guess(&mut self, extent: Extent, guess: Guess) {
        self.guesses.push((extent, guess));
    }
}
