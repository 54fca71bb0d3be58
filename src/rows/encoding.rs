//! The encoding of a text table. All readers read UTF-8; a table in another encoding is first copied as UTF-8.

use std::fmt;
use std::io::{BufWriter, Read, Write};
use std::str::FromStr;

use encoding_rs::{CoderResult, Decoder};

use super::RowsError;
use super::origin::{Origin, unreadable};

/// The byte order mark of UTF-8.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// How many bytes one read asks for.
const CHUNK: usize = 64 << 10;

/// An encoding with a label of the WHATWG's list: `windows-1252`, `utf-16le`, `shift_jis`, `latin1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = encoding_rs::Encoding::for_label(name.trim().as_bytes());
        found.map(Self).ok_or_else(|| format!("unknown encoding `{name}`; use utf-8, utf-16le, windows-1252 (Excel in the west of Europe), macintosh, shift_jis or another one's name"))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// The table as UTF-8: unchanged unless it begins with the byte order mark of UTF-16 or `wanted` names another encoding.
pub(super) fn to_utf8(origin: Origin, wanted: Option<Encoding>) -> Result<Origin, RowsError> {
    let beginning = origin.beginning()?;
    if beginning.starts_with(&[0xff, 0xfe, 0, 0]) || beginning.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err(RowsError::new(origin.name(), "it is UTF-32, which few programs read").helped("save it as UTF-8"));
    }
    let marked = encoding_rs::Encoding::for_bom(&beginning).map(|(encoding, _)| encoding);
    let encoding = marked.or(wanted.map(|wanted| wanted.0)).unwrap_or(encoding_rs::UTF_8);
    if encoding == encoding_rs::UTF_8 {
        return Ok(origin);
    }
    let name = origin.name().to_owned();
    let copy = tempfile::tempfile().map_err(|why| Origin::uncopied(&name, &why))?;
    let mut text = BufWriter::with_capacity(CHUNK, copy);
    decode(&mut origin.read(), encoding, &mut text, &name)?;
    let copy = text.into_inner().map_err(|why| Origin::uncopied(&name, why.error()))?;
    Origin::kept(&name, copy)
}

fn decode(from: &mut impl Read, encoding: &'static encoding_rs::Encoding, to: &mut impl Write, name: &str) -> Result<(), RowsError> {
    let mut decoder = encoding.new_decoder();
    let (mut bytes, mut text) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let count = from.read(&mut bytes).map_err(|why| unreadable(name, &why))?;
        pass(&mut decoder, &bytes[..count], count == 0, &mut text, to, name)?;
        if count == 0 {
            return Ok(());
        }
    }
}

fn pass(decoder: &mut Decoder, mut bytes: &[u8], is_last: bool, text: &mut [u8], to: &mut impl Write, name: &str) -> Result<(), RowsError> {
    loop {
        let (result, read, written, has_errors) = decoder.decode_to_utf8(bytes, text, is_last);
        if has_errors {
            let why = format!("it holds bytes that are not {}", decoder.encoding().name());
            return Err(RowsError::new(name, why).helped("give its encoding with --encoding NAME, or save it as UTF-8"));
        }
        to.write_all(&text[..written]).map_err(|why| Origin::uncopied(name, &why))?;
        bytes = &bytes[read..];
        if result == CoderResult::InputEmpty {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], wanted: Option<&str>) -> Result<Vec<u8>, String> {
        let origin = Origin::copied("t.csv", &mut { bytes }).unwrap();
        let origin = to_utf8(origin, wanted.map(|name| name.parse().unwrap())).map_err(|error| error.to_string())?;
        let mut text = Vec::new();
        origin.read().read_to_end(&mut text).unwrap();
        Ok(text)
    }

    #[test]
    fn a_mark_says_the_encoding_and_else_the_flag_does() {
        let wide: Vec<u8> = "\u{feff}id,city\n1,Köln 🏠".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&wide, None).unwrap(), "id,city\n1,Köln 🏠".as_bytes());
        assert_eq!(decoded(b"K\xf6ln", Some("windows-1252")).unwrap(), "Köln".as_bytes());
        assert_eq!(decoded(b"\xef\xbb\xbfK\xc3\xb6ln", Some("latin1")).unwrap(), b"\xef\xbb\xbfK\xc3\xb6ln");
        assert_eq!(decoded(b"K\xff", None).unwrap(), b"K\xff", "the reader of rows says in which row");
        assert_eq!(decoded(&[0xff, 0xfe, 0x00, 0xd8, 0x41, 0x00], None).unwrap_err(), "t.csv: it holds bytes that are not UTF-16LE");
        assert!(decoded(&[0xff, 0xfe, 0, 0, 0x41, 0, 0, 0], None).unwrap_err().contains("UTF-32"));
        assert!("ebcdic".parse::<Encoding>().unwrap_err().contains("windows-1252"));
    }

    #[test]
    fn a_text_of_many_chunks_is_whole() {
        let text = "é🏠x".repeat(50_000);
        let wide: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(decoded(&wide, None).unwrap(), text.as_bytes());
    }
}
