//! Rules about any object of a document: names that are unknown, misspelled, misplaced or repeated, and values that may
//! occur anywhere.

use std::collections::HashSet;

use super::{Checker, exports, shown, suggest, variables};
use crate::movie::json::{Member, Node, Text, Value};
use crate::movie::spec::element::ELEMENT;
use crate::movie::spec::near::{self, INSTEAD};
use crate::movie::spec::{Property, Table, Types, subtitles};

/// Objects of up to this many members are compared pair by pair, which needs no memory.
const FEW: usize = 16;

impl<'d> Checker<'d> {
    /// J2V015: a key that occurs twice in one object.
    pub(super) fn duplicates(&mut self, members: &'d [Member]) {
        if members.len() <= FEW {
            for (index, member) in members.iter().enumerate() {
                if members[..index].iter().any(|earlier| earlier.key == member.key) {
                    self.duplicate(member);
                }
            }
            return;
        }
        let mut seen = HashSet::with_capacity(members.len());
        for member in members {
            if !seen.insert(member.key.raw()) {
                self.duplicate(member);
            }
        }
    }

    fn duplicate(&mut self, member: &Member) {
        let message = format!("`{}` stands twice in this object", shown(member.key.raw()));
        self.add("J2V015", member.key_span, message).helped("keep one of them: readers of JSON take the last");
    }

    /// J2V006, J2V007: a name that is not a property. Returns the property that it means.
    pub(super) fn unknown(&mut self, table: &Table, name: &str, member: &'d Member, types: Types) -> Option<&'static str> {
        let found = self.found.len();
        match &member.value.value {
            Value::String(text) => self.string(name, &member.value, text),
            _ => self.free(&member.value),
        }
        let is_secret = self.found[found..].iter().any(|finding| finding.code == "J2V307");
        if is_secret || name.starts_with("__") || name.starts_with('$') || self.is_spoken_of(table, name, member) {
            return None;
        }
        let owner = owner_of(table, types);
        let elsewhere = elsewhere(table, name, types);
        let meant = if elsewhere.is_some() { None } else { suggest::property(table, name, types) };
        if let Some(right) = meant.filter(|right| name.contains('_') && suggest::kebab(name) == *right) {
            let message = format!("`{name}` is not read: {owner} has `{right}`");
            self.add("J2V007", member.key_span, message).helped(format!("write `{right}`")).fixed_by(format!("\"{right}\""));
            return meant;
        }
        let help = elsewhere.or_else(|| meant.map(|right| format!("did you mean `{right}`?"))).unwrap_or_else(|| known(table, types));
        let finding = self.add("J2V006", member.key_span, format!("`{}` is not a property of {owner}", shown(name)));
        finding.helped(help);
        if let Some(right) = meant.filter(|right| suggest::is_certain_name(name, right)) {
            finding.fixed_by(format!("\"{right}\""));
        }
        meant
    }

    /// Whether another rule covers a name, so that it isn't merely unknown.
    fn is_spoken_of(&mut self, table: &Table, name: &str, member: &Member) -> bool {
        match (table.name, name) {
            ("a movie", _) => self.movie_speaks_of(name, member),
            ("an element", "elements") => {
                let message = "an element has no elements of its own";
                self.add("J2V063", member.key_span, message).helped("put them beside it, into the scene's `elements`");
                true
            }
            ("an element", "iterate" | "iterate-as") => {
                let message = "only a scene can be iterated";
                self.add("J2V210", member.key_span, message).helped("move it to the scene that holds the element");
                true
            }
            _ => false,
        }
    }

    /// J2V085, J2V006: a property of other elements. Returns the property that it means.
    pub(super) fn misplaced(&mut self, property: &Property, member: &'d Member, types: Types) -> Option<&'static str> {
        self.free(&member.value);
        let name = property.name;
        let is_visual = property.on == Types::VISUAL && !types.meets(Types::VISUAL);
        let code = if is_visual { "J2V085" } else { "J2V006" };
        let message = format!("`{name}` is not a property of {}", owner_of(&ELEMENT, types));
        let in_settings = || (name == "settings").then(|| out_of_settings(&member.value, types)).flatten();
        let meant = near::INSTEAD_OF.iter().find(|(of, wrong, _)| of.meets(types) && *wrong == name).map(|(_, _, right)| *right);
        let help = in_settings()
            .or_else(|| meant.map(|right| format!("did you mean `{right}`?")))
            .or_else(|| elsewhere(&ELEMENT, name, types))
            .unwrap_or_else(|| format!("leave it out: only {} has it", owners(property.on)));
        self.add(code, member.key_span, message).helped(help);
        meant
    }

    /// What may occur anywhere in an object of free form: placeholders, secrets, repeated keys.
    pub(super) fn free(&mut self, node: &'d Node) {
        match &node.value {
            Value::String(text) => self.string("", node, text),
            Value::Array(items) => items.iter().for_each(|item| self.free(item)),
            Value::Object(members) => {
                self.duplicates(members);
                for member in members {
                    match &member.value.value {
                        Value::String(text) => self.string(&member.key.decoded(), &member.value, text),
                        _ => self.free(&member.value),
                    }
                }
            }
            _ => {}
        }
    }

    /// Faults that a string may have in any place.
    pub(super) fn string(&mut self, key: &str, node: &Node, text: &'d Text) {
        if text.may_have_braces() {
            variables::placeholders(self, key, node, text);
        }
        exports::secret(self, key, node, text);
    }

    /// J2V014: an id that occurs twice.
    pub(super) fn repeated_ids(&mut self) {
        let mut ids = std::mem::take(&mut self.ids);
        ids.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.start.cmp(&other.1.start)));
        for pair in ids.windows(2) {
            // An iteration repeats what is written once.
            if pair[0].0 == pair[1].0 && self.used(pair[0].1) != self.used(pair[1].1) {
                let message = format!("the id `{}` is taken", shown(&pair[1].0));
                let help = "give each its own: the variables of its timing are named by it";
                self.add("J2V014", pair[1].1, message).helped(help);
            }
        }
    }
}

/// The name of an object in messages.
fn owner_of(table: &Table, types: Types) -> &'static str {
    if types == Types::NONE {
        return table.name;
    }
    match types {
        Types::IMAGE => "an image",
        Types::VIDEO => "a video",
        Types::TEXT => "a text",
        Types::HTML => "an `html` element",
        Types::COMPONENT => "a component",
        Types::AUDIO => "an audio",
        Types::VOICE => "a voice",
        Types::AUDIOGRAM => "an audiogram",
        Types::SUBTITLES => "subtitles",
        _ => "an element",
    }
}

/// What to do with a name that belongs to another place.
fn elsewhere(table: &Table, name: &str, types: Types) -> Option<String> {
    let instead = INSTEAD.iter().find(|(wrong, _)| *wrong == name && types == Types::NONE && table.index("elements").is_some());
    if let Some((_, help)) = instead {
        return Some((*help).to_owned());
    }
    if let Some((.., help)) = near::ELSEWHERE.iter().find(|(of, wrong, _)| of.meets(types) && *wrong == name) {
        return Some((*help).to_owned());
    }
    let setting = match types {
        Types::TEXT => suggest::text_setting(name),
        Types::SUBTITLES => suggest::property(&subtitles::SETTINGS, name, Types::NONE),
        _ => None,
    };
    let is_a_property = suggest::property(table, name, types).is_some_and(|right| right == suggest::kebab(name));
    if let Some(right) = setting.filter(|_| !is_a_property) {
        return Some(format!("move it into `settings`, as `{right}`"));
    }
    let is_movie = std::ptr::eq(table, &raw const crate::movie::spec::movie::MOVIE);
    (is_movie && crate::movie::spec::movie::SCENE.get(name).is_some()).then(|| "it belongs into a scene".to_owned())
}

/// What to do with settings in a place that has none.
fn out_of_settings(settings: &Node, types: Types) -> Option<String> {
    let first = settings.as_object()?.first()?.key.decoded().into_owned();
    let right = suggest::property(&ELEMENT, &first, types)?;
    Some(format!("write `{right}` at the element itself, beside its `type`"))
}

/// The list of the properties that exist.
fn known(table: &Table, types: Types) -> String {
    let fits = |property: &&Property| types == Types::NONE || property.on.meets(types);
    let names = table.properties.iter().filter(fits).map(|property| property.name).filter(|name| !name.starts_with(['_', '$']));
    format!("leave it out; known are: {}", names.collect::<Vec<_>>().join(", "))
}

/// The name of elements of some types in messages.
fn owners(types: Types) -> String {
    let names: Vec<_> = Types::NAMED.iter().filter(|(_, one)| one.meets(types)).map(|(_, one)| owner_of(&ELEMENT, *one)).collect();
    names.join(", ")
}
