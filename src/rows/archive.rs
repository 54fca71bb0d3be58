//! Measures the unpacked size of a workbook before it is read: an archive of a few kilobytes can hold gigabytes, and the
//! reader keeps texts, formats and each element whole in memory.

use std::io::{BufRead, BufReader, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::RowsError;
use super::origin::Origin;
use crate::limits::{CELL, Limit, PARTS, SHEETS, WORKBOOK};

/// The folder of the sheets, which are read cell by cell. Parts elsewhere count as held in memory.
const SHEET: &str = "xl/worksheets/sheet";

/// The folder of the pictures, which contain no tags.
const MEDIA: &str = "xl/media/";

/// Checks that a workbook can be read in bounded memory and time.
pub(super) fn inspect(origin: &Origin) -> Result<(), RowsError> {
    let name = origin.name();
    let too_much = |what: &str, limit: Limit| RowsError::new(name, format!("{what} {}", limit.passed())).helped("export the sheet as CSV");
    if origin.length() > WORKBOOK.most {
        return Err(too_much("this workbook has", WORKBOOK));
    }
    let mut archive = ZipArchive::new(BufReader::new(origin.read())).map_err(|why| no_archive(name, &why))?;
    let (mut parts, mut sheets) = (0, 0);
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|why| no_archive(name, &why))?;
        let (is_sheet, is_xml) = {
            let path = part.name().map_err(|why| no_archive(name, &why))?;
            (path.starts_with(SHEET), !path.starts_with(MEDIA))
        };
        let (sum, limit) = if is_sheet { (&mut sheets, SHEETS) } else { (&mut parts, PARTS) };
        match measure(part, limit.most - *sum, is_xml) {
            Ok(Measured::Length(length)) => *sum += length,
            Ok(Measured::TooLong) if is_sheet => return Err(too_much("its sheets unpack to", limit)),
            Ok(Measured::TooLong) => return Err(too_much("its texts, formats and other parts unpack to", limit)),
            Ok(Measured::TooWide) => return Err(too_much("a cell of it has", CELL)),
            Err(_) => return Err(damaged(name)),
        }
    }
    Ok(())
}

/// The size of a part.
enum Measured {
    /// Bytes.
    Length(u64),
    /// More bytes than the remaining limit.
    TooLong,
    /// A text or an element is longer than a cell may be.
    TooWide,
}

/// Unpacks a part, counts its bytes and discards them.
fn measure(part: impl Read, left: u64, is_xml: bool) -> std::io::Result<Measured> {
    let mut reader = BufReader::with_capacity(64 << 10, part.take(left + 1));
    let (mut length, mut run) = (0_u64, 0_usize);
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        // A tag and the text after it lie between two `<`.
        for piece in bytes.split_inclusive(|byte| *byte == b'<') {
            run += piece.len();
            if is_xml && CELL.is_passed_by(run) {
                return Ok(Measured::TooWide);
            }
            if piece.ends_with(b"<") {
                run = 0;
            }
        }
        let count = bytes.len();
        length += count as u64;
        reader.consume(count);
    }
    Ok(if length > left { Measured::TooLong } else { Measured::Length(length) })
}

fn no_archive(name: &str, why: &ZipError) -> RowsError {
    match why {
        ZipError::UnsupportedArchive(why) if *why == ZipError::PASSWORD_REQUIRED => {
            RowsError::new(name, "this workbook is protected by a password").helped("save it without one, or export the sheet as CSV")
        }
        _ => damaged(name),
    }
}

/// The error for a file that is not a workbook, or is incomplete.
pub(super) fn damaged(name: &str) -> RowsError {
    let error = RowsError::new(name, "this is not a workbook that can be read: it is damaged, was cut off, or is another kind of file");
    error.helped("open it in a spreadsheet and save it as .xlsx, or export the sheet as CSV")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_measured_by_what_it_unpacks_to() {
        let measured = |text: &[u8], left| match measure(text, left, true).unwrap() {
            Measured::Length(length) => Some(length),
            Measured::TooLong | Measured::TooWide => None,
        };
        assert_eq!([measured(b"<a>text</a>", 11), measured(b"<a>text</a>", 10), measured(b"", 0)], [Some(11), None, Some(0)]);
        let wide = "x".repeat((4 << 20) + 1);
        assert!(matches!(measure(wide.as_bytes(), u64::MAX - 1, true).unwrap(), Measured::TooWide));
        assert!(matches!(measure(wide.as_bytes(), u64::MAX - 1, false).unwrap(), Measured::Length(_)), "a picture has no tags");
    }
}
