//! The emulator's front page: what the emulator is, and that it is not the service.

use axum::http::StatusCode;
use axum::response::Response;

use super::answer::Answer;

const TEXT: &str = "\
This is the j2v emulator: the JSON2Video service's contract, on this machine. Nothing here is paid.

It does: POST, GET and DELETE /v2/movies, the list with its pages, /files/PROJECT.mp4, templates, media
with their uploads, webhooks to http:// endpoints on this machine, and faults on demand (j2v emulator
--help lists them).
It does not: render. Every video is one flat colour, as long and as large as the movie would be.
Assets are not fetched, variables and conditions are not evaluated, FTP, email and dashboard
connections are not there.

GET  /emulator/state   what was asked, accepted and called, as JSON
POST /emulator/reset   forgets everything
";

/// `GET /`.
pub(super) async fn page() -> Response {
    Answer::new(StatusCode::OK, "text/plain; charset=utf-8", TEXT.into()).send()
}
