//! Finds the place that a message of the service names: `Scene #1 Element #2` as a JSON Pointer and a place in the file.
//!
//! The service counts scenes and elements from 1 and gives no place (`service.md#errors`). No source says whether it counts
//! an iterated scene once or once per item. Here each item counts; a mention says when that makes a difference.

use super::Document;
use super::expand::{Expansion, Iteration, Limits, expand};
use super::json::{Node, Pointer, Span};

/// A place of a movie that a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The place in the document.
    pub pointer: Pointer,
    /// Where it is written.
    pub span: Span,
    /// The number of the item that the scene was made for, if it was iterated.
    pub iteration: Option<Iteration>,
    /// Whether the numbers of the message lead to this place by either way of counting scenes.
    pub is_certain: bool,
}

/// The scene and the element that a message names, each counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Named {
    scene: usize,
    element: Option<usize>,
}

/// The place that a message of the service is about, if the movie has it: a scene, an element, or in it the member that
/// holds an address, or has a name, that the message quotes.
#[must_use]
pub fn mention(document: &Document, message: &str) -> Option<Mention> {
    let named = named(message)?;
    let expansion = expand(document, &Limits::default());
    let index = named.scene.checked_sub(1)?;
    let origin = expansion.scenes.get(index)?;
    let scene = at("scenes", origin.source, &document.root)?;
    let pointer = Pointer::root().child("scenes").child(origin.source);
    let is_certain = origin.source == index && expansion.scenes.iter().all(|other| other.iteration.is_none());
    let in_scene = Mention { pointer, span: scene.span, iteration: origin.iteration, is_certain };
    let Some(element) = named.element.and_then(|number| number.checked_sub(1)) else { return Some(in_scene) };
    let Some((source, node)) = origin.elements.get(element).and_then(|source| Some((*source, at("elements", *source, scene)?))) else {
        return Some(Mention { is_certain: false, ..in_scene });
    };
    let pointer = in_scene.pointer.child("elements").child(source);
    let in_element = Mention { pointer, span: node.span, is_certain: in_scene.is_certain && source == element, ..in_scene };
    Some(match quoted(&expansion, (index, element), message).and_then(|name| Some((name, node.get(name)?))) {
        Some((name, member)) => Mention { pointer: in_element.pointer.child(name), span: member.span, ..in_element },
        None => in_element,
    })
}

fn at<'a>(list: &str, index: usize, holder: &'a Node) -> Option<&'a Node> {
    holder.get(list)?.as_array()?.get(index)
}

/// The member of a resolved element whose name or whole text the message quotes.
fn quoted<'a>(expansion: &'a Expansion, (scene, element): (usize, usize), message: &str) -> Option<&'a str> {
    let node = at("elements", element, at("scenes", scene, &expansion.movie.root)?)?;
    let is_quoted = |text: &str| ['\'', '"', '`'].iter().any(|quote| message.contains(&format!("{quote}{text}{quote}")));
    let members = || node.as_object().unwrap_or_default().iter();
    let is_address = |text: &str| text.contains("://") && message.contains(text);
    let by_text = members().find(|member| member.value.as_text().is_some_and(|text| is_address(&text.decoded())));
    by_text.or_else(|| members().find(|member| is_quoted(member.key.raw()))).map(|member| member.key.raw())
}

/// The numbers after `scene` and `element`, however they are written: `Scene #1 Element #2`, `scene 1, element 2`.
fn named(message: &str) -> Option<Named> {
    let lower = message.to_ascii_lowercase();
    let (scene, after) = number_after(&lower, "scene")?;
    Some(Named { scene, element: number_after(after, "element").map(|(number, _)| number) })
}

/// The first number right after a word, and the rest of the text.
fn number_after<'t>(text: &'t str, word: &str) -> Option<(usize, &'t str)> {
    text.match_indices(word).find_map(|(place, _)| {
        let rest = text[place + word.len()..].trim_start_matches([' ', '#', ':']);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        Some((rest[..digits].parse().ok()?, &rest[digits..]))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOVIE: &str = r#"{"variables": {"rooms": [{"image": "https://a.example/1.jpg"}, {"image": "https://a.example/2.jpg"}]},
        "scenes": [
            {"elements": [{"type": "text", "text": "Hi"}, {"type": "video"}]},
            {"iterate": "rooms", "elements": [{"type": "image", "src": "{{ image }}"}]},
            {"elements": [{"condition": "", "type": "text"}, {"type": "audio", "src": "https://a.example/a.mp3"}]}
        ]}"#;

    fn place(message: &str) -> Option<(String, bool)> {
        let document = Document::parse("m.json", MOVIE).unwrap();
        let found = mention(&document, message)?;
        assert_eq!(document.root.at(&found.pointer).map(|node| node.span), Some(found.span));
        Some((found.pointer.to_string(), found.is_certain))
    }

    #[test]
    fn the_numbers_of_a_message_lead_to_the_element() {
        let document = Document::parse("m.json", r#"{"scenes": [{"elements": [{"type": "text"}, {"type": "video"}]}]}"#).unwrap();
        let messages = [
            "Error: Scene #1 Element #2: The element type 'video' requires a 'src' property.",
            "Source URL is required for video element in Scene 1, Element 2",
            "Scene #1, element #2: Failed to download 'https://a.example/x.mp4' (404)",
        ];
        for message in messages {
            let found = mention(&document, message).unwrap();
            assert_eq!((found.pointer.to_string().as_str(), found.is_certain), ("/scenes/0/elements/1", true), "{message}");
        }
    }

    #[test]
    fn an_iterated_scene_counts_once_an_item_and_that_is_no_certainty() {
        assert_eq!(place("Scene #1 Element #2: no"), Some(("/scenes/0/elements/1".to_owned(), false)));
        assert_eq!(place("Scene #3: no"), Some(("/scenes/1".to_owned(), false)));
        let failed = "Scene #3, element #1: Failed to download 'https://a.example/2.jpg' (404)";
        assert_eq!(place(failed), Some(("/scenes/1/elements/0/src".to_owned(), false)));
        assert_eq!(place("Scene #4, element #1: bad 'src'"), Some(("/scenes/2/elements/1/src".to_owned(), false)));
    }

    #[test]
    fn what_the_movie_does_not_have_is_not_found() {
        assert_eq!(place("Movie duration cannot be zero"), None);
        assert_eq!(place("Scene #9: no"), None);
        assert_eq!(place("Scene #0: no"), None);
        assert_eq!(place("Scene #1 Element #7: no"), Some(("/scenes/0".to_owned(), false)));
    }

    proptest! {
        #[test]
        fn any_message_can_be_looked_at(message in "((Scene|element|é) ?[#0-9]{0,3},? ?){0,6}") {
            let _ = mention(&Document::parse("m.json", MOVIE).unwrap(), &message);
        }
    }
}
