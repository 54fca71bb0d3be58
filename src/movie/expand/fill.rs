//! Fills in the blocks of a string.

use std::borrow::Cow;
use std::ptr;

use super::expander::{Expander, Here, Stop};
use super::{AssumptionKind, ExpandIssueKind, timing};
use crate::movie::expr::template::{Block, Part, is_open, is_template, parts, sole_block};
use crate::movie::expr::{self, ByteRange, ExprValue, Fault, FaultKind, Guess, Limit, Scope};
use crate::movie::json::{self, Node, Span, Text};
use crate::movie::origin::{Origin, Origins, Written};

/// The result of filling in a string.
pub(super) enum Filled<'a> {
    /// Every block has a value.
    Whole(ExprValue<'a>),
    /// Some blocks stay as they are written.
    Partly(String),
    /// No block could be filled in.
    AsWritten,
}

impl<'a> Expander<'a> {
    /// The string after filling in; unchanged if it holds no block.
    pub(super) fn string(&mut self, node: &'a Node, text: &'a Text) -> Result<Node, Stop> {
        if !text.may_have_braces() {
            self.produce(1, text.raw().len(), node.span)?;
            return Ok(node.clone());
        }
        let decoded = text.decoded();
        if !is_template(&decoded) {
            self.single_braces(&decoded, node.span, text);
            self.produce(1, text.raw().len(), node.span)?;
            return Ok(node.clone());
        }
        let before = std::mem::take(&mut self.asked);
        let filled = self.filled(node.span, text, &decoded)?;
        let asked = std::mem::replace(&mut self.asked, before);
        let filled = match filled {
            Filled::Whole(value) => {
                if !matches!(value, ExprValue::Text(_)) {
                    let block = super::place::place(node.span, text, ByteRange { start: 0, end: decoded.len() });
                    self.assume(AssumptionKind::TypedValue(value.kind()), block);
                }
                self.put(value, node.span)?.map(|put| self.traced(put, node.span, asked.written()))
            }
            Filled::Partly(joined) => {
                self.unresolved += 1;
                Some(Node { span: node.span, value: json::Value::String(Text::new(&joined)) })
            }
            Filled::AsWritten => None,
        };
        if filled.is_none() {
            self.unresolved += 1;
        }
        self.produce(1, filled.as_ref().and_then(Node::as_text).unwrap_or(text).raw().len(), node.span)?;
        Ok(filled.unwrap_or_else(|| node.clone()))
    }

    /// Marks a filled-in value with its origin; the values inside an array or an object get it too.
    fn traced(&mut self, mut put: Node, used: Span, written: Written) -> Node {
        let inner = |origins: &mut Origins, span: Span| origins.note(Origin { used, written: Written::There(origins.written(span)) });
        if put.as_array().is_some() || put.as_object().is_some() {
            put.change_spans(&mut |span| inner(&mut self.origins, span));
        }
        put.span = self.origins.note(Origin { used, written });
        put
    }

    /// The string with the values of its blocks filled in.
    pub(super) fn fill(&mut self, span: Span, text: &'a Text) -> Result<Filled<'a>, Stop> {
        self.filled(span, text, &text.decoded())
    }

    fn filled(&mut self, span: Span, text: &'a Text, decoded: &str) -> Result<Filled<'a>, Stop> {
        let before = self.here.replace(Here { span, text, from: 0 });
        let filled = match sole_block(decoded) {
            Some(block) => self.alone(&block),
            None => self.joined(decoded),
        };
        self.here = before;
        self.asked.is_as_it_is &= sole_block(decoded).is_some();
        filled
    }

    fn alone(&mut self, block: &Block<'_>) -> Result<Filled<'a>, Stop> {
        match self.block(block)? {
            None => Ok(Filled::AsWritten),
            Some(ExprValue::Text(text)) if is_template(&text) => {
                self.tell(ExpandIssueKind::BracesInValue, self.span_here(block.range));
                Ok(Filled::AsWritten)
            }
            Some(value) => Ok(Filled::Whole(value)),
        }
    }

    fn joined(&mut self, text: &str) -> Result<Filled<'a>, Stop> {
        let mut joined = String::with_capacity(text.len());
        let mut kept = Vec::new();
        for part in parts(text) {
            match part {
                Ok(Part::Literal(literal)) => joined.push_str(literal),
                Ok(Part::Block(block)) => {
                    let value = self.block(&block)?;
                    let text = value.map_or(Ok(None), |value| self.text_of(value, block.range))?;
                    joined.push_str(text.as_deref().unwrap_or(block.written));
                    if text.is_none() {
                        kept.push(block.written);
                    }
                }
                Err(fault) => {
                    self.tell(ExpandIssueKind::Unclosed, self.span_here(fault.range));
                    return Ok(Filled::AsWritten);
                }
            }
        }
        if is_template(&joined) && !blocks(&joined).eq(kept.iter().copied()) {
            self.tell(ExpandIssueKind::BracesInValue, self.span_here(ByteRange { start: 0, end: text.len() }));
            return Ok(Filled::AsWritten);
        }
        Ok(if kept.is_empty() { Filled::Whole(ExprValue::Text(Cow::Owned(joined))) } else { Filled::Partly(joined) })
    }

    /// The text of a value inside a text; `None` if it can't be filled in, which was reported.
    fn text_of(&mut self, value: ExprValue<'a>, range: ByteRange) -> Result<Option<String>, Stop> {
        let span = self.span_here(range);
        match value {
            ExprValue::Null => self.assume(AssumptionKind::NullAsText, span),
            ExprValue::Container(_) => self.assume(AssumptionKind::ContainerAsText, span),
            _ => {}
        }
        let text = match value {
            ExprValue::Container(_) => self.put(value, span)?.map(|node| node.to_compact()),
            value => Some(value.to_text().into_owned()),
        };
        let length = text.as_ref().map_or(0, String::len);
        self.pay(0, u64::try_from(length).unwrap_or(u64::MAX)).or_else(|fault| stop(&fault, span))?;
        Ok(text)
    }

    /// The value of a block; `None` if it has none, which was reported.
    fn block(&mut self, block: &Block<'_>) -> Result<Option<ExprValue<'a>>, Stop> {
        if let Some(here) = &mut self.here {
            here.from = block.place(ByteRange { start: 0, end: 0 }).start;
        }
        let value = self.expression(block.inside);
        if let Some(here) = &mut self.here {
            here.from = 0;
        }
        value
    }

    /// The value of an expression; `None` if it has none, which was reported.
    fn expression(&mut self, text: &str) -> Result<Option<ExprValue<'a>>, Stop> {
        match self.evaluate(text) {
            Ok(value) => Ok(Some(value)),
            Err(Fault { kind: FaultKind::Limit(limit), range }) if !matches!(limit, Limit::Depth(_) | Limit::References(_)) => {
                Err(Stop { limit, span: self.span_of(range) })
            }
            Err(fault) => {
                self.tell_fault(fault);
                Ok(None)
            }
        }
    }

    /// The value of an expression in the current scope.
    pub(super) fn evaluate(&mut self, text: &str) -> Result<ExprValue<'a>, Fault> {
        let parsed = expr::parse(text, &self.limits.expression)?;
        for (range, guess) in parsed.guesses {
            self.guess(range, guess);
        }
        let value = expr::evaluate(&parsed.root, self);
        self.asked.is_as_it_is = matches!(parsed.root.kind, expr::ExprKind::Path(_));
        value
    }

    fn tell_fault(&mut self, fault: Fault) {
        let key = (self.span_of(fault.range), fault.kind);
        if key.1 == FaultKind::Told {
            return;
        }
        let kind = self.classified.get(&key).cloned().unwrap_or_else(|| self.classify(&key.1));
        self.tell(kind.clone(), key.0);
        self.classified.insert(key, kind);
    }

    fn classify(&mut self, fault: &FaultKind) -> ExpandIssueKind {
        match fault {
            FaultKind::Undefined(name) if self.others_have(name) => ExpandIssueKind::ItemFieldMissing(name.clone()),
            FaultKind::Undefined(name) => ExpandIssueKind::Undefined { name: name.clone(), similar: self.similar(name) },
            FaultKind::Dynamic(name) => match self.dynamic(name) {
                Some((element, is_known)) => ExpandIssueKind::Dynamic { name: name.clone(), element: element.to_owned(), is_known },
                None => ExpandIssueKind::Undefined { name: name.clone(), similar: None },
            },
            FaultKind::Missing { of, field, .. } if self.is_alias(of) && self.others_have(field) => {
                ExpandIssueKind::ItemFieldMissing(format!("{of}.{field}"))
            }
            FaultKind::Missing { of, field, kind } => ExpandIssueKind::FieldMissing { of: of.clone(), field: field.clone(), kind },
            FaultKind::Unclosed => ExpandIssueKind::Unclosed,
            other => ExpandIssueKind::Expression(other.clone()),
        }
    }

    /// Whether another item of the iteration has a field.
    fn others_have(&self, field: &str) -> bool {
        let item = self.levels.iter().rev().find_map(|level| level.item.as_ref());
        item.is_some_and(|item| item.all.iter().take(1000).any(|other| other.get(field).is_some()))
    }

    fn is_alias(&self, name: &str) -> bool {
        self.levels.iter().filter_map(|level| level.item.as_ref()).any(|item| item.alias == name)
    }

    /// A value as the node that replaces its block; `None` if not all of it can be resolved, which was reported.
    fn put(&mut self, value: ExprValue<'a>, span: Span) -> Result<Option<Node>, Stop> {
        let value = match value {
            ExprValue::Null => json::Value::Null,
            ExprValue::Bool(truth) => json::Value::Bool(truth),
            ExprValue::Number(number) => json::Value::Number(number),
            ExprValue::Text(text) => json::Value::String(Text::new(&text)),
            ExprValue::Container(node) => {
                if self.resolving.iter().any(|other| ptr::eq(*other, node)) {
                    self.tell(ExpandIssueKind::Cycle, node.span);
                    return Ok(None);
                }
                if self.resolving.len() >= self.limits.references {
                    self.tell(ExpandIssueKind::Expression(FaultKind::Limit(Limit::References(self.limits.references))), span);
                    return Ok(None);
                }
                let before = self.unresolved;
                self.resolving.push(node);
                let outer = self.later.take();
                let copied = self.copy(node);
                self.resolving.pop();
                if let Some(name) = std::mem::replace(&mut self.later, outer) {
                    self.tell(ExpandIssueKind::LaterVariable(name), node.span);
                    return copied.map(|_| None);
                }
                // A half-resolved value would be resolved further the next time, without end if it refers to itself.
                if self.unresolved > before {
                    return copied.map(|_| None);
                }
                copied?.value
            }
        };
        Ok(Some(Node { span, value }))
    }

    /// Reports `{name}` where `{{name}}` would have a meaning.
    fn single_braces(&mut self, decoded: &str, span: Span, text: &'a Text) {
        let mut from = 0;
        while let Some(open) = decoded[from..].find('{').map(|open| from + open) {
            from = open + 1;
            let Some(close) = decoded[from..].find(['{', '}']).map(|close| from + close) else { return };
            let name = decoded[from..close].trim();
            let is_closed = decoded[close..].starts_with('}');
            if is_closed && !name.is_empty() && self.levels.iter().any(|level| level.get(name).is_some()) {
                let place = super::place::place(span, text, ByteRange { start: open, end: close + 1 });
                self.tell(ExpandIssueKind::SingleBraces(name.to_owned()), place);
            }
            from = close;
        }
    }

    /// The place of a part of the string, in whichever of its blocks is being evaluated.
    fn span_here(&self, range: ByteRange) -> Span {
        self.here.map_or(Span::NONE, |here| super::place::place(here.span, here.text, range))
    }
}

/// Every block of a text, as it is written. An unclosed block differs from all others.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    parts(text).filter_map(|part| match part {
        Ok(Part::Literal(_)) => None,
        Ok(Part::Block(block)) => Some(block.written),
        Err(_) => Some(""),
    })
}

fn stop<T>(fault: &FaultKind, span: Span) -> Result<T, Stop> {
    let limit = if let FaultKind::Limit(limit) = fault { *limit } else { Limit::Bytes(0) };
    Err(Stop { limit, span })
}

impl<'a> Scope<'a> for Expander<'a> {
    fn lookup(&mut self, name: &str) -> Result<&'a Node, FaultKind> {
        if let Some((level, found)) = self.levels.iter().rev().find_map(|level| Some((level, level.get(name)?))) {
            if self.resolving.last().is_some_and(|value| level.is_after(found, value)) {
                self.later.get_or_insert_with(|| name.to_owned());
            }
            return Ok(found);
        }
        Err(if self.dynamic(name).is_some() { FaultKind::Dynamic(name.to_owned()) } else { FaultKind::Undefined(name.to_owned()) })
    }

    fn computed(&mut self, name: &str, range: ByteRange) -> Option<ExprValue<'a>> {
        let seconds = timing::part_of(&self.containers, name)?;
        self.assume(AssumptionKind::Timing, self.span_of(range));
        ExprValue::calculated(seconds)
    }

    fn read(&mut self, node: &'a Node) -> Result<ExprValue<'a>, FaultKind> {
        let Some(text) = node.as_text().filter(|text| is_open(text)) else {
            self.asked.note(node.span);
            return Ok(ExprValue::of(node));
        };
        if self.resolving.iter().any(|other| ptr::eq(*other, node)) {
            self.tell(ExpandIssueKind::Cycle, node.span);
            return Err(FaultKind::Told);
        }
        if self.resolving.len() >= self.limits.references {
            return Err(FaultKind::Limit(Limit::References(self.limits.references)));
        }
        self.resolving.push(node);
        let before = std::mem::take(&mut self.asked);
        let outer = self.later.take();
        let filled = self.fill(node.span, text);
        let later = std::mem::replace(&mut self.later, outer);
        self.resolving.pop();
        let written = std::mem::replace(&mut self.asked, before).written();
        self.asked.note(if let Written::There(value) = written { value } else { node.span });
        match filled {
            Ok(Filled::Whole(value)) => match later {
                None => Ok(value),
                Some(name) => {
                    self.tell(ExpandIssueKind::LaterVariable(name), node.span);
                    Err(FaultKind::Told)
                }
            },
            Ok(_) => Err(FaultKind::Told),
            Err(stop) => Err(FaultKind::Limit(stop.limit)),
        }
    }

    fn spend(&mut self, steps: u64, bytes: u64) -> Result<(), FaultKind> {
        self.pay(steps, bytes)
    }

    fn guess(&mut self, range: ByteRange, guess: Guess) {
        self.assume(AssumptionKind::Language(guess), self.span_of(range));
    }
}
