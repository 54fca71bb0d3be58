//! Checks the dependencies between the layers: a module imports only from the layers that it may use.
#![expect(clippy::unwrap_used, reason = "a test that can't read its own sources has failed")]

use std::fs;
use std::path::Path;

/// Each layer and the modules of the crate that it may import, besides itself.
const MAY_USE: [(&str, &[&str]); 19] = [
    ("world", &[]),
    ("policy", &[]),
    ("limits", &[]),
    ("input", &["limits"]),
    ("near", &[]),
    ("draft", &[]),
    ("movie", &["limits", "near"]),
    ("render", &["policy", "world"]),
    ("rows", &["input", "limits", "movie", "near"]),
    ("preview", &["movie"]),
    ("service", &["draft", "movie", "policy", "render", "world"]),
    ("ledger", &["render", "world"]),
    ("work", &["ledger", "movie", "policy", "preview", "render", "service", "world"]),
    ("client", &["ledger", "movie", "policy", "render", "service", "work", "world"]),
    ("emulator", &["movie", "near", "world"]),
    ("exit", &["render"]),
    ("cli", &["emulator", "exit", "movie", "near", "render", "rows", "service", "world"]),
    ("settings", &["cli", "input", "ledger", "limits", "movie", "near", "service", "work"]),
    ("output", &["draft", "exit", "limits", "movie", "render", "settings", "world"]),
];

#[test]
fn every_layer_imports_only_from_those_below_it() {
    let mut wrong = Vec::new();
    for (layer, may_use) in MAY_USE {
        for (path, text) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), layer) {
            for used in imports(&text) {
                if used != layer && !may_use.contains(&used.as_str()) {
                    wrong.push(format!("{path} uses crate::{used}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_longer_than_the_house_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let long: Vec<String> = MAY_USE
        .iter()
        .flat_map(|(layer, _)| sources(&root, layer))
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

fn sources(root: &Path, layer: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let file = root.join(layer).with_extension("rs");
    if file.is_file() {
        found.push((file.display().to_string(), fs::read_to_string(&file).unwrap()));
    }
    collect(&root.join(layer), &mut found);
    assert!(!found.is_empty(), "there is no layer {layer}");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The first segments after `crate::` in code, not in comments.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .filter(|segment: &String| segment.chars().next().is_some_and(char::is_lowercase))
        .collect()
}
