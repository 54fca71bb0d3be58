//! Serves a file of this machine, or the part of it that a browser requests.

use std::io;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::file::{Media, PreviewFile};

/// Bytes read at once.
const CHUNK: u64 = 128 << 10;

/// The response with a file of this machine.
pub(super) async fn file(file: PreviewFile, range: Option<&str>) -> Response {
    let path = file.path().display().to_string();
    match tokio::task::spawn_blocking(move || file.open()).await {
        Ok(Ok(media)) => part(media, range).await,
        Ok(Err(why)) => (StatusCode::NOT_FOUND, format!("{path} {why}")).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn part(Media { file, length, kind }: Media, range: Option<&str>) -> Response {
    let mut file = File::from_std(file);
    let (status, (start, end)) = match range.map(|range| parse(range, length)) {
        None => (StatusCode::OK, (0, length)),
        Some(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(None) => return (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{length}"))]).into_response(),
    };
    if file.seek(io::SeekFrom::Start(start)).await.is_err() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let chunks = stream::try_unfold((file, end - start), |(mut file, left)| async move {
        if left == 0 {
            return Ok::<_, io::Error>(None);
        }
        let mut chunk = Vec::new();
        let read = (&mut file).take(left.min(CHUNK)).read_to_end(&mut chunk).await?;
        let left = left - u64::try_from(read).unwrap_or(left);
        // A file that was truncated meanwhile ends here.
        Ok(Some((chunk, (file, if read == 0 { 0 } else { left }))))
    });
    let mut response = (status, [(header::CONTENT_TYPE, kind)], Body::from_stream(chunks)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, (end - start).into());
    headers.insert(header::ACCEPT_RANGES, header::HeaderValue::from_static("bytes"));
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(range) = format!("bytes {start}-{}/{length}", end.saturating_sub(1)).parse()
    {
        headers.insert(header::CONTENT_RANGE, range);
    }
    response
}

/// Parses `bytes=0-99`, `bytes=100-` or `bytes=-100` into start and end; `None` when the file has no such bytes. Of
/// several ranges the first counts.
fn parse(range: &str, length: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split(',').next()?.trim().split_once('-')?;
    let (start, end) = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) => (from, to.saturating_add(1).min(length)),
        (Ok(from), Err(_)) if to.is_empty() => (from, length),
        (Err(_), Ok(last)) if from.is_empty() => (length.saturating_sub(last), length),
        _ => return None,
    };
    (start < end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_browsers_write_them() {
        let cases = [
            ("bytes=0-", Some((0, 100))),
            ("bytes=10-19", Some((10, 20))),
            ("bytes=90-1000", Some((90, 100))),
            ("bytes=-10", Some((90, 100))),
            ("bytes=100-", None),
            ("bytes=9-3", None),
            ("lines=1-2", None),
        ];
        for (range, wanted) in cases {
            assert_eq!(parse(range, 100), wanted, "{range}");
        }
    }
}
