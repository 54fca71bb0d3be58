//! What can be typed about batches: `j2v batch`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::ArgPredicate;
use clap::{Arg, Args};

use super::check::GateArgs;
use super::fields::FieldArgs;
use super::help;
use super::lost::LostArgs;
use super::movie::MovieArgs;
use super::parse::{rate, separator};
use super::waiting::{SaveArgs, WaitArgs};
use crate::rows::Encoding;

// `j2v batch`.
#[derive(Debug, Args)]
#[command(
    mut_arg("movies", |movies| movies.required(false).required_unless_present_any(["status", "template"]).num_args(0..=1).help("The movie file, or a folder of movies: one file each, whose name is the key")),
    mut_args(as_a_batch),
    after_long_help = help::json_page("batch", "\
Examples:
  j2v batch listing.json --rows listings.csv --key listing_id --download videos/
                                                 one video a row; run again, it does what is left
  j2v batch listing.json --rows listings.csv --key listing_id --dry-run
                                                 everything is checked, nothing is sent
  j2v batch listing.json --rows listings.csv --key listing_id --update
                                                 rows that have changed are rendered anew
  j2v batch videos/ --download out/              a folder of movies: one video a file
  j2v batch --status                             how all batches stand", help::ANY)
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct BatchArgs {
    /// The rows and what they are.
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// The batch's name: its keys are its own (default: the movie file's name)
    #[arg(long, value_name = "NAME")]
    pub(crate) batch: Option<String>,
    /// Show the state of a batch, or of all, and send nothing
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the flag may come alone")]
    pub(crate) status: Option<Option<String>>,
    /// Check everything, show what would be sent and what it would cost, and send nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Skip rows that can't be rendered and send the others
    #[arg(long)]
    pub(crate) skip_invalid: bool,
    /// How it is run.
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    /// Render changed rows again
    #[arg(long, conflicts_with = "keep")]
    pub(crate) update: bool,
    /// Keep the earlier renders of changed rows
    #[arg(long)]
    pub(crate) keep: bool,
    /// Render failed rows again
    #[arg(long)]
    pub(crate) retry_failed: bool,
    /// Render rows again whose video was deleted by the service before it was saved
    #[arg(long)]
    pub(crate) retry_expired: bool,
    /// With --download: a row rendered again keeps its file name; the earlier video moves to the folder `old`
    #[arg(long)]
    pub(crate) replace: bool,
    /// Submit and exit without waiting for the renders
    #[arg(long, overrides_with = "wait")]
    pub(crate) no_wait: bool,
    /// Wait until the renders end (the default)
    #[arg(long, short, overrides_with = "no_wait")]
    pub(crate) wait: bool,
    /// Waiting.
    #[command(flatten)]
    pub(crate) waiting: WaitArgs,
    /// Saving.
    #[command(flatten)]
    pub(crate) saving: SaveArgs,
    /// Write each row's outcome to this file as it ends: .csv, .jsonl, or .html (a page)
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
    /// Print one JSON object per row as its outcome is known; with --dry-run one object for all
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// Checks and bounds.
    #[command(flatten)]
    pub(crate) gate: GateArgs,
    /// What to do about a lost answer.
    #[command(flatten)]
    pub(crate) lost: LostArgs,
    /// The movie and what changes it.
    #[command(flatten)]
    pub(crate) movie: MovieArgs,
}

/// What a first look at the command can do without, so that it fits a screen.
const RARE: &[&str] = &[
    "var",
    "vars",
    "client_data",
    "webhook",
    "set",
    "resolution",
    "template",
    "client_data_columns",
    "skip_empty",
    "wait",
    "interval",
    "overwrite",
    "allow",
    "no_check",
    "retry_expired",
    "replace",
];

/// The arguments as a batch means them; what a first look can do without is left out of the short help.
fn as_a_batch(arg: Arg) -> Arg {
    let arg = match arg.get_id().as_str() {
        "max_credits" => arg.help("The most credits that this batch may cost, over all its runs"),
        "timeout" => arg.help("Stop waiting this long after the last submission; the renders continue"),
        _ => arg,
    };
    if RARE.contains(&arg.get_id().as_str()) { arg.hide_short_help(true) } else { arg }
}

// The rows and what they are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct TableArgs {
    /// The table: CSV, TSV, JSON, JSON Lines or XLSX; `-` reads it from stdin
    #[arg(long, value_name = "TABLE")]
    pub(crate) rows: Option<String>,
    /// The column whose values identify the rows: a row that moves in the table stays the same render
    #[arg(long, value_name = "COLUMN")]
    pub(crate) key: Option<String>,
    /// Use a column for a variable with another name
    #[arg(long, value_name = "COLUMN=NAME")]
    pub(crate) map: Vec<String>,
    /// The same for many columns: a file of lines "COLUMN" = "NAME" (TOML), or a JSON object; --dry-run prints one
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) map_file: Option<PathBuf>,
    /// Leave the movie's own value where a cell is empty (default: an empty text)
    #[arg(long)]
    pub(crate) skip_empty: bool,
    /// Also copy these columns into client-data
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub(crate) client_data_columns: Vec<String>,
    /// A second table, whose rows become a list in each row of the first; with --on and --as
    #[arg(long, value_name = "TABLE")]
    pub(crate) join: Vec<String>,
    /// The column that both tables have
    #[arg(long, value_name = "COLUMN")]
    pub(crate) on: Vec<String>,
    /// The variable that holds the list
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) into: Vec<String>,
    /// File names of the videos: text with {column} in it (default: the key)
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// The table's format (default: by its name, then its content)
    #[arg(long, value_name = "FORMAT", value_parser = ["csv", "tsv", "json", "jsonl", "xlsx"], hide_short_help = true)]
    pub(crate) format: Option<String>,
    /// The separator of a CSV file's cells (default: found in its first line)
    #[arg(long, value_name = "CHARACTER", value_parser = separator, hide_short_help = true)]
    pub(crate) delimiter: Option<u8>,
    /// The table's encoding, such as windows-1252 (default: UTF-8, or what its first bytes say)
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) encoding: Option<Encoding>,
    /// The row that names the columns (default: the first that is not blank)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), hide_short_help = true)]
    pub(crate) header_row: Option<u64>,
    /// The sheet of a workbook (default: the first)
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) sheet: Option<String>,
    /// Use the cells of a workbook as a spreadsheet shows them: `2,462,662 €`, not `2462662`
    #[arg(long, hide_short_help = true)]
    pub(crate) as_shown: bool,
}

// How a batch is run.
#[derive(Debug, Clone, Args)]
pub(crate) struct PaceArgs {
    /// Submissions at the same time (default: the profile's, or 4)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) concurrency: Option<u16>,
    /// The most submissions per time, such as 2/s or 100/m
    #[arg(long, value_name = "N/UNIT", value_parser = rate, allow_hyphen_values = true)]
    pub(crate) rate: Option<Duration>,
    /// The most renders of this batch, over all its runs
    #[arg(long, value_name = "N")]
    pub(crate) max_renders: Option<u64>,
}

impl BatchArgs {
    /// The flags that go on with the batch, as they are typed; the movie isn't among them.
    #[must_use]
    pub(crate) fn to_flags(&self) -> Vec<String> {
        let single = [
            ("--batch", self.batch.clone()),
            ("--concurrency", self.pace.concurrency.map(|count| count.to_string())),
            ("--rate", self.pace.rate.map(|interval| format!("{}/m", 60_000 / interval.as_millis().max(1)))),
            ("--download", self.saving.download.clone()),
            ("--results", self.results.as_ref().map(|file| file.display().to_string())),
        ];
        let single = single.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten();
        let switches = [
            ("--skip-invalid", self.skip_invalid),
            ("--keep", self.keep),
            ("--no-wait", self.no_wait),
            ("--overwrite", self.saving.rules.overwrite),
            ("--replace", self.replace),
            ("--json", self.json),
        ];
        let switches = switches.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name.to_owned());
        let before = self.table.to_flags().into_iter().chain(single).chain(switches).chain(self.fields.to_flags());
        before.chain(self.lost.to_flags()).chain(self.gate.to_flags()).chain(self.movie.to_flags()).collect()
    }
}

impl TableArgs {
    fn to_flags(&self) -> Vec<String> {
        let one = |value: &Option<String>| value.clone().into_iter().collect::<Vec<_>>();
        let all = [
            ("--rows", one(&self.rows)),
            ("--key", one(&self.key)),
            ("--map", self.map.clone()),
            ("--map-file", self.map_file.iter().map(|file| file.display().to_string()).collect()),
            (
                "--client-data-columns",
                if self.client_data_columns.is_empty() { Vec::new() } else { vec![self.client_data_columns.join(",")] },
            ),
            ("--join", self.join.clone()),
            ("--on", self.on.clone()),
            ("--as", self.into.clone()),
            ("--name", one(&self.name)),
            ("--format", one(&self.format)),
            ("--delimiter", self.delimiter.map(|byte| char::from(byte).to_string()).into_iter().collect()),
            ("--encoding", one(&self.encoding.map(|encoding| encoding.to_string()))),
            ("--header-row", one(&self.header_row.map(|row| row.to_string()))),
            ("--sheet", one(&self.sheet)),
        ];
        let all = all.into_iter().flat_map(|(name, values)| values.into_iter().flat_map(move |value| [name.to_owned(), value]));
        let switches = [("--skip-empty", self.skip_empty), ("--as-shown", self.as_shown)];
        let switches = switches.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name.to_owned());
        all.chain(switches).collect()
    }
}
