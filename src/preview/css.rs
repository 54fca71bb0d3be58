//! The settings of texts and components as CSS declarations. Settings that are not properties are left out, and lengths
//! relative to the window become relative to the movie's frame.

use serde::Serialize;

use super::media::MediaList;
use super::read;
use crate::movie::json::Node;

/// Declarations, in order. The page sets each separately, so that a value can't set another property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Css(Vec<(String, String)>);

/// Settings that look like CSS and are the service's own.
const NOT_CSS: [&str; 8] =
    ["vertical-position", "horizontal-position", "font-url", "font-color", "text", "src", "pill-color", "vertical-align"];

/// Properties whose bare numbers are pixels.
const IN_PIXELS: [&str; 14] = [
    "font-size",
    "letter-spacing",
    "width",
    "height",
    "left",
    "top",
    "right",
    "bottom",
    "padding",
    "margin",
    "border-radius",
    "max-width",
    "gap",
    "border-width",
];

impl Css {
    /// These declarations.
    pub(super) fn of(declarations: &[(&str, &str)]) -> Self {
        let mut css = Self::default();
        for (name, value) in declarations {
            css.set(name, value);
        }
        css
    }

    /// Sets a property; replaces its value if it is set already.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Sets the properties in the settings of a part. A picture in them becomes a file of the movie.
    pub(super) fn take(&mut self, settings: &Node, media: &mut MediaList) {
        for member in settings.as_object().unwrap_or_default() {
            let name = member.key.decoded();
            let Some(value) = read::as_text(&member.value).filter(|value| !value.trim().is_empty()) else { continue };
            if is_property(&name) && !NOT_CSS.contains(&name.as_ref()) {
                self.set(&name, &with_media(&value_of(&name, &value), media));
            }
        }
        if let Some(color) = read::words(settings, "font-color") {
            self.set("color", &color);
        }
    }

    /// The value of a property.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn is_property(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn value_of(name: &str, value: &str) -> String {
    let value = value.trim();
    if IN_PIXELS.contains(&name) && value.parse::<f64>().is_ok() {
        return format!("{value}px");
    }
    if name == "font-family" { family(value) } else { in_the_frame(value) }
}

/// A font family with a fallback.
pub(super) fn family(name: &str) -> String {
    let first = name.split(',').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    let plain: String = first.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_')).collect();
    if plain.is_empty() { "sans-serif".to_owned() } else { format!("\"{plain}\", \"Helvetica Neue\", Arial, sans-serif") }
}

/// `url(a.png)` becomes `url(media:3)`; the page replaces it with the address of that file. The page reaches no hosts except
/// those of the movie's files.
fn with_media(value: &str, media: &mut MediaList) -> String {
    let mut written = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("url(") {
        let (address, behind) = after.split_once(')').unwrap_or((after, ""));
        let number = media.add(address.trim().trim_matches(['"', '\'']), "image");
        written.push_str(before);
        written.push_str("url(media:");
        written.push_str(&number.to_string());
        written.push(')');
        rest = behind;
    }
    written.push_str(rest);
    written
}

/// `4vw` becomes 4 % of the movie's width: of the container that the page makes of the frame.
pub(super) fn in_the_frame(value: &str) -> String {
    let mut told = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        // A digit inside a word, as in `#12vw`, does not begin a number.
        let is_number = !rest[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '#' || letter == '_');
        let digits = rest[at..].find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(rest.len() - at);
        let (number, after) = (&rest[..at + digits], &rest[at + digits..]);
        let units = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let unit = match &after[..units] {
            "vw" if is_number => "cqw",
            "vh" if is_number => "cqh",
            "vmin" if is_number => "cqmin",
            "vmax" if is_number => "cqmax",
            other => other,
        };
        told.push_str(number);
        told.push_str(unit);
        rest = &after[units..];
    }
    told.push_str(rest);
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::movie::json::parse;

    #[test]
    fn lengths_of_the_window_become_lengths_of_the_frame() {
        let cases = [
            ("4vw", "4cqw"),
            ("calc(100vw - 2.5vh)", "calc(100cqw - 2.5cqh)"),
            ("2px 2px rgba(33,33,33,0.5)", "2px 2px rgba(33,33,33,0.5)"),
            ("#12vw", "#12vw"),
            ("50%", "50%"),
            (".5vmin", ".5cqmin"),
        ];
        for (written, wanted) in cases {
            assert_eq!(in_the_frame(written), wanted);
        }
    }

    #[test]
    fn settings_are_declarations_and_what_is_none_stays_out() {
        let settings = r##"{"font-size": 80, "font-color": "#fff", "vertical-position": "top", "x;y": "z", "font-family": "Open Sans"}"##;
        let mut css = Css::of(&[("color", "red")]);
        css.take(&parse(settings, 0).unwrap().root, &mut MediaList::default());
        assert_eq!(css.get("font-size"), Some("80px"));
        assert_eq!(css.get("color"), Some("#fff"));
        assert_eq!(css.get("font-family"), Some("\"Open Sans\", \"Helvetica Neue\", Arial, sans-serif"));
        assert_eq!(css.0.len(), 3);
    }

    proptest! {
        #[test]
        fn only_units_change(text in "[a-z0-9.# (),%-]{0,24}") {
            let restored = in_the_frame(&text).replace("cq", "v");
            prop_assert_eq!(restored.replace("vv", "v").len(), text.replace("cq", "v").replace("vv", "v").len());
        }
    }
}
