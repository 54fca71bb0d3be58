//! What can't be known before a render: the scene, element or movie, and the reason.

use std::fmt;

use crate::movie::json::Span;

/// One thing that can't be known before a render.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Doubt {
    /// The scene, the element or the movie.
    pub place: Place,
    /// The reason.
    pub reason: Reason,
    /// The place of the reason.
    pub span: Span,
}

/// A scene, an element, or the movie; indexes count what plays, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The scene.
    pub scene: Option<usize>,
    /// The element, of the scene or of the movie.
    pub element: Option<usize>,
}

impl Place {
    /// The movie itself.
    pub const MOVIE: Self = Self { scene: None, element: None };
}

/// Counted from 1, as the service does in its messages.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.scene, self.element) {
            (None, None) => f.write_str("the movie"),
            (None, Some(element)) => write!(f, "movie element {}", element + 1),
            (Some(scene), None) => write!(f, "scene {}", scene + 1),
            (Some(scene), Some(element)) => write!(f, "scene {}, element {}", scene + 1, element + 1),
        }
    }
}

/// Why something can't be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The length of a file that was not inspected.
    AssetLength,
    /// The length of a spoken text.
    SpokenLength,
    /// The length of a video that is made from a prompt.
    GeneratedLength,
    /// A `{{ … }}` that can't be resolved offline.
    Unresolved,
    /// A value that is not a number, or is out of range.
    NoTime,
    /// A loop without an end and without a duration.
    Endless,
    /// An element type that the sources don't know.
    UnknownType,
    /// The length of a transition without a duration.
    TransitionDefault,
    /// Nothing in it has a length.
    NothingGivesLength,
    /// A scene whose items can't be resolved, so that it may be shown any number of times.
    NotIterated,
    /// A condition that can't be decided, so that it may not be there at all.
    Condition,
    /// Elements are merged in from another scene.
    Imported,
    /// The scenes are in a template.
    Template,
    /// An element of the movie that may end after the last scene, which extends the movie.
    MayExtendMovie,
    /// A model that is not in any list, so that its price isn't known.
    UnknownModel,
    /// A voice or a video whose price depends on its length, which isn't known.
    PaidByLength,
    /// Which of two sizes `sd` has.
    SdSize,
    /// A resolution that the sources don't know.
    UnknownResolution,
}

impl Reason {
    /// The code for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssetLength => "asset-length",
            Self::SpokenLength => "spoken-length",
            Self::GeneratedLength => "generated-length",
            Self::Unresolved => "unresolved",
            Self::NoTime => "no-time",
            Self::Endless => "endless",
            Self::UnknownType => "unknown-type",
            Self::TransitionDefault => "transition-default",
            Self::NothingGivesLength => "nothing-gives-length",
            Self::NotIterated => "not-iterated",
            Self::Condition => "condition",
            Self::Imported => "imported",
            Self::Template => "template",
            Self::MayExtendMovie => "may-extend-movie",
            Self::UnknownModel => "unknown-model",
            Self::PaidByLength => "paid-by-length",
            Self::SdSize => "sd-size",
            Self::UnknownResolution => "unknown-resolution",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AssetLength => "the length of the asset is unknown until it is fetched",
            Self::SpokenLength => "the length of the spoken text is unknown until it is spoken",
            Self::GeneratedLength => "the length of a generated video is unknown until it is made",
            Self::Unresolved => "a `{{ … }}` stands here that can't be resolved offline",
            Self::NoTime => "this is not a time",
            Self::Endless => "it loops without an end: give it a duration, or -2 for that of what it is in",
            Self::UnknownType => "no source knows this type of element",
            Self::TransitionDefault => "the transition has no duration, and the service's default is unknown",
            Self::NothingGivesLength => "nothing in it has a length of its own",
            Self::NotIterated => "it is repeated for items that can't be resolved",
            Self::Condition => "its condition can't be decided offline: it may be left out",
            Self::Imported => "elements are merged in from another scene",
            Self::Template => "the scenes are in the template",
            Self::MayExtendMovie => {
                "it may end after the last scene, and the movie lasts until it ends: `\"duration\": -2` ends it with the scenes"
            }
            Self::UnknownModel => "what its model costs is in no source",
            Self::PaidByLength => "it is paid for by its length, which is unknown",
            Self::SdSize => "`sd` is documented as 640×360 and was seen to come out as 640×480",
            Self::UnknownResolution => "no source knows this resolution",
        })
    }
}
