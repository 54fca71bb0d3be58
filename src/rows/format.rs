//! The format of a table: from a flag, from the file's ending, or from its first bytes.

use std::path::Path;

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Cells separated by commas (or semicolons), one row per line.
    Csv,
    /// Cells separated by tabs.
    Tsv,
    /// An array of objects.
    Json,
    /// One object per line.
    JsonLines,
    /// An Excel workbook.
    Xlsx,
}

impl Format {
    /// Every format, with its word.
    pub const ALL: [(&'static str, Self); 5] =
        [("csv", Self::Csv), ("tsv", Self::Tsv), ("json", Self::Json), ("jsonl", Self::JsonLines), ("xlsx", Self::Xlsx)];

    /// The format of a file with this name and these first bytes; CSV if neither decides.
    #[must_use]
    pub fn find(name: &str, beginning: &[u8]) -> Self {
        let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        match ending.as_deref() {
            Some("csv") => Self::Csv,
            Some("tsv" | "tab") => Self::Tsv,
            Some("json") => Self::Json,
            Some("jsonl" | "ndjson") => Self::JsonLines,
            Some("xlsx" | "xlsm") => Self::Xlsx,
            _ => Self::sniff(beginning),
        }
    }

    fn sniff(beginning: &[u8]) -> Self {
        let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
        match text.trim_ascii_start() {
            // A workbook is a ZIP archive.
            [b'P', b'K', 3, 4, ..] => Self::Xlsx,
            [b'[', ..] => Self::Json,
            [b'{', ..] => Self::JsonLines,
            _ => Self::Csv,
        }
    }
}

/// What a file is that looks like a table elsewhere and is none of the formats: often such a file is called `.xls`.
pub(super) fn other_document(beginning: &[u8]) -> Option<&'static str> {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    let is_page = ["<html", "<!doctype", "<table", "<?xml"].iter().any(|mark| {
        let head = text.get(..mark.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(mark.as_bytes())
    });
    match beginning {
        // The container of Excel 97 to 2003.
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("it is a workbook of an old Excel (.xls)"),
        _ if is_page => Some("it is a web page or XML, not a table"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_what_a_file_is_and_else_its_beginning() {
        assert_eq!(Format::find("a/LISTINGS.CSV", b"[1]"), Format::Csv);
        assert_eq!(Format::find("rows.ndjson", b""), Format::JsonLines);
        assert_eq!(Format::find("-", b"\xef\xbb\xbf\n [{"), Format::Json);
        assert_eq!(Format::find("-", b"{\"a\": 1}"), Format::JsonLines);
        assert_eq!(Format::find("-", b"PK\x03\x04\x14"), Format::Xlsx);
        assert_eq!(Format::find("-", b"id,price\n"), Format::Csv);
    }
}
