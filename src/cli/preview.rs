//! What can be typed about looking at a movie before it is paid for: `j2v preview`.

use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::{Arg, Args};

use super::fields::FieldArgs;
use super::help;
use super::{MovieArgs, TableArgs};
use crate::exit::Exit;

/// How looking at a movie may end.
const EXITS: &[Exit] = &[Exit::Done, Exit::Internal, Exit::Usage, Exit::Invalid];

// `j2v preview`.
#[derive(Debug, Args)]
#[command(
    mut_arg("movies", |movies| movies.num_args(1).help("The movie file")),
    mut_arg("rows", |rows| rows.conflicts_with_all(["out", "storyboard", "json"])),
    mut_arg("key", |key| key.requires("rows").help("The column by whose values rows are found")),
    mut_args(on_one_screen),
    after_long_help = help::json_page("preview", "\
The page is on this machine only and follows the movie as it is edited, until Ctrl-C. It is not the
service's render: what is approximate or not shown is named under the picture, and --json lists it.
It needs no key. The movie is sent nowhere; its own pictures and sounds are fetched, and nothing else.

Examples:
  j2v preview listing.json                            opens the browser, prints the page's URL
  j2v preview listing.json --out listing.html         one file, for a mail or a pull request
  j2v preview listing.json --rows listings.csv --key listing_id
                                                      each row as a tile, any of them to play
  j2v preview listing.json --storyboard board.html    the middle of each scene as a still
  j2v preview listing.json --json | jq -r 'select(.level == \"not-shown\") | .reason'", EXITS)
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct PreviewArgs {
    /// The port of the page (default: any that is free)
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Don't open the browser
    #[arg(long)]
    pub(crate) no_open: bool,
    /// Write the page to a file instead, which plays without a server
    #[arg(long, aliases = ["output"], value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write a page with a still from the middle of each scene
    #[arg(long, value_name = "FILE")]
    pub(crate) storyboard: Option<PathBuf>,
    /// Print what is exact, approximate and not shown, one JSON object a line, without a page
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// Fetch nothing: no pictures, no sounds
    #[arg(long, conflicts_with = "online")]
    pub(crate) offline: bool,
    /// Allow the page to fetch fonts from Google Fonts
    #[arg(long)]
    pub(crate) online: bool,
    /// Allow HTML snippets to run their scripts, in a frame that fetches nothing
    #[arg(long)]
    pub(crate) scripts: bool,
    /// Also fetch media from private network addresses
    #[arg(long)]
    pub(crate) allow_private: bool,
    /// Show no file of this machine that is not in this folder or below
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub(crate) root: Option<PathBuf>,
    /// The rows, each of which can be looked at.
    #[command(flatten)]
    pub(crate) table: TableArgs,
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
    "skip_empty",
    "client_data_columns",
    "join",
    "on",
    "into",
    "name",
];

fn on_one_screen(arg: Arg) -> Arg {
    if RARE.contains(&arg.get_id().as_str()) { arg.hide_short_help(true) } else { arg }
}
