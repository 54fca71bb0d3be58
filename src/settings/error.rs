//! The reasons why settings can't be used.

use super::origin::Origin;
use super::toml_file::TomlError;

/// Why the settings can't be used. All of them are wrong usage, except those of the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The API URL is not a URL that can be used.
    #[error("the API URL can't be used: {0}")]
    ApiUrl(String),
    /// The value can't be an API key.
    #[error("the key in ${variable} can't be used: {why}")]
    Key {
        /// The variable's name.
        variable: &'static str,
        /// The reason, without the key.
        why: String,
    },
    /// The value is not text, and must not be replaced by another one.
    #[error("${variable} is not UTF-8 text")]
    NotText {
        /// The variable's name.
        variable: &'static str,
    },
    /// The ledger has no folder.
    #[error("there is no home folder to keep the ledger in; name a file with --ledger or $J2V_LEDGER")]
    Homeless,
    /// A ledger that this program can't open.
    #[error("`{0}` is not a ledger: use a file, or postgres://USER@HOST/DATABASE")]
    LedgerKind(String),
    /// A text that may be meant as a server's address, but is not valid. It may contain a password, and is never shown.
    #[error(
        "the ledger's address can't be used: {0}; a server is written postgres://USER@HOST/DATABASE (with the password in $PGPASSWORD or \
         ~/.pgpass), and a file of this name ./NAME"
    )]
    LedgerForm(&'static str),
    /// A server's address that can't be used.
    #[error("the ledger's address can't be used: {0}")]
    LedgerAddress(String),
    /// A password in a place that everyone can read.
    #[cfg(feature = "postgres")]
    #[error(
        "a password in an argument is visible to everyone on this machine: put it into $PGPASSWORD or ~/.pgpass, or the whole address into $J2V_LEDGER"
    )]
    ShownPassword,
    /// A password file that others may read.
    #[cfg(feature = "postgres")]
    #[error("others on this machine may read the passwords in {path}: chmod 600 {path}", path = .0.display())]
    ExposedPasswords(std::path::PathBuf),
    /// The config file can't be used.
    #[error("{0}")]
    Config(#[from] TomlError),
    /// A name that a profile can't have.
    #[error("{origin}: {why}")]
    Profile {
        /// The flag or variable that gave it.
        origin: Origin,
        /// The reason.
        why: String,
    },
    /// A profile that is not set up.
    #[error("{origin}: {why}")]
    NoSuchProfile {
        /// The flag or variable that named it.
        origin: Origin,
        /// The fault, and the name that was probably meant.
        why: String,
        /// Its name, if it may be meant as a new one.
        new: Option<String>,
    },
}

impl SettingsError {
    /// The command to type next, if one helps.
    #[must_use]
    pub(crate) fn next(&self) -> Option<String> {
        match self {
            Self::Config(_) => Some("j2v config edit".to_owned()),
            Self::NoSuchProfile { new, .. } => new.as_ref().map(|name| format!("j2v auth login --profile {name}")),
            _ => None,
        }
    }
}
