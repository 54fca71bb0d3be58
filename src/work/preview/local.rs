//! Serves a file of this machine, or the part of it that a browser requests.

use std::io;
use std::path::Path;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Bytes read at once.
const CHUNK: u64 = 128 << 10;

/// The response with a file of this machine.
pub(super) async fn file(path: &Path, range: Option<&str>) -> Response {
    match opened(path).await {
        Ok((file, length)) => part(file, length, path, range).await,
        Err(why) => (StatusCode::NOT_FOUND, format!("{}: {why}", path.display())).into_response(),
    }
}

/// Opens a regular file only: a pipe would never end.
async fn opened(path: &Path) -> io::Result<(File, u64)> {
    let about = tokio::fs::metadata(path).await?;
    if !about.is_file() {
        return Err(io::Error::other("this is not a file"));
    }
    Ok((File::open(path).await?, about.len()))
}

async fn part(mut file: File, length: u64, path: &Path, range: Option<&str>) -> Response {
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
    let mut response = (status, [(header::CONTENT_TYPE, kind(path))], Body::from_stream(chunks)).into_response();
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

/// The MIME type of a file by its name.
#[must_use]
pub fn kind(path: &Path) -> &'static str {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "m4a" | "aac" => "audio/mp4",
        "wav" => "audio/wav",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        _ => "application/octet-stream",
    }
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
