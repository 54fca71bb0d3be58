//! Borderless tables for people. A terminal gets relative times, coloured states and lines cut to its width; a file gets
//! whole lines, with times as in JSON.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::sanitize;
use crate::settings::Canvas;
use crate::world::Timestamp;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const OPEN: Style = AnsiColor::Yellow.on_default();

/// The content of a column of a list.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Any text.
    Text(String),
    /// A state of a render or a status of the service.
    State(String),
    /// A point in time, if it is known.
    Time(Option<Timestamp>),
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// Lays out a list under its head, which may be empty, for a terminal or a file.
#[must_use]
pub(crate) fn list(head: &[&str], rows: impl Iterator<Item = Vec<Cell>>, canvas: Canvas, now: Timestamp) -> Vec<String> {
    let head = head.iter().map(|name| (sanitize::message(name), None)).collect();
    let shown = |cell: Cell| match cell {
        Cell::Text(text) => (sanitize::message(&text), None),
        Cell::State(word) => (sanitize::message(&word), style(&word)),
        Cell::Time(None) => (String::new(), None),
        Cell::Time(Some(at)) if canvas.terminal.is_some() => (ago(now.since(at)), None),
        Cell::Time(Some(at)) => (at.to_iso(), None),
    };
    let rows = rows.map(|row| row.into_iter().map(shown).collect());
    let rows: Vec<Vec<(String, Option<Style>)>> = std::iter::once(head).filter(|head: &Vec<_>| !head.is_empty()).chain(rows).collect();
    let widths = widths(rows.iter().map(|row| row.iter().map(|(text, _)| text.as_str())));
    rows.iter().map(|row| line(row, &widths, canvas)).collect()
}

/// One line, cut to the terminal's width. Colours take no room.
fn line(row: &[(String, Option<Style>)], widths: &[usize], canvas: Canvas) -> String {
    let mut room = canvas.terminal.unwrap_or(usize::MAX);
    let mut line = String::new();
    let last = row.iter().rposition(|(text, _)| !text.is_empty()).unwrap_or(0);
    for (place, ((text, style), width)) in row.iter().zip(widths).enumerate().take(last + 1) {
        let padding = if place == last { 0 } else { (width + GAP).saturating_sub(text.chars().count()) };
        let fits = cut(text, room);
        room = room.saturating_sub(fits.chars().count() + padding);
        match style.filter(|_| canvas.color) {
            Some(style) => line.extend([style.render().to_string(), fits, style.render_reset().to_string()]),
            None => line.push_str(&fits),
        }
        if room == 0 {
            break;
        }
        line.extend(std::iter::repeat_n(' ', padding));
    }
    line
}

/// The colour of a state: a good end, a bad end, or a decision to make.
fn style(state: &str) -> Option<Style> {
    match state {
        "done" => Some(GOOD),
        "error" | "timeout" | "abandoned" | "rejected" => Some(BAD),
        "unknown" | "held" | "sending" => Some(OPEN),
        _ => None,
    }
}

/// `just now`, `5m ago`, `3h ago`, `12d ago`.
fn ago(age: Duration) -> String {
    match age.as_secs() {
        0..60 => "just now".to_owned(),
        seconds @ 60..3600 => format!("{}m ago", seconds / 60),
        seconds @ 3600..86_400 => format!("{}h ago", seconds / 3600),
        seconds => format!("{}d ago", seconds / 86_400),
    }
}

/// Spaces between two columns.
const GAP: usize = 2;

/// Lays rows out in columns as wide as their widest cell, two spaces apart; the last column is not padded.
#[must_use]
pub(crate) fn lay_out(rows: &[Vec<String>]) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| sanitize::message(cell)).collect()).collect();
    let widths = widths(rows.iter().map(|row| row.iter().map(String::as_str)));
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The width of each column, in characters.
fn widths<'a>(rows: impl Iterator<Item = impl Iterator<Item = &'a str>>) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows {
        for (column, cell) in row.enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(column) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    widths
}

/// A text that fits into this many columns; a text that is cut ends in `…`.
fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some(_) => text.chars().take(width.saturating_sub(1)).chain(std::iter::once('…').take(width)).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Canvas = Canvas { width: 80, terminal: None, color: false };

    fn shown(canvas: Canvas) -> Vec<String> {
        let at = Timestamp::from_iso("2026-11-23T10:00:00Z");
        let now = Timestamp::from_iso("2026-11-23T12:00:00Z").unwrap();
        let row = vec![Cell::Time(at), Cell::State("done".to_owned()), "key-1".into(), String::new().into()];
        list(&["CREATED", "STATE", "KEY", "FILE"], std::iter::once(row), canvas, now)
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a".to_owned(), "bb".to_owned()], vec!["ccc".to_owned(), "d".to_owned()]];
        assert_eq!(lay_out(&rows), ["a    bb", "ccc  d"]);
    }

    #[test]
    fn a_file_gets_whole_lines_and_whole_times() {
        assert_eq!(shown(FILE), ["CREATED                   STATE  KEY    FILE", "2026-11-23T10:00:00.000Z  done   key-1"]);
    }

    #[test]
    fn a_terminal_gets_ages_colours_and_lines_of_its_width() {
        let terminal = Canvas { terminal: Some(18), color: true, ..FILE };
        assert_eq!(shown(terminal), ["CREATED  STATE  K…", "2h ago   \u{1b}[32mdone\u{1b}[0m   k…"]);
    }
}
