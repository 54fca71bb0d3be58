//! What other tools write between double braces, and what authors mean by it.

/// What the text holds, and its likely meaning.
const SIGNS: [(&str, &str); 15] = [
    ("/*", "a comment is a placeholder of another tool, which was to put a value here"),
    ("$json", "an n8n placeholder: n8n puts the value there only when it runs"),
    ("$node", "an n8n placeholder: n8n puts the value there only when it runs"),
    ("$(", "an n8n placeholder: n8n puts the value there only when it runs"),
    ("${", "a placeholder of another tool; here a name stands between the braces as it is"),
    ("&amp;", "the text was escaped as HTML: write `&&` as `and`, `>` and `<` as they are"),
    ("&gt;", "the text was escaped as HTML: write `>` as it is"),
    ("&lt;", "the text was escaped as HTML: write `<` as it is"),
    ("&quot;", "the text was escaped as HTML: write single quotes"),
    ("\u{2018}", "typographic quotes: write `'`"),
    ("\u{2019}", "typographic quotes: write `'`"),
    ("\u{201c}", "typographic quotes: write `'`"),
    ("\u{201d}", "typographic quotes: write `'`"),
    ("`", "texts stand in single or double quotes"),
    ("===", "`==` compares"),
];

/// The likely reason why a text is not an expression.
pub(super) fn reason(text: &str) -> Option<&'static str> {
    let told = SIGNS.iter().find(|(sign, _)| text.contains(sign)).map(|(_, reason)| *reason);
    told.or_else(|| by_shape(text.trim()))
}

fn by_shape(text: &str) -> Option<&'static str> {
    let without = |pairs: &[&str], sign: char| pairs.iter().fold(text.to_owned(), |text, pair| text.replace(pair, "")).contains(sign);
    if text.starts_with(['#', '/', '^', '>', '{']) {
        Some("a block of another template language (Handlebars, Mustache): here use `condition` and `iterate`")
    } else if text.starts_with('$') {
        Some("names start with a letter")
    } else if text.starts_with(|letter: char| letter.is_ascii_digit()) && text.contains('.') {
        Some("a Make placeholder (`5.name`): Make puts the value there only when it runs")
    } else if without(&["||"], '|') {
        Some("a filter of another template language (`name | upper`): there are functions only")
    } else if without(&["==", "!=", "<=", ">="], '=') {
        Some("`==` compares; nothing is assigned here")
    } else if without(&["&&"], '&') {
        Some("write `and`")
    } else {
        None
    }
}
