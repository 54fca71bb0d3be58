//! Copies the movie once, from its root down, and fills in every string.

use super::expander::{Expander, Stop};
use super::level::Level;
use super::{ExpandIssueKind, SceneOrigin};
use crate::movie::expr::Limit;
use crate::movie::json::{Member, Node, Span, Value};

/// The result of expanding a movie.
pub(super) struct Expanded {
    pub(super) root: Node,
    pub(super) scenes: Vec<SceneOrigin>,
    pub(super) elements: Vec<usize>,
}

impl<'a> Expander<'a> {
    /// Whether the movie names a template, which was then reported.
    pub(super) fn is_template(&mut self) -> bool {
        let template = self.root.get("template").filter(|template| template.as_text().is_some_and(|text| !text.raw().is_empty()));
        if let Some(template) = template {
            self.tell(ExpandIssueKind::Template, template.span);
        }
        template.is_some()
    }

    /// The movie; `None` if a limit was reached, which was then reported.
    pub(super) fn movie(&mut self) -> Option<Expanded> {
        match self.root() {
            Ok(expanded) => Some(expanded),
            Err(stop) => {
                self.iteration = None;
                self.tell(ExpandIssueKind::Limit(stop.limit), stop.span);
                None
            }
        }
    }

    fn root(&mut self) -> Result<Expanded, Stop> {
        let Some(members) = self.root.as_object() else {
            return Ok(Expanded { root: self.copy(self.root)?, scenes: Vec::new(), elements: Vec::new() });
        };
        let [variables, scenes, elements] = ["variables", "scenes", "elements"].map(|name| self.root.get(name));
        let is_scope = variables.is_some_and(|variables| variables.as_object().is_some());
        let is_entered = self.enter(variables);
        let mut out = Expanded { root: Node { span: self.root.span, value: Value::Null }, scenes: Vec::new(), elements: Vec::new() };
        let mut copied = Vec::with_capacity(members.len());
        let mut place = None;
        for member in members {
            let is_last = |of: Option<&Node>| of.is_some_and(|last| std::ptr::eq(last, &raw const member.value));
            let value = match member.value.as_array() {
                _ if is_scope && member.key.is("variables") => {
                    place.get_or_insert(copied.len());
                    continue;
                }
                Some(items) if is_last(scenes) => {
                    Node { span: member.value.span, value: Value::Array(self.scenes(items, &mut out.scenes)?) }
                }
                Some(items) if is_last(elements) => {
                    Node { span: member.value.span, value: Value::Array(self.elements(items, &mut out.elements)?) }
                }
                _ => self.copy(&member.value)?,
            };
            copied.push(Member { key: member.key.clone(), key_span: member.key_span, value });
        }
        if let Some((place, variables)) = place.zip(variables).filter(|_| self.unresolved > 0) {
            copied.insert(place, Member::new("variables", variables.clone()));
        }
        self.leave(is_entered);
        out.root.value = Value::Object(copied);
        Ok(out)
    }

    /// A value with its strings filled in.
    pub(super) fn copy(&mut self, node: &'a Node) -> Result<Node, Stop> {
        let value = match &node.value {
            Value::String(text) => return self.string(node, text),
            Value::Array(items) => {
                self.deeper(node.span)?;
                let mut copied = Vec::with_capacity(items.len());
                for item in items {
                    copied.push(self.copy(item)?);
                }
                Value::Array(copied)
            }
            Value::Object(members) => {
                self.deeper(node.span)?;
                let mut copied = Vec::with_capacity(members.len());
                for member in members {
                    copied.push(self.member(member)?);
                }
                Value::Object(copied)
            }
            scalar => {
                self.produce(1, 0, node.span)?;
                return Ok(Node { span: node.span, value: scalar.clone() });
            }
        };
        self.depth -= 1;
        Ok(Node { span: node.span, value })
    }

    /// A member with its strings filled in.
    pub(super) fn member(&mut self, member: &'a Member) -> Result<Member, Stop> {
        Ok(Member { key: member.key.clone(), key_span: member.key_span, value: self.copy(&member.value)? })
    }

    fn deeper(&mut self, span: Span) -> Result<(), Stop> {
        self.produce(1, 0, span)?;
        self.depth += 1;
        if self.depth > self.limits.nesting { Err(Stop { limit: Limit::Nesting(self.limits.nesting), span }) } else { Ok(()) }
    }

    /// Opens the scope of a `variables` object. Returns whether the value is one.
    pub(super) fn enter(&mut self, variables: Option<&'a Node>) -> bool {
        let members = variables.and_then(Node::as_object);
        self.levels.extend(members.map(Level::variables));
        members.is_some()
    }

    /// Closes a scope, if one was opened.
    pub(super) fn leave(&mut self, is_entered: bool) {
        if is_entered {
            self.levels.pop();
        }
    }
}
