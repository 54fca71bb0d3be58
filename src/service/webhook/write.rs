//! Writes a callback as the service might, for testing a receiver.

use std::str::FromStr;

use serde_json::{Value, json};

use super::form;
use crate::render::outcome::{Report, Status};

/// The three documented bodies (`service.md#callbacks`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Flat, numbers as strings, no status: the webhook reference.
    Reference,
    /// Flat, with a status: the tutorial.
    Tutorial,
    /// Nested like the answer to a GET: the guide for production.
    Guide,
}

/// A word that does not name a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown shape: use reference, tutorial or guide")]
pub struct UnknownShape;

impl Shape {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reference, Self::Tutorial, Self::Guide];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Tutorial => "tutorial",
            Self::Guide => "guide",
        }
    }
}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|shape| shape.as_str() == word).ok_or(UnknownShape)
    }
}

/// The encoding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// A form.
    Form,
}

impl Format {
    /// The MIME type for the Content-Type header.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    /// The body as it is sent.
    #[must_use]
    pub fn write(self, body: &Value) -> String {
        match self {
            Self::Json => body.to_string(),
            Self::Form => form::write(body),
        }
    }
}

/// The body of a callback about a report.
#[must_use]
pub fn body(report: &Report, shape: Shape) -> Value {
    match shape {
        Shape::Reference => reference(report),
        Shape::Tutorial => flat(report),
        Shape::Guide => json!({"success": report.status == Status::Done, "movie": flat(report)}),
    }
}

/// This body has no place for a status or a message: a failure only lacks the video.
fn reference(report: &Report) -> Value {
    let data = report.client_data.clone().unwrap_or_else(|| json!({}));
    let id = report.raw.get("id").cloned().unwrap_or_else(|| json!(report.project.as_str()));
    if report.status != Status::Done {
        return json!({"project": report.project.as_str(), "id": id, "client-data": data});
    }
    let text = |number: Option<String>| number.unwrap_or_default();
    json!({
        "width": text(report.width.map(|width| width.to_string())),
        "height": text(report.height.map(|height| height.to_string())),
        "duration": text(report.duration.as_ref().map(ToString::to_string)),
        "size": text(report.size.map(|size| size.to_string())),
        "url": report.url,
        "project": report.project.as_str(),
        "id": id,
        "client-data": data,
    })
}

fn flat(report: &Report) -> Value {
    let data = report.client_data.clone().unwrap_or_else(|| json!({}));
    let (project, status) = (report.project.as_str(), report.status.as_str());
    if report.status != Status::Done {
        return json!({"project": project, "status": status, "message": report.message, "client-data": data});
    }
    json!({
        "project": project,
        "status": status,
        "url": report.url,
        "duration": report.duration,
        "size": report.size,
        "client-data": data,
    })
}
