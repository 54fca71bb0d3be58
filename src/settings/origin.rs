//! Where a value comes from, for `config show` and `doctor`.

use std::fmt;
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Origin {
    /// A flag.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// A line of `config.toml`.
    Config(usize),
    /// A file of its own.
    File(PathBuf),
    /// Nobody said anything.
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

/// A setting as `config show` shows it: never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its name, as `config.toml` has it.
    pub(crate) name: &'static str,
    /// Its value, if it has one.
    pub(crate) value: Option<String>,
    /// Where that comes from.
    pub(crate) origin: Origin,
}
