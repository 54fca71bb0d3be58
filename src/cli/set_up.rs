//! What can be typed about the set-up: the key, the settings, and what is wrong with them.

use clap::builder::ArgPredicate;
use clap::{Args, Subcommand};

use super::fields::FieldArgs;
use super::help;
use crate::exit::Exit;

/// A command that asks the service whose key it is.
const KEY: &[Exit] = &[Exit::Done, Exit::Internal, Exit::Usage, Exit::Key, Exit::Refused, Exit::Unreachable, Exit::Interrupted];

// `j2v auth`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
A kept key is a file for you alone in the folder of config.toml. Instead of it a profile can have
a key-command: a program whose first line of output is the key, `pass show json2video` say.

Examples:
  j2v auth login                          asks for the key, without showing it
  j2v auth login --profile work < key     keeps another account's key, from a file
  j2v auth status                         whose key, from where, how many credits are left
  j2v auth logout                         forgets the stored key", KEY))]
pub(crate) struct AuthArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: AuthCommand,
}

/// Manage the API key.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Store a key, from a prompt or from stdin
    #[command(after_long_help = help::page("\
Examples:
  j2v auth login                          asks for the key, without showing it
  pass show json2video | j2v auth login   takes the first line of stdin", KEY))]
    Login,
    /// Show whose key it is and how many credits are left
    #[command(after_long_help = help::json_page("auth status", "\
Examples:
  j2v auth status
  j2v auth status --json | jq .credits", KEY))]
    Status {
        /// One JSON object
        #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
        json: bool,
        /// What of it is printed.
        #[command(flatten)]
        fields: FieldArgs,
    },
    /// Remove the stored key
    #[command(after_long_help = help::page("\
Examples:
  j2v auth logout --profile work", help::OFFLINE))]
    Logout,
}

// `j2v config`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
config.toml holds profiles, one for each account:

  profile = \"default\"                        # counts when neither --profile nor $J2V_PROFILE names one

  [profiles.default]
  key-command = \"pass show json2video\"      # prints the key; run without a shell
  resolution = \"full-hd\"                    # for movies that have no size
  webhook = \"https://app.example/callback\"  # for movies that have no exports
  download = \"~/Videos/\"                    # where `download` saves
  ledger = \"~/.local/state/j2v/ledger.db\"
  concurrency = 4                             # movies that are submitted at once
  api-url = \"https://api.json2video.com/v2\"

A flag outweighs the environment, and that outweighs the file; but a profile that --profile names
goes by its own key, URL and ledger first.

Examples:
  j2v config show                         each setting, and where it comes from
  j2v config set resolution full-hd       one setting, without an editor
  j2v config edit                         in $VISUAL or $EDITOR, checked afterwards
  j2v config path                         where the file is", help::OFFLINE))]
pub(crate) struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

/// Manage the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show each setting and where it comes from
    #[command(after_long_help = help::json_page("config show", "\
Examples:
  j2v config show
  j2v config show --profile work --json", help::OFFLINE))]
    Show {
        /// One JSON object a line, a line per setting
        #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
        json: bool,
        /// What of it is printed.
        #[command(flatten)]
        fields: FieldArgs,
    },
    /// Print one setting as it is in effect, or an empty line
    #[command(after_long_help = help::page("\
Examples:
  j2v config get download
  j2v config get api-url --profile work", help::OFFLINE))]
    Get {
        /// Its name in config.toml, or `profile`
        name: String,
    },
    /// Write one setting of the profile into config.toml; the rest of the file stays as it is
    #[command(after_long_help = help::page("\
Examples:
  j2v config set resolution full-hd
  j2v config set webhook https://app.example/callback --profile work
  j2v config set profile work             # the profile that applies when none is named", help::OFFLINE))]
    Set {
        /// Its name in config.toml, or `profile`
        name: String,
        /// Its value
        value: String,
    },
    /// Remove one setting of the profile from config.toml
    #[command(after_long_help = help::page("\
Examples:
  j2v config unset webhook", help::OFFLINE))]
    Unset {
        /// Its name in config.toml, or `profile`
        name: String,
    },
    /// Print the path of config.toml, whether it exists or not
    #[command(after_long_help = help::page("\
Examples:
  j2v config path", help::OFFLINE))]
    Path,
    /// Open config.toml in $VISUAL or $EDITOR and check it afterwards
    #[command(after_long_help = help::page("\
Examples:
  EDITOR=nano j2v config edit", help::OFFLINE))]
    Edit,
}

// `j2v doctor`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("doctor", "\
Looks at the version, the settings, the key, the ledger, the disk, the proxy, DNS, TLS, the API and
the clock. Exits 0 unless something would stop a submit.

Examples:
  j2v doctor
  j2v doctor --profile work
  j2v doctor --json | jq -r 'select(.status == \"fail\") | .detail'", DOCTOR))]
pub(crate) struct DoctorArgs {
    /// One JSON object a line, a line per check: check, status (ok, warn, fail), detail, help, next
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

/// What `doctor` can come to.
const DOCTOR: &[Exit] =
    &[Exit::Done, Exit::Internal, Exit::Usage, Exit::Key, Exit::Credits, Exit::Refused, Exit::Unreachable, Exit::Interrupted];
