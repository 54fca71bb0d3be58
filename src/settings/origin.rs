//! The origin of a value, for `config show` and `doctor`.

use std::fmt;
use std::path::PathBuf;

/// The origin of a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Origin {
    /// A flag.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// A line of `config.toml`.
    Config(usize),
    /// A separate file.
    File(PathBuf),
    /// The default: no setting gives a value.
    #[default]
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Config(line) => write!(f, "config.toml, line {line}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting as `config show` prints it: never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its name in `config.toml`.
    pub(crate) name: &'static str,
    /// Its value, if it has one.
    pub(crate) value: Option<String>,
    /// Its origin.
    pub(crate) origin: Origin,
}
