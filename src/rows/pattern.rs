//! A text with `{column}` in it, filled from a row. What stands between double braces is the service's own and stays.

use super::Row;

/// A text and the columns that it is filled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

impl Pattern {
    /// A pattern that is one column.
    #[must_use]
    pub fn column(name: &str) -> Self {
        Self { parts: vec![Part::Column(name.to_owned())] }
    }

    /// Reads a pattern. A brace without its other half stands for itself.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (mut parts, mut rest, mut plain) = (Vec::new(), text, String::new());
        while let Some(at) = rest.find('{') {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            let closing = if rest.starts_with("{{") { "}}" } else { "}" };
            let Some(end) = rest.find(closing) else { break };
            let (inside, after) = (&rest[1..end], &rest[end + closing.len()..]);
            if closing == "}" && !inside.trim().is_empty() {
                parts.extend([Part::Text(std::mem::take(&mut plain)), Part::Column(inside.trim().to_owned())]);
            } else {
                plain.push_str(&rest[..end + closing.len()]);
            }
            rest = after;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Self { parts }
    }

    /// The columns that it names.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| if let Part::Column(name) = part { Some(name.as_str()) } else { None })
    }

    /// The text for a row; spaces around a cell's text are none of it.
    ///
    /// # Errors
    /// When the row has no such column: its name.
    pub fn fill(&self, row: &Row) -> Result<String, String> {
        self.filled(row, |_, cell| cell.to_owned())
    }

    /// The URL for a row: what cells say is escaped in it, but for a cell that the whole begins with.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub fn fill_url(&self, row: &Row) -> Result<String, String> {
        self.filled(row, |before, cell| if before.is_empty() { cell.to_owned() } else { escaped(cell) })
    }

    fn filled(&self, row: &Row, spell: impl Fn(&str, &str) -> String) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Column(name) => {
                    let cell = row.cell(name).ok_or_else(|| name.clone())?.to_text();
                    text.push_str(&spell(&text, cell.trim()));
                }
            }
        }
        Ok(text)
    }
}

/// What may stand anywhere in a URL stays (RFC 3986, 2.3), every other byte is escaped.
fn escaped(text: &str) -> String {
    let spelled = |byte: u8| match byte {
        _ if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(spelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::Node;
    use crate::rows::Cell;

    fn row() -> Row {
        let cell = |column: &str, value: Node| Cell { column: column.into(), value };
        Row {
            number: 2,
            cells: vec![cell("id", Node::string(" L-1 ")), cell("n", Node::from(7)), cell("at", Node::string("http://a/b c&d"))],
            faults: Vec::new(),
        }
    }

    fn filled(pattern: &str) -> Result<String, String> {
        Pattern::parse(pattern).fill(&row())
    }

    #[test]
    fn columns_are_filled_in_and_everything_else_stays() {
        assert_eq!(filled("{id}-{ n }.x").unwrap(), "L-1-7.x");
        assert_eq!(filled("{{ name }} {} {id").unwrap(), "{{ name }} {} {id");
        assert_eq!(filled("https://app.example/cb?id={id}").unwrap(), "https://app.example/cb?id=L-1");
        assert_eq!(filled("{price}").unwrap_err(), "price");
        assert_eq!(Pattern::parse("{at}?x={at}").fill_url(&row()).unwrap(), "http://a/b c&d?x=http%3A%2F%2Fa%2Fb%20c%26d");
        assert_eq!(Pattern::parse("a{b}c{d}").columns().collect::<Vec<_>>(), ["b", "d"]);
    }
}
