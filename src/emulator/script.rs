//! The script of a movie in `client-data.emulator`, and the record that is made from it.

use std::time::Duration;

use serde_json::{Map, Value};

use super::faults::catalogue::FaultKind;
use super::faults::{Fault, Place};
use super::plan::Plan;
use super::state::{End, Record, Shape, ShapeError};
use crate::world::Timestamp;

/// The script of one movie; the documentation of [`crate::emulator`] lists its fields.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// Its own faults.
    pub(super) faults: Vec<Fault>,
    render_time: Option<Duration>,
    outcome: Option<End>,
    words: Vec<String>,
    shape: Option<Shape>,
}

impl Script {
    /// Reads the script of a movie; empty when it has none.
    ///
    /// # Errors
    /// With a message for people when a field can't be understood: a test with a typing mistake must not pass.
    pub(super) fn read(movie: &Map<String, Value>) -> Result<Self, String> {
        let Some(Value::Object(fields)) = movie.get("client-data").and_then(|data| data.get("emulator")) else {
            return Ok(Self::default());
        };
        let mut script = Self::default();
        let message = fields.get("message").and_then(Value::as_str).unwrap_or("The render failed");
        for (name, value) in fields {
            let words = words(value);
            let word = words.first().map_or("", String::as_str);
            match name.as_str() {
                "fault" => script.faults = faults(&words)?,
                "render-time" => script.render_time = Some(time(word)?),
                "outcome" => script.outcome = Some(outcome(word, message)?),
                "message" => {}
                "status" => script.words = words,
                "webhook-shape" => script.shape = Some(word.parse().map_err(|error: ShapeError| error.to_string())?),
                other => return Err(format!("client-data.emulator has no field '{other}'")),
            }
        }
        Ok(script)
    }
}

fn words(value: &Value) -> Vec<String> {
    let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    all.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn faults(words: &[String]) -> Result<Vec<Fault>, String> {
    words.iter().map(|text| own(text)).collect()
}

/// A fault of one movie. A fault of requests that name no movie is refused.
fn own(text: &str) -> Result<Fault, String> {
    let fault = Fault::parse(text).map_err(|error| error.to_string())?;
    match fault.info().place {
        Place::BeforeRead | Place::List | Place::Template | Place::MediaUsage | Place::MediaRegister | Place::Upload | Place::MediaMove => {
            Err(format!("the fault '{text}' is one of all movies, give it to the emulator"))
        }
        _ => Ok(fault),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let read = text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    read.ok_or_else(|| format!("client-data.emulator.render-time is a time such as \"200ms\", not '{text}'"))
}

fn outcome(word: &str, message: &str) -> Result<End, String> {
    match word {
        "done" => Ok(End::Done),
        "error" => Ok(End::Error(message.to_owned())),
        "timeout" => Ok(End::Timeout),
        other => Err(format!("client-data.emulator.outcome is none of done, error, timeout: '{other}'")),
    }
}

/// The parts of a new record.
pub(super) struct Draft<'a> {
    /// The movie as it was submitted.
    pub(super) json: String,
    /// The same movie, parsed.
    pub(super) movie: &'a Map<String, Value>,
    /// Its plan, or the message with which its render fails.
    pub(super) plan: Result<Plan, String>,
    /// Its script.
    pub(super) script: Script,
    /// Its faults for life.
    pub(super) faults: Vec<Fault>,
    /// The time of its acceptance.
    pub(super) at: Timestamp,
    /// The default render time.
    pub(super) render_time: Duration,
    /// The default body of webhooks.
    pub(super) shape: Shape,
}

impl Draft<'_> {
    /// The record, except its number, its project and the size of its video.
    pub(super) fn into_record(self) -> Record {
        let faults = [self.script.faults, self.faults].concat();
        let (end, recovers_after) = ending(&faults, self.script.outcome, self.plan.as_ref().err());
        let plan = self.plan.ok();
        Record {
            number: 0,
            project: String::new(),
            created_at: self.at.0,
            render_time: millis(self.script.render_time.unwrap_or(self.render_time)),
            json: self.json,
            id: self.movie.get("id").and_then(Value::as_str).map(str::to_owned),
            client_data: self.movie.get("client-data").cloned(),
            length: plan.map_or(0, |plan| millis(plan.length)),
            width: plan.map_or(0, |plan| plan.width),
            height: plan.map_or(0, |plan| plan.height),
            size: 0,
            end,
            recovers_after,
            words: self.script.words,
            faults,
            shape: self.script.shape.unwrap_or(self.shape),
            deleted_at: None,
        }
    }
}

/// A movie that can't be rendered fails, whatever the script says.
fn ending(faults: &[Fault], outcome: Option<End>, broken: Option<&String>) -> (End, Option<u64>) {
    if let Some(message) = broken {
        return (End::Error(message.clone()), None);
    }
    let found = faults.iter().find_map(|fault| {
        let message = || fault.text().unwrap_or("The render failed").to_owned();
        match fault.info().kind {
            FaultKind::Timeout => Some((End::Timeout, None)),
            FaultKind::TimeoutThenDone => Some((End::Timeout, Some(millis(fault.time())))),
            FaultKind::Error => Some((End::Error(message()), None)),
            FaultKind::ErrorThenDone => Some((End::Error(message()), Some(millis(fault.time())))),
            _ => None,
        }
    });
    found.unwrap_or((outcome.unwrap_or(End::Done), None))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
