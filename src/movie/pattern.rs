//! A text with `{name}` in it, filled from a row of a table or from what is known of a render. Text between double braces is
//! the service's own, and stays.

/// A text and the names that it is filled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<PatternPart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PatternPart {
    Text(String),
    Name(String),
}

impl Pattern {
    /// A pattern that is one name.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        Self { text: format!("{{{name}}}"), parts: vec![PatternPart::Name(name.to_owned())] }
    }

    /// Parses a pattern. A brace without its partner is an ordinary character.
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
                parts.extend([PatternPart::Text(std::mem::take(&mut plain)), PatternPart::Name(inside.trim().to_owned())]);
            } else {
                plain.push_str(&rest[..end + closing.len()]);
            }
            rest = after;
        }
        plain.push_str(rest);
        parts.push(PatternPart::Text(plain));
        parts.retain(|part| !matches!(part, PatternPart::Text(text) if text.is_empty()));
        Self { text: text.to_owned(), parts }
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| if let PatternPart::Name(name) = part { Some(name.as_str()) } else { None })
    }

    /// The text with a value for each name; spaces around a value are not part of it.
    ///
    /// # Errors
    /// The first name that has no value.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        self.filled(value, |_, value| value.to_owned())
    }

    /// The URL with a value for each name. Values are escaped in it, except one that the whole begins with.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub fn fill_url(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        self.filled(value, |before, value| if before.is_empty() { value.to_owned() } else { escaped(value) })
    }

    fn filled(&self, value: impl Fn(&str) -> Option<String>, spell: impl Fn(&str, &str) -> String) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                PatternPart::Text(plain) => text.push_str(plain),
                PatternPart::Name(name) => {
                    let value = value(name).ok_or_else(|| name.clone())?;
                    text.push_str(&spell(&text, value.trim()));
                }
            }
        }
        Ok(text)
    }
}

/// Escapes every byte except those that may stay unescaped anywhere in a URL (RFC 3986, 2.3).
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

    fn value(name: &str) -> Option<String> {
        let known = [("id", " L-1 "), ("n", "7"), ("at", "http://a/b c&d")];
        known.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    }

    fn filled(pattern: &str) -> Result<String, String> {
        Pattern::parse(pattern).fill(value)
    }

    #[test]
    fn names_are_filled_in_and_everything_else_stays() {
        assert_eq!(filled("{id}-{ n }.x").unwrap(), "L-1-7.x");
        assert_eq!(filled("{{ name }} {} {id").unwrap(), "{{ name }} {} {id");
        assert_eq!(filled("https://app.example/cb?id={id}").unwrap(), "https://app.example/cb?id=L-1");
        assert_eq!(filled("{price}").unwrap_err(), "price");
        assert_eq!(Pattern::parse("{at}?x={at}").fill_url(value).unwrap(), "http://a/b c&d?x=http%3A%2F%2Fa%2Fb%20c%26d");
        assert_eq!(Pattern::parse("a{b}c{d}").names().collect::<Vec<_>>(), ["b", "d"]);
    }
}
