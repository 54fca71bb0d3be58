//! JSON tables: an array of objects, read one item at a time, and JSON Lines.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use super::column::too_deep;
use super::origin::{Origin, Pass, unreadable};
use super::{Cell, Row, RowsError};
use crate::limits::{COLUMNS, Limit, ROW};
use crate::movie::diagnostic::Source;
use crate::movie::json::{self, Node, Value};

/// The items of an array.
pub(super) fn items(origin: &Origin) -> Items<BufReader<Pass>> {
    Items { name: origin.name().to_owned(), reader: buffered(origin), line: 1, number: 0, is_over: false }
}

fn buffered(origin: &Origin) -> BufReader<Pass> {
    BufReader::with_capacity(1 << 16, origin.read())
}

/// The objects of JSON Lines; empty lines are skipped.
pub(super) fn lines(origin: &Origin) -> impl Iterator<Item = Result<Row, RowsError>> + Send + use<> {
    lines_of(origin.name().to_owned(), buffered(origin), ROW)
}

fn lines_of(name: String, mut reader: impl BufRead + Send, longest: Limit) -> impl Iterator<Item = Result<Row, RowsError>> + Send {
    let (mut line, mut number) = (0, 0);
    let mut bytes = Vec::new();
    std::iter::from_fn(move || {
        loop {
            bytes.clear();
            line += 1;
            match reader.by_ref().take(longest.most + 1).read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(length) if longest.is_passed_by(length) => {
                    return Some(Err(RowsError::at(&name, format!("item {}, line {line}", number + 1), too_long(longest))));
                }
                Ok(_) if without_mark(&bytes, line).trim_ascii().is_empty() => {}
                Ok(_) => {
                    number += 1;
                    return Some(Ok(row(&name, number, line, without_mark(&bytes, line))));
                }
                Err(why) => return Some(Err(unreadable(&name, &why))),
            }
        }
    })
}

fn too_long(longest: Limit) -> String {
    format!("it has {}", longest.passed())
}

/// Removes a byte order mark, which only the first line may have.
fn without_mark(bytes: &[u8], line: u64) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| line == 1).unwrap_or(bytes)
}

/// The row of an object; `line` is the line on which its text begins.
fn row(name: &str, number: u64, line: u64, bytes: &[u8]) -> Row {
    match cells(name, number, line, bytes) {
        Ok(cells) => Row { number, cells, faults: Vec::new() },
        Err(fault) => Row { number, cells: Vec::new(), faults: vec![fault] },
    }
}

fn cells(name: &str, number: u64, line: u64, bytes: &[u8]) -> Result<Vec<Cell>, RowsError> {
    let wrong = |line: u64, why: String| RowsError::at(name, format!("item {number}, line {line}"), why);
    let text = std::str::from_utf8(bytes).map_err(|_| wrong(line, "it holds bytes that are not UTF-8".to_owned()))?;
    let parsed = json::parse(text, u16::MAX).map_err(|error| {
        let within = Source::new(name, text).position(error.span.start).line as u64;
        let likely = error.likely.map(|likely| format!(" ({})", likely.reason())).unwrap_or_default();
        wrong(line + within - 1, format!("this is not JSON: {}{likely}", error.message))
    })?;
    let kind = parsed.root.kind();
    let Value::Object(members) = parsed.root.value else {
        return Err(wrong(line, format!("a row is an object, this is {kind}")));
    };
    if COLUMNS.is_passed_by(members.len()) {
        return Err(wrong(line, format!("it has {}", COLUMNS.passed())));
    }
    let cells = members.into_iter().map(|member| Cell { column: Arc::from(&*member.key.decoded()), value: member.value });
    let cells: Vec<Cell> = cells.filter(|cell| !cell.column.is_empty()).map(unplaced).collect();
    match cells.iter().find_map(|cell| too_deep(&cell.column)) {
        Some(why) => Err(wrong(line, why)),
        None => Ok(cells),
    }
}

/// A cell whose value has no place in a movie document, as every value of a table.
fn unplaced(cell: Cell) -> Cell {
    debug_assert!(!cell.value.span.is_some(), "it was parsed without a source");
    cell
}

/// The items of an array, one at a time: only one item is in memory, however long the array.
pub(super) struct Items<R> {
    name: String,
    reader: R,
    line: u64,
    number: u64,
    is_over: bool,
}

impl<R: BufRead> Iterator for Items<R> {
    type Item = Result<Row, RowsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let item = self.item();
        self.is_over = !matches!(item, Ok(Some(_)));
        item.transpose()
    }
}

impl<R: BufRead> Items<R> {
    fn item(&mut self) -> Result<Option<Row>, RowsError> {
        if !self.opens()? {
            return Ok(None);
        }
        self.number += 1;
        let (line, text) = (self.line, self.text()?);
        Ok(Some(row(&self.name, self.number, line, &text)))
    }

    /// Goes to the next item; returns whether there is one.
    fn opens(&mut self) -> Result<bool, RowsError> {
        let (found, wanted) = (self.after_space()?, if self.number == 0 { b'[' } else { b',' });
        match found {
            Some(byte) if byte == wanted => self.skip(),
            Some(b']') if self.number > 0 => return self.closes(),
            Some(byte) => return Err(self.wrong(wanted_but_found(self.number, byte))),
            None if self.number == 0 => return Err(self.wrong("the file is empty".to_owned())),
            None => return Err(self.wrong("the file ends inside its array: it was cut off".to_owned())),
        }
        match self.after_space()? {
            Some(b']') if self.number == 0 => self.closes(),
            Some(b']') => Err(self.wrong("a comma stands before the end of the array".to_owned())),
            Some(_) => Ok(true),
            None => Err(self.wrong("the file ends inside its array: it was cut off".to_owned())),
        }
    }

    fn closes(&mut self) -> Result<bool, RowsError> {
        self.skip();
        match self.after_space()? {
            None => Ok(false),
            Some(_) => Err(self.wrong("something stands after the end of the array".to_owned())),
        }
    }

    /// The text of the item that begins here, up to the comma or bracket after it.
    fn text(&mut self) -> Result<Vec<u8>, RowsError> {
        let (mut text, mut depth, mut quoted, mut escaped) = (Vec::new(), 0_u32, false, false);
        while let Some(byte) = self.peek()? {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'{' | b'[' => depth += 1,
                b',' | b']' | b'}' if depth == 0 => return Ok(text),
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            text.push(byte);
            self.line += u64::from(byte == b'\n');
            self.reader.consume(1);
            if ROW.is_passed_by(text.len()) {
                return Err(self.wrong(too_long(ROW)));
            }
        }
        Ok(text)
    }

    fn after_space(&mut self) -> Result<Option<u8>, RowsError> {
        while let Some(byte) = self.peek()? {
            let is_mark = self.number == 0 && self.line == 1 && matches!(byte, 0xef | 0xbb | 0xbf);
            if !byte.is_ascii_whitespace() && !is_mark {
                return Ok(Some(byte));
            }
            self.line += u64::from(byte == b'\n');
            self.skip();
        }
        Ok(None)
    }

    fn peek(&mut self) -> Result<Option<u8>, RowsError> {
        self.reader.fill_buf().map(|bytes| bytes.first().copied()).map_err(|why| unreadable(&self.name, &why))
    }

    fn skip(&mut self) {
        self.reader.consume(1);
    }

    fn wrong(&self, why: String) -> RowsError {
        let place =
            if self.number == 0 { format!("line {}", self.line) } else { format!("after item {}, line {}", self.number, self.line) };
        RowsError::at(&self.name, place, why)
    }
}

fn wanted_but_found(number: u64, byte: u8) -> String {
    let found = char::from(byte);
    match number {
        0 if byte == b'{' => "a table is an array of objects, this is an object; of an object a line say --format jsonl".to_owned(),
        0 => format!("a table is an array of objects, `[ … ]`, this begins with `{}`", found.escape_default()),
        _ => format!("expected `,` or `]`, found `{}`", found.escape_default()),
    }
}

/// The JSON value in a cell; the error says why the text is not JSON.
pub(super) fn value(text: &str) -> Result<Node, String> {
    json::parse(text, u16::MAX).map(|parsed| parsed.root).map_err(|error| error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_refused_and_not_cut_in_two() {
        let mut read = lines_of("t.jsonl".to_owned(), &b"{\"a\": 1}\n{\"a\": 12345}\n"[..], Limit { most: 10, ..ROW });
        assert_eq!(read.next().unwrap().unwrap().number, 1);
        let told = read.next().unwrap().unwrap_err().to_string();
        assert!(told.starts_with("t.jsonl: item 2, line 2: it has more than "), "{told}");
    }
}
