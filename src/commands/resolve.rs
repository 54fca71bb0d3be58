//! Expands a composed movie and reports its faults and the assumptions about it.

use super::CliError;
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::expand::{Assumption, ExpandIssue, Expansion, Limits, expand};
use crate::movie::json::Span;
use crate::output::Out;
use crate::quantity::counted;

/// The number of messages about one movie that are shown; the rest is counted.
const MOST_TOLD: usize = 50;

/// Expands a movie.
///
/// # Errors
/// When it would exceed the limits: nothing is resolved then.
pub(super) fn resolve(out: &Out, movie: &Document) -> Result<Expansion, CliError> {
    let expansion = expand(movie, &Limits::default());
    if let Some((limit, span)) = expansion.limit() {
        let help = "movies written by hand stay far below it; look for a variable that multiplies itself or its items";
        let message = format!("{}{limit}: nothing was resolved", movie.place_prefix(span));
        return Err(CliError { help: Some(help.to_owned()), ..CliError::new(Exit::Invalid, message) });
    }
    tell(out, expansion.issues.iter().map(|issue| (issue.span, of_issue(issue))), movie, "problem");
    tell_assumptions(out, movie, &expansion.assumptions);
    Ok(expansion)
}

/// Reports each kind of assumption once, at its first place: information, not a fault.
fn tell_assumptions(out: &Out, movie: &Document, assumptions: &[Assumption]) {
    let mut told: Vec<(&Assumption, usize)> = Vec::new();
    for assumption in assumptions {
        match told.iter_mut().find(|(first, _)| first.kind == assumption.kind) {
            Some((_, more)) => *more += 1,
            None => told.push((assumption, 0)),
        }
    }
    for (first, more) in told {
        let more = if more > 0 { format!(" (here and in {})", counted(more, "more place")) } else { String::new() };
        out.note(&format!("{}assumed: {}{more}", movie.place_prefix(first.span), first.kind));
    }
}

fn tell(out: &Out, told: impl ExactSizeIterator<Item = (Span, String)>, movie: &Document, word: &str) {
    let more = told.len().saturating_sub(MOST_TOLD);
    for (span, text) in told.take(MOST_TOLD) {
        out.warning(&format!("{}{text}", movie.place_prefix(span)));
    }
    if more > 0 {
        let name = movie.sources.first().map(|source| format!("{}: ", source.name)).unwrap_or_default();
        out.warning(&format!("{name}{}", counted(more, &format!("more {word}"))));
    }
}

/// The message, its items, and the remedy.
fn of_issue(issue: &ExpandIssue) -> String {
    issue.help().map_or_else(|| issue.to_string(), |help| format!("{issue}; {help}"))
}
