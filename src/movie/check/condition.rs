//! Rules about the conditions of scenes and elements.

use super::known::is_open;
use super::{Checker, shown};
use crate::movie::diagnostic::Severity;
use crate::movie::expr::template::sole_block;
use crate::movie::expr::{self, ExprKind, ExprLimits, ExprValue, ParsedExpression, Variables};
use crate::movie::json::Node;

/// J2V206: a condition that is not an expression in braces.
pub(super) fn check(checker: &mut Checker<'_>, node: Option<&Node>) {
    let Some(node) = node else { return };
    let outcome = match node.as_text() {
        Some(text) if is_open(node) => constant(&text.decoded()),
        Some(text) => {
            let text = text.decoded();
            if lacks_braces(checker, &text) {
                let finding = checker.add("J2V206", node.span, "a condition without `{{ }}` is a text, which is always true");
                finding.helped(format!("write `\"{{{{ {} }}}}\"`", shown(&text)));
                return;
            }
            Some(is_true(&ExprValue::Text(text)))
        }
        None => node.as_bool(),
    };
    if let Some(outcome) = outcome {
        let told = if outcome { "always met" } else { "never met" };
        let help = if outcome {
            "leave it out, or ask for a variable: `\"{{ name != '' }}\"`"
        } else {
            "ask for a variable: `\"{{ name != '' }}\"`"
        };
        checker.add("J2V206", node.span, format!("this condition is {told}")).helped(help).severity = Severity::Info;
    }
}

/// Whether a text would be a condition in braces: it names a variable, or compares.
fn lacks_braces(checker: &Checker<'_>, text: &str) -> bool {
    let Ok(ParsedExpression { root, .. }) = expr::parse(text, &ExprLimits::default()) else { return false };
    match &root.kind {
        ExprKind::Path(path) => checker.variables.iter().any(|variable| variable.key.is(path.name)),
        _ => !root.names().is_empty(),
    }
}

/// The value of an expression that names no variable.
fn constant(text: &str) -> Option<bool> {
    let parsed = expr::parse(sole_block(text)?.inside, &ExprLimits::default()).ok()?;
    if !parsed.root.names().is_empty() {
        return None;
    }
    let nothing = Node::object();
    let value = expr::evaluate(&parsed.root, &mut Variables::new(&nothing, ExprLimits::default())).ok()?;
    Some(is_true(&value))
}

fn is_true(value: &ExprValue<'_>) -> bool {
    value.is_true() && !matches!(value, ExprValue::Text(text) if text == "false")
}
