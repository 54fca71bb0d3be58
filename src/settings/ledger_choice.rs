//! The choice of the ledger that applies.

use super::account::First;
use super::config::Profile;
use super::ledger::LedgerPlace;
use super::origin::Origin;
use super::{Api, Environment, SettingsError, folder};
use crate::cli::GlobalArgs;

/// The ledger that applies, and the origin of that setting.
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
    // Only the emulator needs its renders: its ledger is stored beside its state.
    if let Api::Emulator(folder) = api {
        return Ok((LedgerPlace::File(folder.join("ledger.db")), Origin::Flag("--emulate")));
    }
    let variable = environment("J2V_LEDGER").map(|place| (place, "J2V_LEDGER"));
    let configured = profile.and_then(|profile| profile.ledger.as_ref()).map(|ledger| (ledger.value.clone(), ledger.line));
    if let Some((place, origin)) = first.of(variable, configured) {
        return Ok((LedgerPlace::read(&place, environment)?, origin));
    }
    let place = folder::state(environment).map_or(LedgerPlace::Homeless, |folder| LedgerPlace::File(folder.join("ledger.db")));
    Ok((place, Origin::Default))
}
