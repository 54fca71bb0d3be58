//! Converts byte positions in files to lines; each file is read through once.

use serde::Serialize;

use crate::movie::diagnostic::{Source, SourceKind};
use crate::movie::json::Span;

/// A place in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The element or the scene, as a JSON Pointer into the movie.
    pub pointer: String,
    /// The file; `None` for a value from a flag.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// Its bytes, to find the places inside it.
    #[serde(skip)]
    pub span: Option<Span>,
}

impl Place {
    /// Whether another place is inside this one.
    pub(super) fn holds(&self, other: Span) -> bool {
        self.span.is_some_and(|span| span.source == other.source && span.start <= other.start && other.start < span.end)
    }
}

/// The lines of all files of a movie, by the number of the source; a flag has none.
pub(super) struct Lines<'a> {
    files: Vec<Option<(&'a str, Vec<usize>)>>,
}

impl<'a> Lines<'a> {
    /// The lines of these files.
    pub(super) fn of(sources: &'a [Source]) -> Self {
        let breaks = |source: &'a Source| (source.name.as_str(), source.text.match_indices('\n').map(|(at, _)| at).collect());
        Self { files: sources.iter().map(|source| (source.kind == SourceKind::Text).then(|| breaks(source))).collect() }
    }

    /// The place of a span.
    pub(super) fn place(&self, pointer: String, span: Span) -> Place {
        let Some(Some((file, breaks))) = self.files.get(usize::from(span.source)) else { return Place { pointer, ..Place::default() } };
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        let line = breaks.partition_point(|at| *at < start) + 1;
        Place { pointer, file: Some((*file).to_owned()), line: Some(line), span: Some(span) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_as_an_editor_does() {
        let sources = [Source::new("a.json", "{\n\n  \"x\": 1\n}")];
        let lines = Lines::of(&sources);
        for start in 0..=13 {
            let place = lines.place(String::new(), Span { source: 0, start, end: start });
            assert_eq!(place.line, Some(sources[0].position(start).line), "{start}");
        }
        assert_eq!(lines.place(String::new(), Span::NONE).line, None);
    }
}
