//! What can be typed about the program itself and the service's words: explanations, completions, manual pages.

use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::{Args, ValueEnum};

use super::fields::FieldArgs;
use super::help;
use super::renders::ScopeArgs;

// `j2v explain`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("explain", "\
Takes a render of the ledger, or the words of a message. Where the message names a scene and an
element, the line of the movie is shown: of your file if it still makes the movie that was sent,
else of the movie as the ledger keeps it.

Examples:
  j2v explain JkGxEoPRF9EgRb32            why this render failed
  j2v explain L-4821 --json               by its key, for programs
  j2v explain 'Movie duration cannot be zero'", help::OFFLINE))]
pub(crate) struct ExplainArgs {
    /// A project, a key, or a message of the service
    #[arg(value_name = "PROJECT|KEY|TEXT", required = true)]
    pub(crate) words: Vec<String>,
    /// Whose keys are meant.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// One JSON object
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

// `j2v completions`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
The script asks j2v itself at each Tab: it completes projects and keys from the ledger, batches,
profiles and rules, and fits whatever version is installed.

Examples:
  source <(j2v completions bash)                          in ~/.bashrc
  source <(j2v completions zsh)                           in ~/.zshrc, after compinit
  j2v completions fish > ~/.config/fish/completions/j2v.fish
  j2v completions powershell | Out-String | Invoke-Expression
  eval (j2v completions elvish | slurp)                   in ~/.config/elvish/rc.elv", help::OFFLINE))]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// A shell that completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// Bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
    /// `PowerShell`.
    Powershell,
    /// Elvish.
    Elvish,
}

impl Shell {
    /// Its name.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Elvish => "elvish",
        }
    }
}

// `j2v man`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Examples:
  j2v man | man -l -                      the page of j2v itself
  j2v man --out man1                      a page for each command, in a folder", help::OFFLINE))]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder, which is created if missing
    #[arg(long, aliases = ["output"], value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
