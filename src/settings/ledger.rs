//! Where renders are remembered.

use std::fmt;
use std::path::{Path, PathBuf};

use super::account::First;
use super::config::Profile;
use super::origin::Origin;
#[cfg(feature = "postgres")]
use super::pgpass;
use super::{Api, Environment, SettingsError, folder};
use crate::cli::GlobalArgs;
#[cfg(feature = "postgres")]
use crate::ledger::postgres::Address;

/// Where renders are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LedgerPlace {
    /// In this file.
    File(PathBuf),
    /// On this server. The password in it is never shown.
    #[cfg(feature = "postgres")]
    Server(Address),
    /// Nowhere: `--no-ledger`.
    Nowhere,
}

impl LedgerPlace {
    /// The place that an argument names. What stands there is seen by everybody on the machine: a password must not.
    ///
    /// # Errors
    /// When it is none that this program knows, or holds a password.
    pub(crate) fn typed(place: &Path, environment: &Environment<'_>) -> Result<Self, SettingsError> {
        let Some(text) = place.to_str() else { return Ok(Self::File(place.to_owned())) };
        let read = Self::read(text, &|_| None)?;
        #[cfg(feature = "postgres")]
        if matches!(&read, Self::Server(address) if address.has_password()) {
            return Err(SettingsError::ShownPassword);
        }
        drop(read);
        Self::read(text, environment)
    }

    /// The place that a text names. `PGPASSWORD` or `~/.pgpass` has the password of an address without one, as with
    /// every program that talks to `PostgreSQL`.
    ///
    /// # Errors
    /// When it is none that this program knows.
    pub(crate) fn read(text: &str, environment: &Environment<'_>) -> Result<Self, SettingsError> {
        let Some((scheme, _)) = text.split_once("://") else { return Ok(Self::File(PathBuf::from(text))) };
        if !["postgres", "postgresql"].contains(&scheme) {
            return Err(SettingsError::LedgerKind(format!("{scheme}://…")));
        }
        Self::on_server(text, environment)
    }

    /// Whether there may be renders in it. A server is asked when it is opened.
    #[must_use]
    pub(crate) fn is_there(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            #[cfg(feature = "postgres")]
            Self::Server(_) => true,
            Self::Nowhere => false,
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
        }
    }
}

/// The ledger that counts, and who said so.
pub(super) fn place(
    args: &GlobalArgs,
    api: &Api,
    environment: &Environment<'_>,
    (profile, first): (Option<&Profile>, First),
) -> Result<(LedgerPlace, Origin), SettingsError> {
    if args.no_ledger {
        return Ok((LedgerPlace::Nowhere, Origin::Flag("--no-ledger")));
    }
    if let Some(path) = &args.ledger {
        return Ok((LedgerPlace::typed(path, environment)?, Origin::Flag("--ledger")));
    }
    // The emulator's renders are nobody's business but its own: its ledger lies beside its state.
    if let Api::Emulator(folder) = api {
        return Ok((LedgerPlace::File(folder.join("ledger.db")), Origin::Flag("--emulate")));
    }
    let variable = environment("J2V_LEDGER").map(|place| (place, "J2V_LEDGER"));
    let configured = profile.and_then(|profile| profile.ledger.as_ref()).map(|ledger| (ledger.value.clone(), ledger.line));
    if let Some((place, origin)) = first.of(variable, configured) {
        return Ok((LedgerPlace::read(&place, environment)?, origin));
    }
    let folder = folder::state(environment).ok_or(SettingsError::Homeless)?;
    Ok((LedgerPlace::File(folder.join("ledger.db")), Origin::Default))
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
