//! One project as the emulator keeps it, and what it shows at a moment: a pure function of record and time, so
//! that no render needs a timer and every process that reads the record sees the same.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::faults::Fault;
use super::faults::catalogue::Deed;
use super::plan::Plan;
use crate::world::Instant;

/// Which of the three documented bodies a webhook has (`contract.md` 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// The reference: flat, numbers as strings, no status.
    #[default]
    Reference,
    /// The tutorial: flat, with a status.
    Tutorial,
    /// The guide: nested, like the answer to a status request.
    Guide,
}

/// No shape has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the webhook shape '{0}' is none of reference, tutorial, guide")]
pub struct ShapeError(String);

impl FromStr for Shape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        match text {
            "reference" => Ok(Self::Reference),
            "tutorial" => Ok(Self::Tutorial),
            "guide" => Ok(Self::Guide),
            other => Err(ShapeError(other.to_owned())),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reference => "reference",
            Self::Tutorial => "tutorial",
            Self::Guide => "guide",
        })
    }
}

/// How a render ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum End {
    /// With a video.
    Done,
    /// With a message.
    Error(String),
    /// It takes too long.
    Timeout,
}

/// One accepted movie. It is also the file that a folder keeps of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The n-th project, from 1.
    pub(super) number: u64,
    /// The project id.
    pub(super) project: String,
    /// When it was accepted: milliseconds since the epoch.
    pub(super) created_at: i64,
    /// How long it renders, in milliseconds.
    pub(super) render_time: u64,
    /// The movie as it was submitted.
    pub(super) json: String,
    /// The movie's own id, for webhooks.
    pub(super) id: Option<String>,
    /// `client-data` as it was submitted.
    pub(super) client_data: Option<Value>,
    /// How long the video plays, in milliseconds.
    pub(super) length: u64,
    /// Pixels.
    pub(super) width: u32,
    /// Pixels.
    pub(super) height: u32,
    /// Bytes of the video.
    pub(super) size: u64,
    /// How it ends.
    pub(super) end: End,
    /// How long after an end in error or timeout it is done after all, in milliseconds.
    pub(super) recovers_after: Option<u64>,
    /// What successive looks at it show; the last word stays.
    pub(super) words: Vec<String>,
    /// Its faults: its own, and those for life.
    pub(super) faults: Vec<Fault>,
    /// The form of its webhooks.
    pub(super) shape: Shape,
    /// When its file was deleted.
    pub(super) deleted_at: Option<i64>,
}

/// How often a project has been looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Looks {
    /// By any status request or list.
    pub(super) all: usize,
    /// Since it was done.
    pub(super) done: usize,
}

/// Where a render stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Queued: the first tenth of its time.
    Pending,
    /// Rendering.
    Running,
    /// Ended with a video.
    Done,
    /// Ended with a message.
    Error,
    /// Taking too long.
    Timeout,
    /// A word of no meaning.
    Other(String),
}

impl Phase {
    fn parse(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "running" => Self::Running,
            "done" => Self::Done,
            "error" => Self::Error,
            "timeout" => Self::Timeout,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word for it.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Other(word) => word,
        }
    }
}

impl Record {
    /// Where the render really stands.
    pub(super) fn phase(&self, now: Instant) -> Phase {
        let age = self.age(now);
        if age < self.render_time {
            return if age < self.render_time / 10 { Phase::Pending } else { Phase::Running };
        }
        let recovered = self.recovers_after.is_some_and(|after| age >= self.render_time.saturating_add(after));
        match self.end {
            _ if recovered => Phase::Done,
            End::Done => Phase::Done,
            End::Error(_) => Phase::Error,
            End::Timeout => Phase::Timeout,
        }
    }

    /// What a look at it shows, faults and scripted words included.
    pub(super) fn shown(&self, now: Instant, looks: Looks) -> Phase {
        if let Some(word) = self.words.get(looks.all).or(self.words.last()) {
            return Phase::parse(word);
        }
        match (self.phase(now), looks.done) {
            (Phase::Running, _) => self.fault(Deed::Word).and_then(Fault::text).map_or(Phase::Running, Phase::parse),
            (Phase::Done, 1) if self.has(Deed::Backwards) => Phase::Running,
            (Phase::Done, 2) if self.has(Deed::Backwards) => Phase::Pending,
            (phase, _) => phase,
        }
    }

    /// When a render that shows this has ended.
    pub(super) fn ended_at(&self, phase: &Phase) -> Option<Instant> {
        let first = Instant(self.created_at).plus(Duration::from_millis(self.render_time));
        match phase {
            Phase::Error => Some(first),
            Phase::Done if self.end == End::Done => Some(first),
            Phase::Done => Some(first.plus(Duration::from_millis(self.recovers_after.unwrap_or(0)))),
            _ => None,
        }
    }

    /// Whether the file can be fetched: done, and neither deleted nor older than the service keeps it.
    pub(super) fn is_kept(&self, now: Instant, retention: Duration) -> bool {
        let shown = if self.words.is_empty() { self.phase(now) } else { Phase::Done };
        let ended = self.ended_at(&shown);
        self.deleted_at.is_none() && ended.is_some_and(|ended| now.since(ended) < retention)
    }

    /// What it costs: a credit a second of video, nothing when it fails (`contract.md` 5, the newest rule).
    pub(super) fn credits(&self) -> u64 {
        match self.end {
            End::Error(_) if self.recovers_after.is_none() => 0,
            _ => self.length.div_ceil(1000),
        }
    }

    /// Milliseconds since it was accepted.
    pub(super) fn age(&self, now: Instant) -> u64 {
        u64::try_from(now.since(Instant(self.created_at)).as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether a lag still hides it.
    pub(super) fn is_hidden(&self, lag: Deed, now: Instant) -> bool {
        self.fault(lag).is_some_and(|fault| u128::from(self.age(now)) < fault.time().as_millis())
    }

    /// Whether it has the fault.
    pub(super) fn has(&self, deed: Deed) -> bool {
        self.fault(deed).is_some()
    }

    /// Its fault of that kind.
    pub(super) fn fault(&self, deed: Deed) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.info().deed == deed)
    }
}

/// What a movie asks of the emulator in `client-data.emulator`; the fields are those of the module's page.
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
    /// Reads the script of a movie; one without has none.
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
    words.iter().map(|text| Fault::parse(text).map_err(|error| error.to_string())).collect()
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

/// What a new record is made of.
pub(super) struct Draft<'a> {
    /// The movie as it was submitted.
    pub(super) json: String,
    /// The same, read.
    pub(super) movie: &'a Map<String, Value>,
    /// Its plan, or why its render fails.
    pub(super) plan: Result<Plan, String>,
    /// What it asks for.
    pub(super) script: Script,
    /// The faults that it gets for life.
    pub(super) faults: Vec<Fault>,
    /// When it is accepted.
    pub(super) at: Instant,
    /// How long a render takes that doesn't say.
    pub(super) render_time: Duration,
    /// The form of webhooks that don't say.
    pub(super) shape: Shape,
}

impl Draft<'_> {
    /// The record, but for its number, its project and the size of its video.
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

/// A movie that can't be rendered fails whatever was asked for.
fn ending(faults: &[Fault], outcome: Option<End>, broken: Option<&String>) -> (End, Option<u64>) {
    if let Some(message) = broken {
        return (End::Error(message.clone()), None);
    }
    let found = faults.iter().find_map(|fault| {
        let message = || fault.text().unwrap_or("The render failed").to_owned();
        match fault.info().deed {
            Deed::Timeout => Some((End::Timeout, None)),
            Deed::TimeoutThenDone => Some((End::Timeout, Some(millis(fault.time())))),
            Deed::Error => Some((End::Error(message()), None)),
            Deed::ErrorThenDone => Some((End::Error(message()), Some(millis(fault.time())))),
            _ => None,
        }
    });
    found.unwrap_or((outcome.unwrap_or(End::Done), None))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
