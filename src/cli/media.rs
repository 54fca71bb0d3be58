//! What can be typed about the account's media: `j2v media`.

use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::{Args, Subcommand, ValueEnum};

use super::fields::FieldArgs;
use super::help;

// `j2v media`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Files on the account's media have a public URL, which goes into a movie's `src`. 50 MiB cost nothing,
more costs credits every week (`j2v media usage`). `submit --upload` uploads the local files of a movie.

Examples:
  j2v media put logo.png --to brand          print its URL
  j2v media list brand
  j2v media usage", help::SERVICE))]
pub(crate) struct MediaArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: MediaCommand,
}

/// Manage the account's media.
#[derive(Debug, Subcommand)]
pub(crate) enum MediaCommand {
    /// List the files and folders of a folder, or all folders
    #[command(after_long_help = help::json_page("media list", "\
Examples:
  j2v media list                       the root: folders, then files
  j2v media list brand --type image
  j2v media list --tree                all folders with their sizes
  j2v media list --json | jq -r .url", help::SERVICE))]
    List(MediaListArgs),
    /// Upload files and print their URLs
    #[command(after_long_help = help::json_page("media put", "\
A file that is there already with the same bytes is not sent again. Another file of the same name stays
unless --replace is given. A file in `temp` (--temp) costs nothing; the service deletes it after a while.

Examples:
  j2v media put logo.png --to brand
  j2v media put *.jpg --to listings/4821 --json
  j2v media put draft.mp4 --temp", help::SERVICE))]
    Put(MediaPutArgs),
    /// Save a file of the account's media
    #[command(after_long_help = help::page("\
Examples:
  j2v media get brand/logo.png             saves logo.png
  j2v media get brand/logo.png --out -     writes it to stdout", help::SERVICE))]
    Get(MediaGetArgs),
    /// Move a file into another folder; its URL changes
    #[command(after_long_help = help::page("\
The service keeps a file's name when it moves it. Movies and templates that use the old URL break.

Examples:
  j2v media move temp/logo.png brand
  j2v media move brand/logo.png /          into the root", help::SERVICE))]
    Move(MediaMoveArgs),
    /// Delete files, and with -r folders
    #[command(after_long_help = help::page("\
Examples:
  j2v media delete brand/old.png
  j2v media delete -r listings/4821        the folder and all that is in it", help::SERVICE))]
    Delete(MediaDeleteArgs),
    /// Make folders, and those around them
    #[command(after_long_help = help::page("\
Examples:
  j2v media mkdir brand listings/4821", help::SERVICE))]
    Mkdir(MediaMkdirArgs),
    /// Show how much storage the account's media use and what it costs a week
    #[command(after_long_help = help::json_page("media usage", "\
Examples:
  j2v media usage
  j2v media usage --json | jq .used_bytes", help::SERVICE))]
    Usage(MediaUsageArgs),
    /// Delete uploads of `--upload` that no unfinished render or template uses
    #[command(after_long_help = help::page("\
Files that `--upload` made are known by their names. Those that an unfinished render of the ledger or
a template of the account uses stay. Renders in another machine's ledger are not seen here: run it on
the machine that submits.

Examples:
  j2v media prune --dry-run                what would be deleted
  j2v media prune", help::SERVICE))]
    Prune(MediaPruneArgs),
}

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MediaType {
    /// Pictures.
    Image,
    /// Videos.
    Video,
    /// Sounds.
    Audio,
    /// Everything else.
    Other,
}

impl MediaType {
    /// The service's word for it.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Other => "other",
        }
    }
}

/// `j2v media list`.
#[derive(Debug, Args)]
pub(crate) struct MediaListArgs {
    /// The folder; the root by default
    #[arg(value_name = "FOLDER", conflicts_with = "tree")]
    pub(crate) folder: Option<String>,
    /// All folders, each with its number of files and their size
    #[arg(long)]
    pub(crate) tree: bool,
    /// Only files of this type
    #[arg(long = "type", value_enum, value_name = "TYPE", conflicts_with = "tree")]
    pub(crate) kind: Option<MediaType>,
    /// Print one JSON object per file or folder
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

/// `j2v media put`.
#[derive(Debug, Args)]
pub(crate) struct MediaPutArgs {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The folder to put them into, which is made if missing
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: Option<String>,
    /// Put them into `temp`: they cost nothing and are deleted by the service after a while
    #[arg(long, conflicts_with = "to")]
    pub(crate) temp: bool,
    /// Replace another file of the same name
    #[arg(long)]
    pub(crate) replace: bool,
    /// Print one JSON object per file
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

/// `j2v media get`.
#[derive(Debug, Args)]
pub(crate) struct MediaGetArgs {
    /// The file: FOLDER/NAME
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// The file to save it as, or a folder; `-` writes it to stdout (default: its name, here)
    #[arg(long, aliases = ["output", "download"], value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// `j2v media move`.
#[derive(Debug, Args)]
pub(crate) struct MediaMoveArgs {
    /// The file: FOLDER/NAME
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// The folder to move it into; `/` is the root
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: String,
}

/// `j2v media delete`.
#[derive(Debug, Args)]
pub(crate) struct MediaDeleteArgs {
    /// The files, or with -r folders
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<String>,
    /// Delete folders with all that is in them
    #[arg(long, short)]
    pub(crate) recursive: bool,
}

/// `j2v media mkdir`.
#[derive(Debug, Args)]
pub(crate) struct MediaMkdirArgs {
    /// The folders
    #[arg(value_name = "FOLDER", required = true)]
    pub(crate) folders: Vec<String>,
}

/// `j2v media usage`.
#[derive(Debug, Args)]
pub(crate) struct MediaUsageArgs {
    /// Print one JSON object
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

/// `j2v media prune`.
#[derive(Debug, Args)]
pub(crate) struct MediaPruneArgs {
    /// The folder that `--upload` puts files into
    #[arg(long, value_name = "FOLDER", default_value = "j2v")]
    pub(crate) folder: String,
    /// Show what would be deleted, and delete nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}
