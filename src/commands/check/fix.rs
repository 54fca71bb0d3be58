//! `j2v check --fix`: writes the remedies that are certain, and changes nothing else in the file.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use similar::TextDiff;

use super::policy::Policy;
use crate::commands::movie_files::{self, STDIN};
use crate::commands::{Call, CliError};
use crate::draft;
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::check::{Resolved, Settings, check};
use crate::movie::diagnostic::{Diagnostic, Fix};
use crate::movie::json::{Member, Node, Span};

/// The most rounds. A fix may uncover another fault; more rounds than this mean that two fixes undo each other.
const MOST_ROUNDS: usize = 5;

/// The first source of a document is its file.
const FILE: u16 = 0;

/// Fixes the movies that are files, or shows what would be written.
///
/// # Errors
/// When a file can't be read or written.
pub(super) fn run(call: &Call, policy: &mut Policy<'_>, movies: &[String], shows_only: bool) -> Result<(), CliError> {
    for file in policy.files(movies)? {
        let name = file.name;
        if name == STDIN {
            return Err(CliError::new(Exit::Usage, "--fix writes files; it can't fix what comes from stdin"));
        }
        let Ok(before) = String::from_utf8(movie_files::read_movie(&name)?) else { continue };
        let (after, count) = fixed(&name, &before, policy.of(&name)?.settings());
        if count == 0 {
            continue;
        }
        if shows_only {
            let diff = TextDiff::from_lines(&before, &after);
            call.out.document(diff.unified_diff().header(&name, &format!("{name} (fixed)")).to_string().trim_end());
        } else {
            draft::replace(Path::new(&name), after.as_bytes())
                .map_err(|why| CliError::new(Exit::Internal, format!("{name} can't be written: {why}")))?;
            call.out.progress(&format!("{name}: {count} fixed"));
        }
    }
    Ok(())
}

/// The text with its certain remedies applied, and their number.
fn fixed(name: &str, text: &str, settings: Settings<'_>) -> (String, usize) {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (head, mut body) = (text[..mark].to_owned(), text[mark..].to_owned());
    let mut count = 0;
    for _ in 0..MOST_ROUNDS {
        let Ok(movie) = Document::read(name, body.clone().into_bytes()) else { break };
        let resolved = Resolved::of(&movie);
        let found = check(&movie, &Settings { facts: Some(&resolved.facts), ..settings });
        let fixes = certain(&movie, &found);
        if fixes.is_empty() {
            break;
        }
        count += fixes.len();
        for fix in fixes.iter().rev() {
            body.replace_range(range(fix.span), &fix.text);
        }
    }
    (head + &body, count)
}

/// Takes the remedies from the findings that `--fix` would leave to a person, so that none of them is called fixable.
pub(super) fn keep_certain(name: &str, movie: &Document, found: &mut [Diagnostic]) {
    let certain: HashSet<Span> = if name == STDIN { HashSet::new() } else { writable(movie, found).iter().map(|fix| fix.span).collect() };
    for finding in found {
        finding.fix.take_if(|fix| !certain.contains(&fix.span));
    }
}

/// The remedies for this file, in the order of their places. None overlaps another one or repeats a key.
fn certain<'f>(movie: &Document, found: &'f [Diagnostic]) -> Vec<&'f Fix> {
    let mut fixes = writable(movie, found);
    let mut end = 0;
    fixes.retain(|fix| {
        let is_free = fix.span.start >= end;
        end = end.max(fix.span.end);
        is_free
    });
    fixes
}

/// The remedies for this file that repeat no key: neither one that the object has, nor one that another remedy would write. Of two
/// values for one name a person decides which is meant.
fn writable<'f>(movie: &Document, found: &'f [Diagnostic]) -> Vec<&'f Fix> {
    let mut fixes: Vec<&Fix> = found.iter().filter_map(|finding| finding.fix.as_ref()).filter(|fix| fix.span.source == FILE).collect();
    if fixes.is_empty() {
        return fixes;
    }
    let mut repeats = HashSet::new();
    collect_repeats(&movie.root, &fixes.iter().map(|fix| (fix.span.start, *fix)).collect(), &mut repeats);
    fixes.retain(|fix| !repeats.contains(&fix.span.start));
    fixes.sort_by_key(|fix| fix.span.start);
    fixes
}

/// Collects where remedies would give an object a key twice, in one walk over the movie: it may have as many remedies as values.
fn collect_repeats(node: &Node, fixes: &HashMap<u32, &Fix>, repeats: &mut HashSet<u32>) {
    let members = node.as_object().unwrap_or_default();
    let fix_of = |member: &Member| fixes.get(&member.key_span.start).copied().filter(|_| member.key_span.source == FILE);
    let renamed: Vec<_> = members.iter().filter_map(|member| Some((member.key_span.start, key_of(fix_of(member)?)?))).collect();
    if !renamed.is_empty() {
        let mut uses: HashMap<&str, usize> = HashMap::new();
        let names = members.iter().map(|member| member.key.raw()).chain(renamed.iter().map(|(_, key)| *key));
        names.for_each(|name| *uses.entry(name).or_default() += 1);
        repeats.extend(renamed.iter().filter(|(_, key)| uses[key] > 1).map(|(start, _)| *start));
    }
    for member in members {
        collect_repeats(&member.value, fixes, repeats);
    }
    node.as_array().unwrap_or_default().iter().for_each(|item| collect_repeats(item, fixes, repeats));
}

/// The key that a remedy of a key writes; of a webhook, `exports`.
fn key_of(fix: &Fix) -> Option<&str> {
    fix.text.split('"').nth(1)
}

fn range(span: Span) -> std::ops::Range<usize> {
    let at = |byte: u32| usize::try_from(byte).unwrap_or(usize::MAX);
    at(span.start)..at(span.end)
}
