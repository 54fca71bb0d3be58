//! The state of an expansion: the scopes, the cost so far, and the notes.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::level::Level;
use super::timing::{self, Container};
use super::{Assumption, AssumptionKind, ExpandIssue, ExpandIssueKind, Iteration, Limits, place};
use crate::movie::expr::{ByteRange, FaultKind, Limit};
use crate::movie::json::{Node, Span, Text, Value};
use crate::movie::origin::{Origins, UsedValues};
use crate::near;

/// The limits of the search for a similar name: names compared, and places where it is done.
const SIMILAR: usize = 256;

/// Expands one movie.
pub(super) struct Expander<'a> {
    pub(super) root: &'a Node,
    pub(super) limits: Limits,
    pub(super) levels: Vec<Level<'a>>,
    pub(super) iteration: Option<Iteration>,
    /// The movie and, inside of a scene, that scene: the timing of their elements.
    pub(super) containers: Vec<Container<'a>>,
    /// The variables that are being resolved, the outermost first.
    pub(super) resolving: Vec<&'a Node>,
    /// A variable that the value being resolved refers to, and that is defined after it.
    pub(super) later: Option<String>,
    /// The string whose blocks are being evaluated.
    pub(super) here: Option<Here<'a>>,
    /// The values that it used.
    pub(super) asked: UsedValues,
    /// The origins of the filled-in values.
    pub(super) origins: Origins,
    /// How many scenes and elements were left out.
    pub(super) left_out: usize,
    /// How many places had to stay as they are written so far.
    pub(super) unresolved: usize,
    pub(super) depth: usize,
    pub(super) scenes: usize,
    /// The faults of the current iteration, so that 10,000 items without a field cost one search.
    pub(super) classified: HashMap<(Span, FaultKind), ExpandIssueKind>,
    steps: u64,
    bytes: u64,
    nodes: u64,
    assumed: HashSet<Assumption>,
    assumptions: Vec<Assumption>,
    told: HashMap<(Span, ExpandIssueKind), usize>,
    issues: Vec<ExpandIssue>,
    element_ids: Option<HashSet<String>>,
}

/// A string, and where in its text the expression under evaluation begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) span: Span,
    pub(super) text: &'a Text,
    pub(super) from: usize,
}

/// A limit that ends the expansion, and where it was reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) limit: Limit,
    pub(super) span: Span,
}

impl<'a> Expander<'a> {
    pub(super) fn new(root: &'a Node, limits: Limits) -> Self {
        Self {
            root,
            limits,
            levels: Vec::new(),
            iteration: None,
            containers: vec![Container::new(root.get("elements").and_then(Node::as_array).unwrap_or_default(), None)],
            resolving: Vec::new(),
            later: None,
            here: None,
            asked: UsedValues::default(),
            origins: Origins::default(),
            left_out: 0,
            unresolved: 0,
            depth: 0,
            scenes: 0,
            classified: HashMap::new(),
            steps: 0,
            bytes: 0,
            nodes: 0,
            assumed: HashSet::new(),
            assumptions: Vec::new(),
            told: HashMap::new(),
            issues: Vec::new(),
            element_ids: None,
        }
    }

    /// The notes and the cost.
    pub(super) fn finish(self) -> (Vec<Assumption>, Vec<ExpandIssue>, u64) {
        (self.assumptions, self.issues, self.steps.saturating_add(self.nodes))
    }

    /// Records an assumption, once per place.
    pub(super) fn assume(&mut self, kind: AssumptionKind, span: Span) {
        let assumption = Assumption { kind, span };
        if self.assumed.insert(assumption) {
            self.assumptions.push(assumption);
        }
    }

    /// Records an issue, once per place and once per item of an iteration.
    pub(super) fn tell(&mut self, kind: ExpandIssueKind, span: Span) {
        let place = match self.told.entry((span, kind)) {
            Entry::Occupied(told) => *told.get(),
            Entry::Vacant(new) => {
                let of = self.iteration.map_or(0, |iteration| iteration.of);
                self.issues.push(ExpandIssue { kind: new.key().1.clone(), span, items: Vec::new(), of });
                *new.insert(self.issues.len() - 1)
            }
        };
        if let Some(Iteration { index, .. }) = self.iteration {
            let items = &mut self.issues[place].items;
            if items.last() != Some(&index) {
                items.push(index);
            }
        }
    }

    /// Charges values of the expanded movie, and their text, to the limits.
    pub(super) fn produce(&mut self, nodes: u64, bytes: usize, span: Span) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        let limit = match &self.limits {
            limits if self.nodes > limits.nodes => Limit::Nodes(limits.nodes),
            limits if self.bytes > limits.expression.bytes => Limit::Bytes(limits.expression.bytes),
            _ => return Ok(()),
        };
        Err(Stop { limit, span })
    }

    /// Charges steps of evaluation, and intermediate text, to the limits.
    pub(super) fn pay(&mut self, steps: u64, bytes: u64) -> Result<(), FaultKind> {
        self.steps = self.steps.saturating_add(steps);
        self.bytes = self.bytes.saturating_add(bytes);
        let limits = &self.limits.expression;
        if self.steps > limits.steps {
            return Err(FaultKind::Limit(Limit::Steps(limits.steps)));
        }
        if self.bytes > limits.bytes {
            return Err(FaultKind::Limit(Limit::Bytes(limits.bytes)));
        }
        Ok(())
    }

    /// Where a part of the expression under evaluation is written.
    pub(super) fn span_of(&self, range: ByteRange) -> Span {
        self.here.map_or(Span::NONE, |here| place::place(here.span, here.text, range.within(here.from)))
    }

    /// A variable with nearly that name.
    pub(super) fn similar(&self, name: &str) -> Option<String> {
        let names = || self.levels.iter().flat_map(Level::names);
        if self.issues.len() > SIMILAR || names().take(SIMILAR + 1).count() > SIMILAR {
            return None;
        }
        near::nearest(name, names()).map(Cow::into_owned)
    }

    /// The element that a dynamic variable of the service names (`movie-format.md#variables`): `box` of `box_end`.
    /// The second is whether the movie has such an element.
    pub(super) fn dynamic<'n>(&mut self, name: &'n str) -> Option<(&'n str, bool)> {
        let element = timing::element_of(name)?;
        let ids = self.element_ids.get_or_insert_with(|| {
            let mut ids = HashSet::new();
            collect_ids(self.root, &mut ids);
            ids
        });
        Some((element, ids.contains(element)))
    }
}

fn collect_ids(holder: &Node, ids: &mut HashSet<String>) {
    for items in ["scenes", "elements"].iter().filter_map(|name| holder.get(name)?.as_array()) {
        for item in items {
            if let Some(Value::String(id)) = item.get("id").map(|id| &id.value) {
                ids.insert(id.decoded().into_owned());
            }
            collect_ids(item, ids);
        }
    }
}
