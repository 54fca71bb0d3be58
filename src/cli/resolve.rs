//! The commands that compose a movie and show what the service will make of it: they send nothing.

use clap::Args;
use clap::builder::ArgPredicate;

use super::MovieArgs;
use super::fields::FieldArgs;
use super::help;

// `j2v build`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Examples:
  j2v build listing.json                           the movie as it would be sent
  j2v build listing.json --var city=Berlin         with a variable set as text
  j2v build listing.json --set /scenes/0/duration:=4 > other.json", help::MOVIES))]
pub(crate) struct BuildArgs {
    /// Print each movie on one line
    #[arg(long)]
    pub(crate) compact: bool,
    /// The movies and what changes them.
    #[command(flatten)]
    pub(crate) movie: MovieArgs,
}

// `j2v expand`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
What the service's documentation leaves open is decided, and named on stderr as an assumption; what can't be \
resolved offline stays as it is written. What is submitted is always the movie itself, never its expansion.

Examples:
  j2v expand listing.json                      the movie with everything resolved
  j2v expand listing.json --var city=Berlin    what another value would make of it
  j2v expand listing.json --compact | jq '.scenes | length'", help::MOVIES))]
pub(crate) struct ExpandArgs {
    /// Print each movie on one line
    #[arg(long)]
    pub(crate) compact: bool,
    /// The movies and what changes them.
    #[command(flatten)]
    pub(crate) movie: MovieArgs,
}

// `j2v plan`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("plan", "\
A time that can't be known before the render is a range or `…`, and the reason is on the list of unknowns. \
Nothing is asked of anybody unless --probe is given; then the first bytes of each file are fetched, without the \
key, over https, and never from a private network.

Examples:
  j2v plan listing.json                          the timeline as a chart, length, size, credits
  j2v plan listing.json --probe                  with the lengths that the files themselves tell
  j2v plan listing.json --json | jq .duration    for programs: duration, scenes, credits, unknown", help::MOVIES))]
pub(crate) struct PlanArgs {
    /// Fetch the first bytes of each file of the movie: does it exist, what type, how large, how long
    #[arg(long)]
    pub(crate) probe: bool,
    /// One JSON object a line, a line per movie
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// The movies and what changes them.
    #[command(flatten)]
    pub(crate) movie: MovieArgs,
}
