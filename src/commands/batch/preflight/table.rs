//! The table that the flags name, and what its rows set in the movie.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::super::{Call, CliError, movies};
use crate::cli::TableArgs;
use crate::exit::Exit;
use crate::movie::diagnostic::excerpt;
use crate::near::suggestion;
use crate::quantity::counted;
use crate::rows::binding::Binding;
use crate::rows::format::Format;
use crate::rows::{Join, RowsError, Source, Table};

/// Opens the table of a command with these movies and reports its warnings. A wait for stdin can
/// be interrupted.
///
/// # Errors
/// When it can't be read.
pub(in crate::commands) async fn open(call: &Call, args: &TableArgs, movies: &[String]) -> Result<Table, CliError> {
    let source = source(args);
    if source.name == movies::STDIN && movies.iter().any(|movie| movie == movies::STDIN) {
        return Err(CliError::new(Exit::Usage, "stdin can be read only once: the movie or the rows come from it, not both"));
    }
    let opened = tokio::task::spawn_blocking(move || Table::open(&source));
    let opened = tokio::select! {
        opened = opened => opened,
        () = call.interrupt.cancelled() => return Err(CliError::new(Exit::Interrupted, "interrupted; nothing was sent")),
    };
    let table = opened.map_err(|why| CliError::new(Exit::Internal, format!("the table's reader failed: {why}")))?.map_err(refused)?;
    for note in table.notes() {
        call.out.note(&note);
    }
    Ok(table)
}

fn source(args: &TableArgs) -> Source {
    let format = args.format.as_ref().and_then(|word| Format::ALL.iter().find(|(name, _)| name == word));
    Source {
        name: args.rows.clone().unwrap_or_default(),
        format: format.map(|(_, format)| *format),
        delimiter: args.delimiter,
        encoding: args.encoding,
        header_row: args.header_row,
        sheet: args.sheet.clone(),
        as_shown: args.as_shown,
    }
}

/// What rows become, with columns under these names; the warnings of joined tables are reported.
///
/// # Errors
/// When a joined table can't be read.
pub(in crate::commands) fn binding(call: &Call, args: &TableArgs, renamed: HashMap<String, String>) -> Result<Binding, CliError> {
    let client_data = args.client_data_columns.iter().map(|column| column.trim().to_owned()).collect();
    let joins = joins(args)?;
    for note in joins.iter().flat_map(Join::notes) {
        call.out.note(note);
    }
    demand_whole(call, &joins)?;
    let binding = Binding::new(renamed, client_data, joins);
    Ok(if args.skip_empty { binding.skipping_empty() } else { binding })
}

/// Faults of one joined table, or columns of a table, that are shown.
const TOLD: usize = 20;

/// Requires that each row of a joined table can be read: what a movie would lack without one is unknown.
fn demand_whole(call: &Call, joins: &[Join]) -> Result<(), CliError> {
    let mut bad = 0;
    for join in joins {
        bad += join.faults().len();
        for fault in join.faults().iter().take(TOLD) {
            call.out.error(&fault.to_string());
            fault.help.iter().for_each(|help| call.out.help(help));
        }
    }
    if bad == 0 {
        return Ok(());
    }
    Err(CliError::new(Exit::Invalid, format!("{} in joined tables; nothing was sent", counted(bad, "mistake"))))
}

fn joins(args: &TableArgs) -> Result<Vec<Join>, CliError> {
    if args.join.len() != args.on.len() || args.join.len() != args.into.len() {
        return Err(CliError::new(Exit::Usage, "each --join needs an --on COLUMN and an --as NAME"));
    }
    let joined = args.join.iter().zip(&args.on).zip(&args.into);
    joined.map(|((file, on), name)| Join::read(&Source::new(file.as_str()), on, name).map_err(refused)).collect()
}

/// A table that can't be used is an input that can't be read, like a file that is not a movie: nothing was sent.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(in crate::commands) fn refused(error: RowsError) -> CliError {
    let exit = if error.place.is_some() { Exit::Invalid } else { Exit::Usage };
    CliError { help: error.help.as_deref().map(str::to_owned), ..CliError::new(exit, format!("{error}; nothing was sent")) }
}

/// Refuses a column that the table doesn't have; `place` names what asks for it.
///
/// # Errors
/// When it is missing: its name, the one that was probably meant, and those that are there.
pub(super) fn demand_column(place: &str, column: &str, columns: &[Arc<str>]) -> Result<(), CliError> {
    if columns.iter().any(|known| **known == *column) {
        return Ok(());
    }
    let named = || columns.iter().map(|known| &**known).filter(|known| !known.is_empty());
    let known: Vec<String> = named().take(TOLD).map(|known| format!("`{}`", excerpt(known))).collect();
    let stop = CliError::new(
        Exit::Usage,
        format!("{place}: there is no column `{}`{}; nothing was sent", excerpt(column), suggestion(column, named())),
    );
    // A title above the table is read as a header of one column.
    let title = if known.len() == 1 { "; --header-row N names the row of the header, if this is a title above it" } else { "" };
    Err(CliError { help: Some(format!("its columns are {}{title}", known.join(", "))), ..stop })
}
