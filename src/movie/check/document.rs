//! Rules about any object of a document: names that are unknown, misspelled, misplaced or repeated, and what may
//! stand anywhere.

use std::collections::HashSet;

use super::{Checker, exports, shown, suggest, variables};
use crate::movie::json::{Member, Node, Text, Value};
use crate::movie::spec::near::INSTEAD;
use crate::movie::spec::{Property, Table, Types};

/// Up to so many members each is compared with each; no memory is needed for that.
const FEW: usize = 16;

impl<'d> Checker<'d> {
    /// J2V015: a key that stands twice in one object.
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

    /// J2V006, J2V007: a name that is no property.
    pub(super) fn unknown(&mut self, table: &Table, name: &str, member: &'d Member, types: Types) {
        self.free(&member.value);
        if name.starts_with("__") || name.starts_with('$') {
            return;
        }
        if self.is_spoken_of(table, name, member) {
            return;
        }
        let owner = owner_of(table, types);
        let meant = suggest::property(table, name, types);
        if let Some(right) = meant.filter(|right| name.contains('_') && suggest::kebab(name) == *right) {
            let message = format!("`{name}` is not read: {owner} has `{right}`");
            self.add("J2V007", member.key_span, message).helped(format!("write `{right}`"));
            return;
        }
        let finding = self.add("J2V006", member.key_span, format!("`{}` is no property of {owner}", shown(name)));
        finding.help = meant.map(|right| format!("did you mean `{right}`?")).or_else(|| way_out(table, name, types));
    }

    /// Whether a rule of its own speaks of a name: then it isn't merely unknown.
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

    /// J2V085, J2V006: a property of other elements.
    pub(super) fn misplaced(&mut self, property: &Property, member: &'d Member, types: Types) {
        self.free(&member.value);
        let is_visual = property.on == Types::VISUAL && !types.meets(Types::VISUAL);
        let code = if is_visual { "J2V085" } else { "J2V006" };
        let owner = owner_of(&crate::movie::spec::element::ELEMENT, types);
        let message = format!("`{}` is no property of {owner}", property.name);
        let in_settings = types == Types::SUBTITLES && crate::movie::spec::subtitles::SETTINGS.get(property.name).is_some();
        let finding = self.add(code, member.key_span, message);
        if in_settings {
            finding.helped("it belongs into `settings`");
        }
    }

    /// What may stand anywhere in an object of free form: placeholders, secrets, repeated keys.
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

    /// What may be wrong with a string wherever it stands.
    pub(super) fn string(&mut self, key: &str, node: &Node, text: &'d Text) {
        if text.may_have_braces() {
            variables::uses(self, text.raw());
            variables::braces(self, key, node, text);
        }
        exports::secret(self, key, node, text);
    }

    /// J2V014: an id that stands twice.
    pub(super) fn repeated_ids(&mut self) {
        let mut ids = std::mem::take(&mut self.ids);
        ids.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.start.cmp(&other.1.start)));
        for pair in ids.windows(2) {
            // An iteration repeats what stands once.
            if pair[0].0 == pair[1].0 && self.used(pair[0].1) != self.used(pair[1].1) {
                let message = format!("the id `{}` is taken", shown(&pair[1].0));
                let help = "give each its own: the variables of its timing are named by it";
                self.add("J2V014", pair[1].1, message).helped(help);
            }
        }
    }
}

/// What messages call an object.
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

/// The way out where no other name is meant.
fn way_out(table: &Table, name: &str, types: Types) -> Option<String> {
    let instead = INSTEAD.iter().find(|(wrong, _)| *wrong == name && types == Types::NONE);
    if let Some((_, help)) = instead {
        return Some((*help).to_owned());
    }
    let is_setting = types == Types::TEXT && crate::movie::spec::text::SETTINGS.contains(&&*suggest::kebab(name));
    if is_setting {
        return Some(format!("move it into `settings`, as `{}`", suggest::kebab(name)));
    }
    (table.name == "a movie" && crate::movie::spec::movie::SCENE.get(name).is_some()).then(|| "it belongs into a scene".to_owned())
}
