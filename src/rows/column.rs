//! What a column is called, and what that makes of it: `price` is a variable, `price:=` holds JSON, `room.image` is the
//! `image` of the variable `room`.

use std::collections::HashMap;
use std::sync::Arc;

use super::RowsError;

/// The header of a table, which stands in that row: the names, trimmed. A column without a name is empty and is left out.
///
/// # Errors
/// When no column has a name, or two have the same.
pub(super) fn header<'h>(table: &str, row: u64, names: impl Iterator<Item = &'h str>) -> Result<Vec<Arc<str>>, RowsError> {
    let columns: Vec<Arc<str>> = names.map(|name| Arc::from(name.trim())).collect();
    if columns.iter().all(|column| column.is_empty()) {
        return Err(RowsError::new(table, "it has no header").helped("its first row names the columns, which are the movie's variables"));
    }
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| !column.is_empty()) {
        if let Some(first) = first.insert(column, place) {
            let why = format!("columns {} and {} are both called `{column}`", first + 1, place + 1);
            return Err(RowsError::at(table, format!("row {row}"), why).helped("give each column a name of its own"));
        }
    }
    Ok(columns)
}

/// What a column is to a movie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The variable, and the members below it.
    pub path: Vec<String>,
    /// Whether its texts are JSON.
    pub is_json: bool,
}

impl Meaning {
    /// Reads a name as a header or `--map` writes it.
    ///
    /// # Errors
    /// When it can't be a variable: why not.
    pub fn parse(name: &str) -> Result<Self, String> {
        let (path, is_json) = match name.strip_suffix(":=") {
            Some(path) => (path.trim_end(), true),
            None => (name, false),
        };
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        match path.iter().find(|part| !is_name(part)) {
            Some(part) if part.is_empty() => Err("a part of its name is empty".to_owned()),
            Some(part) => Err(format!("`{part}` is no name: letters, digits and `_`, a letter first")),
            None => Ok(Self { path, is_json }),
        }
    }
}

/// Whether a variable may be called so (`movie-format.md#variables`: letters, digits and `_`, starting with a letter).
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
        assert!(Meaning::parse("Listing ID").unwrap_err().starts_with("`Listing ID` is no name"));
        assert!(Meaning::parse("room.").unwrap_err().contains("empty"));
    }

    #[test]
    fn a_header_names_each_column_once() {
        let names = |names: &[&str]| header("t.csv", 1, names.iter().copied()).map_err(|error| error.to_string());
        assert_eq!(names(&[" id ", "", "price"]).unwrap(), [Arc::from("id"), Arc::from(""), Arc::from("price")]);
        assert_eq!(names(&["id", "x", "id"]).unwrap_err(), "t.csv: row 1: columns 1 and 3 are both called `id`");
        assert_eq!(names(&["", ""]).unwrap_err(), "t.csv: it has no header");
    }
}
