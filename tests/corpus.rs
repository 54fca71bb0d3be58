//! Movies that users have written, read and written again without loss.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::fs;
use std::path::{Path, PathBuf};

use j2v::movie::Document;
use j2v::movie::json::first_difference;

#[path = "../examples/build_listing.rs"]
#[expect(dead_code, reason = "the example's `main` is not called here")]
mod build_listing;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The movies written by others; `None` where they are not available.
fn corpus() -> Option<Vec<PathBuf>> {
    let folder = project().join("../shared/corpus/movies");
    let files = fs::read_dir(folder).ok()?;
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    files.sort();
    Some(files)
}

fn read(path: &Path) -> (String, Document) {
    let text = fs::read_to_string(path).unwrap();
    let document = Document::parse(&path.display().to_string(), text.clone()).unwrap_or_else(|refused| panic!("{refused}"));
    (text, document)
}

/// The tokens of a text that is valid JSON except for comments and trailing commas: punctuation, and every string,
/// number and word as it is spelled. It shares no code with the parser under test.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' => rest.find("*/").unwrap() + 2,
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ if first.is_whitespace() => first.len_utf8(),
            _ => rest.find(|letter: char| letter.is_whitespace() || ",:{}[]\"/".contains(letter)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        if matches!(first, '}' | ']') && tokens.last().is_some_and(|last| last == ",") {
            tokens.pop();
        }
        if first != '/' && !first.is_whitespace() {
            tokens.push(token.to_owned());
        }
    }
    tokens
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, letter)| {
        let closes = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        closes
    });
    end.unwrap().0 + 1
}

#[test]
fn every_movie_of_the_corpus_goes_out_as_it_was_written() {
    let Some(files) = corpus() else {
        println!("skipped: ../shared/corpus/movies is not here");
        return;
    };
    assert!(!files.is_empty());
    for path in files {
        let (text, document) = read(&path);
        assert_eq!(tokens(&document.to_compact()), tokens(&text), "{}", path.display());
        assert_eq!(tokens(&document.to_pretty()), tokens(&text), "{}", path.display());
    }
}

#[test]
fn a_movie_of_the_corpus_means_the_same_however_it_is_spaced() {
    let Some(files) = corpus() else {
        println!("skipped: ../shared/corpus/movies is not here");
        return;
    };
    for path in files {
        let (_, document) = read(&path);
        let again = Document::parse("again", document.to_pretty()).unwrap();
        assert_eq!(again.canonical(), document.canonical(), "{}", path.display());
    }
}

#[test]
fn a_movie_cut_anywhere_is_refused_as_cut() {
    let (text, _) = read(&project().join("examples/listing.json"));
    for end in (1..text.trim_end().len()).filter(|&end| text.is_char_boundary(end)) {
        let refused = Document::parse("cut.json", &text[..end]).unwrap_err();
        let reason = refused.diagnostic.label.as_deref().unwrap_or_default();
        assert!(reason.starts_with("the file was cut off"), "{refused}");
        assert!(refused.diagnostic.span.end as usize <= end);
    }
}

#[test]
fn the_example_builds_the_listing() {
    let (_, listing) = read(&project().join("examples/listing.json"));
    let mut built = build_listing::listing().document().root;
    // The tutorial leaves the content type to the service; the builder states it.
    let destination = "/exports/0/destinations/0".parse().unwrap();
    assert!(built.at_mut(&destination).unwrap().remove("content-type"));
    assert_eq!(first_difference(&listing.root, &built), None);
}
