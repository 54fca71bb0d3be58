//! The cost of a render in credits (`movie-format.md#ai-models` and `service.md#credits`). The sources disagree about
//! much of it; where they do, the figure is a range.

use std::fmt;

use super::{Doubt, Length, OutputSize, Place, PlannedElement, PlannedScene, Reason, Seconds, items, text_of};
use crate::movie::expr::template::is_template;
use crate::movie::json::{Node, Text};

/// A number of credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credits {
    /// A figure.
    Exactly(u64),
    /// A range.
    Between(u64, u64),
    /// A figure that may be exceeded by any amount.
    AtLeast(u64),
    /// Nothing is known.
    Unknown,
}

/// The cost of a render, and the reasons for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The figure.
    pub amount: Credits,
    /// The reasons for the figure, each once.
    pub reasons: Vec<PriceReason>,
    /// The elements whose own price has no upper bound.
    pub unbounded: Vec<Doubt>,
}

/// A reason for a price.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PriceReason {
    /// 1 credit a second.
    PerSecond,
    /// How fractions of a second are rounded is unknown.
    Rounding,
    /// A movie of less than a second fails, which costs nothing.
    TooShort,
    /// The length isn't known.
    Length,
    /// More pixels than full HD.
    AboveFullHd,
    /// The size isn't known.
    Size,
    /// A voice of `ElevenLabs`.
    ElevenLabs,
    /// A model with a price.
    Generated(String),
    /// A model that is not in any list.
    UnknownModel(String),
}

impl fmt::Display for PriceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerSecond => f.write_str("1 credit a second"),
            Self::Rounding => f.write_str("how fractions are rounded is unknown"),
            Self::TooShort => f.write_str("a movie of less than 1 s fails, which costs nothing"),
            Self::Length => f.write_str("the length isn't known"),
            Self::AboveFullHd => f.write_str("above full HD the sources say 1 or 4 credits a second"),
            Self::Size => f.write_str("the size isn't known: above full HD the sources say 1 or 4 credits a second"),
            Self::ElevenLabs => f.write_str("for ElevenLabs voices the sources say nothing, 20, or 60 credits a minute"),
            Self::Generated(model) => write!(f, "`{model}` is paid for, unless the same was made before or the provider bills it"),
            Self::UnknownModel(model) if model.is_empty() => f.write_str("what the default model costs is in no source"),
            Self::UnknownModel(model) => write!(f, "what `{model}` costs is in no source"),
        }
    }
}

/// A range that grows, and the reasons.
struct Sum {
    low: u64,
    high: Option<u64>,
    reasons: Vec<PriceReason>,
    unbounded: Vec<Doubt>,
}

/// The shortest movie that renders (`movie-format.md#timing`).
const SHORTEST: Seconds = Seconds::whole(1);

/// The price of a movie of a length and a size with these elements.
pub(super) fn price(root: &Node, duration: &Length, size: OutputSize, planned: (&[PlannedScene], &[PlannedElement])) -> Price {
    let high = duration.at_most();
    if high.is_some_and(|high| high < SHORTEST) {
        return Price { amount: Credits::Exactly(0), reasons: vec![PriceReason::TooShort], unbounded: Vec::new() };
    }
    let (low, high) = (duration.at_least().rounded_down(), high.map(Seconds::rounded_up));
    let mut sum = Sum { low, high, reasons: vec![PriceReason::PerSecond], unbounded: Vec::new() };
    match duration.exactly() {
        Some(time) if time.is_whole() => {}
        Some(_) => sum.reasons.push(PriceReason::Rounding),
        None => sum.reasons.push(PriceReason::Length),
    }
    let times_four = match size.is_above_full_hd() {
        Some(false) => None,
        Some(true) => Some(PriceReason::AboveFullHd),
        None => Some(PriceReason::Size),
    };
    if let Some(reason) = times_four {
        sum.high = sum.high.map(|high| high.saturating_mul(4));
        sum.reasons.push(reason);
    }
    let (scenes, elements) = planned;
    for (scene, planned) in items(root, "scenes").iter().zip(scenes) {
        for (node, element) in items(scene, "elements").iter().zip(&planned.elements) {
            sum.add(node, element, Some(planned.index));
        }
    }
    for (node, element) in items(root, "elements").iter().zip(elements) {
        sum.add(node, element, None);
    }
    sum.price()
}

impl Sum {
    /// Adds the price of an element itself. With a connection, its provider bills the user.
    fn add(&mut self, node: &Node, element: &PlannedElement, scene: Option<usize>) {
        let is_connected = || text_of(node, "connection").is_some_and(|connection| !connection.raw().is_empty());
        let model = || text_of(node, "model").map(|model| model.to_string()).unwrap_or_default();
        let cost = match element.kind.as_ref().map_or("", Text::raw) {
            "voice" if !is_connected() => voice(model(), &element.length),
            "image" | "video" if node.get("prompt").is_some() && !is_connected() => generated(model(), &element.length),
            _ => None,
        };
        let Some((most, reason)) = cost else { return };
        if most.is_none() {
            let why = if matches!(reason, PriceReason::UnknownModel(_)) { Reason::UnknownModel } else { Reason::PaidByLength };
            self.unbounded.push(Doubt { place: Place { scene, element: Some(element.index) }, reason: why, span: element.span });
        }
        self.high = self.high.zip(most).map(|(high, most)| high.saturating_add(most));
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn price(self) -> Price {
        let amount = match (self.low, self.high) {
            (low, Some(high)) if low == high => Credits::Exactly(low),
            (low, Some(high)) => Credits::Between(low, high),
            (0, None) => Credits::Unknown,
            (low, None) => Credits::AtLeast(low),
        };
        Price { amount, reasons: self.reasons, unbounded: self.unbounded }
    }
}

/// The highest price of a voice itself, and the reasons; `None` if it has no bound.
fn voice(model: String, length: &Length) -> Option<(Option<u64>, PriceReason)> {
    if model.starts_with("elevenlabs") {
        return Some((length.at_most().map(|time| time.rounded_up().max(20)), PriceReason::ElevenLabs));
    }
    if is_template(&model) { Some((None, PriceReason::UnknownModel(model))) } else { None }
}

/// The highest price of a generated image or video itself, and the reasons.
fn generated(model: String, length: &Length) -> Option<(Option<u64>, PriceReason)> {
    let per_second = |credits: u64| length.at_most().map(|time| time.rounded_up().saturating_mul(credits));
    let most = match model.as_str() {
        "flux-schnell" | "text-to-image-basic" | "freepik-classic" => return None,
        "gemini-2.5-flash" | "nano-banana" | "flux-pro" => Some(20),
        "nano-banana-pro" => Some(80),
        "nano-banana-2" => Some(40),
        "seedream-v4" | "text-to-image-pro" => Some(15),
        "seedance-v1.5-pro" | "infinite-talk" | "talking-head" => per_second(20),
        "wan-v2.5" => per_second(30),
        _ => return Some((None, PriceReason::UnknownModel(model))),
    };
    Some((most, PriceReason::Generated(model)))
}

impl Credits {
    /// The lower bound of the cost.
    #[must_use]
    pub fn at_least(self) -> u64 {
        match self {
            Self::Exactly(credits) | Self::Between(credits, _) | Self::AtLeast(credits) => credits,
            Self::Unknown => 0,
        }
    }

    /// The upper bound of the cost; `None` if there is none.
    #[must_use]
    pub fn at_most(self) -> Option<u64> {
        match self {
            Self::Exactly(credits) | Self::Between(_, credits) => Some(credits),
            Self::AtLeast(_) | Self::Unknown => None,
        }
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(credits) => write!(f, "{credits}"),
            Self::Between(low, high) if *high == low + 1 => write!(f, "{low} or {high}"),
            Self::Between(low, high) => write!(f, "{low} to {high}"),
            Self::AtLeast(credits) => write!(f, "at least {credits}"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
