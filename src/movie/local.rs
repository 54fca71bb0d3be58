//! The files of this machine that a movie names: the service can't fetch them, and an upload puts them on the account's media.

use std::collections::HashSet;

use super::Document;
use super::expr::template::sole_block;
use super::json::{Node, Span, Value};

/// Properties that hold the URL of a file.
const FILES: [&str; 4] = ["src", "mask", "font-url", "captions"];

/// Where variables are set.
const VARIABLES: &str = "variables";

/// A file of this machine that a movie names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalReference {
    /// The path as it is written.
    pub path: String,
    /// Where it is written.
    pub span: Span,
}

/// Whether the text of a property that holds a URL is a path of this machine: neither an address nor a text that is
/// filled in later.
#[must_use]
pub fn is_local(text: &str) -> bool {
    let text = text.trim();
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    // One letter before a colon is a drive.
    let is_address = scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let is_address = is_address && !scheme.eq_ignore_ascii_case("file");
    !text.is_empty() && !is_address && !text.starts_with("//") && !text.contains("{{") && !text.contains(['\n', '\r'])
}

/// The path that a reference names, without `file://`.
#[must_use]
pub fn path_of(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("file://").map_or(text, |path| path.strip_prefix("localhost").unwrap_or(path))
}

/// The names of variables that are the whole text where a file belongs: `"src": "{{photo}}"`.
#[must_use]
pub fn file_variables(movie: &Document) -> HashSet<String> {
    let mut names = HashSet::new();
    collect_names(&movie.root, &mut names);
    names
}

fn collect_names(node: &Node, names: &mut HashSet<String>) {
    for member in node.as_object().unwrap_or_default() {
        let is_file = FILES.iter().any(|name| member.key.is(name));
        if let Some(text) = member.value.as_text().filter(|_| is_file) {
            names.extend(variable(&text.decoded()));
        }
        collect_names(&member.value, names);
    }
    node.as_array().unwrap_or_default().iter().for_each(|item| collect_names(item, names));
}

/// The last name of `{{ room.photo }}`.
fn variable(text: &str) -> Option<String> {
    let text = text.trim();
    sole_block(text)?;
    let inside = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    inside.split('.').all(is_name).then(|| inside.rsplit('.').next().unwrap_or(inside).to_owned())
}

/// The files of this machine that a movie names, in the order of the document.
#[must_use]
pub fn local_references(movie: &Document) -> Vec<LocalReference> {
    let mut found = Vec::new();
    let mut root = movie.root.clone();
    visit(&mut root, &file_variables(movie), false, &mut |path, span| {
        found.push(LocalReference { path: path.to_owned(), span });
        None
    });
    found
}

/// The movie with URLs in place of the files that `url` knows.
#[must_use]
pub fn with_urls(mut movie: Document, url: &mut dyn FnMut(&str, Span) -> Option<String>) -> Document {
    let names = file_variables(&movie);
    visit(&mut movie.root, &names, false, url);
    movie
}

/// Shows every local path to `swap`, which may replace it by another text.
fn visit(node: &mut Node, names: &HashSet<String>, in_variables: bool, swap: &mut dyn FnMut(&str, Span) -> Option<String>) {
    match &mut node.value {
        Value::Object(members) => {
            for member in members {
                let name = member.key.decoded();
                let holds_file = FILES.contains(&name.as_ref()) || (in_variables && names.contains(name.as_ref()));
                let in_variables = in_variables || name == VARIABLES;
                drop(name);
                if holds_file {
                    swap_texts(&mut member.value, swap);
                }
                visit(&mut member.value, names, in_variables, swap);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, names, in_variables, swap)),
        _ => {}
    }
}

/// A text, or each text of a list.
fn swap_texts(node: &mut Node, swap: &mut dyn FnMut(&str, Span) -> Option<String>) {
    if let Value::Array(items) = &mut node.value {
        items.iter_mut().filter(|item| item.as_text().is_some()).for_each(|item| swap_texts(item, swap));
        return;
    }
    let Some(text) = node.as_text().map(|text| text.decoded().into_owned()).filter(|text| is_local(text)) else { return };
    if let Some(other) = swap(&text, node.span) {
        *node = Node { span: node.span, ..Node::string(&other) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_no_address_and_nothing_that_is_filled_in_later() {
        for path in ["photo.jpg", "./a b.png", "../x/y.mp4", "/srv/a.jpg", "C:\\a.png", "file:///srv/a.jpg", "Köln.png"] {
            assert!(is_local(path), "{path}");
        }
        for other in
            ["https://example.com/a.jpg", "HTTP://x", "data:image/png;base64,AA", "//cdn/x", "{{photo}}", "", " ", "1\n00:00 --> 00:01"]
        {
            assert!(!is_local(other), "{other}");
        }
        assert_eq!(path_of("file://localhost/srv/a.jpg"), "/srv/a.jpg");
    }

    #[test]
    fn files_are_found_where_they_belong_and_in_the_variables_that_name_them() {
        let movie = r#"{
            "variables": {"photo": "hall.jpg", "title": "notes.txt", "rooms": [{"pic": "bath.jpg"}, {"pic": "https://x/y.jpg"}], "shots": ["a.png", "b.png"]},
            "elements": [{"type": "audio", "src": "./music.mp3"}],
            "scenes": [
                {"elements": [{"type": "image", "src": "{{ photo }}", "mask": "mask.png"}, {"type": "text", "text": "hall.jpg", "settings": {"font-url": "f.ttf"}}]},
                {"iterate": "rooms", "elements": [{"type": "image", "src": "{{pic}}"}]},
                {"iterate": "shots", "elements": [{"type": "image", "src": "{{shots}}"}]}
            ]
        }"#;
        let movie = Document::parse("m.json", movie).unwrap();
        let paths: Vec<_> = local_references(&movie).into_iter().map(|found| found.path).collect();
        assert_eq!(paths, ["hall.jpg", "bath.jpg", "a.png", "b.png", "./music.mp3", "mask.png", "f.ttf"]);
        let swapped = with_urls(movie, &mut |path, _| (path != "f.ttf").then(|| format!("https://m/{path}")));
        let sent = swapped.to_compact();
        assert!(sent.contains(r#""photo":"https://m/hall.jpg""#) && sent.contains(r#""font-url":"f.ttf""#), "{sent}");
        assert!(sent.contains(r#""title":"notes.txt""#) && sent.contains(r#""text":"hall.jpg""#), "{sent}");
        assert_eq!(local_references(&swapped).len(), 1);
    }
}
