//! What can be typed about writing and checking movies: `j2v init`, `j2v check`, and what `submit` checks first.

use clap::builder::ArgPredicate;
use clap::{Arg, Args, ValueEnum};

use super::fields::FieldArgs;
use super::help;
use super::movie::MovieArgs;
use super::parse::{rule, rule_or_warnings};

// `j2v check`.
#[derive(Debug, Args)]
#[command(mut_arg("movies", needed_unless_explained))]
#[command(after_long_help = help::json_page("check", "\
Findings go to stdout in the order of their places, a summary to stderr. An error means exit
code 3. `submit` stops only for what the service certainly fails on: `stops` in --json.

Examples:
  j2v check listing.json                         every fault, with its line and a fix
  j2v check movies/ --deny warnings              all movies in a folder; warnings are errors
  j2v check listing.json --vars listing.yaml     as it will be sent
  j2v check listing.json --fix --diff            what can be fixed without asking
  j2v check movies/ --format github              annotations in a workflow on GitHub
  j2v check movies/ --probe                      are all files there; offline without it
  j2v check --explain J2V064                     why, a wrong and a right example, the source", help::MOVIES))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct CheckArgs {
    /// Print one JSON object per finding: --format json
    #[arg(long, conflicts_with = "format", default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// The output format: text, JSON, GitHub annotations, or SARIF 2.1.0
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: CheckFormat,
    /// Apply the fixes that are certain, then check
    #[arg(long)]
    pub(crate) fix: bool,
    /// Show what --fix would change, as a diff; change and check nothing, and exit with 0
    #[arg(long)]
    pub(crate) diff: bool,
    /// Look at each file that the movie takes in: is it there, and of the right type
    #[arg(long)]
    pub(crate) probe: bool,
    /// With --probe: look at files in a private network too
    #[arg(long, requires = "probe", hide_short_help = true)]
    pub(crate) allow_private: bool,
    /// List the rules and check nothing
    #[arg(long)]
    pub(crate) rules: bool,
    /// Show a repeated mistake at each of its places, not only at the first
    #[arg(long)]
    pub(crate) all: bool,
    /// Treat a rule's findings as errors (J2V125, its name, or `warnings` for all); repeatable
    #[arg(long, value_name = "CODE|warnings", value_parser = rule_or_warnings)]
    pub(crate) deny: Vec<String>,
    /// Ignore a rule; repeatable
    #[arg(long, value_name = "CODE", value_parser = rule)]
    pub(crate) allow: Vec<String>,
    /// Explain a rule and check nothing
    #[arg(long, value_name = "CODE", value_parser = rule)]
    pub(crate) explain: Option<String>,
    /// The movies and what changes them.
    #[command(flatten)]
    pub(crate) movie: MovieArgs,
}

/// What a check writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    #[default]
    Human,
    /// An object a line.
    Json,
    /// Workflow commands of GitHub Actions.
    Github,
    /// One document for code scanning.
    Sarif,
}

fn needed_unless_explained(movies: Arg) -> Arg {
    movies
        .required(false)
        .required_unless_present_any(["explain", "rules"])
        .help("Movie files (JSON or YAML), folders of them; `-` reads stdin: a movie, or one a line (JSON Lines)")
}

// What stands before a submission.
#[derive(Debug, Clone, Args)]
pub(crate) struct GateArgs {
    /// Send even if this rule finds errors (J2V064, or its name); repeatable
    #[arg(long, value_name = "CODE", value_parser = rule)]
    pub(crate) allow: Vec<String>,
    /// Send without checking
    #[arg(long, conflicts_with = "allow")]
    pub(crate) no_check: bool,
    /// Send nothing that may cost more than this, all movies of the command together
    #[arg(long, value_name = "N")]
    pub(crate) max_credits: Option<u64>,
}

impl GateArgs {
    /// The flags under which a movie passes once more, as they are typed.
    #[must_use]
    pub(crate) fn to_flags(&self) -> Vec<String> {
        let allow = self.allow.iter().flat_map(|code| ["--allow".to_owned(), code.clone()]);
        let bound = self.max_credits.iter().flat_map(|most| ["--max-credits".to_owned(), most.to_string()]);
        allow.chain(self.no_check.then(|| "--no-check".to_owned())).chain(bound).collect()
    }
}

/// The text after the options of `j2v schema`.
pub(super) const SCHEMA: &str = "\
Examples:
  j2v schema > movie.schema.json    for the key \"$schema\" of a movie (never sent), or for
                                    \"json.schemas\" in the settings of VS Code";

// `j2v init`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Examples:
  j2v init                   writes listing.json: a title, then a scene for each room
  j2v init slideshow         writes slideshow.json: pictures and music
  j2v init captions          writes captions.json: a voice and its words on the screen
  j2v init --from-template LerKrmBfiqaIgBuacLWn
                             writes LerKrmBfiqaIgBuacLWn.json: the template's movie", help::SERVICE))]
pub(crate) struct InitArgs {
    /// The starter
    #[arg(value_enum, value_name = "NAME", default_value_t)]
    pub(crate) starter: Starter,
    /// Start from a template of the account, or of the gallery
    #[arg(long, value_name = "ID", conflicts_with = "starter")]
    pub(crate) from_template: Option<String>,
    /// Overwrite an existing file
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// A movie to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Starter {
    /// A title, then a scene for each room: variables and an iteration.
    #[default]
    Listing,
    /// Pictures and music.
    Slideshow,
    /// A voice and its words on the screen, upright.
    Captions,
}
