//! One level of scope: the variables of a movie, a scene or an element, or the item of an iteration.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::movie::json::{Member, Node};

/// Above this number of members a level keeps an index; below it, a search through them is faster.
const FEW: usize = 16;

/// One level of scope.
#[derive(Debug)]
pub(super) struct Level<'a> {
    members: &'a [Member],
    index: HashMap<Cow<'a, str>, &'a Node>,
    pub(super) item: Option<Item<'a>>,
}

/// The item that a scene is made for.
#[derive(Debug, Clone)]
pub(super) struct Item<'a> {
    /// Its name: the value of `iterate-as`.
    pub(super) alias: Cow<'a, str>,
    /// The item.
    pub(super) node: &'a Node,
    /// All items of the iteration.
    pub(super) all: &'a [Node],
}

impl<'a> Level<'a> {
    /// The members of a `variables` object.
    pub(super) fn variables(members: &'a [Member]) -> Self {
        let mut index = HashMap::new();
        if members.len() > FEW {
            index.extend(members.iter().map(|member| (member.key.decoded(), &member.value)));
        }
        Self { members, index, item: None }
    }

    /// The item of an iteration: under its alias, and its own fields directly.
    pub(super) fn item(alias: Cow<'a, str>, node: &'a Node, all: &'a [Node]) -> Self {
        Self { item: Some(Item { alias, node, all }), ..Self::variables(node.as_object().unwrap_or_default()) }
    }

    /// The value of a name on this level. Of duplicates the last counts.
    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        if let Some(item) = self.item.as_ref().filter(|item| item.alias == name) {
            return Some(item.node);
        }
        if self.members.len() > FEW {
            return self.index.get(name).copied();
        }
        self.members.iter().rev().find(|member| member.key.is(name)).map(|member| &member.value)
    }

    /// Whether one of its variables is defined after the variable that contains a value.
    pub(super) fn is_after(&self, variable: &Node, value: &Node) -> bool {
        let place = |node: &Node| self.members.iter().position(|member| std::ptr::eq(&raw const member.value, node));
        let around = || self.members.iter().position(|member| member.value.span.holds(value.span));
        let value = place(value).or_else(around);
        place(variable).zip(value).is_some_and(|(variable, value)| variable > value)
    }

    /// The members, without the alias.
    pub(super) fn members(&self) -> &'a [Member] {
        self.members
    }

    /// Every name on this level.
    pub(super) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let alias = self.item.iter().map(|item| Cow::Borrowed(&*item.alias));
        alias.chain(self.members.iter().map(|member| member.key.decoded()))
    }
}
