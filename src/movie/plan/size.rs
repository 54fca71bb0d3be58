//! The size of the movie in pixels (`movie-format.md#resolutions`).

use std::fmt;

use super::Reason;
use crate::movie::expr::read_number;
use crate::movie::expr::template::is_open;
use crate::movie::json::{Node, Value};

/// The size of a movie in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputSize {
    /// A known size.
    Known {
        /// The width.
        width: u32,
        /// The height.
        height: u32,
    },
    /// `sd`: documented as 640×360, seen as 640×480.
    Sd,
    /// Unknown.
    Unknown(Reason),
}

const DEFAULT: (u32, u32) = (640, 360);

/// The pixels of full HD, the limit between prices (`service.md#credits`).
const FULL_HD: u64 = 1920 * 1080;

/// The size that a movie asks for.
pub(super) fn of(root: &Node) -> OutputSize {
    let Some(resolution) = root.get("resolution").filter(|resolution| **resolution != Node::null()) else { return custom(root) };
    let Some(name) = resolution.as_text() else { return OutputSize::Unknown(Reason::UnknownResolution) };
    let (width, height) = match name.raw() {
        "custom" => return custom(root),
        "sd" => return OutputSize::Sd,
        "hd" => (1280, 720),
        "full-hd" => (1920, 1080),
        "squared" | "instagram-feed" => (1080, 1080),
        "instagram-story" => (1080, 1920),
        "twitter-landscape" => (1600, 900),
        "twitter-portrait" => (1080, 1350),
        _ if is_open(name) => return OutputSize::Unknown(Reason::Unresolved),
        _ => return OutputSize::Unknown(Reason::UnknownResolution),
    };
    OutputSize::Known { width, height }
}

fn custom(root: &Node) -> OutputSize {
    match (pixels(root.get("width"), DEFAULT.0), pixels(root.get("height"), DEFAULT.1)) {
        (Ok(width), Ok(height)) => OutputSize::Known { width, height },
        (Err(reason), _) | (_, Err(reason)) => OutputSize::Unknown(reason),
    }
}

fn pixels(node: Option<&Node>, default: u32) -> Result<u32, Reason> {
    let number = match node.map(|node| &node.value) {
        None | Some(Value::Null) => return Ok(default),
        Some(Value::Number(number)) => Some(number.clone()),
        Some(Value::String(text)) if is_open(text) => return Err(Reason::Unresolved),
        Some(Value::String(text)) => read_number(&text.decoded()),
        Some(_) => None,
    };
    let whole = number.and_then(|number| format!("{:.0}", number.as_f64()).parse().ok());
    whole.ok_or(Reason::UnknownResolution)
}

impl OutputSize {
    /// Whether it has more pixels than full HD; `None` if that isn't known.
    #[must_use]
    pub fn is_above_full_hd(self) -> Option<bool> {
        match self {
            Self::Known { width, height } => Some(u64::from(width) * u64::from(height) > FULL_HD),
            Self::Sd => Some(false),
            Self::Unknown(_) => None,
        }
    }

    /// Why it isn't known.
    pub(super) fn doubt(self) -> Option<Reason> {
        match self {
            Self::Known { .. } => None,
            Self::Sd => Some(Reason::SdSize),
            Self::Unknown(reason) => Some(reason),
        }
    }
}

impl fmt::Display for OutputSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known { width, height } => write!(f, "{width}×{height}"),
            Self::Sd => f.write_str("640×360 or 640×480"),
            Self::Unknown(_) => f.write_str("unknown"),
        }
    }
}
