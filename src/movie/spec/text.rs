//! Text styles and the settings of texts (`movie-format.md#elements-by-type`).

use super::Words;
use crate::movie::diagnostic::Severity;

/// A text style.
#[derive(Debug)]
pub struct Style {
    /// The value of `style`.
    pub id: &'static str,
    /// Seconds until its animation has shown everything; `None` if no source says.
    pub intro: Option<f64>,
}

const fn style(id: &'static str, intro: Option<f64>) -> Style {
    Style { id, intro }
}

/// The styles.
pub const STYLES: &[Style] = &[
    style("001", Some(0.0)),
    style("002", Some(5.0)),
    style("003", Some(10.0)),
    style("004", None),
    style("005", Some(5.0)),
    style("006", Some(5.0)),
    style("007", None),
    style("008", None),
    style("009", None),
    style("010", None),
    style("011", Some(5.0)),
    style("012", Some(5.0)),
    style("013", Some(5.0)),
];

/// A style by its id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Style> {
    STYLES.iter().find(|style| style.id == id)
}

/// Wrong names of settings that authors write, and the right ones.
pub const NAMES: &[(&str, &str)] = &[
    ("align", "text-align"),
    ("alignment", "text-align"),
    ("background", "background-color"),
    ("bg-color", "background-color"),
    ("font", "font-family"),
    ("size", "font-size"),
    ("text-color", "color"),
    ("weight", "font-weight"),
];

/// The words that a setting accepts, if it accepts only these.
pub static WORDS: &[(&str, Words)] = &[
    ("text-align", Words { known: &["left", "center", "right", "justify", "start", "end"], near: CENTRED, name: "a `text-align`", ..WORD }),
    ("horizontal-position", Words { known: &["left", "center", "right"], near: CENTRED, name: "a `horizontal-position`", ..WORD }),
    ("vertical-position", Words { known: &["top", "center", "bottom"], near: CENTRED, name: "a `vertical-position`", ..WORD }),
    ("font-style", Words { known: &["normal", "italic", "oblique"], near: &[], name: "a `font-style`", ..WORD }),
];

const CENTRED: &[(&str, &str)] = &[("middle", "center"), ("centre", "center"), ("centered", "center")];
const WORD: Words = Words { known: &[], near: &[], disputed: &[], severity: Severity::Warning, rule: "J2V129", name: "a word" };

/// Settings that hold a colour.
pub const COLORS: &[&str] = &["background-color", "color", "font-color", "pill-color"];

/// Settings that texts are known to have. They are CSS, so others may work: an unknown one is not a finding.
pub const SETTINGS: &[&str] = &[
    "background-color",
    "color",
    "font-color",
    "font-family",
    "font-size",
    "font-style",
    "font-url",
    "font-weight",
    "horizontal-position",
    "letter-spacing",
    "line-height",
    "padding",
    "pill-color",
    "text-align",
    "text-shadow",
    "text-transform",
    "vertical-align",
    "vertical-position",
];
