//! The service's report of a render, parsed leniently, and the reason for a refusal.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::identity::ProjectId;
use crate::policy::RETENTION;
use crate::world::Timestamp;

/// The service's status of a render (`service.md#status`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Queued.
    Pending,
    /// Rendering.
    Running,
    /// Finished; the file is kept for 7 days.
    Done,
    /// Failed; `message` says why.
    Error,
    /// Computed by the API for a render that takes too long: it may still finish.
    Timeout,
    /// The file was deleted on the server (`deleted_at` is set).
    Deleted,
    /// A word that no source lists. It is taken as "still running" (`faults.md` row 35).
    Other(Box<str>),
}

impl Status {
    /// Reads the service's word.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "running" => Self::Running,
            "done" => Self::Done,
            "error" => Self::Error,
            "timeout" => Self::Timeout,
            "deleted" => Self::Deleted,
            other => Self::Other(other.into()),
        }
    }

    /// Whether it is the outcome of a render, which an application is told of. A `timeout` may still change, and an `error`
    /// become `done` (`faults.md` rows 33 and 34).
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Done | Self::Error | Self::Deleted)
    }

    /// Whether the service is still at work on it, as far as the word says.
    #[must_use]
    pub fn is_underway(&self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Other(_))
    }

    /// The word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Deleted => "deleted",
            Self::Other(word) => word,
        }
    }
}

/// One render as the service describes it. Numbers are kept as the service wrote them.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The render's project.
    pub project: ProjectId,
    /// The status.
    pub status: Status,
    /// Why it failed; empty texts are `None`.
    pub message: Option<String>,
    /// Where the video can be fetched until it is deleted.
    pub url: Option<String>,
    /// Length of the video, seconds.
    pub duration: Option<Number>,
    /// Size of the video, bytes.
    pub size: Option<u64>,
    /// Width, pixels.
    pub width: Option<u64>,
    /// Height, pixels.
    pub height: Option<u64>,
    /// How long the render took, seconds.
    pub rendering_time: Option<Number>,
    /// The submitted client-data, verbatim, our token included.
    pub client_data: Option<Value>,
    /// When the service accepted the movie.
    pub created_at: Option<Timestamp>,
    /// When the render ended.
    pub ended_at: Option<Timestamp>,
    /// Credits taken, summed over the items that could be read; the items' form is unknown (`service.md#open`). `None` before
    /// the end: the list is empty while a render runs, and says nothing of its cost.
    pub credits: Option<f64>,
    /// The movie object as it arrived, without the submitted `json`.
    pub raw: Value,
}

impl Report {
    /// Reads the `movie` object of an answer or an item of the list. Numbers may come as strings, fields may
    /// be missing or `null`, an error may say `success: false` without a status (`service.md#callbacks`).
    #[must_use]
    pub fn read(movie: &Value) -> Option<Self> {
        let project = ProjectId::parse(text(movie, "project")?).ok()?;
        let mut raw = movie.clone();
        if let Some(fields) = raw.as_object_mut() {
            fields.remove("json");
        }
        let status = read_status(movie)?;
        Some(Self {
            project,
            message: text(movie, "message").or_else(|| text(movie, "error")).map(str::to_owned),
            url: text(movie, "url").map(str::to_owned),
            duration: number(movie, "duration"),
            size: whole(movie, "size"),
            width: whole(movie, "width"),
            height: whole(movie, "height"),
            rendering_time: number(movie, "rendering_time"),
            client_data: movie.get("client-data").filter(|data| !data.is_null()).cloned(),
            created_at: text(movie, "created_at").and_then(Timestamp::from_iso),
            ended_at: text(movie, "ended_at").and_then(Timestamp::from_iso),
            credits: credits(movie, &status),
            status,
            raw,
        })
    }

    /// Until when the service keeps the file; `None` when the end of the render is not known.
    #[must_use]
    pub fn kept_until(&self) -> Option<Timestamp> {
        self.ended_at.map(|ended| ended.plus(RETENTION))
    }

    /// Whether the service has deleted the file by `now`, on the service's clock.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.kept_until().is_some_and(|until| now >= until)
    }
}

fn read_status(movie: &Value) -> Option<Status> {
    if text(movie, "deleted_at").is_some() {
        return Some(Status::Deleted);
    }
    if let Some(word) = text(movie, "status") {
        return Some(Status::parse(word));
    }
    match movie.get("success") {
        Some(Value::Bool(false)) => Some(Status::Error),
        _ => text(movie, "url").map(|_| Status::Done),
    }
}

fn text<'a>(movie: &'a Value, name: &str) -> Option<&'a str> {
    movie.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn number(movie: &Value, name: &str) -> Option<Number> {
    match movie.get(name)? {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn whole(movie: &Value, name: &str) -> Option<u64> {
    let number = number(movie, name)?;
    let float = number.as_f64()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range just before")]
    number.as_u64().or_else(|| (0.0..=9e15).contains(&float).then_some(float as u64))
}

/// An empty list means that nothing was charged only where the render has just ended.
fn credits(movie: &Value, status: &Status) -> Option<f64> {
    let items = movie.get("consumed_credits")?.as_array()?;
    let says_all = match status {
        Status::Done | Status::Error => true,
        Status::Deleted => !items.is_empty(),
        _ => false,
    };
    if !says_all {
        return None;
    }
    let of = |item: &Value| item.as_f64().or_else(|| ["credits", "amount", "value"].iter().find_map(|name| number(item, name)?.as_f64()));
    // A plain sum of nothing would be `-0`.
    items.iter().try_fold(0.0, |sum, item| Some(sum + of(item)?))
}

/// The kind of a refusal. It decides the exit code and whether other requests will be refused too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The key is missing, wrong or not allowed to render.
    Key,
    /// Credits or quota are used up.
    Credits,
    /// This request, for a reason of its own.
    Request,
}

/// A definite refusal by the service: nothing was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The kind of refusal.
    pub reason: Reason,
    /// The service's message.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_may_come_as_strings_and_fields_may_be_null() {
        let report =
            Report::read(&json!({"project": "p", "status": "done", "duration": "12.5", "size": "99", "width": null, "url": "u"})).unwrap();
        assert_eq!(report.duration, Some("12.5".parse().unwrap()));
        assert_eq!((report.size, report.width), (Some(99), None));
    }

    #[test]
    fn a_deleted_file_outweighs_the_status() {
        let report =
            Report::read(&json!({"project": "p", "status": "done", "url": null, "deleted_at": "2026-01-01T00:00:00.000Z"})).unwrap();
        assert_eq!(report.status, Status::Deleted);
    }

    #[test]
    fn failure_without_a_status_is_an_error() {
        let report = Report::read(&json!({"project": "p", "success": false, "message": "Scene #1"})).unwrap();
        assert_eq!((report.status, report.message.as_deref()), (Status::Error, Some("Scene #1")));
    }

    #[test]
    fn the_submitted_document_is_not_kept_twice() {
        let report = Report::read(&json!({"project": "p", "status": "running", "json": "{}"})).unwrap();
        assert!(report.raw.get("json").is_none());
    }
}
