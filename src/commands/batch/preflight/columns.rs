//! The use that the movie makes of the table's columns: the flags and the file that set it, and how a dry run shows it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::super::CliError;
use super::recipe::Recipe;
use super::table;
use crate::cli::{BatchArgs, TableArgs};
use crate::exit::Exit;
use crate::input;
use crate::limits::SETTINGS;
use crate::movie::diagnostic::excerpt;
use crate::movie::variables::Asked;
use crate::output::Out;
use crate::rows::column::too_deep;
use crate::rows::mapping::{How, Mapped, Mapping, variable};
use crate::rows::{Cell, Row, Table};

/// Columns that are shown to people; the rest is counted.
const SHOWN: usize = 40;

/// The columns of a table and the first of its rows that can be read.
pub(in crate::commands) struct Columns {
    /// The use of each.
    pub(in crate::commands) mapping: Mapping,
    /// The first row, whose cells are the examples.
    first: Option<Row>,
    unit: &'static str,
}

impl Columns {
    /// Finds the use of a table's columns in a movie, some of whose variables are set by `--var`. JSON has no header: its first
    /// item names the columns.
    ///
    /// # Errors
    /// When the table or the map can't be read, or the map names a column that isn't there.
    pub(in crate::commands) fn read(args: &TableArgs, var: &[String], asked: &Asked, table: &Table) -> Result<Self, CliError> {
        let mut rows = table.rows().map_err(table::refused)?;
        let first = rows.next().transpose().map_err(table::refused)?.filter(|row| row.faults.is_empty());
        let of_first = || first.iter().flat_map(|row| &row.cells).map(|cell| Arc::clone(&cell.column)).collect::<Vec<_>>();
        let columns = table.columns().map_or_else(of_first, <[Arc<str>]>::to_vec);
        let by_flag = map(args, &columns)?;
        let given: HashSet<String> = var.iter().filter_map(|text| text.split([':', '=']).next()).map(str::to_owned).collect();
        let given = given.into_iter().chain(args.into.iter().cloned()).collect();
        let mapping = Mapping::of(&columns, &by_flag, asked, &given);
        Ok(Self { mapping, first, unit: table.unit() })
    }

    /// The warnings for any run: which names were taken for others.
    pub(super) fn tell_alike(&self, out: &Out) {
        for one in self.mapping.columns.iter().filter(|one| one.how == How::Alike) {
            let name = one.variable.as_deref().unwrap_or_default();
            let column = excerpt(&one.column);
            out.note(&format!("column `{column}` fills the variable `{name}` (--map '{column}=' ignores it)"));
        }
    }

    /// The columns, what each becomes, and an example; the unused columns, and the variables that no column fills.
    pub(super) fn show(&self, out: &Out, table: &str, recipe: &Recipe) {
        let example = self.first.as_ref().map(|row| format!(" → first value ({} {})", self.unit, row.number)).unwrap_or_default();
        out.note(&format!("{table}: column → variable{example}"));
        for one in self.mapping.columns.iter().take(SHOWN) {
            let key = if recipe.names_rows_by(&one.column) { " (the key)" } else { "" };
            out.note(&format!("  {}{}{key}", excerpt(&one.column), self.becomes(one, !key.is_empty())));
        }
        let more = self.mapping.columns.len().saturating_sub(SHOWN);
        if more > 0 {
            out.note(&format!("  and {more} more columns (--json lists all)"));
        }
        self.tell_unfilled(out);
        let spelled = self.mapping.spelled();
        if !spelled.is_empty() {
            let flags = spelled.iter().map(|map| shlex::try_quote(map).map_or_else(|_| format!("'{map}'"), Cow::into_owned));
            out.note(&format!("all of it as flags: {}", flags.map(|map| format!("--map {map}")).collect::<Vec<_>>().join(" ")));
        }
    }

    /// The variables that no column fills, each with the column that may be meant.
    fn tell_unfilled(&self, out: &Out) {
        for unfilled in &self.mapping.unfilled {
            let like = unfilled.like.as_ref().map(|column| format!("; did you mean the column `{}`?", excerpt(column))).unwrap_or_default();
            out.warning(&format!("no column fills the variable `{}`{like}", excerpt(&unfilled.variable)));
        }
    }

    /// The same in one line, for a run that sends.
    pub(super) fn tell_kept_values(&self, out: &Out) {
        let names: Vec<Cow<'_, str>> = self.mapping.unfilled.iter().map(|one| excerpt(&one.variable)).collect();
        if !names.is_empty() {
            out.progress(&format!("no column fills {}: the movie's own value stays (--dry-run shows the columns)", names.join(", ")));
        }
    }

    fn becomes(&self, one: &Mapped, is_key: bool) -> String {
        let value = self.example(one).map(|value| format!(" → {}", excerpt(&value))).unwrap_or_default();
        match (&one.variable, &one.how) {
            (Some(name), _) if one.is_used || is_key => format!(" → {}{value}", excerpt(name)),
            (Some(name), _) => {
                format!(" → {}{value} (the movie does not use it; --map '{}=' ignores it)", excerpt(name), excerpt(&one.column))
            }
            (None, How::Refused(why)) => format!(": ignored: {why}"),
            (None, _) => ": ignored, as --map says".to_owned(),
        }
    }

    /// The first row's value there, as JSON.
    fn example(&self, one: &Mapped) -> Option<String> {
        self.first.as_ref()?.cell(&one.column).map(|cell| cell.value.to_compact())
    }

    /// The same for programs.
    pub(super) fn to_json(&self) -> (Value, Value) {
        let column = |one: &Mapped| {
            let first = self.first.as_ref().and_then(|row| row.cell(&one.column)).map(Cell::to_text);
            json!({"column": &*one.column, "variable": one.variable, "how": one.how.as_str(), "used": one.is_used, "first": first})
        };
        let columns = self.mapping.columns.iter().map(column).collect();
        let unfilled = self.mapping.unfilled.iter().map(|one| json!({"variable": one.variable, "did_you_mean": one.like.as_deref()}));
        (columns, unfilled.collect())
    }

    /// The map as a file for `--map-file`: each column, what it becomes, and its first value as a comment.
    pub(super) fn to_file(&self) -> String {
        let line = |one: &Mapped| {
            let example = self.example(one).map(|value| format!("  # {}", excerpt(&value))).unwrap_or_default();
            let name = Value::from(one.variable.as_deref().unwrap_or_default());
            format!("{} = {name}{example}", Value::from(&*one.column))
        };
        self.mapping.columns.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The columns that get other names: by the file, and by flags, which override it.
fn map(args: &TableArgs, columns: &[Arc<str>]) -> Result<HashMap<String, String>, CliError> {
    let mut names = args.map_file.as_deref().map(map_file).transpose()?.unwrap_or_default();
    for text in &args.map {
        let (column, name) = split(text, columns).ok_or_else(|| usage(format!("--map {}: write COLUMN=NAME", excerpt(text))))?;
        // A column that is left out may as well be missing; one that fills a variable may not: the movie would keep its own value.
        if !name.trim().is_empty() {
            table::demand_column("--map", column.trim(), columns)?;
        }
        names.insert(column.trim().to_owned(), name.trim().to_owned());
    }
    match names.values().find_map(|name| too_deep(name)) {
        Some(why) => Err(usage(format!("--map: the name {why}"))),
        None => Ok(names),
    }
}

/// A column and its name. A header may hold `=` itself, as `price:=` does: the longest header of the table that fits is meant.
fn split<'t>(text: &'t str, columns: &[Arc<str>]) -> Option<(&'t str, &'t str)> {
    let splits = text.match_indices('=').map(|(at, _)| (&text[..at], &text[at + 1..]));
    let mut known = splits.filter(|(column, _)| columns.iter().any(|known| **known == *column.trim()));
    known.next_back().or_else(|| text.split_once('='))
}

/// `"Street / Address" = "address"`, as TOML or as a JSON object.
fn map_file(path: &Path) -> Result<HashMap<String, String>, CliError> {
    let wrong = |why: String| usage(format!("--map-file {}: {why}", path.display()));
    let bytes = input::read_file(path, SETTINGS).map_err(|why| wrong(why.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|why| wrong(format!("it is not an object of texts, column: variable ({why})")));
    }
    let lines = DeTable::parse(text).map_err(|why| wrong(format!("it is not TOML: {}", why.message().replace('\n', ", "))))?;
    let line = |(column, name): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let text =
            name.get_ref().as_str().ok_or_else(|| wrong(format!("`{}` must be a text: \"column\" = \"variable\"", column.get_ref())))?;
        Ok((column.get_ref().to_string(), text.to_owned()))
    };
    lines.get_ref().iter().map(line).collect()
}

fn usage(why: String) -> CliError {
    CliError::new(Exit::Usage, why)
}

/// Whether all rows make the same movie. Compares the cells that it uses with those of the first row.
pub(super) struct Sameness {
    columns: Vec<Arc<str>>,
    first: Option<Row>,
    rows: u64,
    differs: bool,
}

impl Sameness {
    /// Nothing compared yet. `joined` are the columns whose values decide over lists.
    pub(super) fn new(mapping: &Mapping, joined: impl Iterator<Item = Arc<str>>) -> Self {
        let used = mapping.columns.iter().filter(|one| one.is_used).map(|one| Arc::clone(&one.column));
        Self { columns: used.chain(joined).collect(), first: None, rows: 0, differs: false }
    }

    /// Compares a row that can be rendered.
    pub(super) fn look_at(&mut self, row: &Row) {
        self.rows += 1;
        if self.differs {
            return;
        }
        match &self.first {
            None => self.first = Some(row.clone()),
            Some(first) => {
                let value = |row: &Row, column: &str| row.cell(column).map(|cell| cell.value.clone());
                self.differs = self.columns.iter().any(|column| value(row, column) != value(first, column));
            }
        }
    }

    /// Refuses several rows that all make the same movie: the same video would be paid for again and again.
    pub(super) fn demand_difference(&self, columns: &Columns, table: &Table) -> Result<(), CliError> {
        if self.differs || self.rows < 2 {
            return Ok(());
        }
        let names =
            |names: Vec<String>| names.into_iter().take(SHOWN).map(|name| format!("`{}`", excerpt(&name))).collect::<Vec<_>>().join(", ");
        let used: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        let why = if used.is_empty() {
            format!(
                "the movie does not use any column of {}",
                names(columns.mapping.columns.iter().map(|one| one.column.to_string()).collect())
            )
        } else {
            format!("the columns that it uses, {}, are the same in all", names(used))
        };
        let unfilled = &columns.mapping.unfilled;
        let open = if unfilled.is_empty() {
            String::new()
        } else {
            format!("; no column fills {}", names(unfilled.iter().map(|one| one.variable.clone()).collect()))
        };
        let message = format!("{}: all {} rows make the same movie: {why}{open}; nothing was sent", table.name(), self.rows);
        let maps = columns.mapping.missed().iter().map(|map| format!("--map '{map}'")).collect::<Vec<_>>().join(" ");
        let help = if maps.is_empty() {
            "name the columns after the movie's variables, or map them: --map 'COLUMN=NAME'; --no-check sends the rows as they are"
                .to_owned()
        } else {
            format!("map the columns: {maps}; --no-check sends the rows as they are")
        };
        Err(CliError { help: Some(help), ..CliError::new(Exit::Invalid, message) })
    }
}

/// The columns whose values decide over the lists of joined tables that the movie uses.
pub(super) fn joined<'a>(args: &'a BatchArgs, asked: &'a Asked) -> impl Iterator<Item = Arc<str>> + 'a {
    let joined = args.table.on.iter().zip(&args.table.into);
    joined.filter(|(_, name)| asked.uses(variable(name))).map(|(on, _)| Arc::from(on.as_str()))
}
