//! The gallery: the file of `--results` as a page of outcomes, one tile per row. Each row is a line of its own, so that the
//! page can be viewed during the run, and a killed run leaves a page that works. Until its last line is written, the page
//! looks for more lines by itself.

use std::path::{Component, Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::render::event::{Outcome, OutcomeStatus};
use crate::render::explanation::Explanation;
use crate::render::untrusted;

const STYLE: &str = include_str!("gallery/gallery.css");
const SCRIPT: &str = include_str!("gallery/gallery.js");

/// The start of a row's line.
pub(super) const ROW: &str = "<script type=\"application/json\" class=\"row\">";

/// Everything before the rows.
pub(super) fn head(title: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{hash}'; \
         style-src 'unsafe-inline'; media-src 'self' file: https: http:; img-src data:; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>{STYLE}</style>\n<script>{SCRIPT}</script>\n</head>\n<body>\n"
    )
}

/// Whether a file that begins so is such a page; the script's hash may be that of another version.
pub(super) fn is_begun_by(bytes: &[u8]) -> bool {
    let ours = head("");
    let Some((before, rest)) = ours.split_once("'sha256-") else { return false };
    let after = rest.split_once("; ").and_then(|(_, rest)| rest.split_once('>')).map_or("", |(policy, _)| policy);
    let begins = bytes.strip_prefix(before.as_bytes()).unwrap_or_default();
    memchr::memmem::find(&begins[..begins.len().min(400)], after.as_bytes()).is_some()
}

/// The line of a row: its facts, and for a failed row the cause and the next command.
pub(super) fn row(mut fields: Value, outcome: &Outcome, folder: &Path) -> String {
    fields["file"] = outcome.file.as_ref().map_or(Value::Null, |file| relative(file, folder).into());
    let explanation = outcome.message.as_deref().and_then(Explanation::of);
    fields["cause"] = explanation.map_or(Value::Null, |explanation| format!("{}: {}", explanation.cause, explanation.cure).into());
    fields["next"] = next(outcome).map_or(Value::Null, Value::from);
    format!("{ROW}{}</script>\n", untrusted::escaped(&fields.to_string()).replace('<', "\\u003c"))
}

/// The end of the page: it is complete from here on.
pub(super) const END: &str = "<script type=\"application/json\" id=\"end\">{}</script>\n</body>\n</html>\n";

/// The next command after an outcome.
fn next(outcome: &Outcome) -> Option<String> {
    let project = outcome.project.as_ref().map(ToString::to_string);
    let key = || outcome.key.as_ref().map(ToString::to_string);
    match outcome.status {
        OutcomeStatus::Done if outcome.file.is_none() => project.map(|project| format!("j2v download {project}")),
        OutcomeStatus::Error => project.map(|project| format!("j2v explain {project}")),
        OutcomeStatus::Timeout | OutcomeStatus::Waiting | OutcomeStatus::Pending | OutcomeStatus::Running => {
            project.map(|project| format!("j2v poll {project}"))
        }
        OutcomeStatus::Unknown => project.or_else(key).map(|name| format!("j2v settle {}", shlex::try_quote(&name).unwrap_or_default())),
        _ => None,
    }
}

/// The relative path from a folder to a file, for a page in that folder: segments of a URL.
fn relative(file: &Path, folder: &Path) -> String {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (file, folder) = (absolute(file), absolute(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }));
    let parts = |path: &PathBuf| path.components().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
    let (there, here) = (parts(&file), parts(&folder));
    let shared = there.iter().zip(&here).take_while(|(one, other)| one == other).count();
    if shared == 0 || matches!(file.components().next(), Some(Component::Prefix(_))) && shared < 2 {
        return file.display().to_string();
    }
    let up = std::iter::repeat_n("..".to_owned(), here.len() - shared);
    let down = there[shared..].iter().map(|part| escaped(&part.to_string_lossy()));
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// A segment of a path as a segment of a URL.
fn escaped(segment: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~()".contains(&byte);
    segment.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_from_where_the_page_lies() {
        let cases = [
            ("/a/videos/L 1#.mp4", "/a", "videos/L%201%23.mp4"),
            ("/a/videos/x.mp4", "/a/pages/deep", "../../videos/x.mp4"),
            ("/b/x.mp4", "/a", "../b/x.mp4"),
        ];
        for (file, folder, wanted) in cases {
            assert_eq!(relative(Path::new(file), Path::new(folder)), wanted);
        }
        assert_eq!(relative(Path::new("videos/x.mp4"), Path::new("")), "videos/x.mp4");
    }

    #[test]
    fn a_message_can_t_end_the_line_that_holds_it() {
        let outcome = Outcome { message: Some("</script><script>alert(1)".to_owned()), ..Outcome::new(OutcomeStatus::Error) };
        let line = row(serde_json::json!({"message": outcome.message}), &outcome, Path::new("."));
        assert_eq!(line.matches("</script>").count(), 1, "{line}");
        assert_eq!(line.matches('\n').count(), 1);
    }
}
