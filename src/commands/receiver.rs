//! The ledger's record of its own receiver: the URL for `@listen`.

use super::session::{ledger_failed, space, store_to_read};
use super::{Call, CliError};
use crate::cli::{MovieArgs, OWN_RECEIVER};
use crate::exit::Exit;
use crate::ledger::outbox::Receiver;
use crate::service::webhook_client::Address;
use crate::settings::Api;
use crate::work::CommandLine;

/// The help about callbacks from the emulator of `--emulate` to a receiver.
pub(super) const EMULATED: &str = "the emulator of --emulate runs only as long as its command, and calls back only during that time (`submit --wait`). To use two processes, start `j2v emulator` and pass its URL with --api-url or J2V_API_URL";

/// Replaces `@listen` in the flags of a movie with the URL of this ledger's receiver.
///
/// # Errors
/// When no receiver has recorded its URL yet.
pub(super) async fn fill_in(call: &Call, movie: &mut MovieArgs) -> Result<(), anyhow::Error> {
    if movie.webhook.iter().any(|url| url == OWN_RECEIVER) {
        movie.receiver = Some(own_url(call).await?);
        if matches!(call.settings.api, Api::Emulator(_)) {
            call.out.warning(EMULATED);
        }
    }
    Ok(())
}

/// An address that a user typed, or this ledger's own receiver.
///
/// # Errors
/// When it can't be used.
pub(super) async fn address(call: &Call, text: &str) -> anyhow::Result<Address> {
    let url = if text == OWN_RECEIVER { own_url(call).await? } else { text.to_owned() };
    Ok(Address::parse(&url).map_err(|why| CliError::new(Exit::Usage, format!("{text} can't be called: {why}")))?)
}

/// The whole URL of a receiver, once its public URL is known.
pub(super) fn url_of(receiver: &Receiver) -> Option<String> {
    let base = Address::parse(receiver.public_url.as_deref()?).ok()?;
    Some(base.with_path(receiver.path.as_deref()?))
}

async fn own_url(call: &Call) -> anyhow::Result<String> {
    let receiver = store_to_read(call).await?.receiver(space(call)).await.map_err(ledger_failed)?;
    let listen = CommandLine::with_flags(call.flags.clone()).spell(&["listen", "--public-url", "https://…"]);
    let unknown = || {
        let why = format!("{OWN_RECEIVER} has no public URL yet");
        CliError::new(Exit::Usage, why).then(listen)
    };
    Ok(receiver.as_ref().and_then(url_of).ok_or_else(unknown)?)
}
