//! The choice of the profile that applies.

use super::config::Config;
use super::origin::Origin;
use super::profile_name::ProfileName;
use super::{Environment, SettingsError, stored};
use crate::near::suggestion;
use crate::work::DEFAULT_ACCOUNT;

/// The settings about profiles, from the command line and elsewhere.
pub(super) struct Choice<'a> {
    /// `--profile`.
    pub(super) flag: Option<&'a str>,
    /// The environment.
    pub(super) environment: &'a Environment<'a>,
    /// `config.toml`.
    pub(super) config: &'a Config,
    /// The folder of the stored keys.
    pub(super) folder: Option<&'a std::path::Path>,
    /// Whether the profile may be new.
    pub(super) may_be_new: bool,
}

impl Choice<'_> {
    /// The profile that applies without a flag; the environment variables refer to it.
    pub(super) fn ambient(&self) -> Result<(ProfileName, Origin), SettingsError> {
        if let Some(name) = (self.environment)("J2V_PROFILE") {
            return self.known(&name, Origin::Variable("J2V_PROFILE"));
        }
        let configured = self.config.profile.as_ref().map(|named| (named.value.clone(), Origin::Config(named.line)));
        Ok(configured.unwrap_or_else(|| (ProfileName::default(), Origin::Default)))
    }

    /// The profile that applies.
    pub(super) fn active(&self) -> Result<(ProfileName, Origin), SettingsError> {
        self.flag.map_or_else(|| self.ambient(), |name| self.known(name, Origin::Flag("--profile")))
    }

    /// A name from a flag or a setting. If there are profiles, it must be one of them: another name would mean another account,
    /// and a render already paid for would be paid for again.
    fn known(&self, name: &str, origin: Origin) -> Result<(ProfileName, Origin), SettingsError> {
        let parsed = ProfileName::parse(name).map_err(|why| SettingsError::Profile { origin: origin.clone(), why })?;
        let stored = self.folder.map(stored::names).unwrap_or_default();
        let known: Vec<&str> = self.config.names().chain(stored.iter().map(String::as_str)).collect();
        if self.may_be_new || known.is_empty() || name == DEFAULT_ACCOUNT || known.contains(&name) {
            return Ok((parsed, origin));
        }
        let likely = suggestion(name, known.iter().copied());
        let new = likely.is_empty().then(|| name.to_owned());
        Err(SettingsError::NoSuchProfile { origin, why: format!("there is no profile `{name}`{likely}"), new })
    }
}
