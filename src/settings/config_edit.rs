//! Edits `config.toml`: one setting is written or removed, and everything else stays as its owner wrote it.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::config::{Config, SETTINGS};
use super::toml_file::{TomlError, TomlFile};
use super::{folder, stored};
use crate::movie::diagnostic::excerpt;
use crate::near::suggestion;

/// The setting above all profiles: the one that applies when none is named.
const PROFILE: &str = "profile";

/// The name of a setting in `config.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SettingName(&'static str);

/// Why a setting can't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    /// The file can't be used as it is.
    #[error("{0}")]
    Broken(#[from] TomlError),
    /// The setting can't have this value.
    #[error("{name}: {why}; nothing was changed")]
    Value {
        /// The setting.
        name: &'static str,
        /// What is wrong with the value.
        why: String,
    },
    /// The file holds its profiles in a form that only a person can edit.
    #[error("{} holds the profile {profile} in another form than [profiles.{profile}]; nothing was changed", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The profile.
        profile: String,
    },
    /// The file can't be written.
    #[error("{} can't be written: {why}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: std::io::Error,
    },
}

impl SettingName {
    /// Parses a name.
    ///
    /// # Errors
    /// When there is no such setting, with what was probably meant.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let known = [&SETTINGS[..], &[PROFILE]].concat();
        if let Some(name) = known.iter().find(|name| **name == text) {
            return Ok(Self(name));
        }
        let likely = suggestion(text, known.iter().copied());
        let help = if likely.is_empty() { format!("; there are {}", known.join(", ")) } else { likely };
        Err(format!("unknown setting `{}`{help}", excerpt(text)))
    }

    /// The name.
    pub(crate) fn as_str(self) -> &'static str {
        self.0
    }
}

/// Writes a setting of a profile into a config file, or removes it. Returns whether the file was changed. The file is never
/// half written.
///
/// # Errors
/// When the file or the value can't be used: then nothing was written.
pub(crate) fn edit(path: &Path, profile: &str, name: SettingName, value: Option<&str>) -> Result<bool, EditError> {
    // A link to a file elsewhere, as people who keep their settings in a repository have it, stays a link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let home = folder::home();
    let text = TomlFile::read(&path)?.map(TomlFile::into_text).unwrap_or_default();
    Config::of(&TomlFile::new(&path, text.clone()), home.as_deref())?;
    let edited = edited(&text, profile, name, value).ok_or_else(|| EditError::Form { path: path.clone(), profile: profile.to_owned() })?;
    if edited == text {
        return Ok(false);
    }
    let checked = Config::of(&TomlFile::new(&path, edited.clone()), home.as_deref());
    checked.map_err(|error| EditError::Value { name: name.0, why: error.what().to_owned() })?;
    match stored::replace(&path, &edited) {
        Ok(()) => Ok(true),
        Err(why) => Err(EditError::Unwritable { path, why }),
    }
}

/// The text with one setting written or removed; `None` where the profile has a form that this can't edit.
fn edited(text: &str, profile: &str, name: SettingName, value: Option<&str>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    if name.0 != PROFILE && profile_of(&mut document, profile).is_none() {
        let Some(_) = value else { return Some(text.to_owned()) };
        // A new profile goes to the end, after the comments there.
        let gap = if text.is_empty() { "" } else { "\n" };
        document = format!("{text}{gap}[profiles.{profile}]\n").parse().ok()?;
    }
    let table = if name.0 == PROFILE { document.as_table_mut() } else { profile_of(&mut document, profile)? };
    match value {
        Some(value) => write(table, name, value),
        None => drop(table.remove(name.0)),
    }
    Some(document.to_string())
}

fn profile_of<'a>(document: &'a mut DocumentMut, profile: &str) -> Option<&'a mut dyn TableLike> {
    document.get_mut("profiles")?.as_table_like_mut()?.get_mut(profile)?.as_table_like_mut()
}

/// Writes a value; a comment behind the earlier one stays.
fn write(table: &mut dyn TableLike, name: SettingName, value: &str) {
    let mut value = match value.parse::<i64>() {
        Ok(number) if name.0 == "concurrency" => Value::from(number),
        _ => Value::from(value),
    };
    if let Some(earlier) = table.get(name.0).and_then(Item::as_value) {
        *value.decor_mut() = earlier.decor().clone();
    }
    table.insert(name.0, Item::Value(value));
}
