//! Findings as SARIF 2.1.0, which code scanning reads. An alert is identified by its rule and its JSON Pointer, so that
//! moved lines keep one alert.

use std::collections::HashMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::annotations::relative;
use super::findings::Placed;
use crate::movie::check::Rule;
use crate::movie::diagnostic::Severity;
use crate::render::identity::hex;

/// The schema that the document follows.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The findings of all movies, held until they are written.
#[derive(Default)]
pub(crate) struct Sarif {
    results: Vec<Value>,
    rules: Vec<Value>,
    /// The index of a rule in `rules`.
    known: HashMap<&'static str, usize>,
}

impl Sarif {
    /// Records one finding: `pointer` is its JSON Pointer in the movie.
    pub(crate) fn add(&mut self, movie: &str, placed: &Placed<'_>, pointer: &str) {
        let finding = placed.finding;
        let index = self.rule(finding.code);
        let file = relative(placed.place.map_or(movie, |(source, ..)| &source.name));
        let region = placed.place.map(|(_, start, _)| {
            let end = placed.end.unwrap_or(start);
            json!({"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column})
        });
        let mut physical = json!({"artifactLocation": {"uri": encoded(&file), "uriBaseId": "%SRCROOT%"}});
        if let Some(region) = region {
            physical["region"] = region;
        }
        let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        let digest = Sha256::digest(format!("{} {file} {pointer} {}", finding.code, finding.message).as_bytes());
        self.results.push(json!({
            "ruleId": finding.code,
            "ruleIndex": index,
            "level": level(finding.severity),
            "message": {"text": format!("{}{help}", finding.message)},
            "locations": [{
                "physicalLocation": physical,
                "logicalLocations": [{"fullyQualifiedName": if pointer.is_empty() { "/" } else { pointer }, "kind": "value"}],
            }],
            "partialFingerprints": {"j2vPointer/v1": hex(&digest[..8])},
            "properties": {"evidence": finding.evidence.to_string(), "stops": finding.stops()},
        }));
    }

    /// The whole document.
    pub(crate) fn finish(self) -> Value {
        json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {"name": "j2v", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": self.rules}},
                "columnKind": "unicodeCodePoints",
                "results": self.results,
            }],
        })
    }

    fn rule(&mut self, code: &'static str) -> usize {
        *self.known.entry(code).or_insert_with(|| {
            let rule = Rule::find(code);
            let why = rule.map_or(code, |rule| rule.why);
            let help = rule.map_or_else(String::new, |rule| format!("{}\n\nWrong:\n{}\n\nRight:\n{}", rule.why, rule.wrong, rule.right));
            let mut described = json!({
                "id": code,
                "name": rule.map_or(code, |rule| rule.name),
                "shortDescription": {"text": why},
                "defaultConfiguration": {"level": rule.map_or("warning", |rule| level(rule.severity))},
            });
            if !help.is_empty() {
                described["help"] = json!({"text": help});
            }
            self.rules.push(described);
            self.rules.len() - 1
        })
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A relative path as a URI.
fn encoded(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn a_path_is_spelled_as_a_uri() {
        assert_eq!(encoded("movies/a b%ü.json"), "movies/a%20b%25%C3%BC.json");
    }
}
