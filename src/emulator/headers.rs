//! The headers of every answer: what identifies the emulator, and its date.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::backend::Backend;

/// The emulator's `server` header.
pub(super) const SERVER: &str = concat!("j2v-emulator/", env!("CARGO_PKG_VERSION"));

/// Adds the headers that identify the emulator, and the date.
pub(super) async fn presented(State(backend): State<Arc<Backend>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static(SERVER));
    if let Some(date) = http_date(&backend) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// The emulator's own time, which with a seed differs from the machine's.
fn http_date(backend: &Backend) -> Option<HeaderValue> {
    let now = jiff::Timestamp::from_millisecond(backend.clock.now().0).ok()?;
    DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok()?.parse().ok()
}
