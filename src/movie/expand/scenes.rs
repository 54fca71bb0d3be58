//! Expands scenes and elements: their variables, conditions and iterations.

use std::borrow::Cow;

use super::expander::{Expander, Here, Stop};
use super::fill::Filled;
use super::level::Level;
use super::timing::Container;
use super::{AssumptionKind, ExpandIssueKind, Iteration, SceneOrigin};
use crate::movie::expr::template::is_open;
use crate::movie::expr::{ExprValue, FaultKind, Limit};
use crate::movie::json::{self, Member, Node, Span};

/// The default name of the item, without `iterate-as` (`movie-format.md#variables`).
const ITEM: &str = "item";

/// The members of a scene or an element that control its expansion. Of duplicates the last counts.
#[derive(Debug, Clone, Copy, Default)]
struct Directives<'a> {
    variables: Option<&'a Node>,
    condition: Option<&'a Node>,
    iterate: Option<&'a Node>,
    iterate_as: Option<&'a Node>,
    elements: Option<&'a Node>,
}

/// The meaning of a member's name for an expansion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Variables,
    Condition,
    Iterate,
    IterateAs,
    Elements,
    Other,
}

/// A scene or an element that is being expanded.
struct Holder<'a> {
    node: &'a Node,
    members: &'a [Member],
    directives: Directives<'a>,
    is_iterated: bool,
}

/// The result of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Drop,
    Undecided,
}

impl Key {
    fn of(member: &Member) -> Self {
        Self::named(&member.key.decoded())
    }

    fn named(name: &str) -> Self {
        match name {
            "variables" => Self::Variables,
            "condition" => Self::Condition,
            "iterate" => Self::Iterate,
            "iterate-as" => Self::IterateAs,
            "elements" => Self::Elements,
            _ => Self::Other,
        }
    }
}

impl<'a> Directives<'a> {
    fn of(members: &'a [Member]) -> Self {
        let mut directives = Self::default();
        for member in members {
            let value = Some(&member.value);
            match Key::of(member) {
                Key::Variables => directives.variables = value,
                Key::Condition => directives.condition = value,
                Key::Iterate => directives.iterate = value,
                Key::IterateAs => directives.iterate_as = value,
                Key::Elements => directives.elements = value,
                Key::Other => {}
            }
        }
        directives
    }
}

impl<'a> Expander<'a> {
    /// The expanded scenes, and the origin of each.
    pub(super) fn scenes(&mut self, items: &'a [Node], origins: &mut Vec<SceneOrigin>) -> Result<Vec<Node>, Stop> {
        let mut out = Vec::with_capacity(items.len());
        for (source, node) in items.iter().enumerate() {
            let Some(members) = node.as_object() else {
                out.push(self.copy(node)?);
                origins.push(SceneOrigin { source, iteration: None, elements: Vec::new() });
                continue;
            };
            let directives = Directives::of(members);
            let is_entered = self.enter(directives.variables);
            let holder = Holder { node, members, directives, is_iterated: false };
            match directives.iterate {
                Some(iterate) => self.iterated(&holder, (iterate, source), &mut out, origins)?,
                None => self.scene(&holder, source, &mut out, origins)?,
            }
            self.leave(is_entered);
        }
        Ok(out)
    }

    fn scene(&mut self, holder: &Holder<'a>, source: usize, out: &mut Vec<Node>, origins: &mut Vec<SceneOrigin>) -> Result<(), Stop> {
        if self.scenes == self.limits.scenes {
            return Err(Stop { limit: Limit::Scenes(self.limits.scenes), span: holder.node.span });
        }
        let mut elements = Vec::new();
        if let Some(scene) = self.holder(holder, &mut elements)? {
            self.scenes += 1;
            out.push(scene);
            origins.push(SceneOrigin { source, iteration: self.iteration, elements });
        }
        Ok(())
    }

    /// Repeats a scene for each item of its array; leaves it as it is written if it names none.
    fn iterated(
        &mut self,
        holder: &Holder<'a>,
        (iterate, source): (&'a Node, usize),
        out: &mut Vec<Node>,
        origins: &mut Vec<SceneOrigin>,
    ) -> Result<(), Stop> {
        let Some(items) = self.items(iterate)? else {
            self.unresolved += 1;
            self.weigh(holder.node)?;
            out.push(holder.node.clone());
            let elements = holder.directives.elements.and_then(Node::as_array).map_or(0, <[_]>::len);
            origins.push(SceneOrigin { source, iteration: None, elements: (0..elements).collect() });
            return Ok(());
        };
        let alias = holder.directives.iterate_as.and_then(Node::as_text).map_or(Cow::Borrowed(ITEM), json::Text::decoded);
        if let Some(condition) = holder.directives.condition {
            self.assume(AssumptionKind::ConditionPerItem, condition.span);
        }
        let holder = Holder { is_iterated: true, ..*holder };
        self.classified.clear();
        for (index, item) in items.iter().enumerate() {
            self.iteration = Some(Iteration { index, of: items.len() });
            let level = Level::item(alias.clone(), item, items);
            self.note_clash(holder.directives.variables, &level);
            self.levels.push(level);
            self.scene(&holder, source, out, origins)?;
            self.levels.pop();
        }
        self.iteration = None;
        self.classified.clear();
        Ok(())
    }

    /// The array that a scene iterates over; `None` if there is none, which was reported.
    fn items(&mut self, iterate: &'a Node) -> Result<Option<&'a [Node]>, Stop> {
        let not_array = |name: String, found, similar| ExpandIssueKind::IterateNotArray { name, found, similar };
        let Some(text) = iterate.as_text() else {
            self.tell(not_array(iterate.to_compact(), Some(iterate.kind()), None), iterate.span);
            return Ok(None);
        };
        let name = text.decoded();
        let value = if is_open(text) {
            self.assume(AssumptionKind::BracesInIterate, iterate.span);
            match self.fill(iterate.span, text)? {
                Filled::Whole(value) => Ok(value),
                _ => return Ok(None),
            }
        } else {
            let before = self.here.replace(Here { span: iterate.span, text, from: 0 });
            let value = self.evaluate(&name);
            self.here = before;
            value
        };
        match value {
            Ok(ExprValue::Container(Node { value: json::Value::Array(items), .. })) => {
                if items.is_empty() {
                    self.left_out += 1;
                    self.tell(ExpandIssueKind::IterateEmpty(name.into_owned()), iterate.span);
                }
                return Ok(Some(items));
            }
            Ok(other) => self.tell(not_array(name.into_owned(), Some(other.kind()), None), iterate.span),
            Err(fault) => {
                if let FaultKind::Limit(limit @ (Limit::Steps(_) | Limit::Bytes(_))) = fault.kind {
                    return Err(Stop { limit, span: iterate.span });
                }
                let similar = self.similar(&name);
                self.tell(not_array(name.into_owned(), None, similar), iterate.span);
            }
        }
        Ok(None)
    }

    fn note_clash(&mut self, variables: Option<&'a Node>, item: &Level<'a>) {
        let Some(members) = variables.and_then(Node::as_object) else { return };
        let clash = members.iter().find(|member| item.get(&member.key.decoded()).is_some());
        if let Some(clash) = clash {
            self.assume(AssumptionKind::ItemBeforeVariables, clash.key_span);
        }
    }

    /// The expanded elements, and the index of each in the document.
    pub(super) fn elements(&mut self, items: &'a [Node], origins: &mut Vec<usize>) -> Result<Vec<Node>, Stop> {
        let mut out = Vec::with_capacity(items.len());
        for (source, node) in items.iter().enumerate() {
            self.containers.last_mut().into_iter().for_each(Container::begin);
            let element = self.element(node)?;
            self.containers.last_mut().into_iter().for_each(|container| container.end(node, element.as_ref()));
            let Some(element) = element else { continue };
            out.push(element);
            origins.push(source);
        }
        Ok(out)
    }

    fn element(&mut self, node: &'a Node) -> Result<Option<Node>, Stop> {
        let Some(members) = node.as_object() else { return self.copy(node).map(Some) };
        let directives = Directives { elements: None, ..Directives::of(members) };
        if let Some(iterate) = directives.iterate {
            self.tell(ExpandIssueKind::IterateOnElement, iterate.span);
        }
        let is_entered = self.enter(directives.variables);
        let element = self.holder(&Holder { node, members, directives, is_iterated: false }, &mut Vec::new());
        self.leave(is_entered);
        element
    }

    /// A scene or an element without the members that were resolved; `None` if its condition leaves it out.
    fn holder(&mut self, holder: &Holder<'a>, elements: &mut Vec<usize>) -> Result<Option<Node>, Stop> {
        let Holder { node, members, directives, is_iterated } = holder;
        let before = self.unresolved;
        let verdict = directives.condition.map_or(Ok(Verdict::Keep), |condition| self.verdict(condition))?;
        if verdict == Verdict::Drop {
            self.left_out += 1;
            return Ok(None);
        }
        self.produce(1, 0, node.span)?;
        let is_scope = directives.variables.is_some_and(|variables| variables.as_object().is_some());
        let mut copied = Vec::with_capacity(members.len());
        let mut place = None;
        for member in *members {
            match Key::of(member) {
                Key::Variables if is_scope => _ = place.get_or_insert(copied.len()),
                Key::Condition if verdict == Verdict::Keep => {}
                Key::Condition => copied.push(member.clone()),
                Key::Iterate | Key::IterateAs if *is_iterated => _ = place.get_or_insert(copied.len()),
                Key::Elements if directives.elements.is_some_and(|last| std::ptr::eq(last, &raw const member.value)) => {
                    copied.push(self.inner_elements(node, member, elements)?);
                }
                _ => copied.push(self.member(member)?),
            }
        }
        if let Some(place) = place.filter(|_| self.unresolved > before) {
            let variables = self.kept_variables(directives.variables, *is_iterated)?;
            copied.insert(place, Member::new("variables", variables));
        }
        Ok(Some(Node { span: node.span, value: json::Value::Object(copied) }))
    }

    fn inner_elements(&mut self, scene: &Node, member: &'a Member, origins: &mut Vec<usize>) -> Result<Member, Stop> {
        let Some(items) = member.value.as_array() else { return self.member(member) };
        let length = scene.get("duration").and_then(|duration| ExprValue::of(duration).as_number());
        self.containers.push(Container::new(items, length.filter(|seconds| *seconds > 0.0)));
        let value = Node { span: member.value.span, value: json::Value::Array(self.elements(items, origins)?) };
        self.containers.pop();
        Ok(Member { key: member.key.clone(), key_span: member.key_span, value })
    }

    /// The variables that blocks left as written may still need, and before them the item.
    fn kept_variables(&mut self, variables: Option<&'a Node>, is_iterated: bool) -> Result<Node, Stop> {
        let written = variables.and_then(Node::as_object).unwrap_or_default();
        let span = variables.map_or(Span::NONE, |variables| variables.span);
        let mut kept: Vec<Member> = Vec::new();
        let item = if is_iterated { self.levels.last() } else { None };
        kept.extend(written.iter().filter(|member| item.is_none_or(|item| item.get(&member.key.decoded()).is_none())).cloned());
        if let Some((level, item)) = item.and_then(|level| Some((level, level.item.as_ref()?))) {
            kept.extend(level.members().iter().filter(|member| !member.key.is(&item.alias)).cloned());
            kept.push(Member::new(&item.alias, item.node.clone()));
        }
        let kept = Node { span, value: json::Value::Object(kept) };
        self.weigh(&kept)?;
        Ok(kept)
    }

    /// Charges a value that stays as it is written to the limits.
    fn weigh(&mut self, node: &Node) -> Result<(), Stop> {
        let bytes = match &node.value {
            json::Value::String(text) => text.raw().len(),
            json::Value::Array(items) => {
                items.iter().try_for_each(|item| self.weigh(item))?;
                0
            }
            json::Value::Object(members) => {
                members.iter().try_for_each(|member| self.weigh(&member.value))?;
                0
            }
            _ => 0,
        };
        self.produce(1, bytes, node.span)
    }

    fn verdict(&mut self, condition: &'a Node) -> Result<Verdict, Stop> {
        let span = condition.span;
        let value = match &condition.value {
            json::Value::String(text) if is_open(text) => match self.fill(span, text)? {
                Filled::Whole(value) => value,
                Filled::Partly(_) | Filled::AsWritten => {
                    self.unresolved += 1;
                    self.assume(AssumptionKind::ConditionUndecided, span);
                    return Ok(Verdict::Undecided);
                }
            },
            _ => {
                let value = ExprValue::of(condition);
                self.tell(ExpandIssueKind::ConditionConstant(is_true(&value)), span);
                if matches!(&value, ExprValue::Text(text) if !text.is_empty() && text != "false") {
                    self.assume(AssumptionKind::ConditionText, span);
                    return Ok(Verdict::Keep);
                }
                value
            }
        };
        let is_true = is_true(&value);
        match &value {
            ExprValue::Text(text) if text == "false" => self.assume(AssumptionKind::ConditionFalseText, span),
            ExprValue::Bool(_) | ExprValue::Text(_) => {}
            other => self.assume(AssumptionKind::ConditionValue { kind: other.kind(), is_true }, span),
        }
        Ok(if is_true { Verdict::Keep } else { Verdict::Drop })
    }
}

/// Whether a condition is true: false and the empty text are not (`movie-format.md#element`); `false` as text, 0 and null
/// are assumed not to.
fn is_true(value: &ExprValue<'_>) -> bool {
    value.is_true() && !matches!(value, ExprValue::Text(text) if text == "false")
}
