//! Builds scenes and the transitions between them.

use super::{Amount, Element, object_of_the_movie, push, put_inside};
use crate::movie::json::Node;

/// A scene (`movie-format.md#scene`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Scene(Node);

object_of_the_movie!(Scene);

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene {
    /// A scene without elements. It gets its length from the elements added later.
    pub fn new() -> Self {
        Self(Node::object())
    }

    /// Its length in seconds; -1 is that of its elements.
    pub fn duration(self, seconds: impl Into<Amount>) -> Self {
        self.set("duration", seconds.into())
    }

    /// The colour behind its elements: `#RRGGBB` or `transparent`.
    pub fn background_color(self, color: &str) -> Self {
        self.set("background-color", color)
    }

    /// The transition from the scene before to this one.
    pub fn transition(self, transition: Transition) -> Self {
        self.set("transition", transition)
    }

    /// Repeats the scene for each item of a variable that is a list. `item` names the item in it:
    /// `for_each("rooms", "room")` for `{{ room.name }}`.
    pub fn for_each(self, list: &str, item: &str) -> Self {
        self.set("iterate", list).set("iterate-as", item)
    }

    /// Leaves the scene out if the expression is false or empty.
    pub fn condition(self, expression: &str) -> Self {
        self.set("condition", expression)
    }

    /// The id by which others refer to it.
    pub fn id(self, id: &str) -> Self {
        self.set("id", id)
    }

    /// A comment for readers of the movie.
    pub fn comment(self, comment: &str) -> Self {
        self.set("comment", comment)
    }

    /// A variable of this scene, for `{{ name }}`.
    pub fn variable(mut self, name: &str, value: impl Into<Node>) -> Self {
        put_inside(&mut self.0, "variables", name, value.into());
        self
    }

    /// Adds an element above the existing ones.
    pub fn element(mut self, element: Element) -> Self {
        push(&mut self.0, "elements", element.into());
        self
    }
}

/// The transition between two scenes. It plays at the start of the scene that has it, over the end of the
/// one before (`movie-format.md#scene`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Transition(Node);

object_of_the_movie!(Transition);

impl Transition {
    /// One of the service's styles: `fade`, `wipeleft`, `circleopen` …
    pub fn new(style: &str, seconds: impl Into<Amount>) -> Self {
        Self(Node::object()).set("style", style).set("duration", seconds.into())
    }

    /// The style that renders fastest.
    pub fn fade(seconds: impl Into<Amount>) -> Self {
        Self::new("fade", seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_is_written_as_the_service_reads_it() {
        let scene = Scene::new()
            .id("intro")
            .duration("{{ seconds }}")
            .background_color("#0E7C66")
            .transition(Transition::fade(0.5))
            .for_each("rooms", "room")
            .condition("{{ open }}")
            .comment("c")
            .variable("x", 1)
            .element(Element::text("a"));
        let text = r##"{"id":"intro","duration":"{{ seconds }}","background-color":"#0E7C66","transition":{"style":"fade","duration":0.5},"iterate":"rooms","iterate-as":"room","condition":"{{ open }}","comment":"c","variables":{"x":1},"elements":[{"type":"text","text":"a"}]}"##;
        assert_eq!(Node::from(scene).to_compact(), text);
    }
}
