//! The settings of subtitles (`movie-format.md#elements-by-type`).

use super::words::{SUBTITLES_POSITION, SUBTITLES_STYLE};
use super::{Items, Property, Range, Shape, Table};

static ANY: Range = Range::ANY;
static WIDTH: Range = Range::new(0.0, f64::INFINITY, "J2V089", "0 or more");
static WORDS_PER_LINE: Range = Range::new(1.0, f64::INFINITY, "J2V089", "1 or more");

const NOT_IN_REFERENCE: &str = "a tutorial writes it; the reference has `line-color` and `word-color`";

/// `settings` of subtitles.
pub static SETTINGS: Table = Table {
    name: "the settings of subtitles",
    properties: &[
        Property::new("all-caps", Shape::Flag, "capital letters only").default("false"),
        Property::new("box-color", Shape::Text, "the colour of the box of the styles `boxed-…`").default("\"#000000\""),
        Property::new("font-color", Shape::Text, "`line-color` in the reference").disputed(NOT_IN_REFERENCE),
        Property::new("font-family", Shape::Text, "a Google font, or one of the service's own").default("\"Arial\""),
        Property::new("font-size", Shape::Scalar, "pixels; without it 5 % of the width"),
        Property::new("font-url", Shape::Text, "the URL of a TTF whose family is `font-family`"),
        Property::new("font-weight", Shape::Scalar, "`100` to `900`"),
        Property::new("keywords", Shape::Array(Items::Texts), "words that the model `default` should know"),
        Property::new("line-color", Shape::Text, "the colour of the line").default("\"#FFFFFF\""),
        Property::new("max-words-per-line", Shape::Number(&WORDS_PER_LINE), "how many words a line has at most").default("4"),
        Property::new("outline-color", Shape::Text, "the colour of the outline").default("\"#000000\""),
        Property::new("outline-width", Shape::Number(&WIDTH), "pixels").default("0"),
        Property::new("position", Shape::Words(&SUBTITLES_POSITION), "a place in the frame; `custom` takes `x` and `y`")
            .default("\"bottom-center\""),
        Property::new("replace", Shape::Free, "words, and what is shown in their place"),
        Property::new("shadow-color", Shape::Text, "the colour of the shadow").default("\"#000000\""),
        Property::new("shadow-offset", Shape::Number(&ANY), "pixels").default("0"),
        Property::new("style", Shape::Words(&SUBTITLES_STYLE), "how words appear").default("\"classic\""),
        Property::new("word-color", Shape::Text, "the colour of the word that is spoken").default("\"#FFFF00\""),
        Property::new("x", Shape::Number(&ANY), "pixels from the left, with the position `custom`"),
        Property::new("y", Shape::Number(&ANY), "pixels from the top, with the position `custom`"),
    ],
};
