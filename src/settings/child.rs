//! Environment variables for `j2v` alone: the programs that it starts (`--exec`, `key-command`, an editor) don't get them.

use super::{Environment, LedgerPlace};

/// The variables whose values are always secret.
pub(crate) const SECRETS: [&str; 4] = ["J2V_API_KEY", "JSON2VIDEO_API_KEY", "J2V_FORWARD_SECRET", "PGPASSWORD"];

/// The variable whose value is a secret where it contains a password.
pub(crate) const LEDGER: &str = "J2V_LEDGER";

/// The variables that are set and withheld from programs by default.
pub(super) fn withheld(environment: &Environment<'_>) -> Vec<&'static str> {
    let mut names: Vec<&str> = SECRETS.into_iter().filter(|name| environment(name).is_some()).collect();
    names.extend(environment(LEDGER).filter(|place| !is_open(place)).map(|_| LEDGER));
    names
}

/// Whether the ledger's address is safe for everyone to read. An address that can't be parsed may contain a password.
fn is_open(place: &str) -> bool {
    match LedgerPlace::read(place, &|_| None) {
        #[cfg(feature = "postgres")]
        Ok(LedgerPlace::Server(address)) => !address.has_password(),
        place => place.is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_withheld_and_what_leads_to_the_ledger_is_not() {
        let of = |variables: &[(&str, &str)]| {
            let read = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            withheld(&read)
        };
        assert_eq!(of(&[("J2V_API_KEY", "k"), ("J2V_PROFILE", "work"), ("J2V_LEDGER", "/l.db")]), ["J2V_API_KEY"]);
        assert_eq!(of(&[("J2V_LEDGER", "mysql://me:secret@host/db"), ("PGPASSWORD", "p")]), ["PGPASSWORD", "J2V_LEDGER"]);
        #[cfg(feature = "postgres")]
        assert_eq!(of(&[("J2V_LEDGER", "postgres://me:secret@host/db")]), ["J2V_LEDGER"]);
        #[cfg(feature = "postgres")]
        assert_eq!(of(&[("J2V_LEDGER", "postgres://me@host/db")]), [""; 0]);
    }
}
