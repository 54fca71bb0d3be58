//! Combines the command line, the environment, `config.toml` and the defaults into the settings of a command.
//!
//! Only this module reads the environment and checks whether a stream is a terminal. A flag goes before the environment, then the
//! config file, then the default (`contract.md#configuration`).

mod account;
pub(crate) mod child;
pub(crate) mod config;
mod config_edit;
mod error;
pub(crate) mod folder;
pub(crate) mod key;
mod ledger;
mod ledger_choice;
mod origin;
#[cfg(feature = "postgres")]
mod pgpass;
mod profile;
mod profile_name;
mod project;
pub(crate) mod stored;
mod terminal;
mod toml_file;

use std::collections::BTreeSet;
use std::env::VarError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

pub(crate) use config_edit::{EditError, SettingName, edit};
pub(crate) use error::SettingsError;
pub(crate) use key::KeySource;
pub(crate) use ledger::LedgerPlace;
pub(crate) use origin::{Origin, Shown};
pub(crate) use project::{Project, Projects};
pub(crate) use terminal::{Canvas, Terminal};

use crate::cli::{GlobalArgs, MovieDefaults};
use crate::service::endpoint::{ApiUrl, without_userinfo};
use crate::service::secret::ApiKey;
use account::{Accounts, Ambient, First, api_url};
use config::{Config, Profile};
use profile::Choice;
use profile_name::ProfileName;
use terminal::{Streams, canvas, terminal};

/// The variables that decide what is sent where, and where the ledger is.
const OURS: [&str; 6] = ["J2V_API_KEY", "JSON2VIDEO_API_KEY", "J2V_API_URL", "J2V_LEDGER", "J2V_PROFILE", "J2V_FORWARD_SECRET"];

/// The variables that name a proxy for `https`, in their order of precedence.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The key for the in-process emulator, which accepts any key.
const EMULATOR_KEY: &str = "emulator";

/// The kinds of APIs.
#[derive(Debug, Clone)]
pub(crate) enum Api {
    /// At a URL.
    Url(ApiUrl),
    /// In this process, with its state in this folder.
    Emulator(PathBuf),
}

/// The sources of a database's password: the environment, and the file that it names.
const DATABASE_SECRETS: [&str; 3] = ["PGPASSWORD", "PGPASSFILE", "HOME"];

/// Movies that are submitted at once, unless the profile says otherwise (`contract.md`).
const ABREAST: usize = 4;

/// All settings, besides the command itself.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the API is.
    pub(crate) api: Api,
    /// The source of the key.
    pub(crate) key: KeySource,
    /// The profile's name. It distinguishes the keys of renders; it is never the API key.
    pub(crate) account: String,
    /// The place of the ledger.
    pub(crate) ledger: LedgerPlace,
    /// The profile's defaults for a movie that doesn't set these itself.
    pub(crate) movie: MovieDefaults,
    /// The profile's folder for videos.
    pub(crate) download: Option<String>,
    /// The number of movies that are submitted at once where no flag sets it.
    pub(crate) concurrency: usize,
    /// The secret that signs `--forward`, where the environment has it.
    pub(crate) forward_secret: Option<SecretString>,
    /// The streams.
    pub(crate) terminal: Terminal,
    /// The size and colours of charts.
    pub(crate) canvas: Canvas,
    /// The environment's passwords for databases whose address has none.
    database_secrets: Vec<(&'static str, SecretString)>,
    /// The folder for this machine's files that belong to a ledger, wherever the ledger is.
    pub(crate) state: Option<PathBuf>,
    /// Show no progress.
    pub(crate) quiet: bool,
    /// The timeout of a request.
    pub(crate) request_timeout: Duration,
    /// Warnings about these settings.
    pub(crate) warnings: Vec<String>,
    /// The settings, each with its origin.
    pub(crate) shown: Vec<Shown>,
    /// The fault of the config file, where the command works without it.
    pub(crate) config_fault: Option<String>,
    /// The folder of the config file and the keys.
    pub(crate) folder: Option<PathBuf>,
    /// The environment variables that programs don't get by default.
    pub(crate) withheld: Vec<&'static str>,
    /// The user's editor, as a command line.
    pub(crate) editor: Option<String>,
    /// Whether a browser can open on a screen; always true except on Linux.
    pub(crate) has_screen: bool,
    /// The proxy from the environment, with the name of its variable.
    pub(crate) proxy: Option<(&'static str, String)>,
    /// The settings of the other profiles.
    others: Arc<Others>,
}

/// The source of the other profiles' settings.
#[derive(Debug)]
struct Others {
    config: Config,
    ambient: Ambient,
    /// The profile that applies without a flag.
    home: ProfileName,
}

/// How a command uses its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It works with them.
    Work,
    /// It shows them: the config file may be broken.
    Look,
    /// It sets them up: the config file may be broken, and the profile may be new.
    SetUp,
}

/// The environment, as a function, so that tests can set their own.
pub(crate) type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The sources of all settings, besides the command line.
struct Sources<'a> {
    environment: &'a Environment<'a>,
    streams: Streams,
    config: Config,
    config_fault: Option<String>,
    folder: Option<PathBuf>,
    purpose: Purpose,
}

/// The value of the user's own environment variable; nothing when it is not text.
#[must_use]
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one module that reads the environment")]
    std::env::var(name).ok()
}

impl Settings {
    /// Whether the API is on this machine, and so may have local URLs to fetch and to call.
    #[must_use]
    pub(crate) fn is_loopback(&self) -> bool {
        match &self.api {
            Api::Url(url) => url.is_loopback(),
            Api::Emulator(_) => true,
        }
    }

    /// The ledger that an argument names.
    ///
    /// # Errors
    /// When the place is of an unknown kind, or contains a password.
    pub(crate) fn ledger_at(&self, typed: &Path) -> Result<LedgerPlace, SettingsError> {
        let found = |name: &str| self.database_secrets.iter().find(|(known, _)| *known == name);
        LedgerPlace::typed(typed, &|name| found(name).map(|(_, value)| value.expose_secret().to_owned()))
    }

    /// Joins the flags with the environment of the process and the config file.
    ///
    /// # Errors
    /// When a value can't be used.
    pub(crate) fn from_process(args: &GlobalArgs, purpose: Purpose) -> Result<Self, SettingsError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let read = |name: &str| std::env::var(name);
        if let Some(variable) = OURS.into_iter().find(|name| matches!(read(name), Err(VarError::NotUnicode(_)))) {
            return Err(SettingsError::NotText { variable });
        }
        let environment = |name: &str| read(name).ok().filter(|value| !value.is_empty());
        let folder = folder::config(&environment);
        let config = folder.as_deref().map_or_else(|| Ok(Config::default()), folder::read_config);
        let (config, config_fault) = match config {
            Ok(config) => (config, None),
            Err(fault) if purpose != Purpose::Work => (Config::default(), Some(fault.to_string())),
            Err(fault) => return Err(fault.into()),
        };
        Self::join(args, Sources { environment: &environment, streams: Streams::of_process(), config, config_fault, folder, purpose })
    }

    fn join(args: &GlobalArgs, sources: Sources<'_>) -> Result<Self, SettingsError> {
        let Sources { environment, streams, config, config_fault, folder, purpose } = sources;
        let ambient = Ambient::read(environment)?;
        let choice = Choice {
            flag: args.profile.as_deref(),
            environment,
            config: &config,
            folder: folder.as_deref(),
            may_be_new: purpose == Purpose::SetUp,
        };
        let ((name, named_by), (home, _)) = (choice.active()?, choice.ambient()?);
        let first = if args.profile.is_some() { First::Profile } else { First::Environment };
        let accounts = Accounts { ambient: &ambient, config: &config, folder: folder.as_deref() };
        let profile = accounts.profile(name.as_str());
        let (api, api_from) = api(args, environment, accounts, (name.as_str(), first))?;
        let (ledger, ledger_from) = ledger_choice::place(args, &api, environment, (profile, first))?;
        let key = if args.emulate { emulator_key() } else { accounts.key(name.as_str(), first) };
        let mut warnings = ambient.warnings.clone();
        warnings.extend(key.warning().into_iter().chain(folder.as_deref().and_then(folder::exposed_config)));
        if matches!(named_by, Origin::Variable(_)) && first == First::Environment && !args.emulate {
            warnings.extend(accounts.second_key(name.as_str()));
        }
        let mut shown = vec![
            Shown { name: "profile", value: Some(name.to_string()), origin: named_by },
            shown_key(&key),
            Shown { name: "api-url", value: Some(api.to_string()), origin: api_from },
            Shown { name: "ledger", value: Some(ledger.to_string()), origin: ledger_from },
        ];
        shown.extend(shown_defaults(profile));
        Ok(Self {
            ledger,
            api,
            key,
            account: name.to_string(),
            movie: movie_defaults(args, profile),
            download: profile.and_then(|profile| profile.download.as_ref()).map(|place| place.value.clone()),
            concurrency: profile.and_then(|profile| profile.concurrency.as_ref()).map_or(ABREAST, |count| count.value),
            forward_secret: environment("J2V_FORWARD_SECRET").map(SecretString::from),
            terminal: terminal(args.color, environment, streams),
            canvas: canvas(args.color, environment, streams),
            quiet: args.quiet,
            request_timeout: args.request_timeout,
            warnings,
            shown,
            config_fault,
            folder,
            state: folder::state(environment),
            database_secrets: DATABASE_SECRETS.into_iter().filter_map(|name| Some((name, environment(name)?.into()))).collect(),
            has_screen: !cfg!(target_os = "linux") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| environment(name).is_some()),
            withheld: child::withheld(environment),
            editor: environment("VISUAL").or_else(|| environment("EDITOR")),
            proxy: PROXIES.into_iter().find_map(|name| Some((name, environment(name)?))),
            others: Arc::new(Others { config, ambient, home }),
        })
    }

    /// The names of all profiles that are set up.
    #[must_use]
    pub(crate) fn profiles(&self) -> BTreeSet<String> {
        let kept = self.folder.as_deref().map(stored::names).unwrap_or_default();
        self.others.config.names().map(str::to_owned).chain(kept).chain([self.others.home.to_string()]).collect()
    }

    /// Whether there is any profile besides the one that applies.
    #[must_use]
    pub(crate) fn has_other_profiles(&self) -> bool {
        self.profiles().iter().any(|name| *name != self.account)
    }

    /// The settings of the profile that a render was submitted with; nothing when no profile uses that API.
    #[must_use]
    pub(crate) fn of_account(&self, account: &str, endpoint: &str) -> Option<Self> {
        let Others { config, ambient, home } = self.others.as_ref();
        let accounts = Accounts { ambient, config, folder: self.folder.as_deref() };
        if !accounts.knows(account) && account != home.as_str() {
            return None;
        }
        let first = if account == home.as_str() { First::Environment } else { First::Profile };
        let (url, _) = accounts.url(account, first).ok()?;
        if url.as_str() != endpoint || matches!(self.api, Api::Emulator(_)) {
            return None;
        }
        Some(Self { api: Api::Url(url), key: accounts.key(account, first), account: account.to_owned(), ..self.clone() })
    }
}

/// The API of the settings.
fn api(
    args: &GlobalArgs,
    environment: &Environment<'_>,
    accounts: Accounts<'_>,
    (name, first): (&str, First),
) -> Result<(Api, Origin), SettingsError> {
    if args.emulate {
        let folder = folder::state(environment).ok_or(SettingsError::Homeless)?.join("emulator");
        return Ok((Api::Emulator(folder), Origin::Flag("--emulate")));
    }
    if let Some(url) = &args.api_url {
        return Ok((Api::Url(api_url(url)?), Origin::Flag("--api-url")));
    }
    let (url, origin) = accounts.url(name, first)?;
    Ok((Api::Url(url), origin))
}

/// The key for the emulator, which accepts any key.
fn emulator_key() -> KeySource {
    ApiKey::parse(EMULATOR_KEY).map_or(KeySource::None, |key| KeySource::Given(key, Origin::Flag("--emulate")))
}

/// A webhook of the profile is for renders of the service, not for those of the emulator.
fn movie_defaults(args: &GlobalArgs, profile: Option<&Profile>) -> MovieDefaults {
    let Some(profile) = profile else { return MovieDefaults::default() };
    MovieDefaults {
        resolution: profile.resolution.as_ref().map(|resolution| resolution.value.clone()),
        webhook: profile.webhook.as_ref().filter(|_| !args.emulate).map(|webhook| webhook.value.clone()),
    }
}

fn shown_key(key: &KeySource) -> Shown {
    let described = key.described();
    let (value, origin) = described.map_or((None, Origin::Default), |(value, origin)| (Some(value), origin));
    Shown { name: "key", value, origin }
}

fn shown_defaults(profile: Option<&Profile>) -> [Shown; 4] {
    let text = |value: Option<(String, usize)>, name: &'static str| {
        let (value, origin) = value.map_or((None, Origin::Default), |(value, line)| (Some(value), Origin::Config(line)));
        Shown { name, value, origin }
    };
    let of = |pick: fn(&Profile) -> Option<(String, usize)>| profile.and_then(pick);
    [
        text(of(|profile| profile.resolution.as_ref().map(|placed| (placed.value.clone(), placed.line))), "resolution"),
        text(of(|profile| profile.webhook.as_ref().map(|placed| (without_userinfo(&placed.value), placed.line))), "webhook"),
        text(of(|profile| profile.download.as_ref().map(|placed| (placed.value.clone(), placed.line))), "download"),
        text(of(|profile| profile.concurrency.as_ref().map(|placed| (placed.value.to_string(), placed.line))), "concurrency"),
    ]
}

impl std::fmt::Display for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url.as_str()),
            Self::Emulator(_) => f.write_str("the emulator in this process"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn settings(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let cli = Cli::parse_from(["j2v"].iter().chain(arguments).chain(&["history"]));
        let environment: Vec<(String, String)> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let read = move |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let streams = Streams { stdout: true, stderr: true, columns: Some(120) };
        let (config, purpose) = (Config::default(), Purpose::Work);
        Settings::join(&cli.global, Sources { environment: &read, streams, config, config_fault: None, folder: None, purpose })
    }

    #[test]
    fn the_first_key_wins_and_a_second_that_differs_is_told() {
        let settings = settings(&[], &[("J2V_API_KEY", "one"), ("JSON2VIDEO_API_KEY", "two"), ("J2V_LEDGER", "/l")]).unwrap();
        assert!(matches!(settings.key, KeySource::Given(..)));
        assert_eq!(settings.warnings.len(), 1);
    }

    #[test]
    fn a_flag_outweighs_the_environment() {
        let settings = settings(&["--ledger", "/a"], &[("J2V_LEDGER", "/b")]).unwrap();
        assert_eq!(settings.ledger, LedgerPlace::File("/a".into()));
    }

    #[test]
    fn the_emulator_has_a_ledger_of_its_own() {
        let settings = settings(&["--emulate"], &[("XDG_STATE_HOME", "/s"), ("J2V_LEDGER", "/b")]).unwrap();
        assert_eq!(settings.ledger, LedgerPlace::File("/s/j2v/emulator/ledger.db".into()));
        assert!(matches!(settings.key, KeySource::Given(..)));
    }

    #[test]
    fn no_color_silences_a_terminal_and_a_flag_outweighs_it() {
        let ledger = ("J2V_LEDGER", "/l");
        assert!(settings(&[], &[ledger]).unwrap().terminal.color);
        assert!(!settings(&[], &[ledger, ("NO_COLOR", "1")]).unwrap().terminal.color);
        assert!(settings(&["--color", "always"], &[ledger, ("NO_COLOR", "1")]).unwrap().terminal.color);
    }
}
