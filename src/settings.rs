//! What was typed, joined with the environment and the defaults, into what is meant.
//!
//! The only reader of the environment and of whether a stream is a terminal. Flag, then environment, then
//! default (`product.md`, "Configuration").

use std::env::VarError;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;

use crate::cli::{GlobalArgs, When};
use crate::service::endpoint::ApiUrl;
use crate::service::secret::ApiKey;
use crate::work::DEFAULT_ACCOUNT;

/// The service itself (`contract.md` 1.0).
const SERVICE: &str = "https://api.json2video.com/v2";

/// The variables that decide what is sent where, and where it is remembered.
const OURS: [&str; 5] = ["J2V_API_KEY", "JSON2VIDEO_API_KEY", "J2V_API_URL", "J2V_LEDGER", "J2V_PROFILE"];

/// What the in-process emulator is asked with; it takes any key.
const EMULATOR_KEY: &str = "emulator";

/// Why the settings can't be used. All of them are wrong usage, except those of the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The API URL is none.
    #[error("the API URL can't be used: {0}")]
    ApiUrl(String),
    /// The key can't be one.
    #[error("the key in ${variable} can't be used: {why}")]
    Key {
        /// Which variable.
        variable: &'static str,
        /// Why, without the key.
        why: String,
    },
    /// It is no text, and something else must not be used in its place.
    #[error("${variable} is not UTF-8 text")]
    NotText {
        /// Which variable.
        variable: &'static str,
    },
    /// There is no folder to keep a ledger in.
    #[error("there is no home folder to keep the ledger in; name a file with --ledger or $J2V_LEDGER")]
    Homeless,
    /// A ledger that this program can't open.
    #[error("the ledger {0} is no file: only SQLite files are supported by this version")]
    LedgerKind(String),
}

/// Where renders are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LedgerPlace {
    /// In this file.
    File(PathBuf),
    /// Nowhere: `--no-ledger`.
    Nowhere,
}

/// Where the API is.
#[derive(Debug, Clone)]
pub(crate) enum Api {
    /// At a URL.
    Url(ApiUrl),
    /// In this process, with its state in this folder.
    Emulator(PathBuf),
}

/// What is known of the two streams that people look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Stdout is a terminal.
    pub(crate) stdout: bool,
    /// Stderr is a terminal that moves its cursor.
    pub(crate) stderr: bool,
    /// Stderr gets colours.
    pub(crate) color: bool,
}

/// What a chart on stdout has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canvas {
    /// Columns.
    pub(crate) width: usize,
    /// It gets colours.
    pub(crate) color: bool,
}

/// A chart is no wider than this, and this wide where nobody tells a terminal's width.
const WIDTHS: (usize, usize) = (100, 80);

/// What the process says about its streams.
#[derive(Debug, Clone, Copy)]
struct Streams {
    stdout: bool,
    stderr: bool,
    /// The columns of stdout's terminal.
    columns: Option<usize>,
}

impl Streams {
    fn of_process() -> Self {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let columns = terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0)).filter(|columns| *columns > 0);
        Self { stdout: stdout.is_terminal(), stderr: stderr.is_terminal(), columns }
    }
}

/// Everything that is meant, beside the command itself.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the API is.
    pub(crate) api: Api,
    /// The key, if there is one.
    pub(crate) key: Option<ApiKey>,
    /// The profile's name, by which keys of renders are told apart; never the API key.
    pub(crate) account: String,
    /// Where renders are remembered.
    pub(crate) ledger: LedgerPlace,
    /// The streams.
    pub(crate) terminal: Terminal,
    /// Where charts are drawn.
    pub(crate) canvas: Canvas,
    /// Show no progress.
    pub(crate) quiet: bool,
    /// When a request is given up.
    pub(crate) request_timeout: Duration,
    /// Things the user should know about these settings.
    pub(crate) warnings: Vec<String>,
}

/// The environment, as a function so that tests give their own.
pub(crate) type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl Settings {
    /// Whether the API is on this machine, and so may be what it is asked to fetch and to call.
    #[must_use]
    pub(crate) fn is_loopback(&self) -> bool {
        match &self.api {
            Api::Url(url) => url.is_loopback(),
            Api::Emulator(_) => true,
        }
    }

    /// Joins the flags with the environment of the process.
    ///
    /// # Errors
    /// When a value can't be used.
    pub(crate) fn from_process(args: &GlobalArgs) -> Result<Self, SettingsError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let read = |name: &str| std::env::var(name);
        if let Some(variable) = OURS.into_iter().find(|name| matches!(read(name), Err(VarError::NotUnicode(_)))) {
            return Err(SettingsError::NotText { variable });
        }
        let environment = |name: &str| read(name).ok().filter(|value| !value.is_empty());
        Self::join(args, &environment, Streams::of_process())
    }

    fn join(args: &GlobalArgs, environment: &Environment<'_>, streams: Streams) -> Result<Self, SettingsError> {
        let mut warnings = Vec::new();
        let state = || state_folder(environment);
        let api = if args.emulate {
            Api::Emulator(state().ok_or(SettingsError::Homeless)?.join("emulator"))
        } else {
            let url = args.api_url.clone().or_else(|| environment("J2V_API_URL"));
            let url = ApiUrl::parse(url.as_deref().unwrap_or(SERVICE)).map_err(|why| SettingsError::ApiUrl(why.to_string()))?;
            Api::Url(url)
        };
        let key = if args.emulate { ApiKey::parse(EMULATOR_KEY).ok() } else { key(environment, &mut warnings)? };
        Ok(Self {
            ledger: ledger(args, &api, environment, state)?,
            api,
            key,
            account: environment("J2V_PROFILE").unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
            terminal: terminal(args.color, environment, streams),
            canvas: canvas(args.color, environment, streams),
            quiet: args.quiet,
            request_timeout: args.request_timeout,
            warnings,
        })
    }
}

fn key(environment: &Environment<'_>, warnings: &mut Vec<String>) -> Result<Option<ApiKey>, SettingsError> {
    let (ours, theirs) = (environment("J2V_API_KEY"), environment("JSON2VIDEO_API_KEY"));
    if let (Some(ours), Some(theirs)) = (&ours, &theirs)
        && ours != theirs
    {
        warnings.push("both J2V_API_KEY and JSON2VIDEO_API_KEY are set and they differ; J2V_API_KEY is used".to_owned());
    }
    let named = ours.map(|key| ("J2V_API_KEY", key)).or_else(|| theirs.map(|key| ("JSON2VIDEO_API_KEY", key)));
    named.map(|(variable, key)| ApiKey::parse(&key).map_err(|why| SettingsError::Key { variable, why: why.to_string() })).transpose()
}

fn ledger(
    args: &GlobalArgs,
    api: &Api,
    environment: &Environment<'_>,
    state: impl FnOnce() -> Option<PathBuf>,
) -> Result<LedgerPlace, SettingsError> {
    if args.no_ledger {
        return Ok(LedgerPlace::Nowhere);
    }
    if let Some(path) = &args.ledger {
        return Ok(LedgerPlace::File(path.clone()));
    }
    // The emulator's renders are nobody's business but its own: its ledger lies beside its state.
    if let Api::Emulator(folder) = api {
        return Ok(LedgerPlace::File(folder.join("ledger.db")));
    }
    match environment("J2V_LEDGER") {
        Some(place) if place.contains("://") => {
            let scheme = place.split("://").next().unwrap_or_default();
            Err(SettingsError::LedgerKind(format!("{scheme}://…")))
        }
        Some(place) => Ok(LedgerPlace::File(PathBuf::from(place))),
        None => Ok(LedgerPlace::File(state().ok_or(SettingsError::Homeless)?.join("ledger.db"))),
    }
}

/// `$XDG_STATE_HOME/j2v` or its default; the data folder on systems that have no state folder.
fn state_folder(environment: &Environment<'_>) -> Option<PathBuf> {
    if let Some(folder) = environment("XDG_STATE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute()) {
        return Some(folder.join("j2v"));
    }
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("j2v"))
}

fn terminal(when: When, environment: &Environment<'_>, streams: Streams) -> Terminal {
    let stderr = streams.stderr && !is_dumb(environment);
    Terminal { stdout: streams.stdout, stderr, color: has_colors(when, environment, streams.stderr) }
}

fn canvas(when: When, environment: &Environment<'_>, streams: Streams) -> Canvas {
    let (most, default) = WIDTHS;
    Canvas { width: streams.columns.unwrap_or(default).min(most), color: has_colors(when, environment, streams.stdout) }
}

/// `--color`, then `NO_COLOR`, then `CLICOLOR_FORCE` and `FORCE_COLOR`, then what the terminal can do.
fn has_colors(when: When, environment: &Environment<'_>, is_terminal: bool) -> bool {
    let is_forced = ["CLICOLOR_FORCE", "FORCE_COLOR"].iter().any(|name| environment(name).is_some_and(|value| value != "0"));
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if environment("NO_COLOR").is_some() => false,
        When::Auto => is_forced || (is_terminal && !is_dumb(environment)),
    }
}

fn is_dumb(environment: &Environment<'_>) -> bool {
    environment("TERM").is_some_and(|name| name == "dumb")
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
        Settings::join(&cli.global, &read, Streams { stdout: true, stderr: true, columns: Some(120) })
    }

    #[test]
    fn the_first_key_wins_and_a_second_that_differs_is_told() {
        let settings = settings(&[], &[("J2V_API_KEY", "one"), ("JSON2VIDEO_API_KEY", "two"), ("J2V_LEDGER", "/l")]).unwrap();
        assert!(settings.key.is_some());
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
        assert!(settings.key.is_some());
    }

    #[test]
    fn a_ledger_elsewhere_is_refused_without_its_password() {
        let refused = settings(&[], &[("J2V_LEDGER", "postgres://me:secret@db/j2v")]).unwrap_err().to_string();
        assert!(refused.contains("postgres://…") && !refused.contains("secret"), "{refused}");
    }

    #[test]
    fn no_color_silences_a_terminal_and_a_flag_outweighs_it() {
        let ledger = ("J2V_LEDGER", "/l");
        assert!(settings(&[], &[ledger]).unwrap().terminal.color);
        assert!(!settings(&[], &[ledger, ("NO_COLOR", "1")]).unwrap().terminal.color);
        assert!(settings(&["--color", "always"], &[ledger, ("NO_COLOR", "1")]).unwrap().terminal.color);
    }

    #[test]
    fn a_chart_is_as_wide_as_the_terminal_up_to_a_hundred_columns() {
        let canvas = |columns: Option<usize>, environment: &Environment<'_>| {
            canvas(When::Auto, environment, Streams { stdout: columns.is_some(), stderr: true, columns })
        };
        assert_eq!([60, 300].map(|columns| canvas(Some(columns), &|_| None).width), [60, 100]);
        let file = Canvas { width: 80, color: false };
        assert_eq!(canvas(None, &|_| None), file, "that stderr is a terminal is no reason to colour a file");
        assert!(!canvas(Some(60), &|name| (name == "NO_COLOR").then(|| "1".to_owned())).color);
    }
}
