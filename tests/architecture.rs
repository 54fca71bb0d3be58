//! Checks the dependencies between the layers and between files: a module imports only from the layers that it may use, and
//! no files import from each other in a circle.
#![expect(clippy::unwrap_used, reason = "a test that can't read its own sources has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Each layer and the modules of the crate that it may import, besides itself.
const MAY_USE: [(&str, &[&str]); 20] = [
    ("world", &[]),
    ("policy", &[]),
    ("limits", &[]),
    ("input", &["limits"]),
    ("near", &[]),
    ("quantity", &[]),
    ("draft", &[]),
    ("movie", &["limits", "near", "quantity"]),
    ("render", &["policy", "world"]),
    ("rows", &["input", "limits", "movie", "near", "quantity"]),
    ("preview", &["movie"]),
    ("service", &["draft", "movie", "policy", "render", "world"]),
    ("ledger", &["render", "world"]),
    ("work", &["ledger", "movie", "policy", "preview", "quantity", "render", "service", "world"]),
    ("client", &["ledger", "movie", "policy", "render", "service", "work", "world"]),
    ("emulator", &["movie", "near", "world"]),
    ("exit", &["render"]),
    ("cli", &["emulator", "exit", "movie", "near", "render", "rows", "service", "world"]),
    ("settings", &["cli", "input", "ledger", "limits", "movie", "near", "service", "work"]),
    ("output", &["draft", "exit", "limits", "movie", "quantity", "render", "settings", "world"]),
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
fn no_file_of_a_layer_is_longer_than_400_lines() {
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

/// A file as the path of its module: `movie::check::element`.
type Module = Vec<String>;

/// Imports between files. A file and the folder of its submodules are one to the reader: those between a module and the
/// modules inside it don't count.
#[test]
fn no_files_import_from_each_other_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let texts: BTreeMap<Module, String> = files.into_iter().map(|(path, text)| (module_of(&root, &path), text)).collect();
    let names: BTreeSet<&Module> = texts.keys().collect();
    let imports: BTreeMap<&Module, BTreeSet<&Module>> =
        texts.iter().map(|(module, text)| (module, imported(module, text, &names))).collect();
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 1000, "the imports are not found any more");
    let circles: Vec<String> = imports.keys().filter_map(|module| circle(module, &imports)).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

fn module_of(root: &Path, file: &str) -> Module {
    let path = Path::new(file).strip_prefix(root).unwrap().with_extension("");
    let mut parts: Module = path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if matches!(parts.last().unwrap().as_str(), "mod" | "lib" | "main") {
        parts.pop();
    }
    parts
}

/// The other files that a module's `use` lines name, without its own submodules and the modules that it is inside of.
fn imported<'a>(module: &Module, text: &str, names: &BTreeSet<&'a Module>) -> BTreeSet<&'a Module> {
    let tests = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let code: String =
        text[..tests].lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| line.trim().to_owned() + " ").collect();
    let mut found = BTreeSet::new();
    for statement in code.split(';').filter_map(|statement| statement.rsplit_once("use ").map(|(_, tree)| tree)) {
        for path in expanded(statement) {
            let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
            let mut base = if parts[0] == "crate" { Vec::new() } else { module.clone() };
            while matches!(parts.first(), Some(&("crate" | "self" | "super"))) {
                if parts.remove(0) == "super" {
                    base.pop();
                }
            }
            let whole: Module = base.iter().cloned().chain(parts.iter().map(|&part| part.to_owned())).collect();
            let reached = (base.len()..=whole.len()).rev().find_map(|length| names.get(&whole[..length].to_vec()));
            found.extend(reached.filter(|other| !other.starts_with(module) && !module.starts_with(other)));
        }
    }
    found
}

/// The paths of a tree such as `a::{b, c::{d, e}}`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inside = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    let (mut depth, mut start, mut paths) = (0, 0, Vec::new());
    for (place, sign) in inside.char_indices().chain([(inside.len(), ',')]) {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                paths.extend(expanded(&inside[start..place]).iter().map(|path| format!("{}{path}", head.trim())));
                start = place + 1;
            }
            _ => {}
        }
    }
    paths
}

/// The way from a module back to itself, if there is one.
fn circle(start: &Module, imports: &BTreeMap<&Module, BTreeSet<&Module>>) -> Option<String> {
    let mut ways = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for &next in &imports[way[way.len() - 1]] {
            if next == start {
                return Some(way.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" -> "));
            }
            if seen.insert(next) {
                ways.push([way.as_slice(), &[next]].concat());
            }
        }
    }
    None
}
