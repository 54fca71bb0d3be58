//! Reads YAML to the same tree as JSON, with the place of every value.
//!
//! The types are chosen so that nothing is lost on the way to JSON. A plain scalar is a number only if JSON
//! spells it so (`1.50` keeps its spelling; `0123` and `+49301234` stay texts), `true` and `false` are the only truth
//! values (`yes` and `no` are texts), and `null`, `~` and an empty scalar are null. Anchors, aliases and merge keys (`<<`) are
//! resolved, within a bound: a few lines of aliases can expand to gigabytes.

mod mapping;
mod scalar;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span as Marked, Tag};

use self::mapping::Mapping;
use self::scalar::{is_plain_tag, scalar, unknown_tag};
use super::json::{DEEPEST, Node, Span, Value};
use crate::limits::VALUES;

/// The largest size to which the aliases of a file may expand, in bytes. A movie is at most a few megabytes.
const LARGEST_EXPANSION: usize = 64 << 20;

/// The size that a node counts beside its text, in bytes.
const NODE: usize = 16;

/// Why a text is not YAML, or not YAML that JSON can express.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YamlError {
    /// The place.
    pub(super) span: Span,
    /// What is wrong there.
    pub(super) message: String,
    /// The fix.
    pub(super) help: Option<&'static str>,
}

/// Reads a text as one YAML document. `source` is the source index of its spans.
///
/// # Errors
/// When it is not YAML, or holds something that JSON can't express.
pub(super) fn parse(text: &str, source: u16) -> Result<Node, YamlError> {
    let mut builder = Builder::new(text, source);
    let mut parser = Parser::new_from_str(text);
    let mut values = 0;
    while let Some(event) = parser.next_event() {
        match event {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, marked)) => {
                values += usize::from(matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..)));
                if VALUES.is_passed_by(values) {
                    return Err(builder.error(marked.start, format!("this file has {}", VALUES.passed()), None));
                }
                builder.take(event, marked)?;
            }
            Err(why) => {
                return Err(builder.error(*why.marker(), format!("this is not YAML: {}", why.info()), way_out(why.info())));
            }
        }
    }
    Ok(builder.root.unwrap_or_else(Node::null))
}

/// The fix of a mistake that people make often, by the parser's message.
fn way_out(message: &str) -> Option<&'static str> {
    if message.contains("tab") {
        return Some("indent with spaces: YAML does not allow tabs there");
    }
    let is_colon = message.contains("mapping values are not allowed");
    is_colon.then_some("put a text that has `: ` in it into quotes, as in `text: \"a: b\"`, or correct the indentation")
}

/// Builds a tree from the parser's events.
struct Builder<'t> {
    places: Places<'t>,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    anchors: HashMap<usize, Anchored>,
    /// The size to which the aliases so far expand, in bytes.
    expansion: usize,
}

/// A sequence or a mapping that has begun.
struct Open {
    start: u32,
    anchor: usize,
    children: Children,
}

enum Children {
    Sequence(Vec<Node>),
    Mapping(Mapping),
}

/// A node that aliases can name.
struct Anchored {
    node: Node,
    size: Size,
}

/// The size of a node: bytes, and levels.
#[derive(Debug, Clone, Copy)]
struct Size {
    bytes: usize,
    levels: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, source: u16) -> Self {
        let places = Places { text, source, chars: 0, bytes: 0 };
        Self { places, open: Vec::new(), root: None, documents: 0, anchors: HashMap::new(), expansion: 0 }
    }

    fn take(&mut self, event: Event<'_>, marked: Marked) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(_) if self.documents > 0 => {
                Err(self.error(marked.start, "a second document begins here".to_owned(), Some("keep one movie in a file")))
            }
            Event::DocumentStart(_) => {
                self.documents += 1;
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref()).map_err(|why| self.error(marked.start, why, None))?;
                let node = Node { span: self.places.span(marked), value };
                self.finish(node, anchor, matches!(style, ScalarStyle::Plain), marked.start)
            }
            Event::SequenceStart(anchor, tag) => self.enter(marked.start, anchor, tag.as_deref(), "seq", Children::Sequence(Vec::new())),
            Event::MappingStart(anchor, tag) => {
                self.enter(marked.start, anchor, tag.as_deref(), "map", Children::Mapping(Mapping::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(marked),
            Event::Alias(anchor) => self.alias(anchor, marked),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn enter(&mut self, at: Marker, anchor: usize, tag: Option<&Tag>, kind: &str, children: Children) -> Result<(), YamlError> {
        if let Some(tag) = tag.filter(|tag| !(is_plain_tag(tag) || tag.is_yaml_core_schema() && tag.suffix == kind)) {
            return Err(self.error(at, unknown_tag(tag), None));
        }
        if self.open.len() == DEEPEST {
            return Err(self.error(at, format!("arrays and objects nest more than {DEEPEST} levels deep"), None));
        }
        let start = self.places.start(at);
        self.open.push(Open { start, anchor, children });
        Ok(())
    }

    fn leave(&mut self, marked: Marked) -> Result<(), YamlError> {
        let Some(Open { start, anchor, children }) = self.open.pop() else { return Ok(()) };
        let end = self.places.span(marked).end;
        let (value, last) = match children {
            Children::Sequence(items) => {
                let last = items.last().map(|item| item.span.end);
                (Value::Array(items), last)
            }
            Children::Mapping(mapping) => {
                let last = mapping.members.last().map(|member| member.value.span.end);
                (Value::Object(mapping.members), last)
            }
        };
        // Only a bracket ends where the parser says; a block ends with its last node.
        let is_bracketed = matches!(self.places.text.as_bytes().get(start as usize), Some(b'[' | b'{'));
        let end = if is_bracketed { end } else { last.unwrap_or(start).max(start) };
        let span = Span { source: self.places.source, start, end };
        self.finish(Node { span, value }, anchor, false, marked.start)
    }

    fn alias(&mut self, anchor: usize, marked: Marked) -> Result<(), YamlError> {
        let Some(Anchored { node, size }) = self.anchors.get(&anchor) else {
            return Err(self.error(marked.start, "this alias stands inside of what it names".to_owned(), None));
        };
        let (node, size) = (node.clone(), *size);
        self.expand(size, marked.start)?;
        if self.open.len() + size.levels > DEEPEST {
            return Err(self.error(
                marked.start,
                format!("with this alias, arrays and objects nest more than {DEEPEST} levels deep"),
                None,
            ));
        }
        self.finish(node, 0, false, marked.start)
    }

    /// Adds a complete node to its parent.
    fn finish(&mut self, node: Node, anchor: usize, is_plain: bool, at: Marker) -> Result<(), YamlError> {
        if anchor > 0 {
            let size = size(&node);
            // A copy is kept, and anchors can be nested.
            self.expand(size, at)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size });
        }
        let put = match self.open.last_mut().map(|open| &mut open.children) {
            None => {
                self.root = Some(node);
                Ok(())
            }
            Some(Children::Sequence(items)) => {
                items.push(node);
                Ok(())
            }
            Some(Children::Mapping(mapping)) => mapping.take(node, is_plain),
        };
        put.map_err(|why| self.error(at, why, None))
    }

    /// Counts the size of a copy.
    fn expand(&mut self, size: Size, at: Marker) -> Result<(), YamlError> {
        self.expansion = self.expansion.saturating_add(size.bytes);
        if self.expansion <= LARGEST_EXPANSION {
            return Ok(());
        }
        Err(self.error(at, format!("the aliases of this file stand for more than {} MiB", LARGEST_EXPANSION >> 20), None))
    }

    fn error(&mut self, at: Marker, message: String, help: Option<&'static str>) -> YamlError {
        let start = self.places.start(at);
        YamlError { span: Span { source: self.places.source, start, end: start }, message, help }
    }
}

/// Converts the parser's places from characters to bytes. Events come in the order of the text, so each
/// character is counted once.
struct Places<'t> {
    text: &'t str,
    source: u16,
    chars: usize,
    bytes: usize,
}

impl Places<'_> {
    fn start(&mut self, marker: Marker) -> u32 {
        if marker.index() < self.chars {
            (self.chars, self.bytes) = (0, 0);
        }
        self.bytes = self.bytes_after(marker.index() - self.chars);
        self.chars = marker.index();
        u32::try_from(self.bytes).unwrap_or(u32::MAX)
    }

    fn span(&mut self, marked: Marked) -> Span {
        let start = self.start(marked.start);
        let end = self.bytes_after(marked.end.index().saturating_sub(self.chars));
        let passed = &self.text[self.bytes..end];
        // A block scalar ends with the line breaks after it.
        let end = self.bytes + passed.trim_end().len();
        Span { source: self.source, start, end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    /// The byte at a number of characters after the last place.
    fn bytes_after(&self, chars: usize) -> usize {
        let rest = &self.text[self.bytes..];
        rest.char_indices().nth(chars).map_or(self.text.len(), |(at, _)| self.bytes + at)
    }
}

fn size(node: &Node) -> Size {
    let inside = |sizes: &mut dyn Iterator<Item = Size>| {
        sizes.fold(Size { bytes: NODE, levels: 0 }, |sum, one| Size {
            bytes: sum.bytes.saturating_add(one.bytes),
            levels: sum.levels.max(one.levels),
        })
    };
    let deeper = |size: Size| Size { levels: size.levels + 1, ..size };
    match &node.value {
        Value::Null | Value::Bool(_) => Size { bytes: NODE, levels: 0 },
        Value::Number(number) => Size { bytes: NODE + number.raw().len(), levels: 0 },
        Value::String(text) => Size { bytes: NODE + text.raw().len(), levels: 0 },
        Value::Array(items) => deeper(inside(&mut items.iter().map(size))),
        Value::Object(members) => deeper(inside(&mut members.iter().map(|member| {
            let value = size(&member.value);
            Size { bytes: value.bytes.saturating_add(member.key.raw().len()), ..value }
        }))),
    }
}

/// Whether a text looks like YAML rather than JSON, if its name doesn't say which: it starts with a key, an item of a
/// list, a comment or a marker that only YAML has.
pub(super) fn looks_like_yaml(text: &str) -> bool {
    let Some(line) = text.lines().map(str::trim_end).find(|line| !line.trim().is_empty()) else { return false };
    let is_mark = line == "---" || ["--- ", "%YAML", "#", "- "].iter().any(|mark| line.starts_with(mark));
    let is_key = |key: &str| {
        key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '$')
            && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'))
    };
    is_mark || line.split_once(':').is_some_and(|(key, rest)| is_key(key) && (rest.is_empty() || rest.starts_with(' ')))
}
