//! Finds the variables that a movie asks for: those that it declares, and those that its texts name but it doesn't provide.

use std::collections::HashSet;

use super::expr::template::{self, Part};
use super::expr::{self, ExprLimits};
use super::json::{Member, Node, Text, Value};

/// The prefixes of helper keys and of the service's own variables (`movie-format.md#variables`).
const RESERVED: [char; 6] = ['?', '$', '@', '%', '&', '_'];

/// The variables that a movie asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The variables declared for the whole movie, then those that are declared nowhere, each once.
    pub names: Vec<String>,
    /// All names that a text of it may mean.
    used: HashSet<String>,
    /// Whether it has a template, which may use any variable.
    has_template: bool,
}

impl Asked {
    /// The variables of a movie.
    #[must_use]
    pub fn by(movie: &Node) -> Self {
        let declared = movie.get("variables").and_then(Node::as_object).unwrap_or_default();
        let declared = declared.iter().map(|member| member.key.decoded().into_owned()).filter(|name| !name.starts_with(RESERVED));
        let has_template = movie.get("template").is_some();
        let mut walk =
            Walk { asked: Self { names: declared.collect(), has_template, ..Self::default() }, ids: HashSet::new(), open: Vec::new() };
        walk.members(movie.as_object().unwrap_or_default(), &NamesInScope::default());
        let Walk { mut asked, ids, open } = walk;
        let mut seen: HashSet<String> = asked.names.iter().cloned().chain(ids).collect();
        asked.names.extend(open.into_iter().filter(|name| !name.starts_with(RESERVED) && seen.insert(name.clone())));
        asked
    }

    /// Whether any text of the movie may use a variable.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        self.has_template || self.used.contains(name)
    }
}

/// The names in scope at a place, beside the movie's own variables.
#[derive(Clone, Default)]
struct NamesInScope {
    names: HashSet<String>,
    /// Whether it is inside an iteration, where the fields of its items have names, too.
    iterates: bool,
}

struct Walk {
    asked: Asked,
    /// The ids of scenes and elements, which expressions may name.
    ids: HashSet<String>,
    /// Names that no scope has, in the order of the text.
    open: Vec<String>,
}

impl Walk {
    fn node(&mut self, node: &Node, scope: &NamesInScope) {
        match &node.value {
            Value::Array(items) => items.iter().for_each(|item| self.node(item, scope)),
            Value::Object(members) => {
                let inner = inner(members, scope);
                self.members(members, inner.as_ref().unwrap_or(scope));
            }
            Value::String(text) => self.text(text, scope),
            _ => {}
        }
    }

    fn members(&mut self, members: &[Member], scope: &NamesInScope) {
        for member in members {
            if let Some(text) = member.value.as_text() {
                if member.key.is("id") {
                    self.ids.insert(text.decoded().into_owned());
                }
                if ["iterate", "condition"].iter().any(|key| member.key.is(key)) && !template::is_open(text) {
                    self.expression(&text.decoded(), scope);
                }
            }
            self.node(&member.value, scope);
        }
    }

    fn text(&mut self, text: &Text, scope: &NamesInScope) {
        if !template::is_open(text) {
            return;
        }
        for part in template::parts(&text.decoded()) {
            if let Ok(Part::Block(block)) = part {
                self.expression(block.inside, scope);
            }
        }
    }

    fn expression(&mut self, expression: &str, scope: &NamesInScope) {
        // However the text is read, a name that it uses occurs in it.
        let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        self.asked.used.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        let Ok(parsed) = expr::parse(expression, &ExprLimits::default()) else { return };
        if !scope.iterates {
            let open = parsed.root.names().into_iter().filter(|name| !scope.names.contains(*name));
            self.open.extend(open.map(str::to_owned));
        }
    }
}

/// The scope inside of a scene or an element that has variables of its own, or is made for each item of a list.
fn inner(members: &[Member], outer: &NamesInScope) -> Option<NamesInScope> {
    let own = members.iter().find(|member| member.key.is("variables")).and_then(|member| member.value.as_object());
    let iterates = members.iter().any(|member| member.key.is("iterate"));
    if own.is_none() && !iterates {
        return None;
    }
    let mut scope = outer.clone();
    scope.names.extend(own.unwrap_or_default().iter().map(|member| member.key.decoded().into_owned()));
    scope.iterates |= iterates;
    Some(scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::parse;

    fn asked(text: &str) -> Asked {
        Asked::by(&parse(text, 0).unwrap().root)
    }

    #[test]
    fn a_movie_asks_for_what_it_declares_and_for_what_nothing_provides() {
        let movie = asked(
            r#"{"variables": {"address": "Elm Road {{number}}", "?address": "hint", "brand": "x"}, "scenes": [
                {"variables": {"own": 1}, "condition": "{{ sold }}", "elements": [
                    {"type": "text", "id": "intro", "text": "{{ address }} {{ own }} {{ upper(city) }} {{ intro.end }}"}]},
                {"iterate": "rooms", "elements": [{"type": "text", "text": "{{ name }} {{ brand }}"}]}]}"#,
        );
        assert_eq!(movie.names, ["address", "brand", "number", "sold", "city"]);
        assert!(["address", "number", "own", "city", "brand", "name"].iter().all(|name| movie.uses(name)));
        assert!(!movie.uses("listing_id"));
    }

    #[test]
    fn what_iterates_is_used_and_a_template_may_use_anything() {
        let movie = asked(r#"{"scenes": [{"iterate": "rooms", "elements": []}]}"#);
        assert!(movie.uses("rooms") && !movie.uses("anything"));
        assert!(asked(r#"{"template": "t", "variables": {}}"#).uses("anything"));
        assert!(asked(r#"{"scenes": [{"comment": "{{ 'unclosed }} {{ a b }}"}]}"#).uses("a"));
    }
}
