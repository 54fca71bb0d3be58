//! The name of a column and its meaning: `price` is a variable, `price:=` holds JSON, `room.image` is the `image` of the
//! variable `room`.

use std::collections::HashMap;
use std::sync::Arc;

use super::RowsError;
use crate::limits::{COLUMNS, HEADER};
use crate::movie::diagnostic::excerpt;
use crate::quantity::counted;

/// The header of a table in the given row: the trimmed names. A column without a name has an empty one and is ignored.
///
/// # Errors
/// When no column has a name, two have the same, there are too many, or one has too many levels.
pub(super) fn header<'h>(table: &str, row: u64, names: impl Iterator<Item = &'h [u8]>) -> Result<Vec<Arc<str>>, RowsError> {
    let wrong = |why: String| RowsError::at(table, format!("row {row}"), why);
    let mut columns: Vec<Arc<str>> = Vec::new();
    for name in names {
        if COLUMNS.is_passed_by(columns.len() + 1) {
            return Err(wrong(format!("the header has {}", COLUMNS.passed())));
        }
        let name = std::str::from_utf8(name).map_err(|_| wrong("the header holds bytes that are not UTF-8".to_owned()).helped(ENCODING))?;
        if let Some(why) = too_deep(name) {
            return Err(wrong(why));
        }
        columns.push(Arc::from(name.trim()));
    }
    if columns.iter().all(|column| column.is_empty()) {
        let help = "the header names the columns, which are the movie's variables; --header-row N says which row it is";
        return Err(RowsError::new(table, "it has no header").helped(help));
    }
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| !column.is_empty()) {
        if let Some(first) = first.insert(column, place) {
            let why = format!("columns {} and {} are both called `{}`", first + 1, place + 1, excerpt(column));
            return Err(wrong(why).helped("give each column a name of its own"));
        }
    }
    Ok(columns)
}

/// The error for a chosen header row that is blank.
pub(super) fn blank_header(table: &str, row: u64) -> RowsError {
    RowsError::new(table, format!("row {row}, which --header-row names, is blank"))
}

/// The help for a table in another encoding.
pub(super) const ENCODING: &str = "save the table as \"CSV UTF-8\" or as a workbook (.xlsx), or name its encoding: \
                                   --encoding windows-1252 where Excel wrote it in the west of Europe";

/// The message about a row whose number of cells does not match the header.
pub(super) fn width(cells: usize, columns: usize) -> String {
    format!("it has {}, the header has {columns}", counted(cells, "cell"))
}

/// The message about a name with too many levels, if it has too many.
#[must_use]
pub fn too_deep(name: &str) -> Option<String> {
    HEADER.is_passed_by(name.split('.').count()).then(|| format!("`{}` has {}", excerpt(name), HEADER.passed()))
}

/// The meaning of a column for a movie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The variable, and the members below it.
    pub path: Vec<String>,
    /// Whether its texts are JSON.
    pub is_json: bool,
}

impl Meaning {
    /// Parses a name as a header or `--map` writes it.
    ///
    /// # Errors
    /// Why the name can't be a variable.
    pub fn parse(name: &str) -> Result<Self, String> {
        let (path, is_json) = match name.strip_suffix(":=") {
            Some(path) => (path.trim_end(), true),
            None => (name, false),
        };
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        match path.iter().find(|part| !is_name(part)) {
            Some(part) if part.is_empty() => Err("a part of its name is empty".to_owned()),
            Some(part) => Err(format!("`{}` is not a variable's name: letters, digits and `_`, a letter first", excerpt(part))),
            None => Ok(Self { path, is_json }),
        }
    }
}

/// Whether this is a valid name of a variable (`movie-format.md#variables`: letters, digits and `_`, starting with a letter).
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_variable_or_says_why_not() {
        let meaning = |path: &[&str], is_json| Ok(Meaning { path: path.iter().map(|part| (*part).to_owned()).collect(), is_json });
        assert_eq!(Meaning::parse("price"), meaning(&["price"], false));
        assert_eq!(Meaning::parse("rooms:="), meaning(&["rooms"], true));
        assert_eq!(Meaning::parse("room.image"), meaning(&["room", "image"], false));
        assert!(Meaning::parse("Listing ID").unwrap_err().starts_with("`Listing ID` is not a variable's name"));
        assert!(Meaning::parse("room.").unwrap_err().contains("empty"));
    }

    #[test]
    fn a_header_names_each_column_once() {
        let names = |names: &[&str]| header("t.csv", 1, names.iter().map(|name| name.as_bytes())).map_err(|error| error.to_string());
        assert_eq!(names(&[" id ", "", "price"]).unwrap(), [Arc::from("id"), Arc::from(""), Arc::from("price")]);
        assert_eq!(names(&["id", "x", "id"]).unwrap_err(), "t.csv: row 1: columns 1 and 3 are both called `id`");
        assert_eq!(names(&["", ""]).unwrap_err(), "t.csv: it has no header");
        let (deep, deeper) = (format!("a{}", ".b".repeat(31)), format!("a{}", ".b".repeat(32)));
        assert_eq!(names(&[&deep]).unwrap().len(), 1);
        assert!(names(&["id", &deeper]).unwrap_err().contains("…` has more than 32 levels"));
        assert!(names(&vec!["x"; 16_385]).unwrap_err().starts_with("t.csv: row 1: the header has more than 16,384 columns"));
    }
}
