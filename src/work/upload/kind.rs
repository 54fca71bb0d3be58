//! The type of a file, from its first bytes and its name.

use std::path::Path;

/// Types detected by the name, because the bytes are text or not distinctive.
const BY_NAME: [(&str, &str); 12] = [
    ("srt", "application/x-subrip"),
    ("vtt", "text/vtt"),
    ("ass", "text/x-ssa"),
    ("svg", "image/svg+xml"),
    ("json", "application/json"),
    ("html", "text/html"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("txt", "text/plain"),
    ("m4a", "audio/mp4"),
    ("mov", "video/quicktime"),
    ("ts", "video/mp2t"),
];

/// The type of an unknown file.
const UNKNOWN: &str = "application/octet-stream";

/// File name extensions by type, where the extension is not the type's own name.
const ENDINGS: [(&str, &str); 20] = [
    ("image/jpeg", "jpg"),
    ("image/svg+xml", "svg"),
    ("image/tiff", "tif"),
    ("image/heif", "heic"),
    ("video/quicktime", "mov"),
    ("video/x-matroska", "mkv"),
    ("video/x-msvideo", "avi"),
    ("video/x-ms-wmv", "wmv"),
    ("video/x-m4v", "m4v"),
    ("video/mp2t", "ts"),
    ("audio/mpeg", "mp3"),
    ("audio/mp4", "m4a"),
    ("audio/m4a", "m4a"),
    ("audio/x-wav", "wav"),
    ("audio/x-flac", "flac"),
    ("application/font-sfnt", "ttf"),
    ("application/font-woff", "woff"),
    ("application/x-subrip", "srt"),
    ("text/x-ssa", "ass"),
    ("text/plain", "txt"),
];

/// The MIME type of a file. A type detected from the bytes overrides the name.
#[must_use]
pub fn content_type(path: &Path, head: &[u8]) -> &'static str {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let named = ending.and_then(|ending| BY_NAME.iter().find(|(known, _)| *known == ending)).map(|(_, kind)| *kind);
    let known = infer::get(head).map(|kind| kind.mime_type());
    match (known, named) {
        // One container format holds video or audio; the name decides.
        (Some("video/mp4" | "audio/m4a"), Some(named)) if named.starts_with("audio/") || named.starts_with("video/") => named,
        (Some(known), _) if !known.starts_with("text/") => known,
        (_, Some(named)) => named,
        (Some(known), None) => known,
        (None, None) => UNKNOWN,
    }
}

/// The file name extension of a type.
#[must_use]
pub fn extension(content_type: &str) -> &str {
    if let Some((_, ending)) = ENDINGS.iter().find(|(kind, _)| *kind == content_type) {
        return ending;
    }
    match content_type.rsplit('/').next() {
        Some(word) if word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) => word,
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, head: &[u8]) -> &'static str {
        content_type(Path::new(name), head)
    }

    #[test]
    fn bytes_that_say_what_they_are_stand_over_the_name() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(kind("photo.png", png), "image/png");
        assert_eq!(kind("photo.jpg", png), "image/png");
        assert_eq!(kind("photo", b"\xff\xd8\xff\xe0\0\x10JFIF\0"), "image/jpeg");
        assert_eq!(kind("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"), "video/mp4");
        assert_eq!(kind("captions.SRT", b"1\n00:00:00,000 --> 00:00:01,000\nHi\n"), "application/x-subrip");
        assert_eq!(kind("logo.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), "image/svg+xml");
        assert_eq!(kind("what", b"?"), "application/octet-stream");
    }

    #[test]
    fn a_type_has_one_ending() {
        assert_eq!(
            ["image/png", "image/jpeg", "audio/mpeg", "application/octet-stream", "text/vtt"].map(extension),
            ["png", "jpg", "mp3", "bin", "vtt"]
        );
    }
}
