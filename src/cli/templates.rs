//! What can be typed about the account's templates: `j2v templates`.

use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::{Args, Subcommand};

use super::fields::FieldArgs;
use super::help;

// `j2v templates`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
A template is a movie that the account keeps under an id. `submit --template ID --var …` renders it.

Examples:
  j2v templates list
  j2v templates get LerKrmBfiqaIgBuacLWn > listing.json
  j2v templates push listing.json --name Listing        print the new template's id
  j2v templates vars LerKrmBfiqaIgBuacLWn --csv-header > rows.csv", help::SERVICE))]
pub(crate) struct TemplatesArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: TemplatesCommand,
}

/// Manage the account's templates.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplatesCommand {
    /// List the account's templates, the last changed first
    #[command(after_long_help = help::json_page("templates list", "\
Examples:
  j2v templates list
  j2v templates list --tag listings --json | jq -r .id", help::SERVICE))]
    List(TemplateListArgs),
    /// List the public gallery
    #[command(after_long_help = help::json_page("templates library", "\
The service shows every published template, and more with one of the tags.

Examples:
  j2v templates library
  j2v templates library --tag 'real estate' --json", help::SERVICE))]
    Library(TemplateListArgs),
    /// Print a template's movie, byte for byte as it is stored
    #[command(after_long_help = help::page("\
Examples:
  j2v templates get LerKrmBfiqaIgBuacLWn > listing.json", help::SERVICE))]
    Get(TemplateIdArgs),
    /// Show a template's variables
    #[command(after_long_help = help::json_page("templates vars", "\
Examples:
  j2v templates vars LerKrmBfiqaIgBuacLWn                a table: name, type, default, help
  j2v templates vars LerKrmBfiqaIgBuacLWn --csv-header   the header of a table for `j2v batch`
  j2v templates vars LerKrmBfiqaIgBuacLWn --schema       a JSON Schema", help::SERVICE))]
    Vars(TemplateVarsArgs),
    /// Store a movie as a template: a new one, or with --id another movie of one
    #[command(after_long_help = help::page("\
A movie that is stored already is not sent. One that was changed on the server since the last pull, get
or push of this machine is left alone; --force overwrites it. A create whose answer is lost is looked
for before it is sent again.

Examples:
  j2v templates push listing.json --name 'Listing' --tag listings    print the new id
  j2v templates push listing.json --id LerKrmBfiqaIgBuacLWn
  j2v templates push listing.json --id LerKrmBfiqaIgBuacLWn --force", help::SERVICE))]
    Push(TemplatePushArgs),
    /// Save a template's movie into a file, and note its state for the next push
    #[command(after_long_help = help::page("\
Examples:
  j2v templates pull LerKrmBfiqaIgBuacLWn listing.json", help::SERVICE))]
    Pull(TemplatePullArgs),
    /// Show how a file differs from a template
    #[command(after_long_help = help::page("\
Exits 0 when they are the same movie, 13 when they differ: each line is a place, what the template has
there (-) and what the file has (+).

Examples:
  j2v templates diff LerKrmBfiqaIgBuacLWn listing.json", help::SERVICE))]
    Diff(TemplateDiffArgs),
    /// Copy a template of the account or of the gallery, and print the copy's id
    #[command(after_long_help = help::page("\
Examples:
  j2v templates duplicate LerKrmBfiqaIgBuacLWn --name 'Listing, autumn' --var city=Berlin", help::SERVICE))]
    Duplicate(TemplateDuplicateArgs),
    /// Delete templates; renders with their ids fail from then on
    #[command(after_long_help = help::page("\
Examples:
  j2v templates delete LerKrmBfiqaIgBuacLWn", help::SERVICE))]
    Delete(TemplateDeleteArgs),
}

/// `j2v templates list` and `library`.
#[derive(Debug, Args)]
pub(crate) struct TemplateListArgs {
    /// Only templates with this tag, whatever its case; repeatable
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Print one JSON object per template
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

/// `j2v templates get`.
#[derive(Debug, Args)]
pub(crate) struct TemplateIdArgs {
    /// The template's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// `j2v templates vars`.
#[derive(Debug, Args)]
pub(crate) struct TemplateVarsArgs {
    /// The template's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The header of a table for `batch`: a key, then each variable
    #[arg(long, conflicts_with_all = ["json", "schema"])]
    pub(crate) csv_header: bool,
    /// Print one JSON object per variable
    #[arg(long, conflicts_with = "schema", default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// The service's JSON Schema
    #[arg(long)]
    pub(crate) schema: bool,
}

/// `j2v templates push`.
#[derive(Debug, Args)]
pub(crate) struct TemplatePushArgs {
    /// The movie (JSON or YAML); `-` reads stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// The template to change; without it a new one is made
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// The template's name (a new one's default: the file's name)
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// A tag, or several with commas; repeatable. All tags of the template are replaced
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub(crate) tag: Vec<String>,
    /// Overwrite a change made on the server meanwhile
    #[arg(long, requires = "id")]
    pub(crate) force: bool,
}

/// `j2v templates pull`.
#[derive(Debug, Args)]
pub(crate) struct TemplatePullArgs {
    /// The template's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The file (default: ID.json)
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// `j2v templates diff`.
#[derive(Debug, Args)]
pub(crate) struct TemplateDiffArgs {
    /// The template's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The movie (JSON or YAML); `-` reads stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
}

/// `j2v templates duplicate`.
#[derive(Debug, Args)]
pub(crate) struct TemplateDuplicateArgs {
    /// The template's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The copy's name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// A variable of the copy's movie, as text (NAME=TEXT) or as JSON (NAME:=JSON)
    #[arg(long, value_name = "NAME=TEXT|NAME:=JSON", allow_hyphen_values = true)]
    pub(crate) var: Vec<String>,
}

/// `j2v templates delete`.
#[derive(Debug, Args)]
pub(crate) struct TemplateDeleteArgs {
    /// The templates' ids
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
}
