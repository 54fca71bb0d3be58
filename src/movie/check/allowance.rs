//! `// j2v-allow J2V086 the logo is small on purpose`: a comment by which a movie leaves out findings of one line. That is
//! the line below the comment, or its own line if something is written before it. YAML writes it with `#`. A finding that
//! certainly stops a render is never left out this way.

use std::ops::Range;

use memchr::memmem;

use super::rules::Example;
use super::{Checker, Diagnostic, Rule, Settings};
use crate::movie::Document;
use crate::movie::comment::{MARK, is_end_of_mark};
use crate::movie::diagnostic::{Source, SourceKind};
use crate::movie::json::{Node, Span, Value};

/// The rules that report less when the API is on this machine: those about files and webhooks there.
const SILENT_ON_LOOPBACK: [&str; 2] = ["J2V066", "J2V304"];

/// A rule that a comment names, and the line in which it is allowed.
struct Allowance<'d> {
    rule: &'d str,
    /// Where the rule is named, or the mark if the comment names no rule.
    span: Span,
    line: Range<u32>,
}

impl Allowance<'_> {
    fn covers(&self, span: Span) -> bool {
        self.span.source == span.source && self.line.contains(&span.start)
    }
}

/// What became of an allowance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AllowanceUse {
    Unused,
    Used,
    /// The finding that it would leave out stops a render.
    Refused,
}

/// Leaves out the findings that the movie's comments allow. A rule that can't be allowed, and an unused comment, are findings.
pub(super) fn heed(document: &Document, settings: &Settings<'_>, findings: &mut Vec<Diagnostic>) {
    let allowances = allowances(document);
    if allowances.is_empty() {
        return;
    }
    let mut uses = vec![AllowanceUse::Unused; allowances.len()];
    findings.retain(|finding| {
        let places = [Some(finding.span), finding.used].into_iter().flatten();
        let covering = places.flat_map(|span| covering(&allowances, span));
        let of_rule = covering.filter(|index| Rule::named(allowances[*index].rule).is_some_and(|rule| rule.code == finding.code));
        let mut is_allowed = false;
        for index in of_rule {
            is_allowed = !finding.stops();
            uses[index] = if is_allowed { AllowanceUse::Used } else { AllowanceUse::Refused };
        }
        !is_allowed
    });
    let mut told = Checker::new(&document.root, settings);
    for (allowance, applied) in allowances.iter().zip(uses) {
        tell(&mut told, allowance, applied);
    }
    findings.append(&mut told.found);
}

/// The allowances of the line that a place is in.
fn covering<'a>(allowances: &'a [Allowance<'_>], span: Span) -> impl Iterator<Item = usize> + use<'a> {
    let end = allowances.partition_point(|one| (one.span.source, one.line.start) <= (span.source, span.start));
    (0..end).rev().take_while(move |index| allowances[*index].covers(span))
}

fn tell(told: &mut Checker<'_>, allowance: &Allowance<'_>, applied: AllowanceUse) {
    let Allowance { rule: name, span, .. } = *allowance;
    let Some(rule) = Rule::named(name) else {
        let what = if name.is_empty() { "this comment names no rule".to_owned() } else { format!("there is no rule `{name}`") };
        told.add("J2V017", span, what).helped(format!("write it like `{MARK} J2V086`; `j2v check --rules` lists the rules"));
        return;
    };
    let code = rule.code;
    let Settings { facts, loopback, comments, .. } = told.settings;
    // Some rules report nothing without the resolved movie or for one row of many; others only for files that were inspected.
    let is_silent = rule.example == Example::Told || loopback && SILENT_ON_LOOPBACK.contains(&code);
    let is_all_known = facts.is_some() && comments.is_none() && !is_silent;
    match applied {
        AllowanceUse::Refused => {
            let help = format!("fix it, or give `--allow {code}` on the command line");
            told.add("J2V017", span, format!("{code} stops the render here: a comment can't allow it")).helped(help);
        }
        AllowanceUse::Unused if is_all_known => {
            told.add("J2V017", span, format!("this comment allows {code}, but nothing on the line that it is for breaks that rule"))
                .helped("remove it");
        }
        AllowanceUse::Unused | AllowanceUse::Used => {}
    }
}

/// The allowances of all texts, in the order of the lines that they apply to.
fn allowances(document: &Document) -> Vec<Allowance<'_>> {
    let texts = document.sources.iter().zip(0..).filter(|(source, _)| source.kind == SourceKind::Text);
    let marks: Vec<Mark<'_>> = texts.flat_map(|(source, index)| marks(source, index)).collect();
    if marks.is_empty() {
        return Vec::new();
    }
    let mut is_value = vec![false; marks.len()];
    find_values(&document.root, &marks, &mut is_value);
    let comments = marks.iter().zip(is_value).filter(|(_, is_value)| !is_value);
    comments.flat_map(|(mark, _)| mark.allowances()).collect()
}

/// A place in a text where the mark follows the start of a comment.
struct Mark<'d> {
    source: u16,
    text: &'d str,
    /// The mark's first byte.
    at: usize,
}

fn marks(source: &Source, index: u16) -> impl Iterator<Item = Mark<'_>> {
    let text = source.text.as_str();
    let all = memmem::find_iter(text.as_bytes(), MARK).filter(|at| is_end_of_mark(&text[at + MARK.len()..]));
    let all = all.filter(|at| ["//", "*", "#"].iter().any(|opening| text[..*at].trim_end_matches([' ', '\t']).ends_with(opening)));
    all.map(move |at| Mark { source: index, text, at })
}

impl<'d> Mark<'d> {
    fn allowances(&self) -> Vec<Allowance<'d>> {
        let (text, from) = (self.text, self.at + MARK.len());
        let rest = text[from..].lines().next().unwrap_or_default();
        let rest = rest.split("*/").next().unwrap_or_default();
        let line = self.line();
        let allowance = |at: usize, rule: &'d str, length: usize| Allowance {
            rule,
            span: Span { source: self.source, start: offset(at), end: offset(at + length) },
            line: line.clone(),
        };
        let words = rest.split([' ', '\t', ',', ':', '\r']).filter(|word| !word.is_empty());
        // The first word has to be a rule; the text after the rules is the reason.
        let names = words.enumerate().take_while(|(number, word)| *number == 0 || Rule::named(word).is_some() || is_like_a_code(word));
        let place = |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
        let found: Vec<_> = names.map(|(_, word)| allowance(place(word), word, word.len())).collect();
        if found.is_empty() { vec![allowance(self.at, "", MARK.len())] } else { found }
    }

    /// The line that the comment applies to.
    fn line(&self) -> Range<u32> {
        let start = self.text[..self.at].rfind('\n').map_or(0, |end| end + 1);
        let is_alone = self.text[start..self.at].trim_end().trim_end_matches(['/', '*', '#']).trim().is_empty();
        let mut at = start;
        let mut lines = self.text[start..].split_inclusive('\n').map(|line| {
            let begin = at;
            at += line.len();
            (begin, line)
        });
        let is_code =
            |line: &str| !line.trim().is_empty() && !["//", "/*", "#"].iter().any(|opening| line.trim_start().starts_with(opening));
        let own = lines.next();
        let found = if is_alone { lines.find(|(_, line)| is_code(line)) } else { own };
        let end = self.text.len();
        let (begin, line) = found.unwrap_or((end, ""));
        offset(begin)..offset(begin + line.len())
    }
}

fn is_like_a_code(word: &str) -> bool {
    word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("J2V")) && word[3..].bytes().all(|byte| byte.is_ascii_digit())
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Finds the marks that are inside a key or a value, and so are not comments.
fn find_values(node: &Node, marks: &[Mark<'_>], is_value: &mut [bool]) {
    match &node.value {
        Value::Array(items) => items.iter().for_each(|item| find_values(item, marks, is_value)),
        Value::Object(members) => members.iter().for_each(|member| {
            cover(member.key_span, marks, is_value);
            find_values(&member.value, marks, is_value);
        }),
        _ => cover(node.span, marks, is_value),
    }
}

fn cover(span: Span, marks: &[Mark<'_>], is_value: &mut [bool]) {
    let before = |at: u32| marks.partition_point(|mark| (mark.source, offset(mark.at)) < (span.source, at));
    let (first, last) = (before(span.start), before(span.end));
    is_value.get_mut(first..last).into_iter().flatten().for_each(|one| *one = true);
}
