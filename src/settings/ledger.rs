//! The places that a ledger can have, and how they are written.

use std::fmt;
use std::path::{Path, PathBuf};

#[cfg(feature = "postgres")]
use super::pgpass;
use super::{Environment, SettingsError};
#[cfg(feature = "postgres")]
use crate::ledger::postgres::Address;

/// The kinds of places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LedgerPlace {
    /// In this file.
    File(PathBuf),
    /// On this server. The password in it is never shown.
    #[cfg(feature = "postgres")]
    Server(Address),
    /// Nowhere: `--no-ledger`.
    Nowhere,
    /// The user has no home folder, and no setting names another place: a command that needs a ledger can't work.
    Homeless,
}

/// The kind of place that a text names.
enum Meant<'a> {
    Server,
    File,
    /// In the user's home folder.
    FileAtHome(&'a str),
}

/// The names that `PostgreSQL`'s own programs accept as `NAME=VALUE`.
const KEYWORDS: [&str; 12] =
    ["host", "hostaddr", "port", "dbname", "database", "user", "password", "passfile", "service", "sslmode", "options", "application_name"];

/// Distinguishes an address from a path. A text that may be meant as an address is never used as a file: the file's name would
/// contain the password, and other machines would not share its renders.
fn meant(text: &str) -> Result<Meant<'_>, SettingsError> {
    let lower = text.to_ascii_lowercase();
    if let Some((scheme, _)) = lower.split_once("://") {
        // Whatever is longer is no scheme, and may hold a password.
        let is_scheme = scheme.len() <= 20 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        return match scheme {
            "postgres" | "postgresql" if text.starts_with(scheme) => Ok(Meant::Server),
            _ => Err(SettingsError::LedgerKind(if is_scheme { format!("{scheme}://…") } else { "…://…".to_owned() })),
        };
    }
    if ["postgres:", "postgresql:"].iter().any(|scheme| lower.starts_with(scheme)) {
        return Err(SettingsError::LedgerForm("an address starts with postgres:// (two slashes)"));
    }
    let is_path = text.starts_with(['/', '.', '~', '\\']) || text.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/");
    let is_keyword = |name: &str| KEYWORDS.contains(&name.trim());
    if !is_path && lower.split_once('=').is_some_and(|(name, _)| is_keyword(name) || !name.contains('/')) {
        return Err(SettingsError::LedgerForm("NAME=VALUE is not a form that j2v reads"));
    }
    if !is_path && text.split_once(':').is_some_and(|(_, rest)| rest.contains('@')) {
        return Err(SettingsError::LedgerForm("postgres:// is missing before USER:PASSWORD@HOST"));
    }
    match text.strip_prefix("~/") {
        Some(path) => Ok(Meant::FileAtHome(path)),
        None => Ok(Meant::File),
    }
}

/// Whether a text names a server.
///
/// # Errors
/// When it may be meant as an address, and isn't one. The error doesn't repeat it: it may contain a password.
pub(super) fn is_server(text: &str) -> Result<bool, SettingsError> {
    Ok(matches!(meant(text)?, Meant::Server))
}

impl LedgerPlace {
    /// The place that an argument names. Every user of the machine can read an argument, so it must not contain a password.
    ///
    /// # Errors
    /// When the place is of an unknown kind, or contains a password.
    pub(crate) fn typed(place: &Path, environment: &Environment<'_>) -> Result<Self, SettingsError> {
        let Some(text) = place.to_str() else { return Ok(Self::File(place.to_owned())) };
        #[cfg(feature = "postgres")]
        if matches!(meant(text)?, Meant::Server) && Address::parse(text).is_ok_and(|address| address.has_password()) {
            return Err(SettingsError::ShownPassword);
        }
        Self::read(text, environment)
    }

    /// The place that a text names. An address without a password takes it from `PGPASSWORD` or `~/.pgpass`, as with
    /// every program that talks to `PostgreSQL`.
    ///
    /// # Errors
    /// When the place is of an unknown kind.
    pub(crate) fn read(text: &str, environment: &Environment<'_>) -> Result<Self, SettingsError> {
        match meant(text)? {
            Meant::Server => Self::on_server(text, environment),
            Meant::File => Ok(Self::File(PathBuf::from(text))),
            Meant::FileAtHome(path) => {
                environment("HOME").map(|home| Self::File(Path::new(&home).join(path))).ok_or(SettingsError::Homeless)
            }
        }
    }

    /// Whether it may contain renders. For a server this is known only once it is opened.
    #[must_use]
    pub(crate) fn is_there(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            #[cfg(feature = "postgres")]
            Self::Server(_) => true,
            Self::Nowhere | Self::Homeless => false,
        }
    }

    #[cfg(feature = "postgres")]
    fn on_server(text: &str, environment: &Environment<'_>) -> Result<Self, SettingsError> {
        let address = Address::parse(text).map_err(|why| SettingsError::LedgerAddress(why.to_string()))?;
        if address.has_password() {
            return Ok(Self::Server(address));
        }
        let password = match (environment("PGPASSWORD"), pgpass::path(environment)) {
            (None, Some(file)) => pgpass::password(&file, &address)?,
            (password, _) => password,
        };
        Ok(Self::Server(match password {
            Some(password) => address.or_password(&password),
            None => address,
        }))
    }

    #[cfg(not(feature = "postgres"))]
    fn on_server(_: &str, _: &Environment<'_>) -> Result<Self, SettingsError> {
        Err(SettingsError::LedgerAddress("this j2v was built without PostgreSQL".to_owned()))
    }
}

impl fmt::Display for LedgerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Server(address) => write!(f, "{address}"),
            Self::Nowhere => f.write_str("none"),
            Self::Homeless => f.write_str("none (there is no home folder)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn a_text_is_a_file_unless_it_names_a_server() {
        assert_eq!(LedgerPlace::read("/a/b.db", &nothing).unwrap(), LedgerPlace::File("/a/b.db".into()));
        let refused = LedgerPlace::read("mysql://me:secret@db/j2v", &nothing).unwrap_err().to_string();
        assert!(refused.contains("mysql://…") && !refused.contains("secret"), "{refused}");
    }

    #[test]
    fn what_may_be_an_address_is_never_a_file() {
        for text in [
            "host=db password=secret",
            "host=/run/postgresql password=secret",
            "password=secret",
            "postgres:/me:secret@db/j2v",
            "postgres:me:secret@db",
            "POSTGRES://me:secret@db/j2v",
            "me:secret@db/j2v",
            "secret=ledger.db",
        ] {
            let refused = LedgerPlace::read(text, &nothing).unwrap_err().to_string();
            assert!(refused.contains("postgres://USER@HOST/DATABASE") && !refused.contains("secret"), "{text}: {refused}");
        }
        for path in ["./secret=ledger.db", "/a/b=c.db", "a/b=c.db", "../x@y:z", "ledger.db"] {
            assert_eq!(LedgerPlace::read(path, &nothing).unwrap(), LedgerPlace::File(path.into()));
        }
    }

    #[test]
    fn a_tilde_is_the_home_folder() {
        let home = |name: &str| (name == "HOME").then(|| "/home/me".to_owned());
        assert_eq!(LedgerPlace::read("~/x.db", &home).unwrap(), LedgerPlace::File("/home/me/x.db".into()));
        assert!(matches!(LedgerPlace::read("~/x.db", &nothing), Err(SettingsError::Homeless)));
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_password_is_taken_from_the_environment_and_never_from_an_argument() {
        let place = LedgerPlace::read("postgres://me:secret@localhost/j2v", &nothing).unwrap();
        assert!(!format!("{place:?}").contains("secret"), "{place:?}");
        let refused = LedgerPlace::typed(Path::new("postgres://me:secret@localhost/j2v"), &nothing).unwrap_err().to_string();
        assert!(refused.contains("PGPASSWORD") && !refused.contains("secret"), "{refused}");
        let password = |name: &str| (name == "PGPASSWORD").then(|| "secret".to_owned());
        let LedgerPlace::Server(address) = LedgerPlace::typed(Path::new("postgres://me@localhost/j2v"), &password).unwrap() else {
            panic!("it names a server")
        };
        assert!(address.has_password());
        let wrong = LedgerPlace::read("postgres://me:secret@db/j2v?sslmode=disable", &nothing).unwrap_err().to_string();
        assert!(wrong.contains("TLS") && !wrong.contains("secret"), "{wrong}");
    }
}
