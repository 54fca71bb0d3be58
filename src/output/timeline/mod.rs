//! A movie's plan, as a bar chart for people and as a line of JSON for programs.

mod bar;
mod chart;
mod facts;

use serde_json::{Map, Value, json};

use super::{human, sanitize};
use crate::movie::Document;
use crate::movie::plan::{Length, Plan, Seconds};
use crate::settings::Canvas;

/// The input of the chart.
pub(crate) struct Timeline<'a> {
    /// The source of the movie, as it was typed.
    pub(crate) source: &'a str,
    /// The plan.
    pub(crate) plan: &'a Plan,
    /// The movie, into whose sources the plan's places point.
    pub(crate) movie: &'a Document,
    /// The files that the movie uses; `None` when they were not probed.
    pub(crate) files: Option<&'a [File]>,
}

/// A file that was probed.
pub(crate) struct File {
    /// Its URL.
    pub(crate) url: String,
    /// The type of the element that uses it.
    pub(crate) kind: String,
    /// Its type, as the server reports it.
    pub(crate) content_type: Option<String>,
    /// Its size, bytes.
    pub(crate) bytes: Option<u64>,
    /// Its duration.
    pub(crate) length: Option<Seconds>,
    /// Why it can't be fetched.
    pub(crate) fault: Option<String>,
}

impl Timeline<'_> {
    /// The chart, and below it the totals of the movie.
    #[must_use]
    pub(crate) fn to_chart(&self, canvas: Canvas) -> String {
        let source = sanitize::line(self.source).into_owned();
        let lines = std::iter::once(source).chain(chart::lines(self.plan, canvas)).chain(facts::lines(self));
        lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    /// One object: `source`, the members of [`Plan::to_json`], and `files`.
    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        let mut line = Map::from_iter([("source".to_owned(), Value::from(self.source))]);
        if let Value::Object(plan) = self.plan.to_json() {
            line.extend(plan);
        }
        line.insert("files".to_owned(), self.files.map_or(Value::Null, |files| files.iter().map(File::to_json).collect()));
        Value::Object(line).to_string()
    }
}

impl File {
    fn to_json(&self) -> Value {
        json!({
            "url": self.url,
            "type": self.kind,
            "reachable": self.fault.is_none(),
            "content_type": self.content_type,
            "bytes": self.bytes,
            "duration": self.length.map(Seconds::to_number),
            "message": self.fault,
        })
    }
}

/// `video intro.mp4: video/mp4, 1.2 MB, 12.5 s`, or why it can't be fetched.
impl std::fmt::Display for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The rest of the URL may be a signature, and long.
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        let mut facts: Vec<String> = self.content_type.iter().cloned().collect();
        facts.extend(self.bytes.map(human::bytes));
        facts.extend(self.length.map(|length| format!("{} s", number(length))));
        let facts = if facts.is_empty() { "there".to_owned() } else { facts.join(", ") };
        f.write_str(&sanitize::line(&format!("{} {url}: {}", self.kind, self.fault.as_ref().unwrap_or(&facts))))
    }
}

/// A time for a narrow column: `4`, `4…5.5` for a range, `4…` for that or more, `…` for an unknown time.
fn short(time: &Length) -> String {
    let low = number(time.at_least());
    match time.at_most() {
        Some(high) if time.is_known() => number(high),
        Some(high) => format!("{low}…{}", number(high)),
        None if time.at_least() == Seconds::ZERO => "…".to_owned(),
        None => format!("{low}…"),
    }
}

/// Seconds with no more decimals than a chart can show.
fn number(time: Seconds) -> String {
    let digits = format!("{:.2}", time.as_f64());
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::plan::Reason;

    #[test]
    fn times_in_columns_are_short_and_say_what_is_open() {
        let time = |seconds: f64| Length::known(Seconds::from_f64(seconds).unwrap());
        let unknown = Length::unknown(Reason::AssetLength);
        let range = time(4.0).plus(&Length::up_to(time(1.5), Reason::Condition));
        let told = [time(0.0), time(14.5), time(10.0 / 3.0), time(100.0), range, time(4.0).plus(&unknown), unknown];
        assert_eq!(told.map(|time| short(&time)), ["0", "14.5", "3.33", "100", "4…5.5", "4…", "…"]);
    }
}
