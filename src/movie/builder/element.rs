//! Builds elements: images, videos, texts, sounds and the rest.

use super::{Amount, Pan, Position, Resize, object_of_the_movie, put_inside};
use crate::movie::json::Node;

/// An element of a scene, or of the movie as a whole (`movie-format.md#element`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Element(Node);

object_of_the_movie!(Element);

/// The kinds of element.
impl Element {
    /// An image. It has no length of its own: give it or its scene a duration.
    pub fn image(src: &str) -> Self {
        Self::of("image").set("src", src)
    }

    /// An image that a model draws; some models cost credits (`movie-format.md#ai-models`).
    pub fn generated_image(model: &str, prompt: &str) -> Self {
        Self::of("image").set("model", model).set("prompt", prompt)
    }

    /// A video.
    pub fn video(src: &str) -> Self {
        Self::of("video").set("src", src)
    }

    /// A sound or music.
    pub fn audio(src: &str) -> Self {
        Self::of("audio").set("src", src)
    }

    /// A plain text; line breaks count, tags don't.
    pub fn text(text: &str) -> Self {
        Self::of("text").set("text", text)
    }

    /// A spoken text. `voice` is a name like `en-US-EmmaMultilingualNeural`.
    pub fn voice(text: &str, voice: &str) -> Self {
        Self::of("voice").set("text", text).set("voice", voice)
    }

    /// A component of the service's library: `basic/000`. [`Element::setting`] fills its parts.
    pub fn component(id: &str) -> Self {
        Self::of("component").set("component", id)
    }

    /// A piece of a web page.
    pub fn html(html: &str) -> Self {
        Self::of("html").set("html", html)
    }

    /// A web page by its address.
    pub fn page(src: &str) -> Self {
        Self::of("html").set("src", src)
    }

    /// Subtitles of the speech; they belong to the movie, not to a scene. `language` may be `auto`.
    pub fn subtitles(language: &str) -> Self {
        Self::of("subtitles").set("language", language)
    }

    /// The wave of the sound around it.
    pub fn audiogram() -> Self {
        Self::of("audiogram")
    }

    /// An element of another type.
    pub fn of(kind: &str) -> Self {
        Self(Node::object()).set("type", kind)
    }
}

/// The element's timing.
impl Element {
    /// Its start in seconds from the start of its scene or movie; -1 is after the elements before it.
    pub fn start(self, seconds: impl Into<Amount>) -> Self {
        self.set("start", seconds.into())
    }

    /// Its length in seconds; -1 is its own, -2 that of its scene or movie.
    pub fn duration(self, seconds: impl Into<Amount>) -> Self {
        self.set("duration", seconds.into())
    }

    /// Seconds of silence or stillness after its end.
    pub fn extra_time(self, seconds: impl Into<Amount>) -> Self {
        self.set("extra-time", seconds.into())
    }

    /// The seconds of its fade-in.
    pub fn fade_in(self, seconds: impl Into<Amount>) -> Self {
        self.set("fade-in", seconds.into())
    }

    /// The seconds of its fade-out.
    pub fn fade_out(self, seconds: impl Into<Amount>) -> Self {
        self.set("fade-out", seconds.into())
    }

    /// How often a video or a sound plays; -1 repeats without end.
    pub fn repeat(self, times: impl Into<Amount>) -> Self {
        self.set("loop", times.into())
    }

    /// Leaves the element out if the expression is false or empty.
    pub fn condition(self, expression: &str) -> Self {
        self.set("condition", expression)
    }
}

/// The element's position and look.
impl Element {
    /// One of the service's preset positions.
    pub fn position(self, position: Position) -> Self {
        self.set("position", position)
    }

    /// A position in pixels from the left and the top: `position` becomes `custom`.
    pub fn at(self, x: impl Into<Amount>, y: impl Into<Amount>) -> Self {
        self.set("position", "custom").set("x", x.into()).set("y", y.into())
    }

    /// Its size in pixels; -1 keeps the ratio.
    pub fn size(self, width: impl Into<Amount>, height: impl Into<Amount>) -> Self {
        self.set("width", width.into()).set("height", height.into())
    }

    /// How it is fitted to the frame. Its size then has no effect.
    pub fn resize(self, resize: Resize) -> Self {
        self.set("resize", resize)
    }

    /// The direction in which the camera moves over it.
    pub fn pan(self, pan: Pan) -> Self {
        self.set("pan", pan)
    }

    /// The camera's zoom: towards it (to 10) or away from it (to -10).
    pub fn zoom(self, zoom: impl Into<Amount>) -> Self {
        self.set("zoom", zoom.into())
    }

    /// Its layer, from -99 to 99; scenes are at 0.
    pub fn z_index(self, layer: impl Into<Amount>) -> Self {
        self.set("z-index", layer.into())
    }

    /// The style of a text: `001` to `013`.
    pub fn style(self, style: &str) -> Self {
        self.set("style", style)
    }

    /// One of its settings: a CSS-like property of a text, a part of a component, a property of subtitles.
    pub fn setting(mut self, name: &str, value: impl Into<Node>) -> Self {
        put_inside(&mut self.0, "settings", name, value.into());
        self
    }
}

/// The element's sound and name.
impl Element {
    /// The volume: 1 as recorded, at most 10; 0.2 suits music under a voice.
    pub fn volume(self, volume: impl Into<Amount>) -> Self {
        self.set("volume", volume.into())
    }

    /// Makes it silent.
    pub fn muted(self) -> Self {
        self.set("muted", true)
    }

    /// The name by which expressions refer to it.
    pub fn id(self, id: &str) -> Self {
        self.set("id", id)
    }

    /// A comment for readers of the movie.
    pub fn comment(self, comment: &str) -> Self {
        self.set("comment", comment)
    }

    /// A variable of this element, for `{{ name }}`.
    pub fn variable(mut self, name: &str, value: impl Into<Node>) -> Self {
        put_inside(&mut self.0, "variables", name, value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(element: Element) -> String {
        Node::from(element).to_compact()
    }

    #[test]
    fn every_kind_is_written_with_what_it_requires() {
        let kinds = [
            (Element::image("u"), r#"{"type":"image","src":"u"}"#),
            (Element::generated_image("flux-schnell", "a house"), r#"{"type":"image","model":"flux-schnell","prompt":"a house"}"#),
            (Element::video("u"), r#"{"type":"video","src":"u"}"#),
            (Element::audio("u"), r#"{"type":"audio","src":"u"}"#),
            (Element::text("t"), r#"{"type":"text","text":"t"}"#),
            (Element::voice("t", "v"), r#"{"type":"voice","text":"t","voice":"v"}"#),
            (Element::component("basic/000"), r#"{"type":"component","component":"basic/000"}"#),
            (Element::html("<p>"), r#"{"type":"html","html":"<p>"}"#),
            (Element::page("u"), r#"{"type":"html","src":"u"}"#),
            (Element::subtitles("auto"), r#"{"type":"subtitles","language":"auto"}"#),
            (Element::audiogram(), r#"{"type":"audiogram"}"#),
        ];
        for (element, text) in kinds {
            assert_eq!(spelled(element), text);
        }
    }

    #[test]
    fn properties_have_the_names_of_the_service() {
        let timed = Element::of("x").start(-1).duration(1.5).extra_time(1).fade_in(0.5).fade_out("{{ f }}").repeat(-1).condition("{{ c }}");
        let text =
            r#"{"type":"x","start":-1,"duration":1.5,"extra-time":1,"fade-in":0.5,"fade-out":"{{ f }}","loop":-1,"condition":"{{ c }}"}"#;
        assert_eq!(spelled(timed), text);
        let seen =
            Element::of("x").position(Position::Center).at(1, 2).size(-1, 50).resize(Resize::Cover).pan(Pan::Left).zoom(2).z_index(-5);
        let text =
            r#"{"type":"x","position":"custom","x":1,"y":2,"width":-1,"height":50,"resize":"cover","pan":"left","zoom":2,"z-index":-5}"#;
        assert_eq!(spelled(seen), text);
        let heard = Element::of("x").volume(0.2).muted().id("i").comment("c").variable("v", 1).style("003").setting("color", "red");
        let text =
            r#"{"type":"x","volume":0.2,"muted":true,"id":"i","comment":"c","variables":{"v":1},"style":"003","settings":{"color":"red"}}"#;
        assert_eq!(spelled(heard), text);
    }

    #[test]
    fn any_other_property_is_set_by_name() {
        assert_eq!(
            spelled(Element::image("u").set("pan-distance", 0.3).set("crop", Node::object().with("width", 9))),
            r#"{"type":"image","src":"u","pan-distance":0.3,"crop":{"width":9}}"#
        );
    }
}
