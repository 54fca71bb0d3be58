//! The flags that compose a movie, shared by every command that takes one (`contract.md#building-a-movie`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;

// The movies and what changes them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Building the movie")]
pub(crate) struct MovieArgs {
    /// Movie files (JSON or YAML), folders of them; `-` reads stdin: a movie, or one a line (JSON Lines)
    #[arg(value_name = "MOVIE", required_unless_present = "template", help_heading = None::<&str>)]
    pub(crate) movies: Vec<String>,
    /// Set a variable as text (NAME=TEXT), as JSON (NAME:=JSON), or from the environment (NAME)
    #[arg(long, value_name = "NAME=TEXT|NAME:=JSON", allow_hyphen_values = true)]
    pub(crate) var: Vec<String>,
    /// What the environment says of the names that `--var` gives alone.
    #[arg(skip)]
    pub(crate) environment: HashMap<String, String>,
    /// Set variables from a JSON or YAML object
    #[arg(long, value_name = "FILE")]
    pub(crate) vars: Vec<PathBuf>,
    /// Add to client-data, which is returned with the result
    #[arg(long, value_name = "NAME=TEXT|NAME:=JSON", allow_hyphen_values = true)]
    pub(crate) client_data: Vec<String>,
    /// Add a webhook destination; `@listen` is the receiver of this ledger (`j2v listen`)
    #[arg(long, value_name = "URL")]
    pub(crate) webhook: Vec<String>,
    /// What `@listen` stands for: the ledger knows.
    #[arg(skip)]
    pub(crate) receiver: Option<String>,
    /// Add a destination by the id of a dashboard connection
    #[arg(long, value_name = "ID", hide_short_help = true)]
    pub(crate) connection: Vec<String>,
    /// Append a scene, or each scene of an array
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) scene: Vec<PathBuf>,
    /// Append an element to the movie's own elements, or each element of an array
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) element: Vec<PathBuf>,
    /// Set any place by JSON Pointer (/scenes/0/duration:=4)
    #[arg(long, value_name = "POINTER=TEXT|POINTER:=JSON", allow_hyphen_values = true)]
    pub(crate) set: Vec<String>,
    /// The movie's resolution (full-hd, squared, …)
    #[arg(long, value_name = "NAME")]
    pub(crate) resolution: Option<String>,
    /// The movie's quality (low, medium, high)
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) quality: Option<String>,
    /// The id of the template to render; without a MOVIE, the movie is the template with --var
    #[arg(long, value_name = "ID")]
    pub(crate) template: Option<String>,
    /// The movie's own id, echoed in webhooks
    #[arg(long, value_name = "ID", hide_short_help = true)]
    pub(crate) id: Option<String>,
    /// Render again even what the service has cached
    #[arg(long, hide_short_help = true)]
    pub(crate) no_cache: bool,
    /// Put the local files that the movie names on the account's media, each once, and send their URLs
    #[arg(long, hide_short_help = true)]
    pub(crate) upload: bool,
    /// The folder of the account's media that --upload puts files into
    #[arg(long, value_name = "FOLDER", default_value = UPLOAD_FOLDER, hide_short_help = true)]
    pub(crate) upload_to: String,
    /// What the profile gives to a movie that says nothing of it; nobody types it.
    #[arg(skip)]
    pub(crate) defaults: MovieDefaults,
}

/// What a profile of `config.toml` gives to a movie that says nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MovieDefaults {
    /// For a movie without a size.
    pub(crate) resolution: Option<String>,
    /// For a movie without exports.
    pub(crate) webhook: Option<String>,
}

/// Where `--upload` puts files.
const UPLOAD_FOLDER: &str = "j2v";

/// The webhook that is this ledger's own receiver.
pub(crate) const OWN_RECEIVER: &str = "@listen";

impl MovieArgs {
    /// The template that is the movie, where no file is: as it is typed in a file's place.
    pub(crate) fn template_for_movie(&self) -> Option<String> {
        self.template.as_ref().filter(|_| self.movies.is_empty()).map(|id| format!("--template={id}"))
    }

    /// The URLs of the webhooks, with what is known of our own receiver in its place.
    pub(crate) fn webhooks(&self) -> impl Iterator<Item = String> {
        let url = |url: &String| self.receiver.clone().filter(|_| url == OWN_RECEIVER).unwrap_or_else(|| url.clone());
        self.webhook.iter().map(url)
    }

    /// The names of variables that the environment sets.
    pub(crate) fn inherited_names(&self) -> impl Iterator<Item = &str> {
        self.var.iter().map(String::as_str).filter(|text| !text.contains('='))
    }

    /// The flags as they were typed, without the movies.
    pub(crate) fn to_flags(&self) -> Vec<String> {
        let paths = |paths: &[PathBuf]| paths.iter().map(|path| Path::display(path).to_string()).collect::<Vec<_>>();
        let repeated = [
            ("--vars", paths(&self.vars)),
            ("--var", self.var.clone()),
            ("--client-data", self.client_data.clone()),
            ("--webhook", self.webhook.clone()),
            ("--connection", self.connection.clone()),
            ("--scene", paths(&self.scene)),
            ("--element", paths(&self.element)),
            ("--set", self.set.clone()),
        ];
        let single = [("--resolution", &self.resolution), ("--quality", &self.quality), ("--template", &self.template), ("--id", &self.id)];
        // A template without a movie is the movie: it stands where that does.
        let is_flag = |name: &str| name != "--template" || !self.movies.is_empty();
        let single = single.into_iter().filter(|(name, _)| is_flag(name)).filter_map(|(name, value)| Some((name, vec![value.clone()?])));
        let pairs =
            repeated.into_iter().chain(single).flat_map(|(name, values)| values.into_iter().map(move |value| [name.to_owned(), value]));
        let upload_to = (self.upload_to != UPLOAD_FOLDER).then(|| ["--upload-to".to_owned(), self.upload_to.clone()]);
        let switches = [(self.no_cache, "--no-cache"), (self.upload, "--upload")];
        let switches = switches.into_iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| flag.to_owned());
        pairs.flatten().chain(switches).chain(upload_to.into_iter().flatten()).collect()
    }
}
