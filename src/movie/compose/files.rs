//! The files that flags name beside the movie: variables and scenes.

use super::{Assigned, Assignment};
use crate::movie::diagnostic::{Diagnostic, Evidence, NOT_JSON, Severity, Source};
use crate::movie::document::{JsonFile, Refused};
use crate::movie::json::{Node, Span};

/// `--vars FILE`: an object of variables, in JSON or YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VarsFile {
    assignments: Vec<Assignment>,
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

impl VarsFile {
    /// Reads a file of variables. `.json` is JSON, `.yaml` and `.yml` are YAML; under any other name it is
    /// JSON when it starts with `{`. JSON keeps its spelling.
    ///
    /// # Errors
    /// When it can't be read as that, or holds no object.
    pub fn parse(name: &str, text: impl Into<String>) -> Result<Self, Box<Refused>> {
        let text = text.into();
        let file = if is_yaml(name, &text) { from_yaml(name, text)? } else { JsonFile::parse(name, text)? };
        let Some(members) = file.root.as_object() else { return Err(file.refuse_root("variables are an object")) };
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

fn is_yaml(name: &str, text: &str) -> bool {
    let ends_with = |extension: &str| name.len() > extension.len() && name.to_ascii_lowercase().ends_with(extension);
    if ends_with(".json") || ends_with(".yaml") || ends_with(".yml") {
        return !ends_with(".json");
    }
    !text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

fn from_yaml(name: &str, text: String) -> Result<JsonFile, Box<Refused>> {
    let source = Source::new(name, text);
    match yaml_serde::from_str::<serde_json::Value>(&source.text) {
        Ok(value) => Ok(JsonFile { root: Node::from_serde(&value), source, diagnostics: Vec::new() }),
        Err(error) => {
            let at = error.location().map_or(0, |location| offset(&source.text, location.line(), location.column()));
            let diagnostic = Diagnostic {
                severity: Severity::Error,
                evidence: Evidence::Documented,
                code: NOT_JSON,
                message: format!("this is no YAML: {error}"),
                span: Span { source: 0, start: at, end: at },
                label: None,
                help: None,
            };
            Err(Box::new(Refused { source, diagnostic }))
        }
    }
}

/// The byte at a line and a column, both from 1; the column in characters.
fn offset(text: &str, line: usize, column: usize) -> u32 {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let inside: usize = text[before..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
    u32::try_from(before + inside).unwrap_or(u32::MAX)
}

/// `--scene FILE`: a scene, or an array of scenes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenes {
    list: Vec<Node>,
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

impl Scenes {
    /// Reads a file of scenes.
    ///
    /// # Errors
    /// When it is no JSON, holds anything but a scene or an array of scenes, or is a whole movie.
    pub fn parse(name: &str, text: impl Into<String>) -> Result<Self, Box<Refused>> {
        let file = JsonFile::parse(name, text)?;
        let scenes = file.root.as_array().map_or_else(|| vec![file.root.clone()], <[_]>::to_vec);
        let is_one = file.root.as_array().is_none();
        for (place, scene) in scenes.iter().enumerate() {
            if scene.as_object().is_none() {
                return Err(if is_one { file.refuse_root("a scene is an object") } else { refuse_item(file, place, scene) });
            }
            if scene.get("scenes").is_some() {
                let help = "give a scene, or an array of scenes: `jq .scenes` takes them out of a movie";
                return Err(file.refuse(scene.span, "this is a whole movie, not a scene".to_owned(), None, Some(help)));
            }
        }
        Ok(Self { list: scenes, source: file.source, diagnostics: file.diagnostics })
    }

    /// The scenes, in order.
    #[must_use]
    pub fn scenes(&self) -> &[Node] {
        &self.list
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

fn refuse_item(file: JsonFile, place: usize, scene: &Node) -> Box<Refused> {
    let message = format!("a scene is an object, item {place} of this array is {}", scene.kind());
    file.refuse(scene.span, message, None, None)
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
        assert!(told("vars.yml", "a: é\nc: [é, 1\nd: 2\n").starts_with("vars.yml:3:2: this is no YAML: "));
        assert!(told("vars.json", "{'a': 1}").starts_with("vars.json:1:2: this is no JSON: "));
    }

    #[test]
    fn scenes_come_alone_or_in_an_array() {
        let count = |text: &str| Scenes::parse("s.json", text).unwrap().scenes().len();
        assert_eq!(count(r#"{"duration": 4}"#), 1);
        assert_eq!(count(r#"[{"duration": 4}, {}]"#), 2);
        let told = |text: &str| Scenes::parse("s.json", text).unwrap_err().to_string();
        assert_eq!(told("4"), "s.json:1:1: a scene is an object, this is a number");
        assert_eq!(told("[{},\n 4]"), "s.json:2:2: a scene is an object, item 1 of this array is a number");
        assert_eq!(told(r#"{"scenes": []}"#), "s.json:1:1: this is a whole movie, not a scene");
    }
}
