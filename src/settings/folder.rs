//! The platform's folders, and the files in them.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::config::Config;
use super::toml_file::TomlError;
use super::{Environment, stored};

/// The config file in its folder.
pub(crate) fn config_file(folder: &Path) -> PathBuf {
    folder.join("config.toml")
}

/// `$XDG_STATE_HOME/j2v` or its default; the data folder on systems that have no state folder.
pub(super) fn state(environment: &Environment<'_>) -> Option<PathBuf> {
    named(environment, "XDG_STATE_HOME").or_else(|| {
        let strategy = etcetera::choose_base_strategy().ok()?;
        Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("j2v"))
    })
}

/// `$XDG_CONFIG_HOME/j2v` or its default.
pub(super) fn config(environment: &Environment<'_>) -> Option<PathBuf> {
    named(environment, "XDG_CONFIG_HOME").or_else(|| Some(etcetera::choose_base_strategy().ok()?.config_dir().join("j2v")))
}

fn named(environment: &Environment<'_>, variable: &str) -> Option<PathBuf> {
    environment(variable).map(PathBuf::from).filter(|folder| folder.is_absolute()).map(|folder| folder.join("j2v"))
}

/// Whether the config file of a folder can be used.
///
/// # Errors
/// When it can't be used.
pub(crate) fn check_config(folder: &Path) -> Result<(), TomlError> {
    read_config(folder).map(drop)
}

/// Reads the config file of a folder.
pub(super) fn read_config(folder: &Path) -> Result<Config, TomlError> {
    Config::read(&config_file(folder), home().as_deref())
}

/// The user's home, for which `~` stands in the config file.
pub(super) fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}

/// The warning about a config file that others can write: it names programs that are run.
pub(super) fn exposed_config(folder: &Path) -> Option<String> {
    let path = config_file(folder);
    let mode = stored::exposed(&path, 0o022)?;
    let path = path.display();
    Some(format!("{path} can be written by others (mode {mode:o}), and it may name a program to run: `chmod 600 {path}` closes it"))
}
