//! The facts that only the resolved movie shows, and the rules about them. The expansion fills them in.

use super::Checker;
use crate::movie::Document;
use crate::movie::diagnostic::{Diagnostic, Evidence, Severity};
use crate::movie::json::Span;
use crate::quantity::counted;

/// The longest movie of the free plan, in seconds (`service.md#credits`).
const FREE_LENGTH: f64 = 60.0;

/// A scene longer than this, in seconds, sometimes ends in a timeout. Users report it; no document mentions it.
const LONG_SCENE: f64 = 45.0;

/// The reason why an error inside it does not stop a submission.
pub(super) const MAY_BE_LEFT_OUT: &str = "this may be left out when the movie is rendered";

/// The results of the expansion. All spans point into the author's files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Scenes and elements that may not be there when the movie is rendered, in the order of the document. An error
    /// inside one of them does not stop a submission.
    pub doubtful: Vec<Span>,
    /// The movie with its values filled in; `None` where nothing was resolved.
    pub movie: Option<Document>,
    /// Whether the expansion left out scenes or elements of the document.
    pub is_less: bool,
    /// The faults of variables, expressions, conditions and iterations.
    pub issues: Vec<Issue>,
    /// The scenes that are left, in order.
    pub scenes: Vec<SceneFacts>,
    /// The length of the movie in seconds, if known.
    pub length: Option<f64>,
    /// The least and the most credits that it costs, if known.
    pub credits: Option<(f64, f64)>,
}

/// One finding of the expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The rule that it falls under.
    pub kind: IssueKind,
    /// The place.
    pub span: Span,
    /// The message.
    pub message: String,
    /// The fix.
    pub help: Option<String>,
}

/// The kinds of findings that the expansion makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueKind {
    /// J2V200: a name that no scope has.
    Undefined,
    /// J2V205: a text that is not an expression in any reading.
    Syntax,
    /// J2V205: an expression that only some readers know, such as `&&`.
    UnknownSyntax,
    /// J2V206: a condition that has the same result for all values of the variables.
    Constant,
    /// J2V207: `iterate` over a value that is not an array.
    NotArray,
    /// J2V207: `iterate` over a value that is not an array here, by a rule that the sources leave open.
    PerhapsNotArray,
    /// J2V208: `iterate` over an array without items.
    EmptyArray,
    /// J2V209: a field that some items lack.
    FieldMissing,
    /// J2V212: the timing of an element that is not there.
    UnknownElement,
    /// J2V213: a decision that was made although the sources leave it open.
    Assumed,
    /// J2V214: variables that refer to each other.
    Cycle,
    /// J2V216: a variable that refers to one that is defined after it.
    Order,
    /// J2V215: the movie exceeds the limits of the expansion.
    Limit,
    /// J2V112: an element starts to play after the end of its file.
    SeekBeyond,
    /// J2V402: a file with more pixels than the frame.
    LargeAsset,
    /// J2V033: an element of the movie that goes on, or may go on, after the scenes have ended.
    ExtendsMovie,
}

impl IssueKind {
    /// The rule.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Undefined => "J2V200",
            Self::Syntax | Self::UnknownSyntax => "J2V205",
            Self::Constant => "J2V206",
            Self::NotArray | Self::PerhapsNotArray => "J2V207",
            Self::EmptyArray => "J2V208",
            Self::FieldMissing => "J2V209",
            Self::UnknownElement => "J2V212",
            Self::Assumed => "J2V213",
            Self::Cycle => "J2V214",
            Self::Order => "J2V216",
            Self::Limit => "J2V215",
            Self::SeekBeyond => "J2V112",
            Self::LargeAsset => "J2V402",
            Self::ExtendsMovie => "J2V033",
        }
    }
}

/// A scene of the resolved movie. An iteration makes several scenes at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneFacts {
    /// Where it is written.
    pub span: Span,
    /// Its length.
    pub length: SceneLength,
    /// The transition at its start: the place, and the length in seconds.
    pub transition: Option<(Span, f64)>,
    /// Its elements.
    pub elements: Vec<ElementFacts>,
}

/// The length of a scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SceneLength {
    /// The length in seconds.
    Known(f64),
    /// The length depends on a file.
    Unknown,
    /// Nothing gives it a length.
    Nothing,
}

/// An element of the resolved movie.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementFacts {
    /// Where its start is written, or else the place of the element.
    pub span: Span,
    /// When it starts, in seconds from the start of its container.
    pub start: Option<f64>,
    /// When it ends, if known.
    pub end: Option<f64>,
}

pub(super) fn check(checker: &mut Checker<'_>, facts: &Facts) {
    for issue in &facts.issues {
        let finding = checker.add(issue.kind.code(), issue.span, issue.message.clone());
        finding.help.clone_from(&issue.help);
        if issue.kind == IssueKind::Constant {
            finding.severity = Severity::Info;
        } else if matches!(issue.kind, IssueKind::UnknownSyntax | IssueKind::PerhapsNotArray) {
            finding.graded(Severity::Warning, Evidence::Disputed);
        }
    }
    let mut before = SceneLength::Unknown;
    for (index, scene) in facts.scenes.iter().enumerate() {
        lengths(checker, scene, if index == 0 { SceneLength::Unknown } else { before });
        before = scene.length;
    }
    total(checker, facts);
}

/// Lowers the errors inside scenes and elements that may not be there, except those about what decides that.
pub(super) fn doubt(findings: &mut [Diagnostic], facts: &Facts) {
    let is_error = |finding: &&mut Diagnostic| finding.severity == Severity::Error && !finding.code.starts_with("J2V2");
    for finding in findings.iter_mut().filter(is_error) {
        if facts.is_doubtful(finding.used.unwrap_or(finding.span)) {
            finding.doubted(MAY_BE_LEFT_OUT);
        }
    }
}

/// J2V040, J2V044, J2V086: what the resolved lengths show.
fn lengths(checker: &mut Checker<'_>, scene: &SceneFacts, before: SceneLength) {
    let place = super::opening(scene.span);
    if scene.length == SceneLength::Nothing && !checker.told_of_length.contains(&(scene.span.source, scene.span.start)) {
        let finding = checker.add("J2V040", place, "with its variables resolved, nothing in this scene says how long it lasts");
        finding.helped("give the scene a `\"duration\"`").graded(Severity::Warning, Evidence::Disputed);
    }
    if let Some((span, overlap)) = scene.transition {
        let shorter = [scene.length, before].into_iter().find_map(|length| match length {
            SceneLength::Known(seconds) if overlap >= seconds => Some(seconds),
            _ => None,
        });
        if let Some(seconds) = shorter {
            let finding = checker.add("J2V044", span, format!("the transition lasts {overlap} s, a scene beside it only {seconds} s"));
            finding.helped(super::scene::shorter(seconds));
        }
    }
    let SceneLength::Known(length) = scene.length else { return };
    if length > LONG_SCENE {
        let finding =
            checker.add("J2V050", place, format!("this scene lasts {length} s: users report timeouts of scenes from {LONG_SCENE} s on"));
        finding.helped("split it: scenes are rendered side by side");
    }
    for element in &scene.elements {
        if let Some(start) = element.start.filter(|start| *start >= length) {
            let finding = checker.add("J2V086", element.span, format!("it starts at {start} s, when its scene of {length} s is over"));
            finding.helped(super::lengths::starts_late(length));
        }
    }
}

/// J2V005, J2V031, J2V400: the length and the cost of the whole movie.
fn total(checker: &mut Checker<'_>, facts: &Facts) {
    let Some(place) = facts.scenes.first().map(|scene| super::opening(scene.span)) else { return };
    if let Some(length) = facts.length {
        if length < 1.0 {
            let finding = checker.add("J2V005", place, format!("the movie lasts {length} s: it has to last 1 s at least"));
            finding.helped("give its scenes a longer `\"duration\"`");
            if facts.issues.iter().any(|issue| issue.kind == IssueKind::Assumed) {
                finding.graded(Severity::Warning, Evidence::Disputed);
            }
        } else if length > FREE_LENGTH {
            let finding = checker.add("J2V031", place, format!("the movie lasts {length} s: the free plan stops at {FREE_LENGTH} s"));
            finding.helped("render it on a paid plan, or in parts");
        }
    }
    match facts.credits {
        Some((least, most)) if least < most => checker.add("J2V400", place, format!("it costs about {least} to {most} credits")),
        Some((least, _)) => checker.add("J2V400", place, format!("it costs about {}", counted(least, "credit"))),
        None => return,
    };
}
