//! Rules about credits and the time that a render takes.

use super::Checker;
use crate::movie::json::Span;

/// The pixels of Full HD, up to which a second was one credit in all documentation (`service.md#credits`).
const FULL_HD: f64 = 1920.0 * 1080.0;

/// The number of pages from which a finding is reported.
const MANY: usize = 20;

/// J2V401: older documentation charges four credits a second above Full HD.
pub(super) fn size(checker: &mut Checker<'_>, place: Option<Span>) {
    let (Some((wide, high)), Some(span)) = (checker.frame, place) else { return };
    if wide * high > FULL_HD {
        let message = format!("{wide}×{high} is larger than Full HD: a second costs 1 credit, or 4");
        checker.add("J2V401", span, message).helped("the newest documentation has 1 at any size, older has 4 above Full HD");
    }
}

/// J2V403: pages and components are drawn one by one.
pub(super) fn drawn(checker: &mut Checker<'_>, place: Span) {
    if checker.drawn >= MANY {
        let message = format!("{} pages and components have to be drawn", checker.drawn);
        checker.add("J2V403", place, message).helped("texts and images render faster");
    }
}

/// J2V404: a callback without any data of the caller's own.
pub(super) fn no_client_data(checker: &mut Checker<'_>, place: Span) {
    checker
        .add("J2V404", place, "the callback will not say which of your movies it is about")
        .helped("add `\"client-data\"`: callbacks echo it");
}
