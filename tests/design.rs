//! The design pages are beside the code, and every link to them is valid: from comments, from pages, from the book's contents.
#![expect(clippy::unwrap_used, reason = "a test that can't read its own sources has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose comments may name a page, with a heading after a hash.
const CODE: [&str; 5] = ["src", "tests", "benches", "examples", "fuzz"];

#[test]
fn every_page_that_a_comment_names_has_the_heading_that_it_names() {
    let pages = design_pages();
    let mut wrong = Vec::new();
    let mut links = 0;
    for path in CODE.iter().flat_map(|folder| files(&root().join(folder), "rs")) {
        let text = fs::read_to_string(&path).unwrap();
        let pieces: Vec<&str> = text.split('`').collect();
        for pair in pieces.windows(2).filter(|pair| is_link(pair[0])) {
            let (link, after) = (pair[0], pair[1]);
            links += 1;
            let (page, heading) = link.split_once('#').unwrap_or((link, ""));
            let known = pages.get(page).is_some_and(|headings| heading.is_empty() || headings.contains(heading));
            if !known || names_a_part(after) {
                wrong.push(format!("{}: `{link}`{}", path.display(), after.lines().next().unwrap_or_default()));
            }
        }
    }
    assert!(links > 100, "only {links} links were found: the comments are read wrongly");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_part_of_a_page_is_named_by_its_heading_and_not_by_a_number_or_a_title() {
    for after in [" 3.4).", " (3.4)", ", \"Cold start\").", "\n/// 3.5), as", " part 3 is", ", section 2", ": \"Searching\""] {
        assert!(names_a_part(after), "{after}");
    }
    for after in ["", ").", " rows 30 and 31)", "\n/// row 52).", ", live", ", and 5 s later", " decides"] {
        assert!(!names_a_part(after), "{after}");
    }
}

#[test]
fn every_link_between_pages_leads_to_a_file_and_a_heading() {
    let mut pages = [files(&root().join("docs"), "md"), files(&root().join("skills"), "md")].concat();
    pages.extend(["README.md", "AGENTS.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root().join(name)));
    let mut wrong = Vec::new();
    for page in pages {
        for target in links(&page) {
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let holds = file.exists() && (heading.is_empty() || headings(&fs::read_to_string(&file).unwrap()).contains(heading));
            if !holds {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_contents_of_the_book_name_every_page_once() {
    let book = root().join("docs");
    let contents = book.join("README.md");
    let mut named: Vec<PathBuf> = links(&contents).iter().map(|link| book.join(link)).collect();
    let mut pages: Vec<PathBuf> = files(&book, "md").into_iter().filter(|page| *page != contents).collect();
    named.sort();
    pages.sort();
    assert_eq!(named, pages);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The pages of `docs/design`, each with the anchors of its headings.
fn design_pages() -> BTreeMap<String, BTreeSet<String>> {
    let pages = files(&root().join("docs/design"), "md").into_iter();
    pages.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), headings(&fs::read_to_string(&path).unwrap()))).collect()
}

/// The targets of a page's links, except those to other hosts.
fn links(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// A page, or a page and a heading, in lower case like the names of the design pages; other documents are named in
/// capitals or by their path.
fn is_link(piece: &str) -> bool {
    let page = piece.split('#').next().unwrap_or_default();
    page.strip_suffix(".md").is_some_and(|name| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'))
}

/// Whether the text after a link names a part of the page by a number or by a title in quotes: nothing could check those. A
/// row of the fault tables is named by the word and its number.
fn names_a_part(after: &str) -> bool {
    let mut words = after.split_whitespace().filter(|word| !matches!(*word, "///" | "//!" | "//" | "," | ":"));
    let first = words.next().unwrap_or_default();
    let word = if matches!(first, "part" | "section") { words.next().unwrap_or_default() } else { first };
    word.trim_start_matches(['(', '§']).starts_with(|letter: char| letter.is_ascii_digit() || letter == '"')
}

/// The anchors of a page's headings, as a page renderer makes them: lower case, hyphens for spaces.
fn headings(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim().to_lowercase());
    headings
        .map(|heading| heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-"))
        .collect()
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            found.push(path);
        }
    }
    found
}
