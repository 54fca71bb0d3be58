//! One project as the emulator stores it, and its state at a time: a pure function of record and time, so that no
//! render needs a timer and every process that reads the record sees the same.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::faults::Fault;
use super::faults::catalogue::FaultKind;
use crate::world::Timestamp;

/// Which of the three documented bodies a webhook has (`service.md#callbacks`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// The reference: flat, numbers as strings, no status.
    Reference,
    /// The tutorial: flat, with a status. The receivers of the tutorial's chapter on webhooks read only this one.
    #[default]
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
    /// With a status that says that it took too long.
    Timeout,
}

/// One accepted movie. A folder stores this as a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The n-th project, from 1.
    pub(super) number: u64,
    /// The project id.
    pub(super) project: String,
    /// When it was accepted: milliseconds since the epoch.
    pub(super) created_at: i64,
    /// The render time, milliseconds.
    pub(super) render_time: u64,
    /// The movie as it was submitted.
    pub(super) json: String,
    /// The movie's own id, for webhooks.
    pub(super) id: Option<String>,
    /// `client-data` as it was submitted.
    pub(super) client_data: Option<Value>,
    /// The length of the video, milliseconds.
    pub(super) length: u64,
    /// Pixels.
    pub(super) width: u32,
    /// Pixels.
    pub(super) height: u32,
    /// The size of the video, bytes.
    pub(super) size: u64,
    /// How it ends.
    pub(super) end: End,
    /// How long after an `error` or `timeout` it becomes done, milliseconds.
    pub(super) recovers_after: Option<u64>,
    /// The statuses of successive reads; the last one stays.
    pub(super) words: Vec<String>,
    /// Its faults: its own, and those for life.
    pub(super) faults: Vec<Fault>,
    /// The form of its webhooks.
    pub(super) shape: Shape,
    /// When its file was deleted.
    pub(super) deleted_at: Option<i64>,
}

/// How often a project has been read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Looks {
    /// In any status or list request.
    pub(super) all: usize,
    /// Since it was done.
    pub(super) done: usize,
}

/// The state of a render at a time.
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
    /// A meaningless word.
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
    /// The true state of the render.
    pub(super) fn phase(&self, now: Timestamp) -> Phase {
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

    /// The state that a read shows, including faults and scripted words.
    pub(super) fn shown(&self, now: Timestamp, looks: Looks) -> Phase {
        if let Some(word) = self.words.get(looks.all).or(self.words.last()) {
            return Phase::parse(word);
        }
        match (self.phase(now), looks.done) {
            (Phase::Running, _) => self.fault(FaultKind::Word).and_then(Fault::text).map_or(Phase::Running, Phase::parse),
            (Phase::Done, 1) if self.has(FaultKind::Backwards) => Phase::Running,
            (Phase::Done, 2) if self.has(FaultKind::Backwards) => Phase::Pending,
            (phase, _) => phase,
        }
    }

    /// The end of a render in this state.
    pub(super) fn ended_at(&self, phase: &Phase) -> Option<Timestamp> {
        let first = Timestamp(self.created_at).plus(Duration::from_millis(self.render_time));
        match phase {
            Phase::Error => Some(first),
            Phase::Done if self.end == End::Done => Some(first),
            Phase::Done => Some(first.plus(Duration::from_millis(self.recovers_after.unwrap_or(0)))),
            _ => None,
        }
    }

    /// Whether the file can be fetched: the render is done, and the file neither deleted nor expired.
    pub(super) fn is_kept(&self, now: Timestamp, retention: Duration) -> bool {
        let shown = if self.words.is_empty() { self.phase(now) } else { Phase::Done };
        let ended = self.ended_at(&shown);
        self.deleted_at.is_none() && ended.is_some_and(|ended| now.since(ended) < retention)
    }

    /// Its cost: one credit per second of video, none when it fails (`service.md#credits`, the newest rule).
    pub(super) fn credits(&self) -> u64 {
        match self.end {
            End::Error(_) if self.recovers_after.is_none() => 0,
            _ => self.length.div_ceil(1000),
        }
    }

    /// Milliseconds since it was accepted.
    pub(super) fn age(&self, now: Timestamp) -> u64 {
        u64::try_from(now.since(Timestamp(self.created_at)).as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether a lag still hides it.
    pub(super) fn is_hidden(&self, lag: FaultKind, now: Timestamp) -> bool {
        self.fault(lag).is_some_and(|fault| u128::from(self.age(now)) < fault.time().as_millis())
    }

    /// Whether it has the fault.
    pub(super) fn has(&self, kind: FaultKind) -> bool {
        self.fault(kind).is_some()
    }

    /// Its fault of that kind.
    pub(super) fn fault(&self, kind: FaultKind) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.info().kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(render_time: u64, end: End) -> Record {
        Record {
            number: 1,
            project: "EMU0123456789abc".to_owned(),
            created_at: 1_000_000,
            render_time,
            json: "{}".to_owned(),
            id: None,
            client_data: None,
            length: 5_000,
            width: 640,
            height: 480,
            size: 4_000,
            end,
            recovers_after: None,
            words: Vec::new(),
            faults: Vec::new(),
            shape: Shape::Reference,
            deleted_at: None,
        }
    }

    fn rank(phase: &Phase) -> u8 {
        match phase {
            Phase::Pending => 0,
            Phase::Running => 1,
            _ => 2,
        }
    }

    #[test]
    fn a_record_is_read_back_from_its_file() {
        let mut record = record(2_000, End::Error("no".to_owned()));
        record.faults = vec![Fault::parse("get-word=queued").unwrap(), Fault::parse("webhook-late=1s*2").unwrap()];
        assert_eq!(serde_json::from_str::<Record>(&serde_json::to_string(&record).unwrap()).unwrap(), record);
    }

    #[test]
    fn a_failed_render_costs_nothing_and_seconds_are_rounded_up() {
        assert_eq!(record(0, End::Error(String::new())).credits(), 0);
        assert_eq!(Record { length: 5_001, ..record(0, End::Done) }.credits(), 6);
    }

    proptest! {
        #[test]
        fn a_render_without_faults_only_goes_forward(render_time in 0u64..100_000, one in 0i64..200_000, other in 0i64..200_000) {
            let record = record(render_time, End::Done);
            let at = |after: i64| rank(&record.phase(Timestamp(record.created_at + after)));
            prop_assert!(at(one.min(other)) <= at(one.max(other)));
        }

        #[test]
        fn a_render_ends_exactly_at_its_time(render_time in 1i64..100_000) {
            let record = record(render_time.unsigned_abs(), End::Done);
            let phase = |after: i64| record.phase(Timestamp(record.created_at + after));
            prop_assert_ne!(phase(render_time - 1), Phase::Done);
            prop_assert_eq!(phase(render_time), Phase::Done);
        }
    }
}
