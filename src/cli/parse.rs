//! How times and rules are typed.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo};

use crate::movie::check::Rule;
use crate::near;
use crate::world::Timestamp;

/// A time as it was typed: a day is whole, so the end of a window includes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A whole day, by its first moment, UTC.
    Day(Timestamp),
    /// A point in time.
    Point(Timestamp),
    /// So long ago.
    Ago(Duration),
}

impl Moment {
    /// Its first moment.
    #[must_use]
    pub(crate) fn start(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(at) | Self::Point(at) => at,
            Self::Ago(length) => now.minus(length),
        }
    }

    /// Its last moment.
    #[must_use]
    pub(crate) fn end(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(at) => at.plus(Duration::from_millis(24 * 3600 * 1000 - 1)),
            Self::Point(_) | Self::Ago(_) => self.start(now),
        }
    }
}

/// Reads a length of time: `200ms`, `90s`, `20m`, `1h30m`, `7d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a length of time; write it like 200ms, 90s, 20m or 1h30m");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(length).map_err(|_| format!("`{text}` is negative; a length of time is not"))
}

/// Reads a number in a time, `2/s`, `100/m` or `500/h`, into the time between two.
pub(super) fn rate(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a rate; write it like 2/s, 100/m or 500/h");
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let length = unit / number;
    if number > 0.0 { Duration::try_from_secs_f64(length).map_err(|_| wrong()) } else { Err(wrong()) }
}

/// Reads a day or a time, UTC unless it names an offset.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Moment::Point(Timestamp(at.as_millisecond())));
    }
    let utc = |civil: DateTime| TimeZone::UTC.to_timestamp(civil).ok().map(|at| Timestamp(at.as_millisecond()));
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10).and_then(|date| utc(date.at(0, 0, 0, 0))).map(Moment::Day);
    day.or_else(|| text.parse::<DateTime>().ok().and_then(utc).map(Moment::Point))
        .or_else(|| duration(text).ok().map(Moment::Ago))
        .ok_or_else(|| format!("`{text}` is not a day or a time; write it like 2026-11-23, 2026-11-23T18:00:00Z or 7d (7 days ago)"))
}

/// What `--deny` takes beside rules.
const WARNINGS: &str = "warnings";

/// Reads a rule, by its code or by its name, into its code.
pub(crate) fn rule(text: &str) -> Result<String, String> {
    let rule = Rule::named(text.trim()).ok_or_else(|| {
        let near = near::nearest(text, Rule::all().map(|rule| rule.name)).and_then(Rule::named);
        let meant = near.map(|rule| format!("; did you mean {} ({})?", rule.code, rule.name));
        format!(
            "there is no such rule{}",
            meant.unwrap_or_else(|| ": rules have codes such as J2V064, or names such as src-missing".to_owned())
        )
    })?;
    Ok(rule.code.to_owned())
}

/// Reads a rule, or the word for all warnings.
pub(crate) fn rule_or_warnings(text: &str) -> Result<String, String> {
    if text == WARNINGS { Ok(text.to_owned()) } else { rule(text) }
}

/// What stands between two cells: one ASCII character, or `tab`.
pub(super) fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("one character, such as `;`, or `tab`".to_owned()),
    }
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
    fn a_rate_is_a_number_in_a_time() {
        assert_eq!(rate("2/s"), Ok(Duration::from_millis(500)));
        assert_eq!(rate("0.5/s"), Ok(Duration::from_secs(2)));
        assert_eq!(rate("120/m"), Ok(Duration::from_millis(500)));
        for wrong in ["2", "2/x", "0/s", "-1/s", "inf/s0", "/s"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rule_is_typed_by_its_code_or_its_name() {
        assert_eq!(rule("j2v064"), Ok("J2V064".to_owned()));
        assert_eq!(rule("src-missing"), Ok("J2V064".to_owned()));
        assert!(rule("src-misssing").unwrap_err().contains("did you mean J2V064 (src-missing)?"));
        assert!(rule("warnings").is_err() && rule_or_warnings("warnings").is_ok());
    }

    #[test]
    fn a_day_is_whole() {
        let day = moment("2026-11-23").unwrap();
        let now = day.start(Timestamp(0));
        assert_eq!(now.to_iso(), "2026-11-23T00:00:00.000Z");
        assert_eq!(day.end(now).to_iso(), "2026-11-23T23:59:59.999Z");
        assert_eq!(moment("2026-11-23T18:00:00Z").unwrap().end(now).to_iso(), "2026-11-23T18:00:00.000Z");
        assert_eq!(moment("12h").unwrap().start(now).to_iso(), "2026-11-22T12:00:00.000Z");
        assert!(moment("yesterday").is_err());
    }
}
