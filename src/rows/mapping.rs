//! Maps columns of a table to variables of a movie: by the column's own name, by the user's flag, or by a name that differs
//! only in case, spaces and punctuation. It also finds unused columns and unfilled variables.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::column::Meaning;
use crate::movie::variables::Asked;
use crate::near;

/// The mapping of the columns of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// The columns, in the order of the table.
    pub columns: Vec<Mapped>,
    /// The variables that no column fills, in the order of the movie.
    pub unfilled: Vec<Unfilled>,
}

/// A column and its variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Its header.
    pub column: Arc<str>,
    /// The variable, as a header would spell it; `None` when the column sets none.
    pub variable: Option<String>,
    /// How the variable was chosen.
    pub how: How,
    /// Whether the movie may use the variable.
    pub is_used: bool,
}

/// How the variable of a column was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The column has the variable's name.
    Named,
    /// The user named the variable.
    Flag,
    /// The names differ only in case, spaces and punctuation, and no other column or variable has a name like them.
    Alike,
    /// The user left the column out.
    LeftOut,
    /// The column's name can't be a variable; the text says why.
    Refused(String),
}

impl How {
    /// The word for it in the output.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Flag => "map",
            Self::Alike => "alike",
            Self::LeftOut => "left-out",
            Self::Refused(_) => "not-a-name",
        }
    }
}

/// A variable that no column fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    /// Its name.
    pub variable: String,
    /// The column that the user may have meant.
    pub like: Option<Arc<str>>,
}

impl Mapping {
    /// Maps columns. `by_flag` gives columns other names (an empty name leaves the column out); `given` are the variables that
    /// have a value from elsewhere.
    #[must_use]
    pub fn of(columns: &[Arc<str>], by_flag: &HashMap<String, String>, asked: &Asked, given: &HashSet<String>) -> Self {
        let mut mapped: Vec<Mapped> =
            columns.iter().filter(|column| !column.is_empty()).map(|column| plainly(column, by_flag, asked)).collect();
        let mut filled: HashSet<String> = mapped.iter().filter_map(|one| Some(variable(one.variable.as_ref()?).to_owned())).collect();
        filled.extend(given.iter().cloned());
        let open: Vec<&String> = asked.names.iter().filter(|name| !filled.contains(*name)).collect();
        match_alike(&mut mapped, &open, asked);
        filled.extend(mapped.iter().filter_map(|one| Some(variable(one.variable.as_ref()?).to_owned())));
        let unfilled = open.into_iter().filter(|name| !filled.contains(*name));
        let unfilled = unfilled.map(|name| Unfilled { variable: name.clone(), like: like(name, &mapped) }).collect();
        Self { columns: mapped, unfilled }
    }

    /// The renamed columns, as [`super::binding::Binding`] accepts them.
    #[must_use]
    pub fn renamed(&self) -> HashMap<String, String> {
        let other = self.columns.iter().filter(|one| matches!(one.how, How::Flag | How::Alike | How::LeftOut));
        other.map(|one| (one.column.to_string(), one.variable.clone().unwrap_or_default())).collect()
    }

    /// The `--map` arguments for this mapping, including each column that may have been meant for a variable.
    #[must_use]
    pub fn spelled(&self) -> Vec<String> {
        let spell = |one: &Mapped| match (self.meant(one), &one.how) {
            (Some(map), _) => Some(map),
            (None, How::Flag | How::Alike | How::LeftOut) => {
                Some(format!("{}={}", one.column, one.variable.as_deref().unwrap_or_default()))
            }
            (None, How::Named | How::Refused(_)) => None,
        };
        self.columns.iter().filter_map(spell).collect()
    }

    /// The `--map` arguments that would fill variables that no column fills yet.
    #[must_use]
    pub fn missed(&self) -> Vec<String> {
        self.columns.iter().filter_map(|one| self.meant(one)).collect()
    }

    /// The argument for a column that may have been meant for a variable.
    fn meant(&self, one: &Mapped) -> Option<String> {
        let unfilled = self.unfilled.iter().find(|unfilled| unfilled.like.as_ref() == Some(&one.column))?;
        Some(format!("{}={}", one.column, unfilled.variable))
    }
}

/// The mapping of a column by its name and the flags alone.
fn plainly(column: &Arc<str>, by_flag: &HashMap<String, String>, asked: &Asked) -> Mapped {
    let (name, how) = match by_flag.get(&**column) {
        Some(name) if name.is_empty() => (None, How::LeftOut),
        Some(name) => (Some(name.clone()), How::Flag),
        None => match Meaning::parse(column) {
            Ok(_) => (Some(column.to_string()), How::Named),
            Err(why) => (None, How::Refused(why)),
        },
    };
    let is_used = name.as_deref().is_some_and(|name| asked.uses(variable(name)));
    Mapped { column: Arc::clone(column), variable: name, how, is_used }
}

/// Maps unused columns to unfilled variables whose names are alike, if no other name is like them.
fn match_alike(columns: &mut [Mapped], open: &[&String], asked: &Asked) {
    let mut variables: HashMap<String, Vec<&String>> = HashMap::new();
    for name in open {
        variables.entry(plain(name)).or_default().push(name);
    }
    let is_free = |one: &Mapped| !one.is_used && matches!(one.how, How::Named | How::Refused(_)) && !one.column.contains('.');
    let mut alike: HashMap<String, usize> = HashMap::new();
    columns.iter().filter(|one| is_free(one)).for_each(|one| *alike.entry(plain(&one.column)).or_default() += 1);
    for one in columns.iter_mut().filter(|one| is_free(one)) {
        let name = plain(&one.column);
        if let (Some([variable]), Some(1)) = (variables.get(&name).map(Vec::as_slice), alike.get(&name)) {
            let ending = if one.column.ends_with(":=") { ":=" } else { "" };
            one.variable = Some(format!("{variable}{ending}"));
            one.how = How::Alike;
            one.is_used = asked.uses(variable);
        }
    }
}

/// The unused column that the user may have meant for a variable.
fn like(variable: &str, columns: &[Mapped]) -> Option<Arc<str>> {
    let wanted = plain(variable);
    let likeness = |one: &Mapped| {
        let name = plain(&one.column);
        let contains = wanted.len() > 2 && name.len() > 2 && (name.contains(&wanted) || wanted.contains(&name));
        if contains { Some(1.0) } else { near::likeness(&name, &wanted) }
    };
    let free = columns.iter().filter(|one| !one.is_used && !matches!(one.how, How::Flag | How::LeftOut));
    let close = free.filter_map(|one| Some((likeness(one)?, one)));
    close.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, one)| Arc::clone(&one.column))
}

/// The variable of a name such as `agent.name` or `rooms:=`.
#[must_use]
pub fn variable(name: &str) -> &str {
    name.split('.').next().unwrap_or(name).trim_end_matches(":=").trim_end()
}

/// A name without the differences that people write: case, spaces, punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::parse;

    fn mapping(columns: &[&str], flags: &[(&str, &str)]) -> Mapping {
        let movie = r#"{"variables": {"address": "", "city": "", "price": 0, "rooms": [], "agent": {}},
                        "scenes": [{"comment": "{{address}} {{city}} {{price}} {{rooms}} {{agent.name}}"}]}"#;
        let columns: Vec<Arc<str>> = columns.iter().map(|column| Arc::from(*column)).collect();
        let flags = flags.iter().map(|(column, name)| ((*column).to_owned(), (*name).to_owned())).collect();
        Mapping::of(&columns, &flags, &Asked::by(&parse(movie, 0).unwrap().root), &HashSet::new())
    }

    fn shown(mapping: &Mapping) -> String {
        let column = |one: &Mapped| format!("{}>{}:{}", one.column, one.variable.as_deref().unwrap_or("-"), one.how.as_str());
        mapping.columns.iter().map(column).collect::<Vec<_>>().join(" ")
    }

    fn unfilled(mapping: &Mapping) -> Vec<(&str, Option<&str>)> {
        mapping.unfilled.iter().map(|one| (one.variable.as_str(), one.like.as_deref())).collect()
    }

    #[test]
    fn names_are_alike_without_case_spaces_and_punctuation_where_that_is_unique() {
        let found = mapping(&["id", "City", "PRICE (€)", "Rooms:=", "agent.name", "Street / Address"], &[]);
        let wanted = "id>id:named City>city:alike PRICE (€)>price:alike Rooms:=>rooms:=:alike agent.name>agent.name:named \
                      Street / Address>-:not-a-name";
        assert_eq!(shown(&found), wanted);
        assert_eq!(unfilled(&found), [("address", Some("Street / Address"))]);
        assert_eq!(found.spelled(), ["City=city", "PRICE (€)=price", "Rooms:==rooms:=", "Street / Address=address"]);
        assert!(!found.columns[0].is_used && found.columns[1].is_used);
    }

    #[test]
    fn two_that_are_alike_are_nobody_s_guess_and_a_flag_stands() {
        let found = mapping(&["CITY", "City", "address"], &[]);
        assert_eq!(shown(&found), "CITY>CITY:named City>City:named address>address:named");
        assert_eq!(unfilled(&found).first(), Some(&("city", Some("City"))));
        let found = mapping(&["CITY", "City", "notes"], &[("CITY", "city"), ("notes", "")]);
        assert_eq!(shown(&found), "CITY>city:map City>City:named notes>-:left-out");
        assert_eq!(found.renamed().len(), 2);
        let exact = mapping(&["city", "City"], &[]);
        assert_eq!(shown(&exact), "city>city:named City>City:named", "the one that has the name fills it");
    }
}
