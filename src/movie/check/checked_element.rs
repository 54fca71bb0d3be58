//! One element under check: its members, its type, its container, and the places of the common members.

use std::borrow::Cow;

use super::fields::Fields;
use super::known;
use crate::movie::json::Span;
use crate::movie::spec::Types;
use crate::movie::spec::element::ELEMENT;

pub(super) const CACHE: usize = ELEMENT.at("cache");
pub(super) const CONDITION: usize = ELEMENT.at("condition");
pub(super) const DURATION: usize = ELEMENT.at("duration");
pub(super) const EXTRA_TIME: usize = ELEMENT.at("extra-time");
pub(super) const ID: usize = ELEMENT.at("id");
pub(super) const LOOP: usize = ELEMENT.at("loop");
pub(super) const SETTINGS: usize = ELEMENT.at("settings");
pub(super) const START: usize = ELEMENT.at("start");
pub(super) const COLOR: usize = ELEMENT.at("color");

/// The container of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct ElementContainer {
    pub(super) is_movie: bool,
    /// The frame in pixels.
    pub(super) frame: Option<(f64, f64)>,
    /// The length of the scene where it is fixed.
    pub(super) length: Option<f64>,
}

impl ElementContainer {
    pub(super) fn movie(frame: Option<(f64, f64)>) -> Self {
        Self { is_movie: true, frame, length: None }
    }

    pub(super) fn scene(frame: Option<(f64, f64)>, length: Option<f64>) -> Self {
        Self { is_movie: false, frame, length }
    }
}

/// One element and the facts that its rules need.
pub(super) struct CheckedElement<'d> {
    pub(super) fields: Fields<'d>,
    pub(super) types: Types,
    /// The place at which a missing member is reported: its type.
    pub(super) at: Span,
    pub(super) place: ElementContainer,
}

impl CheckedElement<'_> {
    pub(super) fn is(&self, types: Types) -> bool {
        types.meets(self.types)
    }

    /// The place at which a missing member is reported: the empty member, or the element's type.
    pub(super) fn place_of(&self, index: usize) -> Span {
        self.fields.get(index).map_or(self.at, |node| node.span)
    }
}

/// A text of an element, if known.
pub(super) fn told<'d>(element: &CheckedElement<'d>, index: usize) -> Option<(Cow<'d, str>, Span)> {
    let node = element.fields.get(index)?;
    Some((known::text(node)?, node.span))
}
