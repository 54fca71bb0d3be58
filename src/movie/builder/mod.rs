//! Writes a movie from Rust: [`Movie`], [`Scene`], [`Element`] and the rest, each a thin wrapper of the tree
//! that a file would give. A property without a method is set by name. Nothing is checked here; `check` does that.
//!
//! Properties are in the order in which they are set.
//!
//! ```
//! use j2v::movie::builder::{Destination, Element, Movie, Resolution, Scene, Transition};
//!
//! let movie = Movie::new()
//!     .resolution(Resolution::FullHd)
//!     .client_data("listing", "L-4821")
//!     .destination(Destination::webhook("https://your-app.example/callback"))
//!     .element(Element::audio("https://cdn.example/music.mp3").volume(0.2).set("duration", -2))
//!     .scene(Scene::new().duration(4).element(Element::text("FOR SALE")))
//!     .scene(
//!         Scene::new()
//!             .transition(Transition::fade(0.5))
//!             .for_each("rooms", "room")
//!             .element(Element::image("{{ room.image }}").duration("{{ room.seconds }}")),
//!     );
//! assert!(movie.document().to_compact().starts_with(r#"{"resolution":"full-hd","client-data":{"listing":"L-4821"}"#));
//! ```

mod amount;
mod element;
mod export;
mod scene;
mod words;

pub use amount::Amount;
pub use element::Element;
pub use export::{Destination, Export};
pub use scene::{Scene, Transition};
pub use words::{Pan, Position, Quality, Resize, Resolution};

use super::Document;
use super::json::{Node, Value};

/// Adds a conversion, and the method that sets any property, to a type that is an object of the movie.
macro_rules! object_of_the_movie {
    ($name:ident) => {
        impl $name {
            /// Sets any property, those without a method of their own included.
            pub fn set(mut self, name: &str, value: impl Into<Node>) -> Self {
                self.0.put(name, value);
                self
            }
        }

        impl From<$name> for Node {
            fn from(object: $name) -> Self {
                object.0
            }
        }
    };
}
use object_of_the_movie;

/// A movie (`movie-format.md#movie`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Movie(Node);

object_of_the_movie!(Movie);

impl Default for Movie {
    fn default() -> Self {
        Self::new()
    }
}

impl Movie {
    /// A movie without scenes.
    pub fn new() -> Self {
        Self(Node::object())
    }

    /// A render of one of the account's templates.
    pub fn from_template(id: &str) -> Self {
        Self::new().set("template", id)
    }

    /// One of the service's preset sizes.
    pub fn resolution(self, resolution: Resolution) -> Self {
        self.set("resolution", resolution)
    }

    /// A custom size in pixels: `resolution` becomes `custom`.
    pub fn size(self, width: u32, height: u32) -> Self {
        self.set("resolution", "custom").set("width", width).set("height", height)
    }

    /// The quality of the picture.
    pub fn quality(self, quality: Quality) -> Self {
        self.set("quality", quality)
    }

    /// The movie's own name, which callbacks echo. It is not a project id.
    pub fn id(self, id: &str) -> Self {
        self.set("id", id)
    }

    /// A comment for readers of the movie.
    pub fn comment(self, comment: &str) -> Self {
        self.set("comment", comment)
    }

    /// Whether the service may answer an identical movie with an earlier render.
    pub fn cache(self, is_on: bool) -> Self {
        self.set("cache", is_on)
    }

    /// A variable, for `{{ name }}`.
    pub fn variable(mut self, name: &str, value: impl Into<Node>) -> Self {
        put_inside(&mut self.0, "variables", name, value.into());
        self
    }

    /// A value that the service echoes in its answers and callbacks.
    pub fn client_data(mut self, name: &str, value: impl Into<Node>) -> Self {
        put_inside(&mut self.0, "client-data", name, value.into());
        self
    }

    /// An element that runs over all scenes.
    pub fn element(mut self, element: Element) -> Self {
        push(&mut self.0, "elements", element.into());
        self
    }

    /// Appends a scene.
    pub fn scene(mut self, scene: Scene) -> Self {
        push(&mut self.0, "scenes", scene.into());
        self
    }

    /// Appends scenes.
    pub fn scenes(self, scenes: impl IntoIterator<Item = Scene>) -> Self {
        scenes.into_iter().fold(self, Self::scene)
    }

    /// An export. The service certainly reads only one (`service.md#exports`): give it several destinations.
    pub fn export(mut self, export: Export) -> Self {
        push(&mut self.0, "exports", export.into());
        self
    }

    /// Appends a destination to the first export.
    pub fn destination(mut self, destination: Destination) -> Self {
        let first = match self.0.get_mut("exports").map(|exports| &mut exports.value) {
            Some(Value::Array(exports)) => exports.first_mut(),
            _ => None,
        };
        match first {
            Some(export) => push(export, "destinations", destination.into()),
            None => return self.export(Export::new().destination(destination)),
        }
        self
    }

    /// The movie as a document. The service requires `scenes`, even if empty, unless a template has them.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut root = self.0.clone();
        if root.get("scenes").is_none() && root.get("template").is_none() {
            root.put("scenes", Node::array([]));
        }
        Document::made(root)
    }
}

impl From<&Movie> for Document {
    fn from(movie: &Movie) -> Self {
        movie.document()
    }
}

impl From<Movie> for Document {
    fn from(movie: Movie) -> Self {
        movie.document()
    }
}

/// Sets a member of an object inside another. Creates the object if it is missing.
fn put_inside(object: &mut Node, inner: &str, name: &str, value: Node) {
    match object.get_mut(inner) {
        Some(inner) => inner.put(name, value),
        None => object.put(inner, Node::object().with(name, value)),
    }
}

/// Appends to a list of an object. Creates the list if it is missing or not a list.
fn push(object: &mut Node, list: &str, item: Node) {
    match object.get_mut(list).map(|list| &mut list.value) {
        Some(Value::Array(items)) => items.push(item),
        _ => object.put(list, Node::array([item])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movie_is_written_in_the_order_of_the_calls() {
        let movie = Movie::new().size(1080, 1920).quality(Quality::High).variable("b", 1.5).scene(Scene::new()).variable("a", true);
        let text = r#"{"resolution":"custom","width":1080,"height":1920,"quality":"high","variables":{"b":1.5,"a":true},"scenes":[{}]}"#;
        assert_eq!(movie.document().to_compact(), text);
    }

    #[test]
    fn scenes_are_there_unless_a_template_has_them() {
        assert_eq!(Movie::new().document().to_compact(), r#"{"scenes":[]}"#);
        let movie = Movie::from_template("LerKrmBfiqaIgBuacLWn").cache(false).id("x").comment("y");
        assert_eq!(movie.document().to_compact(), r#"{"template":"LerKrmBfiqaIgBuacLWn","cache":false,"id":"x","comment":"y"}"#);
    }

    #[test]
    fn destinations_share_the_first_export() {
        let movie = Movie::new().destination(Destination::connection("a")).destination(Destination::connection("b")).export(Export::new());
        assert_eq!(
            movie.document().to_compact(),
            r#"{"exports":[{"destinations":[{"id":"a"},{"id":"b"}]},{"destinations":[]}],"scenes":[]}"#
        );
    }

    #[test]
    fn what_the_builder_writes_is_read_back() {
        let document = Movie::new().client_data("a\"b", vec![1, 2]).element(Element::text("two\nlines")).document();
        let read = Document::parse("made", document.to_pretty()).unwrap();
        assert_eq!(read.root, document.root);
    }
}
