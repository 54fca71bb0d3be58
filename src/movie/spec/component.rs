//! The known components and their parts (`movie-format.md#elements-by-type`). The service's own list grows.

/// A component.
#[derive(Debug)]
pub struct Component {
    /// The value of `component`.
    pub id: &'static str,
    /// The parts that `settings` may have; empty if no source says.
    pub parts: &'static [&'static str],
}

impl Component {
    /// Whether it has a part of that name. A numbered part may have any number: `rectangle2`.
    #[must_use]
    pub fn has_part(&self, name: &str) -> bool {
        let kind = |part: &str| part.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        self.parts
            .iter()
            .any(|part| *part == name || (kind(part) < part.len() && kind(name) < name.len() && part[..kind(part)] == name[..kind(name)]))
    }
}

const fn component(id: &'static str, parts: &'static [&'static str]) -> Component {
    Component { id, parts }
}

/// The families that ids start with.
pub const FAMILIES: &[&str] = &["basic", "advanced", "shape"];

/// The components.
pub const COMPONENTS: &[Component] = &[
    component("advanced/000", &["animation"]),
    component("advanced/001", &["animation"]),
    component("advanced/050", &["button"]),
    component("advanced/051", &["button", "cursor"]),
    component("advanced/060", &["counter"]),
    component("advanced/070", &["rating"]),
    component("advanced/100", &["image"]),
    component("advanced/110", &[]),
    component("basic/000", &["headline", "body", "card"]),
    component("basic/001", &["bar", "headline", "body", "card"]),
    component("basic/050", &["bar", "card", "headline", "lead"]),
    component("basic/051", &["card", "headline", "image", "bar"]),
    component("basic/052", &["section", "headline", "card"]),
    component("basic/100", &["box"]),
    component("basic/120", &["card", "image", "name", "title", "description"]),
    component("basic/125", &["table", "header", "first-column", "cells", "data"]),
    component("basic/200", &["headline", "body", "image", "lower-third", "logo"]),
    component("shape/3dbox", &[]),
    component("shape/cutout", &[]),
    component("shape/html", &[]),
    component("shape/polygon", &[]),
    component("shape/rectangle", &["rectangle1"]),
];

/// A component by its id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Component> {
    COMPONENTS.iter().find(|component| component.id == id)
}

/// Whether a text has the form of an id: a family, a slash, a name.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let Some((family, name)) = text.split_once('/') else { return false };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    FAMILIES.contains(&family) && !name.is_empty() && name.bytes().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_has_the_form_of_an_id() {
        assert!(COMPONENTS.iter().all(|component| is_id(component.id)));
        assert!(["basic", "basic/", "other/001", "basic/0 1"].iter().all(|text| !is_id(text)));
    }
}
