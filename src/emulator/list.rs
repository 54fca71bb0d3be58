//! `GET /v2/movies` without a project: pages of projects, newest first (`service.md#status`).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::backend::Backend;
use super::faults::Fault;
use super::faults::catalogue::FaultKind;
use super::query::Fields;
use super::report::listed;
use super::seed::Seed;
use super::state::Record;
use crate::world::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The longest range that the service lists.
const LONGEST_RANGE: Duration = Duration::from_secs(93 * 24 * 3600);

/// The prefix of a cursor. It distinguishes the emulator's cursors from invalid ones.
const CURSOR: &str = "after-";

/// The parameters of a list request.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    from: Timestamp,
    to: Timestamp,
    limit: usize,
    after: Option<String>,
}

/// One page.
pub(super) fn list(backend: &Backend, query: &Fields, origin: &str, fault: Option<&Fault>) -> io::Result<Answer> {
    let now = backend.clock.now();
    let request = match read(query, now) {
        Ok(request) => request,
        Err(message) => return Ok(Answer::refusal(StatusCode::BAD_REQUEST, message)),
    };
    let all = backend.store().all()?;
    let kind = fault.map(|fault| fault.info().kind);
    let Some(page) = page(&all, &request, now, kind) else {
        return Ok(Answer::refusal(StatusCode::BAD_REQUEST, "Invalid next_token"));
    };
    let shown = page.records.iter().map(|record| listed(record, backend.look(record, now, origin))).collect();
    let movies = disordered(shown, kind, Seed(now.0.unsigned_abs()));
    Ok(Answer::json(
        StatusCode::OK,
        &json!({
            "success": true,
            "from": request.from.to_iso(),
            "to": request.to.to_iso(),
            "count": movies.len(),
            "limit": request.limit,
            "has_next": page.next.is_some(),
            "has_prev": request.after.is_some(),
            "next_token": page.next,
            "movies": movies,
            "remaining_quota": backend.quota()?,
        }),
    ))
}

fn read(query: &Fields, now: Timestamp) -> Result<Request, &'static str> {
    let field = |name: &str, alias: &str| query.get(name).or_else(|| query.get(alias)).filter(|text| !text.is_empty());
    let from = field("from", "date_start").map_or_else(|| Some(month_start(now)), |text| moment(text, Duration::ZERO));
    let last = DAY.saturating_sub(Duration::from_millis(1));
    let to = field("to", "date_end").map_or_else(|| Some(day_start(now).plus(last)), |text| moment(text, last));
    let (from, to) = from.zip(to).ok_or("Invalid date")?;
    if to.since(from) > LONGEST_RANGE {
        return Err("The date range cannot exceed 93 days");
    }
    let limit = query.get("limit").map_or(Some(100), |limit| limit.parse().ok().filter(|limit| (1..=100).contains(limit)));
    let after = field("next_token", "next_token").cloned();
    Ok(Request { from, to, limit: limit.ok_or("limit must be between 1 and 100")?, after })
}

/// An ISO 8601 time, or a day: its start plus `within_day`.
fn moment(text: &str, within_day: Duration) -> Option<Timestamp> {
    Timestamp::from_iso(text).or_else(|| Some(start_of(text.parse().ok()?)?.plus(within_day)))
}

fn day_start(now: Timestamp) -> Timestamp {
    let day = i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX);
    Timestamp(now.0 - now.0.rem_euclid(day))
}

fn start_of(day: Date) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok().map(|at| Timestamp(at.as_millisecond()))
}

fn month_start(now: Timestamp) -> Timestamp {
    let today = jiff::Timestamp::from_millisecond(now.0).ok().map(|at| Offset::UTC.to_datetime(at).date());
    today.and_then(|today| start_of(today.first_of_month())).unwrap_or(now)
}

struct Page<'a> {
    records: Vec<&'a Record>,
    next: Option<String>,
}

/// `None` when the cursor names no project.
fn page<'a>(all: &'a [Arc<Record>], request: &Request, now: Timestamp, kind: Option<FaultKind>) -> Option<Page<'a>> {
    let start = match &request.after {
        Some(cursor) => 1 + all.iter().position(|record| cursor.strip_prefix(CURSOR) == Some(&record.project))?,
        None => 0,
    };
    let limit = if kind == Some(FaultKind::Short) { request.limit.div_ceil(2) } else { request.limit };
    let within = |record: &&Record| (request.from..=request.to).contains(&Timestamp(record.created_at));
    let mut rest = all[start..].iter().map(AsRef::as_ref).filter(within).filter(|record| !record.is_hidden(FaultKind::ListLag, now));
    let records: Vec<&Record> = rest.by_ref().take(limit).collect();
    let cursor = |record: &&Record| format!("{CURSOR}{}", record.project);
    let next = match (kind, rest.next()) {
        (Some(FaultKind::RepeatCursor), _) => request.after.clone().or(records.last().map(cursor)),
        (_, Some(_)) => records.last().map(cursor),
        _ => None,
    };
    Some(Page { records, next })
}

fn disordered(mut movies: Vec<Map<String, Value>>, kind: Option<FaultKind>, seed: Seed) -> Vec<Map<String, Value>> {
    match kind {
        Some(FaultKind::Shuffle) => {
            let newest = movies.first().map(|movie| movie["project"].clone());
            movies.sort_by_cached_key(|movie| seed.next_u64(&movie["project"].to_string(), 0));
            // The shuffle must not happen to restore the order.
            if movies.first().map(|movie| &movie["project"]) == newest.as_ref() && !movies.is_empty() {
                movies.rotate_left(1);
            }
        }
        Some(FaultKind::Duplicate) => movies = movies.into_iter().flat_map(|movie| [movie.clone(), movie]).collect(),
        _ => {}
    }
    movies
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&str, &str)]) -> Result<Request, &'static str> {
        let query = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&query, Timestamp::from_iso("2026-03-14T15:09:26.535Z").unwrap())
    }

    #[test]
    fn without_dates_the_list_begins_with_the_month_and_ends_with_the_day() {
        let request = asked(&[]).unwrap();
        assert_eq!(request.from.to_iso(), "2026-03-01T00:00:00.000Z");
        assert_eq!(request.to.to_iso(), "2026-03-14T23:59:59.999Z");
        assert_eq!(request.limit, 100);
    }

    #[test]
    fn both_names_of_a_date_are_read_and_a_day_is_whole() {
        let request = asked(&[("date_start", "2026-02-01"), ("date_end", "2026-02-03")]).unwrap();
        assert_eq!(request, asked(&[("from", "2026-02-01T00:00:00Z"), ("to", "2026-02-03T23:59:59.999Z")]).unwrap());
    }

    #[test]
    fn a_range_over_93_days_and_a_limit_over_100_are_refused() {
        assert!(asked(&[("from", "2025-12-01"), ("to", "2026-03-05")]).is_err());
        assert!(asked(&[("limit", "101")]).is_err());
        assert!(asked(&[("limit", "0")]).is_err());
    }
}
