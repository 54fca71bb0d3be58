//! A mapping while it is read: its keys, each once, and its merges.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::json::{Member, Node, Span, Text, Value};

/// The key that merges other mappings into a mapping.
const MERGE: &str = "<<";

/// The members of a mapping so far.
#[derive(Default)]
pub(super) struct Mapping {
    /// In order.
    pub(super) members: Vec<Member>,
    /// The index of each key, and whether a merge added it.
    known: HashMap<Text, (usize, KeyKind)>,
    pending: Option<Pending>,
}

/// Where a key of a mapping comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    Own,
    Merged,
}

/// A key whose value was not read yet.
enum Pending {
    Key(Text, Span),
    Merge,
}

impl Mapping {
    /// Accepts a key or, after a key, its value.
    pub(super) fn take(&mut self, node: Node, is_plain: bool) -> Result<(), String> {
        match self.pending.take() {
            Some(Pending::Key(key, key_span)) => {
                self.put(Member { key, key_span, value: node });
                Ok(())
            }
            Some(Pending::Merge) => self.merge(node),
            None => {
                self.pending = Some(self.key(&node, is_plain)?);
                Ok(())
            }
        }
    }

    fn key(&self, node: &Node, is_plain: bool) -> Result<Pending, String> {
        let text = match &node.value {
            Value::String(text) if is_plain && text.is(MERGE) => return Ok(Pending::Merge),
            Value::String(text) => text.clone(),
            Value::Number(number) => Text::new(number.raw()),
            Value::Bool(truth) => Text::new(if *truth { "true" } else { "false" }),
            Value::Null | Value::Array(_) | Value::Object(_) => return Err(format!("a key is a text, this is {}", node.kind())),
        };
        match self.known.get(&text) {
            Some((_, KeyKind::Own)) => Err(format!("the key `{}` is in this mapping twice", text.decoded())),
            _ => Ok(Pending::Key(text, node.span)),
        }
    }

    /// A member of the mapping itself replaces a merged one, in place.
    fn put(&mut self, member: Member) {
        match self.known.entry(member.key.clone()) {
            Entry::Occupied(mut known) => {
                let (at, origin) = known.get_mut();
                *origin = KeyKind::Own;
                self.members[*at] = member;
            }
            Entry::Vacant(new) => {
                new.insert((self.members.len(), KeyKind::Own));
                self.members.push(member);
            }
        }
    }

    fn merge(&mut self, node: Node) -> Result<(), String> {
        let wrong = |node: &Node| Err(format!("`{MERGE}` merges a mapping, or a sequence of them; this is {}", node.kind()));
        match node.value {
            Value::Object(members) => self.merge_members(members),
            Value::Array(items) => {
                for item in items {
                    let Value::Object(members) = item.value else { return wrong(&item) };
                    self.merge_members(members);
                }
            }
            _ => return wrong(&node),
        }
        Ok(())
    }

    fn merge_members(&mut self, members: Vec<Member>) {
        for member in members {
            if let Entry::Vacant(new) = self.known.entry(member.key.clone()) {
                new.insert((self.members.len(), KeyKind::Merged));
                self.members.push(member);
            }
        }
    }
}
