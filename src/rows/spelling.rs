//! The text of a workbook's cell: the text that a CSV file of the same sheet holds. Numbers are spelled as they were typed and
//! dates as ISO 8601, so that a table is the same in either format. On request, it is the text that a spreadsheet shows.

use std::collections::HashMap;
use std::time::Duration;

use calamine::{DataRef, ExcelDateTime, Style};
use ssfmt::{DateSystem, FormatOptions, NumberFormat};

/// The text of a cell; the error says why it has none.
pub(super) fn text(cell: &DataRef<'_>) -> Result<String, String> {
    Ok(match cell {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) => spelled(*value),
        DataRef::DateTime(moment) if moment.is_duration() => duration(moment),
        DataRef::DateTime(moment) => iso(moment),
        DataRef::Error(error) => return Err(format!("the cell holds the error {error}")),
    })
}

/// The formats of a workbook's cells, by the numbers of their styles.
pub(super) struct Shown {
    options: FormatOptions,
    formats: HashMap<usize, Option<NumberFormat>>,
}

/// The longest format code that a spreadsheet accepts, characters.
const LONGEST_CODE: usize = 255;

/// The date format that a spreadsheet shows in the system's form; here it has the form of the United States, as the other
/// formats do.
const SHORT_DATE: (u32, &str) = (14, "m/d/yyyy");

impl Shown {
    pub(super) fn new(is_1904: bool) -> Self {
        let date_system = if is_1904 { DateSystem::Date1904 } else { DateSystem::Date1900 };
        Self { options: FormatOptions { date_system, ..FormatOptions::default() }, formats: HashMap::new() }
    }

    /// The text that a spreadsheet shows for a cell; the error says why it has none.
    pub(super) fn text(&mut self, cell: &DataRef<'_>, style: usize, styles: &[Style]) -> Result<String, String> {
        let number = match cell {
            DataRef::Float(value) => *value,
            DataRef::DateTime(moment) => moment.as_f64(),
            DataRef::Bool(value) => return Ok(value.to_string().to_uppercase()),
            _ => return text(cell),
        };
        let format = self.formats.entry(style).or_insert_with(|| format_of(styles.get(style)?));
        match format {
            // The padding that aligns numbers in a column is not part of the text.
            Some(format) => Ok(format.format(number, &self.options).trim().to_owned()),
            None => text(cell),
        }
    }
}

fn format_of(style: &Style) -> Option<NumberFormat> {
    let known = style.number_format.as_ref()?;
    let code = if known.format_id == Some(SHORT_DATE.0) { SHORT_DATE.1 } else { known.format_code.as_str() };
    let is_plain = code.is_empty() || code.eq_ignore_ascii_case("general") || code.len() > LONGEST_CODE;
    if is_plain { None } else { NumberFormat::parse(code).ok() }
}

/// A number with the 15 digits that a spreadsheet shows: a stored 19.989999999999998 was typed as 19.99.
fn spelled(value: f64) -> String {
    format!("{value:.14e}").parse().unwrap_or(value).to_string()
}

/// Hours, minutes and seconds, in which a spreadsheet shows a duration longer than a day.
fn duration(moment: &ExcelDateTime) -> String {
    let days = moment.as_f64();
    let seconds = Duration::try_from_secs_f64((days.abs() * 86_400.0).round()).map_or(0, |lasting| lasting.as_secs());
    let sign = if days < 0.0 { "-" } else { "" };
    format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A date without a time at midnight, a time without a date, or both.
fn iso(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let time =
        if milli == 0 { format!("{hour:02}:{minute:02}:{second:02}") } else { format!("{hour:02}:{minute:02}:{second:02}.{milli:03}") };
    let date = format!("{year:04}-{month:02}-{day:02}");
    match moment.as_f64() {
        // A time of day without a date.
        days if (0.0..1.0).contains(&days) => time,
        days if days.fract() == 0.0 => date,
        _ => format!("{date}T{time}"),
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn a_date_is_the_same_in_either_count_of_days() {
        let shown = |value, is_1904| iso(&ExcelDateTime::new(value, DateTime, is_1904));
        assert_eq!([shown(46_351.0, false), shown(44_889.0, true)], ["2026-11-25", "2026-11-25"]);
        assert_eq!([shown(60.0, false), shown(61.0, false)], ["1900-02-29", "1900-03-01"], "the day that only Excel has");
        assert_eq!(shown(46_351.604_166_666_7, false), "2026-11-25T14:30:00");
        assert_eq!(shown(46_351.604_172_453_7, false), "2026-11-25T14:30:00.500");
        assert_eq!(shown(0.25, false), "06:00:00");
    }

    #[test]
    fn what_lasts_is_hours_and_what_is_typed_is_spelled_so() {
        let shown = |value| duration(&ExcelDateTime::new(value, TimeDelta, false));
        assert_eq!([shown(1.5), shown(0.020_891_203_703_703_7), shown(-0.5)], ["36:00:00", "0:30:05", "-12:00:00"]);
        let typed = [19.99 - 4e-15, 0.1 + 0.2, 450_000.0, 1e21, 123_456_789_012_345.0, -0.5];
        assert_eq!(typed.map(spelled), ["19.99", "0.3", "450000", "1000000000000000000000", "123456789012345", "-0.5"]);
    }
}
