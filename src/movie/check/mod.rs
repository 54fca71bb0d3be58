//! Checks a movie before it is paid for. Each finding has its place, its rule and a fix. Pure.
//!
//! [`rules`] says what each rule is for, which source it rests on, and how one is added; [`super::spec`] has the vocabulary.
//! The walk visits each node once, and the rules about one kind of node are found in one file. `facts` finds what only the
//! resolved movie shows; some of its rules are found in another file, too, where the movie as written shows them.
//!
//! ```
//! use j2v::movie::Document;
//! use j2v::movie::check::{Settings, check};
//!
//! let movie = Document::parse("m.json", r#"{"resolution": "1080p", "scenes": [{"duration": 4}]}"#)?;
//! let findings = check(&movie, &Settings::default());
//! assert_eq!(findings[0].code, "J2V020");
//! assert_eq!(findings[0].help.as_deref(), Some("did you mean `full-hd`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod allowance;
mod checked_element;
mod component;
mod condition;
mod cost;
mod document;
mod doubt;
mod element;
mod exports;
mod facts;
mod fields;
mod filled;
mod known;
mod lengths;
mod media;
mod movie;
mod placing;
mod resolve;
pub mod rules;
mod scene;
mod subtitles;
mod suggest;
mod text;
mod url;
mod value;
mod variables;
mod voice;
mod wrapper;

use std::borrow::Cow;
use std::collections::HashSet;

pub use facts::{ElementFacts, Facts, Issue, IssueKind, SceneFacts, SceneLength};
pub use resolve::Resolved;
pub use rules::Rule;

use super::Document;
use super::diagnostic::excerpt as shown;
use super::diagnostic::{Diagnostic, Evidence, Fix, Severity};
use super::json::{Member, Node, Span};
use super::origin::Origins;
use crate::limits::COLLECTED;

/// The settings that decide about findings, beside the movie.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings<'s> {
    /// Rules that are switched off, by code or by name.
    pub allow: &'s [String],
    /// Rules that a project leaves out, by code or by name. Unlike `allow`, this can't hide what stops a submission.
    pub waived: &'s [String],
    /// Rules whose findings are errors, by code or by name; `warnings` means all warnings.
    pub deny: &'s [String],
    /// The document whose comments allow rules, when it is not the checked one. All rows of a table are checked against the
    /// comments of their movie; a comment is of use if any row needs it.
    pub comments: Option<&'s Document>,
    /// Whether the API is on this machine. Then files and callbacks of this machine are right.
    pub loopback: bool,
    /// Whether the movie will be stored as a template. A template has a largest size.
    pub as_template: bool,
    /// Findings from outside the rules, at places of the resolved movie: the inspection of its files.
    pub beside: &'s [Diagnostic],
    /// Facts that only the movie with its variables resolved shows; they come from [`Resolved`].
    pub facts: Option<&'s Facts>,
}

/// Checks a movie as it will be sent. The findings include the warnings of the reading, and are sorted by place.
#[must_use]
pub fn check(document: &Document, settings: &Settings<'_>) -> Vec<Diagnostic> {
    let mut checker = Checker::new(&document.root, settings);
    movie::check(&mut checker, &document.root);
    let mut is_cut_short = checker.is_full();
    let mut findings = std::mem::take(&mut checker.found);
    if let Some(facts) = settings.facts {
        if let Some(filled) = filled::walk(facts, settings) {
            is_cut_short |= filled.is_cut_short;
            filled::merge(&mut findings, filled.found, facts);
            checker.told_of_length.extend(filled.told_of_length);
        }
        facts::check(&mut checker, facts);
        checker.found.extend(settings.beside.iter().cloned());
        checker.found.iter_mut().for_each(|finding| _ = facts.point_to_origin(finding));
        findings.append(&mut checker.found);
        facts::doubt(&mut findings, facts);
    }
    if is_cut_short {
        findings.push(cut_short(&findings, document.root.span));
    }
    findings.extend(document.diagnostics.iter().cloned());
    allowance::heed(settings.comments.unwrap_or(document), settings, &mut findings);
    settings.judge(&mut findings);
    findings.iter_mut().for_each(Diagnostic::cut);
    findings.sort_by_key(|finding| (finding.span.source, finding.span.start, finding.severity, finding.code));
    findings.dedup_by(|later, earlier| is_repeated(earlier, later));
    findings
}

/// J2V215: says that the rest of the movie was not looked at. With errors beside it, only errors may be shown.
fn cut_short(findings: &[Diagnostic], root: Span) -> Diagnostic {
    let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    let severity = if has_errors { Severity::Error } else { Severity::Warning };
    let message = format!("more than {COLLECTED}: the rest of the movie was not checked");
    let mut finding = Diagnostic::of_rule("J2V215", opening(root), message);
    finding.graded(severity, Evidence::Advice).helped(COLLECTED.why);
    finding
}

/// Whether two findings say the same about one place. A fault of a value that is used in five places is reported once.
/// Findings without a place are compared by their text.
fn is_repeated(one: &Diagnostic, other: &Diagnostic) -> bool {
    one.code == other.code && one.span == other.span && (one.span.is_written() || one.message == other.message)
}

impl Settings<'_> {
    /// Drops the allowed findings, and makes errors of the denied ones.
    fn judge(&self, findings: &mut Vec<Diagnostic>) {
        let names = |list: &[String], finding: &Diagnostic| {
            let name = Rule::find(finding.code).map_or("", |rule| rule.name);
            list.iter().any(|word| word.eq_ignore_ascii_case(finding.code) || word == name)
        };
        if !self.allow.is_empty() || !self.waived.is_empty() {
            findings.retain(|finding| !names(self.allow, finding) && (finding.stops() || !names(self.waived, finding)));
        }
        if self.deny.is_empty() {
            return;
        }
        let all_warnings = self.deny.iter().any(|word| word == "warnings");
        for finding in findings {
            let is_denied = names(self.deny, finding) || (all_warnings && finding.severity == Severity::Warning);
            if is_denied && finding.severity != Severity::Error {
                (finding.severity, finding.denied) = (Severity::Error, true);
            }
        }
    }
}

/// One walk over a movie, and what it has seen so far.
#[expect(clippy::struct_excessive_bools, reason = "each was seen or not, whatever the others")]
struct Checker<'d> {
    settings: Settings<'d>,
    found: Vec<Diagnostic>,
    /// Where the values come from, if this is the filled-in movie.
    origins: Option<&'d Origins>,
    /// The size of the frame, if the movie gives it in numbers.
    frame: Option<(f64, f64)>,
    /// Whether the root has `scenes` or a `template`. Without both, a misspelled `template` is an error.
    has_scenes_or_template: bool,
    /// Whether the movie has exports of its own.
    has_exports: bool,
    /// The movie's variables.
    variables: &'d [Member],
    /// The names of the movie's variables, computed on first use.
    names: Option<HashSet<Cow<'d, str>>>,
    /// The variables of all scopes, and the names that the movie uses.
    declared: Vec<(Cow<'d, str>, Span)>,
    used: HashSet<&'d str>,
    /// The ids of scenes and elements.
    ids: Vec<(Cow<'d, str>, Span)>,
    /// The subtitles of the movie.
    subtitles: Vec<Span>,
    /// Whether the movie's own elements give it a length.
    is_carried: bool,
    /// Whether anything in the movie may be heard.
    has_sound: bool,
    /// The number of HTML pages, components included, that the service has to draw.
    drawn: usize,
    /// The indexes in `found` of the scenes without a length, and the number of scenes that have one.
    lengthless: Vec<usize>,
    with_length: usize,
    /// The starts of the scenes whose length a finding is about.
    told_of_length: HashSet<(u16, u32)>,
}

impl<'d> Checker<'d> {
    fn new(root: &'d Node, settings: &Settings<'d>) -> Self {
        Self {
            settings: *settings,
            found: Vec::new(),
            origins: None,
            frame: None,
            has_scenes_or_template: root.get("scenes").or(root.get("template")).is_some(),
            has_exports: root.get("exports").is_some(),
            variables: root.get("variables").and_then(Node::as_object).unwrap_or_default(),
            names: None,
            declared: Vec::new(),
            used: HashSet::new(),
            ids: Vec::new(),
            subtitles: Vec::new(),
            is_carried: false,
            has_sound: false,
            drawn: 0,
            lengthless: Vec::new(),
            with_length: 0,
            told_of_length: HashSet::new(),
        }
    }

    /// Whether so much was found that the rest of the movie is not looked at.
    fn is_full(&self) -> bool {
        COLLECTED.is_passed_by(self.found.len())
    }

    /// The place where something is written, or where a value is used.
    fn used(&self, span: Span) -> Span {
        self.origins.map_or(span, |origins| origins.used(span))
    }

    /// Adds a finding. The rule gives its severity; the caller may lower it.
    fn add(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.found.push(Diagnostic::of_rule(code, span, message));
        let last = self.found.len() - 1;
        &mut self.found[last]
    }
}

impl Diagnostic {
    /// Makes a finding of a rule. The rule gives its severity.
    #[must_use]
    pub fn of_rule(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let (severity, evidence) = Rule::find(code).map_or((Severity::Warning, Evidence::Advice), |rule| (rule.severity, rule.evidence));
        let message = message.into();
        Self { severity, evidence, code, message, span, used: None, label: None, help: None, fix: None, denied: false }
    }

    fn helped(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the fix that may be written at the finding's place without asking.
    fn fixed_by(&mut self, text: impl Into<String>) -> &mut Self {
        self.fix = Some(Fix { span: self.span, text: text.into() });
        self
    }

    /// Adds the reason, shown at the place itself.
    fn labelled(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// Lowers an error about a value that is written but empty: no source says what the service does with it.
    fn unless_empty(&mut self, written: Option<&Node>) {
        if written.is_some() {
            self.evidence = Evidence::Advice;
        }
    }

    /// Lowers an error, and gives the reason.
    fn doubted(&mut self, why: &str) {
        self.graded(Severity::Warning, Evidence::Advice).labelled(why);
    }

    fn graded(&mut self, severity: Severity, evidence: Evidence) -> &mut Self {
        (self.severity, self.evidence) = (severity, evidence);
        self
    }
}

/// The first byte of a span: a missing member is reported at the object's brace.
fn opening(span: Span) -> Span {
    Span { end: span.end.min(span.start.saturating_add(1)), ..span }
}
