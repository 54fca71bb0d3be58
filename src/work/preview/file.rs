//! The files of this machine that a movie names. A movie may come from a stranger and name any file, so only what its content
//! shows to be a picture, a video or a sound is shown, and under a root only what is below that.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use infer::MatcherType;

use crate::movie::{is_local, path_of};
use crate::work::upload::content_type;

/// How many bytes at the start of a file are read to detect its type.
const HEAD: u64 = 8 << 10;

/// The folder that relative addresses of a movie start from, and the root that its files must be below, if there is one.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    base: PathBuf,
    root: Option<PathBuf>,
}

/// The location of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// At a URL.
    Remote(String),
    /// On this machine.
    Local(PreviewFile),
}

/// A file of this machine, not yet judged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PreviewFile {
    path: PathBuf,
    root: Option<PathBuf>,
}

/// An open file that may be shown.
#[derive(Debug)]
pub struct Media {
    /// The file, at its start.
    pub file: File,
    /// Its length, bytes.
    pub length: u64,
    /// Its MIME type, by its content.
    pub kind: &'static str,
}

/// Why a file is not shown.
#[derive(Debug, thiserror::Error)]
pub enum Unshown {
    /// Its content is no media.
    #[error("is not a media file")]
    NotMedia,
    /// It is not below the root.
    #[error("is outside of the folder of --root")]
    Outside,
    /// It can't be read.
    #[error("can't be read: {0}")]
    Unreadable(#[from] io::Error),
}

impl Folder {
    /// The folder `base`. `root` has to be without links, as `canonicalize` returns it.
    #[must_use]
    pub fn new(base: PathBuf, root: Option<PathBuf>) -> Self {
        Self { base, root }
    }

    /// The location that an address in the movie means.
    #[must_use]
    pub fn origin(&self, address: &str) -> Origin {
        if is_local(address) {
            Origin::Local(PreviewFile { path: self.base.join(path_of(address)), root: self.root.clone() })
        } else {
            Origin::Remote(address.to_owned())
        }
    }
}

impl PreviewFile {
    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file if it may be shown. The open file is judged, so that no other can take its place afterwards.
    ///
    /// # Errors
    /// When it may not be shown, or can't be read.
    pub fn open(&self) -> Result<Media, Unshown> {
        let (mut file, length) = self.opened()?;
        let mut head = Vec::new();
        file.by_ref().take(HEAD).read_to_end(&mut head)?;
        let kind = media_type(&self.path, &head).ok_or(Unshown::NotMedia)?;
        file.rewind()?;
        Ok(Media { file, length, kind })
    }

    /// Its text, if it has no more than `most` bytes: for captions, of which only the cues are shown.
    ///
    /// # Errors
    /// When it is outside of the root, is longer, or can't be read as text.
    pub fn text(&self, most: u64) -> Result<String, Unshown> {
        let (file, _) = self.opened()?;
        let mut text = String::new();
        if file.take(most + 1).read_to_string(&mut text)? as u64 > most {
            return Err(Unshown::NotMedia);
        }
        Ok(text)
    }

    /// Opens a regular file only: a pipe would never end.
    fn opened(&self) -> Result<(File, u64), Unshown> {
        let path = match &self.root {
            // What the links lead to is judged and opened.
            Some(root) => Some(self.path.canonicalize()?).filter(|path| path.starts_with(root)).ok_or(Unshown::Outside)?,
            None => self.path.clone(),
        };
        if !std::fs::metadata(&path)?.is_file() {
            return Err(Unshown::NotMedia);
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }
}

/// The MIME type of a picture, a video or a sound, by its first bytes; `None` for everything else, whatever its name.
fn media_type(path: &Path, head: &[u8]) -> Option<&'static str> {
    if is_svg(head) {
        return Some("image/svg+xml");
    }
    let is_media = |kind: &infer::Type| matches!(kind.matcher_type(), MatcherType::Image | MatcherType::Video | MatcherType::Audio);
    // Some signatures are two letters that a text may begin with; no text has a zero byte.
    infer::get(head).filter(|kind| is_media(kind) && head.contains(&0))?;
    Some(match content_type(path, head) {
        // The names that browsers know.
        "video/x-m4v" => "video/mp4",
        "audio/m4a" => "audio/mp4",
        "audio/x-wav" => "audio/wav",
        "audio/x-flac" => "audio/flac",
        kind => kind,
    })
}

/// Whether the first element of a document is `<svg>`, after its declaration and comments.
fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    if !rest.starts_with('<') {
        return false;
    }
    while let Some((_, behind)) = rest.split_once('<') {
        if let Some(comment) = behind.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
        } else if behind.starts_with(['!', '?']) {
            rest = behind;
        } else {
            let name = behind.split([' ', '\t', '\r', '\n', '>', '/']).next().unwrap_or_default();
            return name.rsplit(':').next() == Some("svg");
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_another_host_or_of_this_machine() {
        let folder = Folder::new("/movies".into(), None);
        let path = |address: &str| match folder.origin(address) {
            Origin::Local(file) => file.path().display().to_string(),
            Origin::Remote(url) => url,
        };
        assert_eq!(path("./photo.jpg"), "/movies/./photo.jpg");
        assert_eq!(path("file:///srv/photo.jpg"), "/srv/photo.jpg");
        assert_eq!(path("https://cdn.example/logo.png"), "https://cdn.example/logo.png");
    }

    #[test]
    fn content_decides_what_is_media() {
        let kind = |name: &str, head: &[u8]| media_type(Path::new(name), head);
        assert_eq!(kind("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some("image/png"));
        assert_eq!(kind("a.m4a", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"), Some("audio/mp4"));
        assert_eq!(kind("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"), Some("video/mp4"));
        assert_eq!(kind("a.wav", b"RIFF\x24\0\0\0WAVEfmt \x10"), Some("audio/wav"));
        assert_eq!(kind("a.png", b"BM_API_KEY=secret\n"), None);
        assert_eq!(kind("a.mp4", b"root:x:0:0:root:/root:/bin/bash\n"), None);
        assert_eq!(kind("a.mp3", b""), None);
        assert_eq!(kind("a.zip", b"PK\x03\x04\0\0\0\0"), None);
    }

    #[test]
    fn a_drawing_is_known_by_its_first_element() {
        for svg in [
            "<svg/>",
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- <html> -->\n<!DOCTYPE svg [<!ENTITY a \"b\">]>\n<svg width=\"1\">",
            "<svg:svg xmlns:svg=\"http://www.w3.org/2000/svg\">",
        ] {
            assert!(is_svg(svg.as_bytes()), "{svg}");
        }
        for other in ["key <svg>", "<config><svg/></config>", "<!-- <svg> -->", "<!-- <svg>", ""] {
            assert!(!is_svg(other.as_bytes()), "{other}");
        }
    }
}
