//! Which row of a sheet stands where in the bytes of a CSV file, and whether its quotes are right: looked at while the
//! bytes go by to the reader of cells, which knows neither. It passes over blank lines that a spreadsheet counts, and
//! takes a quote that nobody closed for a cell that holds all rows after it.

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::limits::ROW;

/// Bytes on their way to the reader of cells.
pub(super) struct Lines<R> {
    inner: R,
    delimiter: u8,
    state: State,
    /// How many bytes went by.
    at: u64,
    /// How many line breaks did.
    breaks: u64,
    /// Where the row at hand begins.
    start: u64,
    is_over: bool,
    /// The ends of the rows that the reader of cells has not asked for: where, and the line after it.
    ends: VecDeque<(u64, u64)>,
    /// The first character after the quote that closed its cell.
    stray: Option<u64>,
    /// Where the reader of cells is.
    place: Place,
}

/// Where a row stands. The first is 1, of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The row, as a spreadsheet counts: a line break in a cell begins none.
    pub(super) row: u64,
    /// The line, as an editor counts.
    pub(super) line: u64,
}

/// What is wrong with the quotes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadQuote {
    /// It opens a cell, and the file ends in it.
    Open,
    /// It closes a cell that goes on after it.
    Inside,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A cell begins here.
    Start,
    Plain,
    Quoted,
    /// After a quote in a quoted cell: it closes the cell, or is the first of two.
    Closing,
}

impl<R> Lines<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        let (ends, place) = (VecDeque::new(), Place { row: 1, line: 1 });
        Self { inner, delimiter, state: State::Start, at: 0, breaks: 0, start: 0, is_over: false, ends, stray: None, place }
    }

    /// Where the row stands that the reader of cells has read up to a byte. Rows that end behind it stay for the next call.
    pub(super) fn place(&mut self, end: u64) -> Place {
        // The break that ends the row itself is its last byte, or, of a carriage return and a line feed, the one after it.
        while let Some(&(_, line)) = self.ends.front().filter(|(at, _)| *at + 1 < end) {
            self.ends.pop_front();
            self.place = Place { row: self.place.row + 1, line };
        }
        self.place
    }

    /// What is wrong with the quotes of that row.
    pub(super) fn bad_quote(&self, end: u64) -> Option<BadQuote> {
        if self.stray.is_some_and(|at| at < end) {
            return Some(BadQuote::Inside);
        }
        (self.is_over && self.state == State::Quoted && end == self.at).then_some(BadQuote::Open)
    }

    fn pass(&mut self, byte: u8) {
        let was_quoted = self.state == State::Quoted;
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) | (State::Start | State::Closing, b'"') => State::Quoted,
            (_, b'\n' | b'\r') => State::Start,
            (_, byte) if byte == self.delimiter => State::Start,
            (State::Closing, _) => {
                self.stray.get_or_insert(self.at);
                State::Plain
            }
            _ => State::Plain,
        };
        if byte == b'\n' {
            self.breaks += 1;
            if !was_quoted {
                self.ends.push_back((self.at, self.breaks + 1));
            }
        }
        self.at += 1;
        if self.state == State::Start && matches!(byte, b'\n' | b'\r') {
            self.start = self.at;
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.is_over |= count == 0 && !buffer.is_empty();
        buffer[..count].iter().for_each(|byte| self.pass(*byte));
        if self.at - self.start > ROW.most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has {}", ROW.passed())));
        }
        Ok(count)
    }
}
