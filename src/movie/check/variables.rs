//! Rules about variables that need no expansion: names, helper keys, braces, choices.

use super::known::is_open;
use super::{Checker, shown};
use crate::movie::diagnostic::Severity;
use crate::movie::expr::template::pair;
use crate::movie::json::{Member, Node, Text, Value};

/// The prefixes of reserved names (`service.md#templates`).
const RESERVED: [char; 6] = ['?', '$', '@', '%', '&', '_'];

impl<'d> Checker<'d> {
    /// J2V202, J2V203, J2V211: the variables of a movie, a scene or an element.
    pub(super) fn declared(&mut self, variables: &'d Node) {
        let members = variables.as_object().unwrap_or_default();
        self.duplicates(members);
        for member in members {
            if self.is_full() {
                break;
            }
            let name = member.key.decoded();
            if let Some(of) = name.strip_prefix(['?', '@']) {
                self.helper(members, of, &name, member);
            } else if !name.starts_with(RESERVED) && !is_name(&name) {
                let message = format!("`{}` is not a name for a variable", shown(&name));
                let finding = self.add("J2V202", member.key_span, message);
                finding.helped(format!("letters, digits and `_`, a letter first: `{}`", shown(&spelled(&name))));
            } else if !name.starts_with(RESERVED) {
                self.declared.push((name.clone(), member.key_span));
            }
            match &member.value.value {
                Value::String(text) => self.string(&name, &member.value, text),
                _ => self.free(&member.value),
            }
        }
    }

    fn helper(&mut self, members: &'d [Member], of: &str, name: &str, member: &Member) {
        let variable = members.iter().find(|other| other.key.is(of));
        let Some(variable) = variable else {
            let message = format!("`{}` speaks of a variable that is not here", shown(name));
            self.add("J2V203", member.key_span, message).helped(format!("add `\"{}\"`, or delete it", shown(of)));
            return;
        };
        if let (Some(choices), true) = (member.value.as_text(), name.starts_with('@')) {
            self.choice(&variable.value, &choices.decoded());
        }
    }

    /// J2V211: a value among its choices, `value=Label|value2=Label2`.
    fn choice(&mut self, node: &Node, choices: &str) {
        let value = match &node.value {
            Value::String(text) if !is_open(node) => text.decoded(),
            Value::Number(number) => number.raw().into(),
            Value::Bool(truth) => if *truth { "true" } else { "false" }.into(),
            _ => return,
        };
        let values = || choices.split('|').map(|choice| choice.split_once('=').map_or(choice, |(value, _)| value).trim());
        let is_same_number = |choice: &str| {
            choice.parse::<f64>().ok().zip(value.parse::<f64>().ok()).is_some_and(|(one, other)| one.total_cmp(&other).is_eq())
        };
        if choices.contains('|') && !values().any(|choice| choice == value.trim() || is_same_number(choice)) {
            let message = format!("`{}` is not among the choices", shown(&value));
            self.add("J2V211", node.span, message).helped(format!("one of: {}", values().collect::<Vec<_>>().join(", ")));
        }
    }
}

/// Records the names in an expression, or in the value of `iterate`.
pub(super) fn named<'d>(checker: &mut Checker<'d>, expression: &'d str) {
    let names = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    checker.used.extend(names.filter(|name| !name.is_empty()));
}

/// J2V201: variables that nothing uses.
pub(super) fn unused(checker: &mut Checker<'_>) {
    for (name, span) in std::mem::take(&mut checker.declared) {
        if checker.is_full() {
            break;
        }
        if !checker.used.contains(&*name) {
            let meant = if span.is_written() { None } else { nearest_used(checker, &name) };
            let finding = checker.add("J2V201", span, format!("nothing uses the variable `{}`", shown(&name)));
            // A variable of a flag that fits nothing is more likely a mistake than a variable kept for later.
            finding.severity = if span.is_written() { Severity::Info } else { Severity::Warning };
            if let Some(meant) = meant {
                finding.helped(format!("did you mean `{meant}`?"));
                continue;
            }
            finding.helped(format!("write `{{{{{}}}}}` where its value belongs, or delete it", shown(&name)));
        }
    }
}

/// A name in use with nearly this spelling.
fn nearest_used(checker: &Checker<'_>, name: &str) -> Option<String> {
    let near = checker.used.iter().map(|used| (strsim::damerau_levenshtein(used, name), *used));
    near.filter(|(distance, used)| distance * 3 <= used.len().max(name.len())).min().map(|(_, used)| used.to_owned())
}

/// Whether a name can be used in `{{ }}`.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn spelled(name: &str) -> String {
    let name: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let name = name.trim_matches('_');
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name.to_owned() } else { format!("v{name}") }
}

/// Records the names that the placeholders of a text use. J2V204: unmatched braces. Pages and styles have braces of their own.
pub(super) fn placeholders<'d>(checker: &mut Checker<'d>, key: &str, node: &Node, text: &'d Text) {
    let raw = text.raw();
    let mut rest = raw;
    while let Some((_, inside)) = split_at_pair(rest, b'{') {
        let Some((inside, after)) = split_at_pair(inside, b'}') else {
            named(checker, inside);
            checker.add("J2V204", node.span, "`{{` without its `}}`").helped("close it: `{{name}}`");
            return;
        };
        named(checker, inside);
        rest = after;
    }
    if key == "html" || rest.len() < raw.len() {
        return;
    }
    if pair(raw, b'}').is_some() {
        checker.add("J2V204", node.span, "`}}` without its `{{`").helped("open it: `{{name}}`").severity = Severity::Warning;
        return;
    }
    let single = raw.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.trim());
    let variables = checker.variables;
    let names = checker.names.get_or_insert_with(|| variables.iter().map(|variable| variable.key.decoded()).collect());
    let meant = single.into_iter().find(|name| names.contains(*name));
    if let Some(name) = meant.map(shown) {
        let message = format!("`{{{name}}}` is not a placeholder");
        checker.add("J2V204", node.span, message).helped(format!("write `{{{{{name}}}}}`")).severity = Severity::Warning;
    }
}

/// The texts before and after the first doubled brace.
fn split_at_pair(text: &str, brace: u8) -> Option<(&str, &str)> {
    pair(text, brace).map(|at| (&text[..at], &text[at + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_documentation_has_them() {
        assert!(is_name("room_2") && !is_name("2nd") && !is_name("my-var") && !is_name("a.b") && !is_name(""));
        assert_eq!(spelled("my-var"), "my_var");
        assert_eq!(spelled("2nd"), "v2nd");
    }
}
