//! Translates the expansion and the plan of a movie for the rules: their findings under the rules' codes, their
//! lengths at the author's places.

use super::known::{is_open, number};
use super::{ElementFacts, Facts, Issue, IssueKind, SceneFacts, SceneLength};
use crate::movie::Document;
use crate::movie::expand::{Assumption, AssumptionKind, ExpandIssue, ExpandIssueKind as Found, Expansion, Limits, expand};
use crate::movie::expr::FaultKind;
use crate::movie::json::{Node, Span};
use crate::movie::plan::{Assets, LengthSource, NoAssets, Plan, PlannedScene, Reason, Seconds, plan};

/// A movie that is resolved and planned as far as that goes offline.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The facts that the rules need.
    pub facts: Facts,
    /// Its timeline and its price.
    pub plan: Plan,
}

impl Resolved {
    /// Resolves a movie within the limits for documents from any source.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        Self::knowing(document, expand(document, &Limits::default()), &NoAssets)
    }

    /// Builds it from an expansion and the known facts about the movie's files.
    #[must_use]
    pub fn knowing(document: &Document, expansion: Expansion, assets: &impl Assets) -> Self {
        let plan = plan(&expansion, assets);
        let beyond = beyond(&expansion, assets);
        let mut facts = Facts::of(document, expansion, &plan);
        facts.issues.extend(beyond);
        Self { facts, plan }
    }
}

impl Facts {
    /// The facts that the expansion and the plan of a document show. The cost is left out: it is not a fault.
    #[must_use]
    pub fn of(document: &Document, expansion: Expansion, plan: &Plan) -> Self {
        let mut issues: Vec<Issue> = expansion.issues.iter().filter_map(|found| issue(document, found)).collect();
        issues.extend(assumed(&expansion.assumptions));
        issues.extend(extending(&expansion, plan));
        let nodes = items(&expansion.movie.root, "scenes");
        // With a template, the scenes of the document are not the ones that play.
        let scenes = plan.scenes.iter().zip(nodes).map(|(scene, node)| scene_facts(scene, node)).collect();
        let length = plan.duration.exactly().map(Seconds::as_f64);
        let doubtful = super::doubt::doubtful(document, &expansion);
        let is_less = expansion.left_out > 0;
        Self { doubtful, movie: Some(expansion.movie), is_less, issues, scenes, length, credits: None }
    }
}

/// The items of an array member; none if the member is not an array.
fn items<'a>(holder: &'a Node, name: &str) -> &'a [Node] {
    holder.get(name).and_then(Node::as_array).unwrap_or_default()
}

/// A finding of the expansion, under its rule. What the walk over the document reports itself is left out.
fn issue(document: &Document, found: &ExpandIssue) -> Option<Issue> {
    let kind = match &found.kind {
        Found::Undefined { .. } | Found::FieldMissing { .. } => IssueKind::Undefined,
        Found::ItemFieldMissing(_) => IssueKind::FieldMissing,
        Found::Dynamic { is_known: false, .. } => IssueKind::UnknownElement,
        Found::Expression(FaultKind::Limit(_)) | Found::Limit(_) => IssueKind::Limit,
        Found::Expression(FaultKind::Syntax { .. } | FaultKind::Empty { .. }) => IssueKind::Syntax,
        // The service decides which functions exist, which arguments they accept and what cannot be calculated.
        Found::Expression(_) => IssueKind::UnknownSyntax,
        Found::IterateNotArray { name, .. } if is_plain(document, name) => IssueKind::NotArray,
        Found::IterateNotArray { .. } => IssueKind::PerhapsNotArray,
        Found::IterateEmpty(_) => IssueKind::EmptyArray,
        Found::ConditionConstant(_) => IssueKind::Constant,
        Found::LaterVariable(_) => IssueKind::Order,
        Found::Cycle => IssueKind::Cycle,
        Found::BracesInValue => IssueKind::Assumed,
        Found::Dynamic { is_known: true, .. } | Found::Unclosed | Found::SingleBraces(_) | Found::IterateOnElement | Found::Template => {
            return None;
        }
    };
    Some(Issue { kind, span: found.span, message: found.to_string(), help: found.help() })
}

/// Whether a name is looked up as it is, and what it names says what it is.
fn is_plain(document: &Document, name: &str) -> bool {
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name && document.root.get("variables").and_then(|variables| variables.get(name)).is_none_or(|value| !is_open(value))
}

/// How to avoid what the sources leave open.
const CERTAIN: &str = "where it matters, write the value that is meant";

/// The assumptions that were made, each kind once, at its first place.
fn assumed(assumptions: &[Assumption]) -> Vec<Issue> {
    let mut told: Vec<(Span, String, usize)> = Vec::new();
    // J2V206 covers conditions without braces.
    for assumption in assumptions.iter().filter(|assumption| assumption.kind != AssumptionKind::ConditionText) {
        let message = assumption.kind.to_string();
        match told.iter_mut().find(|(_, known, _)| *known == message) {
            Some((_, _, more)) => *more += 1,
            None => told.push((assumption.span, message, 0)),
        }
    }
    let issue = |(span, message, more)| {
        let message =
            if more == 0 { message } else { format!("{message} (here and {more} more {})", if more == 1 { "time" } else { "times" }) };
        Issue { kind: IssueKind::Assumed, span, message: format!("assumed: {message}"), help: Some(CERTAIN.to_owned()) }
    };
    told.into_iter().map(issue).collect()
}

/// The movie's own elements that go on, or may go on, after its scenes have ended. The movie lasts as long as they do, and
/// costs credits for that time.
fn extending(expansion: &Expansion, plan: &Plan) -> Vec<Issue> {
    let Some(scenes) = plan.scenes_end().filter(|end| end.at_least() > Seconds::ZERO) else { return Vec::new() };
    let nodes = items(&expansion.movie.root, "elements");
    let extending = plan.elements.iter().zip(nodes).filter_map(|(element, node)| {
        let is_longer = scenes.at_most().is_some_and(|over| element.end.at_least() > over);
        let is_open = element.length_source == LengthSource::Own && element.end.at_most().is_none();
        let message = if is_longer {
            format!("this lasts {}, the scenes only {scenes}: the movie is as long as what is in it", element.end)
        } else {
            "the movie lasts until this ends, even when its scenes are over".to_owned()
        };
        let span = node.get("duration").or(node.get("type")).map_or(element.span, |named| named.span);
        let help = Some("`\"duration\": -2` ends it with the scenes".to_owned());
        (is_longer || is_open).then_some(Issue { kind: IssueKind::ExtendsMovie, span, message, help })
    });
    extending.collect()
}

/// The elements that start to play after the end of their file.
fn beyond(expansion: &Expansion, assets: &impl Assets) -> Vec<Issue> {
    let root = &expansion.movie.root;
    let in_scenes = items(root, "scenes").iter().flat_map(|scene| items(scene, "elements"));
    let issue = |element: &Node| {
        let (src, seek) = (element.get("src")?.as_text()?.decoded(), element.get("seek")?);
        let (length, start) = (assets.asset(&src)?.length?, Seconds::from_f64(number(seek)?)?);
        let message = format!("this starts at {start} s, and the file plays {length} s");
        let help = Some("start earlier: nothing would be shown or heard".to_owned());
        (start >= length).then_some(Issue { kind: IssueKind::SeekBeyond, span: seek.span, message, help })
    };
    in_scenes.chain(items(root, "elements")).filter_map(issue).collect()
}

fn scene_facts(scene: &PlannedScene, node: &Node) -> SceneFacts {
    let length = match (scene.length.exactly(), scene.length.why()) {
        (Some(time), _) => SceneLength::Known(time.as_f64()),
        (None, Some(Reason::NothingGivesLength)) => SceneLength::Nothing,
        (None, _) => SceneLength::Unknown,
    };
    let overlap = node.get("transition").and_then(|transition| transition.get("duration"));
    let transition = overlap.and_then(|overlap| Some((overlap.span, number(overlap)?)));
    let nodes = items(node, "elements");
    let elements = scene.elements.iter().zip(nodes).map(|(element, node)| ElementFacts {
        span: node.get("start").map_or(element.span, |start| start.span),
        start: element.start.exactly().map(Seconds::as_f64),
        end: element.end.exactly().map(Seconds::as_f64),
    });
    SceneFacts { span: scene.span, length, transition, elements: elements.collect() }
}
