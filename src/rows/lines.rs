//! Finds the row of a sheet at each byte of a CSV file, and checks its quotes. It watches the bytes on their way to the CSV
//! reader, which does neither: that reader skips blank lines, which a spreadsheet counts, and reads an unclosed quote as
//! one cell that holds all later rows.

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::limits::{COLUMNS, ROW};

/// A reader that watches the bytes that the CSV reader reads.
pub(super) struct Lines<R> {
    inner: R,
    delimiter: u8,
    state: State,
    /// How many bytes have passed.
    at: u64,
    /// How many line breaks have passed.
    breaks: u64,
    /// The offset of the current row, bytes.
    start: u64,
    is_over: bool,
    /// The number of the current cell in its row, from 0.
    cell: usize,
    /// The ends of the rows that the CSV reader has not asked for yet: the offset, and the number of the next line.
    ends: VecDeque<(u64, u64)>,
    /// The first characters after a closing quote that the CSV reader has not passed yet: the offset, and the cell's number.
    strays: VecDeque<(u64, usize)>,
    /// The place of the CSV reader.
    place: Place,
}

/// The place of a row. Rows and lines are numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The row, as a spreadsheet counts: a line break inside a cell does not begin a row.
    pub(super) row: u64,
    /// The line, as an editor counts.
    pub(super) line: u64,
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
        let (ends, strays, place) = (VecDeque::new(), VecDeque::new(), Place { row: 1, line: 1 });
        Self { inner, delimiter, state: State::Start, at: 0, breaks: 0, start: 0, is_over: false, cell: 0, ends, strays, place }
    }

    /// The place of the row that the CSV reader has read up to the byte `end`. Rows that end later stay for the next call.
    pub(super) fn place(&mut self, end: u64) -> Place {
        // The row's own break is its last byte or, for a carriage return and a line feed, the byte after it.
        while let Some(&(_, line)) = self.ends.front().filter(|(at, _)| *at + 1 < end) {
            self.ends.pop_front();
            self.place = Place { row: self.place.row + 1, line };
        }
        self.place
    }

    /// The next cell of that row that goes on after the quote that closes it: its number in the row, from 0.
    pub(super) fn next_stray(&mut self, end: u64) -> Option<usize> {
        let &(_, cell) = self.strays.front().filter(|(at, _)| *at < end)?;
        self.strays.pop_front();
        Some(cell)
    }

    /// Whether a quote opens a cell of that row and never closes: the file ends in it.
    pub(super) fn is_open(&self, end: u64) -> bool {
        self.is_over && self.state == State::Quoted && end == self.at
    }

    fn pass(&mut self, byte: u8) {
        let was_quoted = self.state == State::Quoted;
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) | (State::Start | State::Closing, b'"') => State::Quoted,
            (_, b'\n' | b'\r') => State::Start,
            (_, byte) if byte == self.delimiter => {
                self.cell += 1;
                State::Start
            }
            (State::Closing, _) => {
                // No table has more columns, and so no name for more cells.
                if !COLUMNS.is_passed_by(self.cell + 1) {
                    self.strays.push_back((self.at, self.cell));
                }
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
            self.cell = 0;
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
