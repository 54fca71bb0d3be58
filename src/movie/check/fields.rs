//! The members of an object by name, found in one pass over it.

use std::borrow::Cow;

use super::known::{is_told, number, text};
use super::value;
use super::{Checker, Rule};
use crate::movie::json::{Member, Node};
use crate::movie::spec::{Property, Standing, Table, Types};

/// More than any table has.
const MOST: usize = 64;

/// The known members of an object, by their index in its table.
pub(super) struct Fields<'d> {
    members: [Option<&'d Member>; MOST],
    /// The indexes that misspelled members mean, and the index of the finding about each.
    meant: Vec<(usize, usize)>,
}

impl<'d> Fields<'d> {
    /// The member at an index of the table. Of duplicates the last counts.
    pub(super) fn member(&self, index: usize) -> Option<&'d Member> {
        self.members.get(index).copied().flatten()
    }

    pub(super) fn get(&self, index: usize) -> Option<&'d Node> {
        self.member(index).map(|member| &member.value)
    }

    pub(super) fn has(&self, index: usize) -> bool {
        self.member(index).is_some()
    }

    /// Whether a misspelled member means it.
    pub(super) fn is_meant(&self, index: usize) -> bool {
        self.told_at(index).is_some()
    }

    /// The index of the finding about the misspelled member that means it.
    pub(super) fn told_at(&self, index: usize) -> Option<usize> {
        self.meant.iter().find(|(meant, _)| *meant == index).map(|(_, finding)| *finding)
    }

    fn mean(&mut self, index: Option<usize>, findings: usize) {
        self.meant.extend(index.zip(findings.checked_sub(1)));
    }

    /// A number, if it is known without variables.
    pub(super) fn number(&self, index: usize) -> Option<f64> {
        self.get(index).and_then(number)
    }

    /// A text, if it is known without variables.
    pub(super) fn text(&self, index: usize) -> Option<Cow<'d, str>> {
        self.get(index).and_then(text)
    }

    /// Whether there is a member whose value is neither `null` nor an empty string.
    pub(super) fn is_told(&self, index: usize) -> bool {
        self.get(index).is_some_and(is_told)
    }
}

impl<'d> Checker<'d> {
    /// Reads the members of an object, and checks each by its property.
    pub(super) fn fields(&mut self, table: &'static Table, members: &'d [Member]) -> Fields<'d> {
        self.fields_of(table, members, Types::NONE)
    }

    /// The same for an element of a type.
    pub(super) fn fields_of(&mut self, table: &'static Table, members: &'d [Member], types: Types) -> Fields<'d> {
        let mut fields = Fields { members: [None; MOST], meant: Vec::new() };
        self.duplicates(members);
        for member in members {
            if self.is_full() {
                break;
            }
            let name = member.key.decoded();
            let index = table.index(&name).filter(|&index| index < MOST);
            let Some((index, property)) = index.and_then(|index| Some((index, table.properties.get(index)?))) else {
                let meant = self.unknown(table, &name, member, types);
                fields.mean(meant.and_then(|meant| table.index(meant)), self.found.len());
                continue;
            };
            if types != Types::NONE && !property.on.meets(types) {
                let meant = self.misplaced(property, member, types);
                fields.mean(meant.and_then(|meant| table.index(meant)), self.found.len());
                continue;
            }
            fields.members[index] = Some(member);
            self.standing(property, member);
            value::check(self, property, member);
        }
        fields
    }

    /// Whether a misspelled member means one of the missing members. Then the misspelling is the mistake, and its finding gets
    /// the severity and the rule of the missing member.
    pub(super) fn is_misspelled(&mut self, fields: &Fields<'_>, missing: &[usize], code: &'static str, message: &str) -> bool {
        let Some(at) = missing.iter().find_map(|index| fields.told_at(*index)) else { return false };
        let finding = &mut self.found[at];
        finding.message = format!("{message}: {}", finding.message);
        finding.code = code;
        if let Some(rule) = Rule::find(code) {
            finding.graded(rule.severity, rule.evidence);
        }
        true
    }

    fn standing(&mut self, property: &Property, member: &Member) {
        let name = property.name;
        match property.standing {
            Standing::Current | Standing::Private => {}
            Standing::Legacy(note) => {
                let code = if name == "draft" { "J2V028" } else { "J2V009" };
                self.add(code, member.key_span, format!("`{name}` is no longer documented")).helped(note);
            }
            Standing::Disputed(note) => {
                let code = if name == "tailwind" { "J2V131" } else { "J2V016" };
                self.add(code, member.key_span, format!("`{name}` is not in the reference")).helped(note);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::spec::TABLES;

    #[test]
    fn every_table_fits() {
        assert!(TABLES.iter().all(|table| table.properties.len() <= MOST));
    }
}
