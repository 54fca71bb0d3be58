//! The files that flags name beside the movie: variables, scenes and elements.

use std::collections::HashMap;

use super::{Assigned, Assignment};
use crate::movie::diagnostic::{Diagnostic, Source};
use crate::movie::document::{JsonFile, Refused};
use crate::movie::json::{Member, Node, Span};

/// `--vars FILE`: an object of variables, in JSON or YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VarsFile {
    assignments: Vec<Assignment>,
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

impl VarsFile {
    /// Reads a file of variables, in JSON or YAML; [`crate::movie::Document::parse`] decides in the same way which it is.
    ///
    /// # Errors
    /// When it can't be read as that, is not an object, or has a variable twice: it is unknown which of both is meant.
    pub fn parse(name: &str, text: impl Into<String>) -> Result<Self, Box<Refused>> {
        let file = JsonFile::parse(name, text)?;
        let Some(members) = file.root.as_object() else { return Err(file.refuse_root("variables are an object")) };
        if let Some((first, again)) = twice(members) {
            let message = format!("the variable `{}` is set twice, first in line {}", again.key, file.source.position(first.start).line);
            let span = again.key_span;
            return Err(file.refuse(span, message, None, Some("keep the value that is meant, and delete the other one")));
        }
        let assign = |key: String, value: &Node| Assignment { name: key, value: Assigned::Json(value.clone()) };
        let assignments = members.iter().map(|member| assign(member.key.decoded().into_owned(), &member.value)).collect();
        Ok(Self { assignments, source: file.source, diagnostics: file.diagnostics })
    }

    /// The variables, in order.
    #[must_use]
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

/// A name that two members have: the place of the first, and of the second.
fn twice(members: &[Member]) -> Option<(Span, &Member)> {
    let mut first = HashMap::with_capacity(members.len());
    members.iter().find_map(|member| Some((first.insert(member.key.decoded(), member.key_span)?, member)))
}

/// `--scene FILE` or `--element FILE`: a scene or an element, or an array of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    items: Vec<Node>,
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

/// The kind of fragments in a file.
struct Kind {
    /// The name of one, with its article.
    one: &'static str,
    /// A member that only a larger object has, and the name of that object.
    larger: (&'static str, &'static str),
    help: &'static str,
}

const SCENE: Kind = Kind {
    one: "a scene",
    larger: ("scenes", "a whole movie"),
    help: "give a scene, or an array of scenes: `jq .scenes` takes them out of a movie",
};

const ELEMENT: Kind = Kind {
    one: "an element",
    larger: ("elements", "a movie or a scene"),
    help: "give an element, or an array of elements: `jq .elements` takes them out of a movie or a scene",
};

impl Fragment {
    /// Reads a file of scenes.
    ///
    /// # Errors
    /// When it is not JSON or YAML, holds anything but a scene or an array of scenes, or is a whole movie.
    pub fn scenes(name: &str, text: impl Into<String>) -> Result<Self, Box<Refused>> {
        Self::parse(name, text, &SCENE)
    }

    /// Reads a file of elements.
    ///
    /// # Errors
    /// When it is not JSON or YAML, holds anything but an element or an array of elements, or is a movie or a scene.
    pub fn elements(name: &str, text: impl Into<String>) -> Result<Self, Box<Refused>> {
        Self::parse(name, text, &ELEMENT)
    }

    fn parse(name: &str, text: impl Into<String>, kind: &Kind) -> Result<Self, Box<Refused>> {
        let file = JsonFile::parse(name, text)?;
        let items = file.root.as_array().map_or_else(|| vec![file.root.clone()], <[_]>::to_vec);
        let is_one = file.root.as_array().is_none();
        for (place, item) in items.iter().enumerate() {
            if item.as_object().is_none() {
                return Err(if is_one {
                    file.refuse_root(&format!("{} is an object", kind.one))
                } else {
                    refuse_item(file, kind, place, item)
                });
            }
            let (member, larger) = kind.larger;
            if item.get(member).is_some() && item.get("type").is_none() {
                return Err(file.refuse(item.span, format!("this is {larger}, not {}", kind.one), None, Some(kind.help)));
            }
        }
        Ok(Self { items, source: file.source, diagnostics: file.diagnostics })
    }

    /// The scenes or elements in the file, in order.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        &self.items
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

fn refuse_item(file: JsonFile, kind: &Kind, place: usize, item: &Node) -> Box<Refused> {
    let message = format!("{} is an object, item {place} of this array is {}", kind.one, item.kind());
    file.refuse(item.span, message, None, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(name: &str, text: &str) -> Vec<(String, String)> {
        let file = VarsFile::parse(name, text).unwrap();
        file.assignments().iter().map(|one| (one.name.clone(), one.value.to_node().to_compact())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_in_json_keep_their_spelling() {
        let expected = pairs(&[("b", "1.50"), ("a", "12345678901234567890123")]);
        assert_eq!(spelled("vars.json", r#"{"b": 1.50, "a": 12345678901234567890123}"#), expected);
        assert_eq!(spelled("-", r#" {"b": 1.50, "a": 12345678901234567890123,} "#), expected);
    }

    #[test]
    fn variables_in_yaml_keep_their_words() {
        let expected = pairs(&[("zip", "\"0123\""), ("open", "\"no\""), ("rooms", "[{\"name\":\"Kitchen\"}]"), ("sold", "true")]);
        let text = "zip: '0123'\nopen: no\nrooms:\n  - name: Kitchen\nsold: true\n";
        assert_eq!(spelled("vars.yaml", text), expected);
        assert_eq!(spelled("-", text), expected);
    }

    #[test]
    fn what_holds_no_variables_is_refused() {
        let told = |name: &str, text: &str| VarsFile::parse(name, text).unwrap_err().to_string();
        assert_eq!(told("vars.json", "[1]"), "vars.json:1:1: variables are an object, this is an array");
        assert!(told("vars.yaml", "- a").contains("variables are an object, this is an array"));
        assert!(told("vars.yml", "a: é\nc: [é, 1\nd: 2\n").starts_with("vars.yml:3:2: this is not YAML: "));
        assert!(told("vars.json", "{'a': 1}").starts_with("vars.json:1:2: this is not JSON: "));
    }

    #[test]
    fn scenes_come_alone_or_in_an_array() {
        let count = |text: &str| Fragment::scenes("s.json", text).unwrap().items().len();
        assert_eq!(count(r#"{"duration": 4}"#), 1);
        assert_eq!(count(r#"[{"duration": 4}, {}]"#), 2);
        let told = |text: &str| Fragment::scenes("s.json", text).unwrap_err().to_string();
        assert_eq!(told("4"), "s.json:1:1: a scene is an object, this is a number");
        assert_eq!(told("[{},\n 4]"), "s.json:2:2: a scene is an object, item 1 of this array is a number");
        assert_eq!(told(r#"{"scenes": []}"#), "s.json:1:1: this is a whole movie, not a scene");
    }
}
