//! The members of a movie, a scene and a transition (`movie-format.md#movie`).

use super::words::{QUALITY, RESOLUTION, TRANSITION_STYLE, TRANSITION_TYPE};
use super::{Items, Property, Range, Shape, Table};
use crate::movie::diagnostic::Severity;

static PIXELS: Range = Range { is_whole: true, ..Range::new(50.0, 3840.0, "J2V023", "a whole number from 50 to 3840") };
static FPS: Range = Range { severity: Severity::Warning, ..Range::new(1.0, 120.0, "J2V026", "from 1 to 120") };
static SCENE_DURATION: Range = Range {
    is_above: true,
    besides: &[-1.0],
    surely: (-1.0, f64::INFINITY),
    ..Range::new(0.0, f64::INFINITY, "J2V042", "more than 0, or -1 for as long as its elements")
};
static TRANSITION_DURATION: Range = Range::new(0.0, f64::INFINITY, "J2V089", "0 or more");

/// A movie (`movie-format.md#movie`).
pub static MOVIE: Table = Table {
    name: "a movie",
    properties: &[
        Property::new("$schema", Shape::Text, "the schema that an editor checks by; never sent").private(),
        Property::new("__preview", Shape::Any, "a private key of the service's own pages").private(),
        Property::new("__thumbnail", Shape::Any, "a private key of the service's own pages").private(),
        Property::new("cache", Shape::Flag, "whether a movie that was rendered before is served again").default("true"),
        Property::new("client-data", Shape::Free, "any object of yours: callbacks and answers echo it").default("{}"),
        Property::new("comment", Shape::Text, "a note; ignored"),
        Property::new("draft", Shape::Flag, "a watermark, in older documentation").legacy("the free plan is watermarked by itself"),
        Property::new("elements", Shape::Array(Items::Elements), "elements over all scenes; the place of subtitles").default("[]"),
        Property::new("exports", Shape::Array(Items::Exports), "where the finished video, or the news of it, is sent"),
        Property::new("fps", Shape::Number(&FPS), "frames a second").default("25"),
        Property::new("height", Shape::Number(&PIXELS), "pixels, for the resolution `custom`").default("360"),
        Property::new("id", Shape::Text, "a name of your own, which callbacks echo; not the project's"),
        Property::new("preload", Shape::Array(Items::Any), "assets to be made before the scenes"),
        Property::new("quality", Shape::Words(&QUALITY), "how well the video is encoded").default("\"high\""),
        Property::new("resolution", Shape::Words(&RESOLUTION), "a size by its name; `custom` takes `width` and `height`")
            .default("\"custom\""),
        Property::new("scenes", Shape::Array(Items::Scenes), "the scenes, one after the other").required(),
        Property::new("settings", Shape::Free, "written by the old editor").legacy("no documentation speaks of it"),
        Property::new("template", Shape::Text, "the id of a template of the account; `scenes` are ignored then"),
        Property::new("variables", Shape::Free, "values for `{{name}}`, and the array that a scene iterates over").default("{}"),
        Property::new("width", Shape::Number(&PIXELS), "pixels, for the resolution `custom`").default("640"),
    ],
};

/// A scene (`movie-format.md#scene`).
pub static SCENE: Table = Table {
    name: "a scene",
    properties: &[
        Property::new("background-color", Shape::Text, "`#RRGGBB`, a CSS colour, or `transparent`").default("\"#000000\""),
        Property::new("cache", Shape::Flag, "whether a scene that was rendered before is used again").default("true"),
        Property::new("comment", Shape::Text, "a note; ignored"),
        Property::new("condition", Shape::Scalar, "an expression: the scene is left out when it is false or empty"),
        Property::new("duration", Shape::Number(&SCENE_DURATION), "seconds; -1: as long as its elements").default("-1"),
        Property::new("elements", Shape::Array(Items::Elements), "what the scene shows and plays").default("[]"),
        Property::new("id", Shape::Text, "a name, for `import`"),
        Property::new("import", Shape::Text, "the id of a scene whose elements are taken in"),
        Property::new("iterate", Shape::Text, "the array variable of which each item makes a scene"),
        Property::new("iterate-as", Shape::Text, "what an item is called inside the scene").default("\"item\""),
        Property::new("transition", Shape::Object(&TRANSITION), "how the scene before goes over into this one"),
        Property::new("variables", Shape::Free, "values for `{{name}}` in this scene").default("{}"),
    ],
};

/// A transition (`movie-format.md#scene`).
pub static TRANSITION: Table = Table {
    name: "a transition",
    properties: &[
        Property::new("duration", Shape::Number(&TRANSITION_DURATION), "seconds of overlap with the scene before"),
        Property::new("style", Shape::Words(&TRANSITION_STYLE), "the effect"),
        Property::new("type", Shape::Words(&TRANSITION_TYPE), "the family of effects").default("\"xfade\""),
    ],
};
