//! Findings as GitHub's workflow commands: one line each, which becomes an annotation of the file. GitHub shows ten of a kind
//! per step and drops the rest silently, so errors go first and the rest is counted.

use super::findings::Placed;
use crate::movie::diagnostic::Severity;

/// The annotations of one kind that GitHub shows for a step.
const SHOWN: usize = 10;

/// The findings of all movies, held until they are written.
#[derive(Default)]
pub(crate) struct Annotations {
    found: Vec<(Severity, String)>,
}

impl Annotations {
    /// Records one finding of a movie.
    pub(crate) fn add(&mut self, movie: &str, placed: &Placed<'_>) {
        let finding = placed.finding;
        let file = placed.place.map_or(movie, |(source, ..)| &source.name);
        let file = property(&relative(file));
        let properties = match placed.place {
            Some((_, position, _)) => format!("file={file},line={},col={}", position.line, position.column),
            None => format!("file={file}"),
        };
        let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        let flag = placed.flag.map(|flag| format!("{flag}: ")).unwrap_or_default();
        let text = message(&format!("{flag}{}{help}", finding.message));
        self.found.push((finding.severity, format!("::{} {properties},title={}::{text}", kind(finding.severity), property(finding.code))));
    }

    /// The lines, errors first.
    pub(crate) fn lines(mut self) -> Vec<String> {
        self.found.sort_by_key(|(severity, _)| *severity);
        let mut lines = Vec::new();
        for of_kind in self.found.chunk_by(|one, other| one.0 == other.0) {
            lines.extend(of_kind.iter().take(SHOWN).map(|(_, line)| line.clone()));
            let more = of_kind.len().saturating_sub(SHOWN);
            if more > 0 {
                lines.push(format!("::notice title=j2v check::and {more} more of kind {}", kind(of_kind[0].0)));
            }
        }
        lines
    }
}

fn kind(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    }
}

/// A path as the workspace has it: with slashes, without `./`.
pub(super) fn relative(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").map_or(path.clone(), str::to_owned)
}

/// A message; characters that would end the line are escaped.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property; characters that would end it are escaped, too.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_line_or_a_property_is_escaped() {
        assert_eq!(message("a%\r\nb::c"), "a%25%0D%0Ab::c");
        assert_eq!(property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
        assert_eq!((relative("./a\\b.json"), relative("c.json")), ("a/b.json".to_owned(), "c.json".to_owned()));
    }
}
