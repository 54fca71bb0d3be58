//! How times are typed.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp};

use crate::world::Instant;

/// A time as it was typed: a day is whole, so the end of a window includes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A whole day, by its first moment, UTC.
    Day(Instant),
    /// A point in time.
    Point(Instant),
}

impl Moment {
    /// Its first moment.
    #[must_use]
    pub(crate) fn start(self) -> Instant {
        let (Self::Day(at) | Self::Point(at)) = self;
        at
    }

    /// Its last moment.
    #[must_use]
    pub(crate) fn end(self) -> Instant {
        match self {
            Self::Day(at) => at.plus(Duration::from_millis(24 * 3600 * 1000 - 1)),
            Self::Point(at) => at,
        }
    }
}

/// Reads a length of time: `200ms`, `90s`, `20m`, `1h30m`, `7d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no length of time; write it like 200ms, 90s, 20m or 1h30m");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(length).map_err(|_| format!("`{text}` is negative; a length of time is not"))
}

/// Reads a day or a time, UTC unless it names an offset.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Moment::Point(Instant(at.as_millisecond())));
    }
    let utc = |civil: DateTime| TimeZone::UTC.to_timestamp(civil).ok().map(|at| Instant(at.as_millisecond()));
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10).and_then(|date| utc(date.at(0, 0, 0, 0))).map(Moment::Day);
    day.or_else(|| text.parse::<DateTime>().ok().and_then(utc).map(Moment::Point))
        .ok_or_else(|| format!("`{text}` is no day or time; write it like 2026-11-23 or 2026-11-23T18:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_typed_with_a_unit() {
        assert_eq!(duration("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("20m"), Ok(Duration::from_secs(1200)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert!(duration("90").is_err());
        assert!(duration("-5s").is_err());
        assert!(duration("soon").is_err());
    }

    #[test]
    fn a_day_is_whole() {
        let day = moment("2026-11-23").unwrap();
        assert_eq!(day.start().to_iso(), "2026-11-23T00:00:00.000Z");
        assert_eq!(day.end().to_iso(), "2026-11-23T23:59:59.999Z");
        assert_eq!(moment("2026-11-23T18:00:00Z").unwrap().end().to_iso(), "2026-11-23T18:00:00.000Z");
        assert!(moment("yesterday").is_err());
    }
}
