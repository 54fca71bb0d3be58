//! What a table is written in: said by a flag, by the file's ending, or by how it begins.

use std::path::Path;

/// What a table is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Cells between commas (or semicolons), a row a line.
    Csv,
    /// Cells between tabs.
    Tsv,
    /// An array of objects.
    Json,
    /// An object a line.
    JsonLines,
    /// A workbook of Excel.
    Xlsx,
}

impl Format {
    /// Every format, with the word for it.
    pub const ALL: [(&'static str, Self); 5] =
        [("csv", Self::Csv), ("tsv", Self::Tsv), ("json", Self::Json), ("jsonl", Self::JsonLines), ("xlsx", Self::Xlsx)];

    /// The format of a file with this name and this beginning. What says nothing is CSV.
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
