//! The totals of the movie: its length, size and credits, and the facts that are unknown, with their places.

use super::Timeline;
use crate::movie::plan::{Doubt, Reason};
use crate::output::sanitize;

/// The places that are listed for one reason; the rest is counted.
const MOST_PLACES: usize = 10;

/// The lines below the chart, each under its heading.
pub(super) fn lines(timeline: &Timeline<'_>) -> Vec<String> {
    let plan = timeline.plan;
    let reasons = plan.credits.reasons.iter().map(|reason| sanitize::line(&reason.to_string()).into_owned());
    let credits = std::iter::once(plan.credits.amount.to_string()).chain(reasons).collect();
    let facts = [
        ("total", vec![plan.duration.to_string()]),
        ("size", vec![plan.size.to_string()]),
        ("credits", credits),
        ("files", timeline.files.unwrap_or_default().iter().map(ToString::to_string).collect()),
        ("unknown", unknown(timeline)),
    ];
    facts.into_iter().flat_map(|(heading, lines)| under(heading, lines)).collect()
}

fn under(heading: &'static str, lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().enumerate().map(move |(index, line)| format!("{:<9}{line}", if index == 0 { heading } else { "" }))
}

/// Each reason once, and below it the places that it applies to.
fn unknown(timeline: &Timeline<'_>) -> Vec<String> {
    let doubts = &timeline.plan.unknown;
    let mut reasons: Vec<Reason> = Vec::new();
    for doubt in doubts {
        if !reasons.contains(&doubt.reason) {
            reasons.push(doubt.reason);
        }
    }
    let mut lines = Vec::new();
    for reason in reasons {
        let places: Vec<&Doubt> = doubts.iter().filter(|doubt| doubt.reason == reason).collect();
        lines.push(reason.to_string());
        lines.extend(places.iter().take(MOST_PLACES).map(|doubt| format!("  {}", place(timeline, doubt))));
        if let Some(more @ 1..) = places.len().checked_sub(MOST_PLACES) {
            lines.push(format!("  and {more} more; --json has them all"));
        }
    }
    lines
}

/// `listing.json:30:5: movie element 1, audio uplifting.mp3`.
fn place(timeline: &Timeline<'_>, doubt: &Doubt) -> String {
    let at = timeline.movie.place_prefix(doubt.span);
    let label = timeline.plan.element(doubt.place).map(|element| format!(", {}", element.label())).unwrap_or_default();
    sanitize::line(&format!("{at}{}{label}", doubt.place)).into_owned()
}
