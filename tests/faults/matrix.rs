//! Every row of the fault tables (`faults.md`) is named by a test, here or beside the code, or is listed below with the
//! reason why it has no test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The rows without a test, and the reason.
const UNTESTED: [(std::ops::RangeInclusive<u32>, &str); 2] = [
    (24..=24, "the circuit breaker is the batch's: a single command sends a handful"),
    (81..=81, "network file systems: the README sends their users to PostgreSQL; there is none to test on"),
];

#[test]
fn every_row_of_the_fault_tables_is_named_by_a_test_or_says_why_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeSet::new();
    for folder in ["src", "tests"] {
        collect(&root.join(folder), &mut named);
    }
    let excused: BTreeSet<u32> = UNTESTED.into_iter().flat_map(|(rows, _)| rows).collect();
    let missing: Vec<u32> = written(root).into_iter().filter(|row| !named.contains(row) && !excused.contains(row)).collect();
    assert!(missing.is_empty(), "no test names the rows {missing:?}");
}

/// The numbers of the rows of `faults.md`.
fn written(root: &Path) -> BTreeSet<u32> {
    let page = fs::read_to_string(root.join("docs/design/faults.md")).unwrap();
    let rows: BTreeSet<u32> = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect();
    assert!(rows.len() > 80, "the page has only {} rows", rows.len());
    rows
}

fn collect(folder: &Path, named: &mut BTreeSet<u32>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, named);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            text.lines().filter_map(|line| line.trim_start().split("fn row").nth(1)).for_each(|name| named.extend(rows(name)));
        }
    }
}

/// The rows in the part of a test's name after `fn row`: `_09_…`, `s_77_and_78_…`, `s_70_to_75_…`.
fn rows(name: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut is_range = false;
    for word in name.trim_start_matches('s').split('_').filter(|word| !word.is_empty()) {
        match word.parse() {
            Ok(row) if is_range => found.extend(found.last().copied().unwrap_or(row) + 1..=row),
            Ok(row) => found.push(row),
            Err(_) if word == "to" || word == "and" => {}
            Err(_) => break,
        }
        is_range = word == "to";
    }
    found
}

#[test]
fn a_test_names_one_row_or_two_or_a_range() {
    assert_eq!(rows("_09_an_answer_of_200_bytes("), [9]);
    assert_eq!(rows("s_77_and_78_a_disk("), [77, 78]);
    assert_eq!(rows("s_70_to_75_three("), [70, 71, 72, 73, 74, 75]);
}
