//! The service's vocabulary as data: properties, types, ranges, words, defaults, and the wrong names that authors
//! really use. `check` judges by it, and `schema` is generated from it.
//!
//! Facts come from `movie-format.md`; the section is named at each table.

pub mod asset;
pub mod component;
pub mod css;
pub mod element;
pub mod export;
pub mod model;
pub mod movie;
pub mod near;
pub mod subtitles;
pub mod text;
pub mod words;

use crate::movie::diagnostic::Severity;

/// The members that an object may have.
#[derive(Debug)]
pub struct Table {
    /// The name of such an object in messages, with its article: `a scene`.
    pub name: &'static str,
    /// The members, sorted by name.
    pub properties: &'static [Property],
}

/// One member.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// Its name, as it is written in a movie.
    pub name: &'static str,
    /// The shape of its value.
    pub shape: Shape,
    /// The elements that have it. It has no meaning outside the table of elements.
    pub on: Types,
    /// Whether it is still documented.
    pub standing: Standing,
    /// Whether an object must have it.
    pub is_required: bool,
    /// The default value, as JSON.
    pub default: Option<&'static str>,
    /// Its effect, in one line.
    pub about: &'static str,
    /// The [`start`] of its name.
    start: u64,
}

/// The shape of a value. A string with `{{` may replace any value that is not an array or an object.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Anything.
    Any,
    /// A string, a number or a truth value.
    Scalar,
    /// A string.
    Text,
    /// `true` or `false`.
    Flag,
    /// A number within a range, or the same in a string.
    Number(&'static Range),
    /// One word of a list.
    Words(&'static Words),
    /// An object with known members.
    Object(&'static Table),
    /// An object with members of any name.
    Free,
    /// An array.
    Array(Items),
}

/// The items of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Items {
    /// Anything.
    Any,
    /// Strings.
    Texts,
    /// The movie's scenes.
    Scenes,
    /// Elements of a movie or a scene.
    Elements,
    /// The movie's exports.
    Exports,
    /// An export's destinations.
    Destinations,
}

/// The documentation status of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In the current reference.
    Current,
    /// In older documentation, or written by older editors: still read.
    Legacy(&'static str),
    /// Used by some pages of the documentation, but not in the reference.
    Disputed(&'static str),
    /// Written by the service's own tools, or by editors; without effect.
    Private,
}

/// A range of numbers.
#[derive(Debug)]
pub struct Range {
    /// The least number in it.
    pub least: f64,
    /// The largest number in it, which may be infinite.
    pub most: f64,
    /// Whether `least` itself is excluded.
    pub is_above: bool,
    /// Numbers outside the range that have a meaning of their own.
    pub besides: &'static [f64],
    /// Whether only whole numbers are allowed.
    pub is_whole: bool,
    /// Outside of these two numbers, the sources are certain that a value is wrong.
    pub surely: (f64, f64),
    /// Whether a text that spells no number may have a meaning that no source describes.
    pub takes_texts: bool,
    /// The severity of a number outside the range.
    pub severity: Severity,
    /// The rule for a number outside the range.
    pub rule: &'static str,
    /// The description in messages.
    pub told: &'static str,
}

impl Range {
    /// All numbers.
    pub const ANY: Self = Self {
        least: f64::NEG_INFINITY,
        most: f64::INFINITY,
        is_above: false,
        besides: &[],
        is_whole: false,
        surely: (f64::NEG_INFINITY, f64::INFINITY),
        takes_texts: false,
        severity: Severity::Error,
        rule: "J2V089",
        told: "any number",
    };

    /// The range from one number to another, with the rule for numbers outside it.
    #[must_use]
    pub const fn new(least: f64, most: f64, rule: &'static str, told: &'static str) -> Self {
        Self { least, most, surely: (least, most), rule, told, ..Self::ANY }
    }

    /// Whether the sources leave open what the service does with a number outside the range.
    #[must_use]
    pub fn may_hold(&self, number: f64) -> bool {
        number >= self.surely.0 && number <= self.surely.1
    }

    /// Whether a number is in it.
    #[must_use]
    pub fn holds(&self, number: f64) -> bool {
        let is_inside = number >= self.least && number <= self.most && !(self.is_above && number <= self.least);
        let is_spelled = !self.is_whole || number.fract() == 0.0;
        (is_inside && is_spelled) || self.besides.contains(&number)
    }
}

/// A list of words, one of which is the value.
#[derive(Debug)]
pub struct Words {
    /// The words.
    pub known: &'static [&'static str],
    /// The wrong words that authors write.
    pub near: &'static [(&'static str, &'static str)],
    /// Words that some source has but the reference doesn't: they are only warnings.
    pub disputed: &'static [&'static str],
    /// Whether another word is an error or a warning.
    pub severity: Severity,
    /// The rule for another word.
    pub rule: &'static str,
    /// The name of one of them in messages: `a resolution`.
    pub name: &'static str,
}

/// A set of types of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Types(pub(super) u16);

impl Types {
    /// None.
    pub const NONE: Self = Self(0);

    /// The union of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether both sets have a type in common.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Property {
    /// A member of a table.
    #[must_use]
    pub const fn new(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, on: Types::NONE, standing: Standing::Current, is_required: false, default: None, about, start: start(name) }
    }

    const fn on(self, on: Types) -> Self {
        Self { on, ..self }
    }

    const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    const fn default(self, json: &'static str) -> Self {
        Self { default: Some(json), ..self }
    }

    const fn legacy(self, note: &'static str) -> Self {
        Self { standing: Standing::Legacy(note), ..self }
    }

    const fn disputed(self, note: &'static str) -> Self {
        Self { standing: Standing::Disputed(note), ..self }
    }

    const fn private(self) -> Self {
        Self { standing: Standing::Private, ..self }
    }
}

impl Table {
    /// The index of a member in the table.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        let start = start(name);
        let first = self.properties.partition_point(|property| property.start < start);
        let mut alike = self.properties[first..].iter().take_while(|property| property.start == start);
        alike.position(|property| property.name == name).map(|place| first + place)
    }

    /// A member by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'static Property> {
        self.properties.get(self.index(name)?)
    }

    /// The index of a member, for constants: a name that is not a member does not compile.
    ///
    /// # Panics
    /// At compile time, when there is no such member.
    #[must_use]
    pub const fn at(&self, name: &str) -> usize {
        let mut index = 0;
        while index < self.properties.len() {
            if is_same(self.properties[index].name, name) {
                return index;
            }
            index += 1;
        }
        panic!("the table has no such member")
    }
}

/// The first eight letters of a name, as a number that sorts as they do: names are compared in one step.
const fn start(name: &str) -> u64 {
    let mut letters = [0; size_of::<u64>()];
    let length = if name.len() < letters.len() { name.len() } else { letters.len() };
    letters.split_at_mut(length).0.copy_from_slice(name.as_bytes().split_at(length).0);
    u64::from_be_bytes(letters)
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    one.len() == other.len() && index == one.len()
}

/// Every table, for the tests and the schema.
pub const TABLES: &[&Table] = &[
    &movie::MOVIE,
    &movie::SCENE,
    &movie::TRANSITION,
    &element::ELEMENT,
    &element::CROP,
    &element::ROTATE,
    &element::CHROMA_KEY,
    &element::CORRECTION,
    &element::SCALE,
    &subtitles::SETTINGS,
    &export::EXPORT,
    &export::DESTINATION,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_so_that_names_are_found() {
        for table in TABLES {
            let names: Vec<_> = table.properties.iter().map(|property| property.name).collect();
            assert!(names.is_sorted(), "{}: {names:?}", table.name);
            for name in names {
                assert_eq!(table.get(name).map(|property| property.name), Some(name));
            }
            assert!(table.get("no-such-member").is_none());
        }
    }

    #[test]
    fn every_default_is_json() {
        for property in TABLES.iter().flat_map(|table| table.properties) {
            if let Some(default) = property.default {
                assert!(serde_json::from_str::<serde_json::Value>(default).is_ok(), "{}: {default}", property.name);
            }
        }
    }

    #[test]
    fn a_range_may_leave_out_its_end_and_take_in_a_number_outside() {
        let range = Range { is_above: true, besides: &[-1.0], ..Range::new(0.0, 5.0, "J2V042", "") };
        assert!(range.holds(0.1) && range.holds(5.0) && range.holds(-1.0));
        assert!(!range.holds(0.0) && !range.holds(5.1) && !range.holds(-2.0) && !range.holds(f64::NAN));
    }
}
