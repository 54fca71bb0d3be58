//! `config.toml`: named profiles. A line that can't be parsed is refused with its place, not ignored: a setting
//! without effect could cost money.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

use super::ledger::is_server;
use super::profile_name::ProfileName;
use super::toml_file::{TomlError, TomlFile};
use crate::movie::diagnostic::excerpt;
use crate::movie::spec::words::RESOLUTION;
use crate::near::suggestion;
use crate::service::endpoint::ApiUrl;

/// The names of a profile's settings.
pub(super) const SETTINGS: [&str; 7] = ["api-url", "concurrency", "download", "key-command", "ledger", "resolution", "webhook"];

/// The largest accepted number of requests at once.
const MOST_AT_ONCE: i64 = 64;

/// The settings that the file contains.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// The profile that applies when none is named.
    pub(super) profile: Option<Placed<ProfileName>>,
    /// The profiles by their names.
    pub(super) profiles: BTreeMap<ProfileName, Profile>,
}

/// The values that a profile sets.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    pub(super) key_command: Option<Placed<Vec<String>>>,
    pub(super) api_url: Option<Placed<ApiUrl>>,
    pub(super) ledger: Option<Placed<String>>,
    pub(super) resolution: Option<Placed<String>>,
    pub(super) webhook: Option<Placed<String>>,
    pub(super) download: Option<Placed<String>>,
    pub(super) concurrency: Option<Placed<usize>>,
}

/// A value and the line that contains it.
#[derive(Debug, Clone)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) line: usize,
}

impl Config {
    /// Reads the file; a missing file has no settings.
    pub(super) fn read(path: &Path, home: Option<&Path>) -> Result<Self, TomlError> {
        TomlFile::read(path)?.map_or_else(|| Ok(Self::default()), |file| Self::of(&file, home))
    }

    /// Reads the text of the file.
    pub(super) fn of(file: &TomlFile, home: Option<&Path>) -> Result<Self, TomlError> {
        let reader = Reader { file, home };
        let root = file.table()?;
        let mut config = Self::default();
        for (name, value) in &root {
            match name.get_ref().as_ref() {
                "profile" => config.profile = Some(reader.placed(value, |text| reader.profile_name(value, text))?),
                "profiles" => config.profiles = reader.profiles(value)?,
                other if SETTINGS.contains(&other) => {
                    let what = format!("`{other}` belongs to a profile: put it below the line `[profiles.default]`");
                    return Err(reader.wrong(name.span().start, what));
                }
                other => return Err(file.unknown(name.span().start, other, &["profile", "profiles"])),
            }
        }
        if let Some(named) = &config.profile
            && !config.profiles.contains_key(&named.value)
        {
            let what = format!("there is no profile `{}` in this file{}", named.value, suggestion(named.value.as_str(), config.names()));
            return Err(file.wrong_in_line(named.line, what));
        }
        Ok(config)
    }

    /// The names of the profiles.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(ProfileName::as_str)
    }
}

struct Reader<'a> {
    file: &'a TomlFile,
    home: Option<&'a Path>,
}

impl Reader<'_> {
    fn wrong(&self, at: usize, what: String) -> TomlError {
        self.file.wrong(at, what)
    }

    fn profiles(&self, value: &Spanned<DeValue<'_>>) -> Result<BTreeMap<ProfileName, Profile>, TomlError> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(value.span().start, "`profiles` holds a table for each profile: `[profiles.default]`".to_owned()))?;
        let read = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let text: &std::borrow::Cow<'_, str> = name.get_ref();
            let parsed = ProfileName::parse(text).map_err(|why| self.wrong(name.span().start, why))?;
            Ok((parsed, self.profile(value)?))
        };
        table.iter().map(read).collect()
    }

    fn profile(&self, value: &Spanned<DeValue<'_>>) -> Result<Profile, TomlError> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(value.span().start, "a profile is a table: `[profiles.default]`".to_owned()))?;
        let mut profile = Profile::default();
        for (name, value) in table {
            let at = value.span().start;
            match name.get_ref().as_ref() {
                "key-command" => profile.key_command = Some(self.placed(value, |text| self.words(at, text))?),
                "api-url" => {
                    let parse = |text: &str| ApiUrl::parse(text).map_err(|why| self.wrong(at, why.to_string()));
                    profile.api_url = Some(self.placed(value, parse)?);
                }
                "ledger" => profile.ledger = Some(self.placed(value, |text| self.ledger(at, text))?),
                "resolution" => profile.resolution = Some(self.placed(value, |text| self.resolution(at, text))?),
                "webhook" => profile.webhook = Some(self.placed(value, |text| self.webhook(at, text))?),
                "download" => profile.download = Some(self.placed(value, |text| self.folder(at, text))?),
                "concurrency" => profile.concurrency = Some(self.number(value)?),
                other => return Err(self.file.unknown(name.span().start, other, &SETTINGS)),
            }
        }
        Ok(profile)
    }

    fn placed<T>(&self, value: &Spanned<DeValue<'_>>, parse: impl Fn(&str) -> Result<T, TomlError>) -> Result<Placed<T>, TomlError> {
        let at = value.span().start;
        let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| self.wrong(at, "expected a text in quotes".to_owned()))?;
        Ok(Placed { value: parse(text)?, line: self.file.line(at) })
    }

    fn number(&self, value: &Spanned<DeValue<'_>>) -> Result<Placed<usize>, TomlError> {
        let at = value.span().start;
        let number = value.get_ref().as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let number = number.filter(|number| (1..=MOST_AT_ONCE).contains(number)).and_then(|number| usize::try_from(number).ok());
        let number = number.ok_or_else(|| self.wrong(at, format!("expected a number from 1 to {MOST_AT_ONCE}")))?;
        Ok(Placed { value: number, line: self.file.line(at) })
    }

    fn profile_name(&self, value: &Spanned<DeValue<'_>>, text: &str) -> Result<ProfileName, TomlError> {
        ProfileName::parse(text).map_err(|why| self.wrong(value.span().start, why))
    }

    /// A command line, split into words by a shell's rules; it runs without a shell.
    fn words(&self, at: usize, text: &str) -> Result<Vec<String>, TomlError> {
        let words = shlex::split(text).filter(|words| words.first().is_some_and(|program| !program.is_empty()));
        words.ok_or_else(|| self.wrong(at, "this is not a command line: is a quote left open?".to_owned()))
    }

    /// A path that does not depend on the working folder.
    fn path(&self, at: usize, text: &str) -> Result<String, TomlError> {
        let from_home = text.strip_prefix("~/").and_then(|rest| Some(self.home?.join(rest).display().to_string()));
        let path = from_home.unwrap_or_else(|| text.to_owned());
        if Path::new(&path).is_absolute() {
            return Ok(path);
        }
        Err(self.wrong(at, format!("`{}` depends on the current folder: start it with `/` or `~/`", excerpt(text))))
    }

    /// A folder, with a `/` at its end.
    fn folder(&self, at: usize, text: &str) -> Result<String, TomlError> {
        let path = self.path(at, text)?;
        Ok(if path.ends_with('/') { path } else { format!("{path}/") })
    }

    fn ledger(&self, at: usize, text: &str) -> Result<String, TomlError> {
        let is_server = is_server(text).map_err(|why| self.wrong(at, why.to_string()))?;
        if is_server { Ok(text.to_owned()) } else { self.path(at, text) }
    }

    fn resolution(&self, at: usize, text: &str) -> Result<String, TomlError> {
        if RESOLUTION.known.contains(&text) && text != "custom" {
            return Ok(text.to_owned());
        }
        Err(self.wrong(at, format!("unknown resolution `{}`{}", excerpt(text), suggestion(text, RESOLUTION.known.iter().copied()))))
    }

    fn webhook(&self, at: usize, text: &str) -> Result<String, TomlError> {
        let is_url = text.starts_with("https://") || text.starts_with("http://");
        if is_url { Ok(text.to_owned()) } else { Err(self.wrong(at, "a webhook starts with `https://`".to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        let file = TomlFile::new(Path::new("c.toml"), text.to_owned());
        Config::of(&file, Some(Path::new("/home/me"))).map_err(|error| error.to_string())
    }

    #[test]
    fn a_profile_is_read_with_the_lines_of_its_values() {
        let text =
            "profile = \"work\"\n[profiles.work]\nkey-command = \"pass show 'json2video key'\"\nledger = \"~/l.db\"\nconcurrency = 8\n";
        let config = parse(text).unwrap();
        let work = &config.profiles[&ProfileName::parse("work").unwrap()];
        let command = work.key_command.as_ref().unwrap();
        assert_eq!((command.value.as_slice(), command.line), (&["pass", "show", "json2video key"].map(str::to_owned)[..], 3));
        assert_eq!(work.ledger.as_ref().unwrap().value, "/home/me/l.db");
        assert_eq!(work.concurrency.as_ref().unwrap().value, 8);
    }

    const WHOLE: &str = "profile = \"work\"\n[profiles.work]\nkey-command = \"pass show 'json2video key'\"\nconcurrency = 8\n\
        api-url = \"https://api.json2video.com/v2\"\nledger = \"postgres://me:hunter2@db/j2v\"\nresolution = \"full-hd\"\n\
        webhook = \"https://me:hunter2@hooks.example.com/\"\ndownload = \"~/videos\"\n";

    #[test]
    fn a_password_in_an_address_that_is_none_is_not_repeated() {
        for ledger in ["postgres:me:hunter2@db/j2v", "me:hunter2@db/j2v", "host=db password=hunter2", "mysql://me:hunter2@db/j2v"] {
            let error = parse(&format!("[profiles.a]\nledger = \"{ledger}\"")).unwrap_err();
            assert!(error.starts_with("c.toml:2:10: ") && !error.contains("hunter2"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_edit_of_a_file_is_read_or_refused_in_a_short_message_without_its_passwords(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..8usize, "[\\PC\n\\]\\[\"'=.@:/]{0,3}", 1..2000usize), 1..5),
        ) {
            let mut text: Vec<char> = WHOLE.chars().collect();
            for (place, removed, put, times) in edits {
                let at = place.index(text.len() + 1);
                let end = (at + removed).min(text.len());
                text.splice(at..end, put.repeat(times).chars());
            }
            let text: String = text.into_iter().collect();
            if let Err(error) = parse(&text) {
                prop_assert!(error.starts_with("c.toml:"), "{}", error);
                prop_assert!(error.chars().count() < 600, "{} characters: {}", error.len(), error);
                prop_assert!(!error.contains("hunter2"), "{}", error);
            }
        }
    }

    #[test]
    fn what_is_too_long_for_a_scheme_is_not_repeated() {
        let error = parse(&format!("[profiles.a]\nledger = \"{}://db\"", "x".repeat(500))).unwrap_err();
        assert!(error.chars().count() < 200, "{error}");
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place_and_the_likely_name() {
        for (text, told) in [
            ("[profiles.a]\napi_url = \"x\"", "c.toml:2:1: unknown setting `api_url`; did you mean `api-url`?"),
            ("profil = \"a\"", "c.toml:1:1: unknown setting `profil`; did you mean `profile`?"),
            ("ledger = \"/l\"", "c.toml:1:1: `ledger` belongs to a profile: put it below the line `[profiles.default]`"),
            ("[profiles.a]\nledger = \"l.db\"", "c.toml:2:10: `l.db` depends on the current folder"),
            ("[profiles.a]\nresolution = \"ful-hd\"", "did you mean `full-hd`?"),
            ("[profiles.a]\nconcurrency = 0", "c.toml:2:15: expected a number from 1 to 64"),
            ("[profiles.a]\nkey-command = \"pass 'show\"", "is a quote left open?"),
            ("[profiles.a]\napi-url = \"http://example.com\"", "c.toml:2:11: the API address must start with `https://`"),
            ("profile = \"wrok\"\n[profiles.work]\n", "c.toml:1:1: there is no profile `wrok` in this file; did you mean `work`?"),
            ("[profiles.a", "c.toml:1:"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
