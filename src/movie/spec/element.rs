//! The members of elements, and which type has which (`movie-format.md#element`).

use super::words::{ASPECT_RATIO, ELEMENT_TYPE, LANGUAGE, PAN, POSITION, RESIZE};
use super::{Property, Range, Shape, Table, Types};
use crate::movie::diagnostic::Severity;

impl Types {
    /// `image`.
    pub const IMAGE: Self = Self(1);
    /// `video`.
    pub const VIDEO: Self = Self(1 << 1);
    /// `text`.
    pub const TEXT: Self = Self(1 << 2);
    /// `html`.
    pub const HTML: Self = Self(1 << 3);
    /// `component`.
    pub const COMPONENT: Self = Self(1 << 4);
    /// `audio`.
    pub const AUDIO: Self = Self(1 << 5);
    /// `voice`.
    pub const VOICE: Self = Self(1 << 6);
    /// `audiogram`.
    pub const AUDIOGRAM: Self = Self(1 << 7);
    /// `subtitles`.
    pub const SUBTITLES: Self = Self(1 << 8);
    /// Elements that are seen and have a place in the frame.
    pub const VISUAL: Self = Self::IMAGE.and(Self::VIDEO).and(Self::TEXT).and(Self::HTML).and(Self::COMPONENT).and(Self::AUDIOGRAM);
    /// Elements that are heard.
    pub const SOUND: Self = Self::VIDEO.and(Self::AUDIO).and(Self::VOICE);
    /// Elements that have a length of their own.
    pub const LASTING: Self = Self::SOUND;
    /// Elements that use a file.
    pub const ASSET: Self = Self::IMAGE.and(Self::VIDEO).and(Self::AUDIO);
    /// All.
    pub const ALL: Self = Self::VISUAL.and(Self::SOUND).and(Self::SUBTITLES);

    /// The types with their names.
    pub const NAMED: &'static [(&'static str, Self)] = &[
        ("image", Self::IMAGE),
        ("video", Self::VIDEO),
        ("text", Self::TEXT),
        ("html", Self::HTML),
        ("component", Self::COMPONENT),
        ("audio", Self::AUDIO),
        ("voice", Self::VOICE),
        ("audiogram", Self::AUDIOGRAM),
        ("subtitles", Self::SUBTITLES),
    ];

    /// A type by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, types)| *types)
    }
}

static DURATION: Range = Range {
    is_above: true,
    besides: &[-1.0, -2.0],
    surely: (-2.0, f64::INFINITY),
    ..Range::new(0.0, f64::INFINITY, "J2V069", "more than 0, -1 for its own length, or -2 for that of its container")
};
static START: Range = Range { besides: &[-1.0], ..Range::new(0.0, f64::INFINITY, "J2V071", "0 or more, or -1 for after what is there") };
static SECONDS: Range = Range::new(0.0, f64::INFINITY, "J2V089", "0 or more");
static LAYER: Range = Range { is_whole: true, ..Range::new(-99.0, 99.0, "J2V072", "a whole number from -99 to 99") };
static SIZE: Range =
    Range { is_whole: true, takes_texts: true, ..Range::new(-1.0, f64::INFINITY, "J2V089", "a whole number of pixels, or -1") };
static ZOOM: Range =
    Range { is_whole: true, severity: Severity::Warning, ..Range::new(-10.0, 10.0, "J2V079", "a whole number from -10 to 10") };
static PAN_DISTANCE: Range = Range::new(0.01, 0.5, "J2V080", "from 0.01 to 0.5");
static VOLUME: Range = Range::new(0.0, 10.0, "J2V087", "from 0 to 10");
/// The reference allows 0 and does not say what it means.
static LOOP: Range = Range {
    is_whole: true,
    besides: &[-1.0],
    surely: (-1.0, f64::INFINITY),
    ..Range::new(1.0, f64::INFINITY, "J2V111", "1 or more, or -1 for endless")
};
static WAIT: Range = Range::new(0.0, 5.0, "J2V132", "from 0 to 5 seconds");
static OPACITY: Range = Range::new(0.0, 1.0, "J2V171", "from 0 to 1");
static AMPLITUDE: Range = Range::new(0.0, 10.0, "J2V171", "from 0 to 10");
static ANGLE: Range = Range::new(-360.0, 360.0, "J2V078", "from -360 to 360");
static SPEED: Range = Range::new(0.0, f64::INFINITY, "J2V078", "0 or more seconds");
static TOLERANCE: Range = Range::new(1.0, 100.0, "J2V081", "from 1 to 100");
static BRIGHTNESS: Range = Range::new(-1.0, 1.0, "J2V082", "from -1 to 1");
static CONTRAST: Range = Range::new(-1000.0, 1000.0, "J2V082", "from -1000 to 1000");
static GAMMA: Range = Range::new(0.1, 10.0, "J2V082", "from 0.1 to 10");
static SATURATION: Range = Range::new(0.0, 3.0, "J2V082", "from 0 to 3");
static ANY: Range = Range::ANY;
static PLACE: Range = Range { takes_texts: true, told: "a number of pixels", ..Range::ANY };

const GENERATED: Types = Types::IMAGE.and(Types::VIDEO);
const MODELLED: Types = GENERATED.and(Types::VOICE);
const PLAYED: Types = Types::VIDEO.and(Types::AUDIO);

/// An element of any type (`movie-format.md#element`).
pub static ELEMENT: Table = Table {
    name: "an element",
    properties: &[
        Property::new("amplitude", Shape::Number(&AMPLITUDE), "how high the waves go").on(Types::AUDIOGRAM).default("5"),
        Property::new("aspect-ratio", Shape::Words(&ASPECT_RATIO), "the shape of what is generated")
            .on(GENERATED)
            .default("\"horizontal\""),
        Property::new("cache", Shape::Flag, "whether what was made before is used again").on(Types::ALL).default("true"),
        Property::new("captions", Shape::Text, "a URL, or SRT, VTT or ASS text; without it speech is transcribed").on(Types::SUBTITLES),
        Property::new("chroma-key", Shape::Object(&CHROMA_KEY), "a colour that is made transparent").on(Types::VISUAL),
        Property::new("color", Shape::Text, "the colour of the waves").on(Types::AUDIOGRAM),
        Property::new("comment", Shape::Text, "a note; ignored").on(Types::ALL),
        Property::new("component", Shape::Text, "the id of a component, such as `basic/001`").on(Types::COMPONENT),
        Property::new("condition", Shape::Scalar, "an expression: the element is left out when it is false or empty").on(Types::ALL),
        Property::new("connection", Shape::Text, "the id of a connection to the provider, who bills you then").on(MODELLED),
        Property::new("correction", Shape::Object(&CORRECTION), "brightness, contrast, gamma, saturation").on(Types::VISUAL),
        Property::new("crop", Shape::Object(&CROP), "the part that is shown").on(Types::VISUAL),
        Property::new("dpi", Shape::Number(&ANY), "the resolution that the page is drawn at").on(Types::HTML),
        Property::new("duration", Shape::Number(&DURATION), "seconds; -1: its own length; -2: that of its container")
            .on(Types::ALL)
            .default("-1"),
        Property::new("extra-time", Shape::Number(&SECONDS), "seconds that are added at its end").on(Types::ALL).default("0"),
        Property::new("fade-in", Shape::Number(&SECONDS), "seconds").on(Types::ALL),
        Property::new("fade-out", Shape::Number(&SECONDS), "seconds").on(Types::ALL),
        Property::new("flip-horizontal", Shape::Flag, "mirrored left to right").on(Types::VISUAL).default("false"),
        Property::new("flip-vertical", Shape::Flag, "mirrored top to bottom").on(Types::VISUAL).default("false"),
        Property::new("height", Shape::Number(&SIZE), "pixels; -1: by its own ratio").on(Types::VISUAL).default("-1"),
        Property::new("html", Shape::Text, "the page to draw").on(Types::HTML),
        Property::new("id", Shape::Text, "a name, which names the variables of its timing").on(Types::ALL),
        Property::new("language", Shape::Words(&LANGUAGE), "the language that is spoken").on(Types::SUBTITLES).default("\"auto\""),
        Property::new("loop", Shape::Number(&LOOP), "how often it plays; -1: endlessly").on(PLAYED).default("1"),
        Property::new("mask", Shape::Text, "the URL of a PNG or a video that masks it").on(Types::VISUAL),
        Property::new("model", Shape::Text, "the model that generates, speaks or transcribes").on(MODELLED.and(Types::SUBTITLES)),
        Property::new("model-settings", Shape::Free, "settings of the model").on(MODELLED),
        Property::new("muted", Shape::Flag, "without sound").on(Types::SOUND.and(Types::AUDIOGRAM)).default("false"),
        Property::new("opacity", Shape::Number(&OPACITY), "how solid the waves are").on(Types::AUDIOGRAM).default("0.5"),
        Property::new("pan", Shape::Words(&PAN), "the direction in which the picture moves").on(Types::VISUAL),
        Property::new("pan-crop", Shape::Flag, "whether the picture is cropped so that it can move").on(Types::VISUAL).default("true"),
        Property::new("pan-distance", Shape::Number(&PAN_DISTANCE), "how far it moves, as a share of the picture")
            .on(Types::VISUAL)
            .default("0.1"),
        Property::new("position", Shape::Words(&POSITION), "a place in the frame; `custom` takes `x` and `y`")
            .on(Types::VISUAL)
            .default("\"custom\""),
        Property::new("prompt", Shape::Text, "what the model is to generate").on(GENERATED),
        Property::new("resize", Shape::Words(&RESIZE), "how it fills the frame").on(Types::VISUAL),
        Property::new("rotate", Shape::Object(&ROTATE), "an angle, and how fast it is reached").on(Types::VISUAL),
        Property::new("save-to-media", Shape::Flag, "whether what is generated is kept in the account's media")
            .on(Types::ALL)
            .default("false"),
        Property::new("scale", Shape::Object(&SCALE), "a size").on(Types::VISUAL).legacy("`width` and `height` took its place"),
        Property::new("seek", Shape::Number(&ANY), "the second it starts from; negative: from its end").on(PLAYED),
        Property::new("settings", Shape::Free, "how it looks").on(Types::TEXT.and(Types::HTML).and(Types::COMPONENT).and(Types::SUBTITLES)),
        Property::new("src", Shape::Text, "the public URL of the file").on(Types::ASSET.and(Types::HTML)),
        Property::new("start", Shape::Number(&START), "seconds from the start of its container; -1: after what is there")
            .on(Types::ALL)
            .default("0"),
        Property::new("style", Shape::Scalar, "the text style, such as `001`").on(Types::TEXT).default("\"001\""),
        Property::new("tailwind", Shape::Flag, "`tailwindcss` in the reference")
            .on(Types::HTML)
            .disputed("two tutorials write it; the reference has `tailwindcss`"),
        Property::new("tailwindcss", Shape::Flag, "whether the page may use Tailwind CSS").on(Types::HTML).default("false"),
        Property::new("text", Shape::Text, "the words to show or to speak").on(Types::TEXT.and(Types::VOICE)),
        Property::new("type", Shape::Words(&ELEMENT_TYPE), "what kind of element it is").on(Types::ALL).required(),
        Property::new("variables", Shape::Free, "values for `{{name}}` in this element").on(Types::ALL).default("{}"),
        Property::new("voice", Shape::Text, "the voice, such as `en-US-EmmaMultilingualNeural`").on(Types::VOICE),
        Property::new("volume", Shape::Number(&VOLUME), "a factor; 0.2 suits music under a voice")
            .on(Types::SOUND.and(Types::AUDIOGRAM))
            .default("1"),
        Property::new("wait", Shape::Number(&WAIT), "seconds until the page is drawn").on(Types::HTML).default("2"),
        Property::new("width", Shape::Number(&SIZE), "pixels; -1: by its own ratio").on(Types::VISUAL).default("-1"),
        Property::new("x", Shape::Number(&PLACE), "pixels from the left").on(Types::VISUAL).default("0"),
        Property::new("y", Shape::Number(&PLACE), "pixels from the top").on(Types::VISUAL).default("0"),
        Property::new("z-index", Shape::Number(&LAYER), "the layer; scenes are at 0").on(Types::ALL).default("0"),
        Property::new("zoom", Shape::Number(&ZOOM), "how far the picture zooms in, or out").on(Types::VISUAL),
    ],
};

/// `crop` (`movie-format.md#element`).
pub static CROP: Table = Table {
    name: "`crop`",
    properties: &[
        Property::new("height", Shape::Number(&CROPPED), "pixels").required(),
        Property::new("width", Shape::Number(&CROPPED), "pixels").required(),
        Property::new("x", Shape::Number(&ANY), "pixels from the left").default("0"),
        Property::new("y", Shape::Number(&ANY), "pixels from the top").default("0"),
    ],
};
static CROPPED: Range = Range::new(0.0, f64::INFINITY, "J2V077", "0 or more pixels");

/// `rotate` (`movie-format.md#element`).
pub static ROTATE: Table = Table {
    name: "`rotate`",
    properties: &[
        Property::new("angle", Shape::Number(&ANGLE), "degrees").required(),
        Property::new("speed", Shape::Number(&SPEED), "seconds that a turn takes").default("0"),
    ],
};

/// `chroma-key` (`movie-format.md#element`).
pub static CHROMA_KEY: Table = Table {
    name: "`chroma-key`",
    properties: &[
        Property::new("color", Shape::Text, "the colour that becomes transparent").required(),
        Property::new("tolerance", Shape::Number(&TOLERANCE), "how far other colours may be from it").default("25"),
    ],
};

/// `correction` (`movie-format.md#element`).
pub static CORRECTION: Table = Table {
    name: "`correction`",
    properties: &[
        Property::new("brightness", Shape::Number(&BRIGHTNESS), "darker or brighter").default("0"),
        Property::new("contrast", Shape::Number(&CONTRAST), "less or more contrast").default("1"),
        Property::new("gamma", Shape::Number(&GAMMA), "gamma").default("1"),
        Property::new("saturation", Shape::Number(&SATURATION), "less or more colour").default("1"),
    ],
};

/// `scale`, of older documentation (`movie-format.md#element`).
pub static SCALE: Table = Table {
    name: "`scale`",
    properties: &[Property::new("height", Shape::Number(&ANY), "pixels"), Property::new("width", Shape::Number(&ANY), "pixels")],
};
