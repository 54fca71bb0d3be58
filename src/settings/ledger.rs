//! Where renders are remembered.

use std::fmt;
use std::path::PathBuf;

use super::account::First;
use super::config::Profile;
use super::origin::Origin;
use super::{Api, Environment, SettingsError, folder};
use crate::cli::GlobalArgs;

/// Where renders are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LedgerPlace {
    /// In this file.
    File(PathBuf),
    /// Nowhere: `--no-ledger`.
    Nowhere,
}

impl fmt::Display for LedgerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
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
        return Ok((LedgerPlace::File(path.clone()), Origin::Flag("--ledger")));
    }
    // The emulator's renders are nobody's business but its own: its ledger lies beside its state.
    if let Api::Emulator(folder) = api {
        return Ok((LedgerPlace::File(folder.join("ledger.db")), Origin::Flag("--emulate")));
    }
    let variable = environment("J2V_LEDGER").map(|place| (place, "J2V_LEDGER"));
    let configured = profile.and_then(|profile| profile.ledger.as_ref()).map(|ledger| (ledger.value.clone(), ledger.line));
    match first.of(variable, configured) {
        Some((place, _)) if place.contains("://") => {
            let scheme = place.split("://").next().unwrap_or_default();
            Err(SettingsError::LedgerKind(format!("{scheme}://…")))
        }
        Some((place, origin)) => Ok((LedgerPlace::File(PathBuf::from(place)), origin)),
        None => {
            let folder = folder::state(environment).ok_or(SettingsError::Homeless)?;
            Ok((LedgerPlace::File(folder.join("ledger.db")), Origin::Default))
        }
    }
}
