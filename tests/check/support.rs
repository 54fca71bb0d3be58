//! Movies to check, and their findings.

use std::fs;
use std::path::{Path, PathBuf};

use j2v::movie::Document;
use j2v::movie::check::{Settings, check};
use j2v::movie::diagnostic::Diagnostic;

pub(crate) fn parse(text: &str) -> Document {
    Document::parse("m.json", text).unwrap_or_else(|refused| panic!("{refused}: {text}"))
}

/// The findings for a movie of one text.
pub(crate) fn findings(text: &str) -> Vec<Diagnostic> {
    check(&parse(text), &Settings::default())
}

pub(crate) fn codes(findings: &[Diagnostic]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// The movies written by others, and the project's own; only the project's own where the others are not available.
pub(crate) fn movies() -> Vec<(String, String)> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = vec![project.join("examples/listing.json")];
    let corpus = fs::read_dir(project.join("../shared/corpus/movies")).into_iter().flatten().map(|file| file.unwrap().path());
    files.extend(corpus.filter(|path| path.extension().is_some_and(|it| it == "json")));
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}
