//! `GET /files/PROJECT.mp4`: the video, whole or by range (RFC 9110, section 14).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::answer::Answer;
use super::backend::Backend;
use super::faults::catalogue::FaultKind;
use super::faults::{Fault, Place};
use super::h264::Picture;
use super::mp4;
use super::report::HOSTILE_NAME;
use super::seed::Seed;
use super::state::Record;
use super::wire::Wire;

/// The route.
pub(super) async fn file(
    State(backend): State<Arc<Backend>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let record = match find(&backend, &name) {
        Ok(Some(record)) => record,
        Ok(None) => return refused(StatusCode::NOT_FOUND),
        Err(error) => return Answer::failure(&error).send(),
    };
    let stale = record.has(FaultKind::ExpiredUrl) && query.as_deref() == Some("grant=0");
    if stale || !record.is_kept(backend.clock.now(), backend.retention) {
        return refused(StatusCode::FORBIDDEN);
    }
    let fault = backend.injector.due(Place::File, &record.project, &record.faults);
    serve(&record, &headers, fault.as_ref(), backend.clock.now().0).spoilt(fault.as_ref(), &wire).await
}

fn find(backend: &Backend, name: &str) -> io::Result<Option<Arc<Record>>> {
    name.strip_suffix(".mp4").map_or(Ok(None), |project| backend.store().find(project))
}

fn refused(status: StatusCode) -> Response {
    Answer::new(status, "text/plain; charset=utf-8", b"The file is not there, or no longer.\n".to_vec()).send()
}

/// The bytes of a project's video: always the same, on every machine.
fn video(record: &Record) -> Vec<u8> {
    let tint = |place: u64, from: u64, to: u64| {
        let next_u64 = from + Seed(0).next_u64(&record.project, place) % (to - from);
        u8::try_from(next_u64).unwrap_or(128)
    };
    let picture = Picture { width: record.width, height: record.height, colour: [tint(0, 70, 200), tint(1, 70, 186), tint(2, 70, 186)] };
    mp4::file(picture, Duration::from_millis(record.length))
}

/// The size of a project's video, bytes.
pub(super) fn size(record: &Record) -> u64 {
    if record.length == 0 { 0 } else { u64::try_from(video(record).len()).unwrap_or(u64::MAX) }
}

fn serve(record: &Record, headers: &HeaderMap, fault: Option<&Fault>, now: i64) -> Answer {
    let kind = fault.map(|fault| fault.info().kind);
    let video = video(record);
    let etag = if kind == Some(FaultKind::ChangingEtag) {
        format!("\"{now}-{}\"", Seed(0).next_u64("etag", now.unsigned_abs()))
    } else {
        format!("\"{}\"", record.project)
    };
    let total = video.len();
    let wanted = match asked(headers, &etag, total) {
        _ if kind == Some(FaultKind::NoRange) => Wanted::All,
        Wanted::Part(..) if kind == Some(FaultKind::NotSatisfiable) => Wanted::Nothing,
        wanted => wanted,
    };
    let (status, body, range) = match wanted {
        Wanted::All => (StatusCode::OK, video, None),
        Wanted::Part(first, last) => {
            (StatusCode::PARTIAL_CONTENT, video[first..=last].to_vec(), Some(format!("bytes {first}-{last}/{total}")))
        }
        Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, Vec::new(), Some(format!("bytes */{total}"))),
    };
    let mut answer = Answer::new(status, "video/mp4", body).with(header::ETAG, &etag).with(header::ACCEPT_RANGES, "bytes");
    if let Some(range) = range {
        answer = answer.with(header::CONTENT_RANGE, &range);
    }
    if record.has(FaultKind::Hostile) {
        answer = answer.with(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{HOSTILE_NAME}\""));
    }
    answer
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(usize, usize),
    Nothing,
}

/// The requested range. A range that can't be parsed, or of another version, means the whole file.
fn asked(headers: &HeaderMap, etag: &str, total: usize) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_RANGE).is_some_and(|condition| condition != etag) {
        return Wanted::All;
    }
    let Some((first, last)) = text(header::RANGE).and_then(|range| range.strip_prefix("bytes=")).and_then(|range| range.split_once('-'))
    else {
        return Wanted::All;
    };
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), _) if first >= total => Wanted::Nothing,
        (Ok(first), Ok(last)) if first <= last => Wanted::Part(first, last.min(total - 1)),
        (Ok(first), Err(_)) if last.is_empty() => Wanted::Part(first, total - 1),
        (Err(_), Ok(0)) if first.is_empty() => Wanted::Nothing,
        (Err(_), Ok(count)) if first.is_empty() => Wanted::Part(total.saturating_sub(count), total - 1),
        _ => Wanted::All,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn wanted(fields: &[(HeaderName, &str)]) -> Wanted {
        let headers = fields.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        asked(&headers, "\"a\"", 100)
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        assert_eq!(wanted(&[(header::RANGE, "bytes=10-19")]), Wanted::Part(10, 19));
        assert_eq!(wanted(&[(header::RANGE, "bytes=10-")]), Wanted::Part(10, 99));
        assert_eq!(wanted(&[(header::RANGE, "bytes=-5")]), Wanted::Part(95, 99));
        assert_eq!(wanted(&[(header::RANGE, "bytes=10-1000")]), Wanted::Part(10, 99));
        assert_eq!(wanted(&[(header::RANGE, "bytes=100-")]), Wanted::Nothing);
        assert_eq!(wanted(&[(header::RANGE, "bytes=20-10")]), Wanted::All);
        assert_eq!(wanted(&[]), Wanted::All);
    }

    #[test]
    fn a_range_of_another_version_is_the_whole_file() {
        let range = (header::RANGE, "bytes=10-");
        assert_eq!(wanted(&[range.clone(), (header::IF_RANGE, "\"b\"")]), Wanted::All);
        assert_eq!(wanted(&[range, (header::IF_RANGE, "\"a\"")]), Wanted::Part(10, 99));
    }
}
