//! What can be typed about sending movies: `j2v submit`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::ArgPredicate;

use super::check::GateArgs;
use super::fields::FieldArgs;
use super::help;
use super::lost::LostArgs;
use super::movie::MovieArgs;
use super::waiting::{NameArgs, SaveArgs, WaitArgs};

// `j2v submit`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("submit", "\
Examples:
  j2v submit listing.json                        print the project id
  j2v submit listing.json --wait --download .    print the video's path
  j2v submit listing.json --key L-4821           the same key is never paid twice
  j2v submit listing.json --key L-4821 --again   a new render of the same key
  j2v submit listing.json --max-credits 20       nothing that would cost more
  j2v submit listing.json --dry-run              the exact request, nothing sent", help::ANY))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct SubmitArgs {
    /// Your name for this video: a second submit with the same key attaches to the first
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Render a key once more, deliberately
    #[arg(long)]
    pub(crate) again: bool,
    /// Wait until the render ends and print the video's URL
    #[arg(long, short)]
    pub(crate) wait: bool,
    /// Waiting.
    #[command(flatten)]
    pub(crate) waiting: WaitArgs,
    /// Saving.
    #[command(flatten)]
    pub(crate) saving: SaveArgs,
    /// Their names.
    #[command(flatten)]
    pub(crate) naming: NameArgs,
    /// Write each movie's outcome to this file: .csv, .jsonl, or .html (a page)
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
    /// Print one JSON object per render as its outcome is known
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// Print the exact request with the key redacted, and send nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Checks and bounds.
    #[command(flatten)]
    pub(crate) gate: GateArgs,
    /// What to do about a lost answer.
    #[command(flatten)]
    pub(crate) lost: LostArgs,
    /// The movies and what changes them.
    #[command(flatten)]
    pub(crate) movie: MovieArgs,
}

impl SubmitArgs {
    /// The flags that a later submission of the movie needs, as they are typed: what makes the movie, what bounds its cost, what
    /// a lost answer means, and where its video goes.
    #[must_use]
    pub(crate) fn to_flags(&self) -> Vec<String> {
        let saved = [("--download", self.saving.download.clone()), ("--name", self.naming.name.clone())];
        let saved = saved.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten();
        let made = self.movie.to_flags().into_iter().chain(self.gate.to_flags()).chain(self.lost.to_flags());
        made.chain(saved).collect()
    }
}
