//! An account of the service: its name, its API's address, and the source of its key.
//!
//! The settings of a profile and of the environment may differ. The variables of the environment are about the profile
//! that applies without a flag. A profile that a flag names, or that a render was submitted with, uses its own
//! settings first, because its key must not be another account's.

use std::path::Path;

use super::config::{Config, Profile};
use super::key::KeySource;
use super::origin::Origin;
use super::{Environment, SettingsError, stored};
use crate::service::endpoint::{ApiUrl, SERVICE};
use crate::service::secret::ApiKey;

/// Which value is used where a profile and the environment differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// The environment's.
    Environment,
    /// The profile's own.
    Profile,
}

impl First {
    /// Of two values, the one that applies, with its origin.
    pub(super) fn of<T>(self, variable: Option<(T, &'static str)>, configured: Option<(T, usize)>) -> Option<(T, Origin)> {
        let variable = variable.map(|(value, name)| (value, Origin::Variable(name)));
        let configured = configured.map(|(value, line)| (value, Origin::Config(line)));
        match self {
            Self::Environment => variable.or(configured),
            Self::Profile => configured.or(variable),
        }
    }
}

/// The environment's settings for an account.
#[derive(Debug, Clone, Default)]
pub(super) struct Ambient {
    pub(super) key: Option<(ApiKey, &'static str)>,
    pub(super) url: Option<(ApiUrl, &'static str)>,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

impl Ambient {
    /// Reads the variables.
    pub(super) fn read(environment: &Environment<'_>) -> Result<Self, SettingsError> {
        let mut warnings = Vec::new();
        let (ours, theirs) = (environment("J2V_API_KEY"), environment("JSON2VIDEO_API_KEY"));
        if let (Some(ours), Some(theirs)) = (&ours, &theirs)
            && ours != theirs
        {
            warnings.push("both J2V_API_KEY and JSON2VIDEO_API_KEY are set and they differ; J2V_API_KEY is used".to_owned());
        }
        let named = ours.map(|key| ("J2V_API_KEY", key)).or_else(|| theirs.map(|key| ("JSON2VIDEO_API_KEY", key)));
        let parse = |(variable, key): (&'static str, String)| {
            let parsed = ApiKey::parse(&key).map_err(|why| SettingsError::Key { variable, why: why.to_string() });
            parsed.map(|key| (key, variable))
        };
        let url = environment("J2V_API_URL").map(|url| api_url(&url).map(|url| (url, "J2V_API_URL")));
        Ok(Self { key: named.map(parse).transpose()?, url: url.transpose()?, warnings })
    }
}

/// Reads an address.
pub(super) fn api_url(text: &str) -> Result<ApiUrl, SettingsError> {
    ApiUrl::parse(text).map_err(|why| SettingsError::ApiUrl(why.to_string()))
}

/// All settings about accounts, for any of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accounts<'a> {
    pub(super) ambient: &'a Ambient,
    pub(super) config: &'a Config,
    /// The folder of the stored keys.
    pub(super) folder: Option<&'a Path>,
}

impl<'a> Accounts<'a> {
    /// The config file's settings for a profile.
    pub(super) fn profile(self, name: &str) -> Option<&'a Profile> {
        self.config.profiles.get(name)
    }

    /// Whether the profile is set up.
    pub(super) fn knows(self, name: &str) -> bool {
        self.profile(name).is_some() || self.kept(name).is_some()
    }

    /// The API's address for an account.
    pub(super) fn url(self, name: &str, first: First) -> Result<(ApiUrl, Origin), SettingsError> {
        let configured = self.profile(name).and_then(|profile| profile.api_url.clone()).map(|url| (url.value, url.line));
        match first.of(self.ambient.url.clone(), configured) {
            Some(found) => Ok(found),
            None => Ok((api_url(SERVICE)?, Origin::Default)),
        }
    }

    /// The source of an account's key. A program that the profile names goes before a stored key.
    pub(super) fn key(self, name: &str, first: First) -> KeySource {
        let given = || self.ambient.key.clone().map(|(key, variable)| KeySource::Given(key, Origin::Variable(variable)));
        let own = self.own_key(name);
        let chosen = match first {
            First::Environment => given().or(own),
            First::Profile => own.or_else(given),
        };
        chosen.unwrap_or(KeySource::None)
    }

    /// The warnings where an account has two keys and the environment names the profile as well.
    pub(super) fn second_key(self, name: &str) -> Option<String> {
        let (_, variable) = self.ambient.key.as_ref()?;
        self.own_key(name)?;
        Some(format!("the key in ${variable} is used, not the one of the profile {name}"))
    }

    fn own_key(self, name: &str) -> Option<KeySource> {
        let command = self.profile(name).and_then(|profile| profile.key_command.as_ref());
        let command = command.map(|words| KeySource::Command { words: words.value.clone(), origin: Origin::Config(words.line) });
        command.or_else(|| self.kept(name))
    }

    fn kept(self, name: &str) -> Option<KeySource> {
        let path = stored::path(self.folder?, name);
        path.is_file().then_some(KeySource::File(path))
    }
}
