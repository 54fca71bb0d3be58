//! `j2v emulator`: the service on this machine, until it is stopped; records the service's answers and replays them.

use std::path::Path;
use std::sync::Arc;

use super::{Call, CliError};
use crate::cli::EmulatorArgs;
use crate::emulator::{Answered, Asked, Emulator, EmulatorError, KeyRule, Passing, Settings, Upstream};
use crate::exit::Exit;
use crate::output::Out;
use crate::service::client::Timeouts;
use crate::service::forward::{Forwarded, Forwarder, without_secret};
use crate::settings::Api;
use crate::world::World;

/// The text beside the URL where any key is accepted.
const ANY_KEY: &str = " J2V_API_KEY=any";

pub(super) async fn run(call: &Call, args: EmulatorArgs) -> anyhow::Result<Exit> {
    let emulator = match (&args.record, &args.play) {
        (Some(folder), _) => record(call, &args, folder).await?,
        (_, Some(folder)) => play(call, &args, folder).await?,
        _ => emulate(call, args).await?,
    };
    call.interrupt.cancelled().await;
    emulator.stop().await;
    Ok(Exit::Interrupted)
}

async fn emulate(call: &Call, args: EmulatorArgs) -> Result<Emulator, CliError> {
    let settings = Settings {
        bind: args.bind,
        render_time: args.render_time,
        seed: args.seed,
        credits: args.credits,
        faults: args.fault,
        folder: args.folder,
        key: args.accept_key.map_or(KeyRule::Any, KeyRule::Exactly),
        webhook_shape: args.webhook_shape,
        ..Settings::new(World::real())
    };
    let emulator = Emulator::start(settings).await.map_err(not_started)?;
    meet(call, &emulator, "the emulator renders nothing: its videos are flat colours. In another shell:", ANY_KEY);
    Ok(emulator)
}

async fn play(call: &Call, args: &EmulatorArgs, folder: &Path) -> Result<Emulator, CliError> {
    let emulator = Emulator::play(args.bind, folder).await.map_err(not_started)?;
    meet(call, &emulator, &format!("answers with what {} holds. In another shell:", folder.display()), ANY_KEY);
    Ok(emulator)
}

/// The proxy, which has no key: each client sends its own.
async fn record(call: &Call, args: &EmulatorArgs, folder: &Path) -> Result<Emulator, CliError> {
    let Api::Url(api) = &call.settings.api else { return Err(CliError::new(Exit::Usage, "--emulate has no API that could be recorded")) };
    let timeouts = Timeouts { request: call.settings.request_timeout, ..Timeouts::default() };
    let forwarder =
        Forwarder::new(api.clone(), timeouts).map_err(|why| CliError::new(Exit::Internal, format!("no proxy can be built: {why}")))?;
    let upstream = Recorded { forwarder, out: Arc::clone(&call.out) };
    let emulator = Emulator::record(args.bind, folder, Arc::new(upstream), World::real()).await.map_err(not_started)?;
    if emulator.api_url() == api.as_str() {
        return Err(CliError::new(Exit::Usage, format!("{api} is this proxy itself: give --api-url of the API to record")));
    }
    let said = format!("writes what {api} is asked and answers into {}; renders cost what they cost. In another shell:", folder.display());
    meet(call, &emulator, &said, "");
    Ok(emulator)
}

/// Prints the emulator's address, and how another shell uses it.
fn meet(call: &Call, emulator: &Emulator, said: &str, key: &str) {
    let url = emulator.api_url();
    call.out.data(&url);
    call.out.progress(said);
    call.out.progress(&format!("  export J2V_API_URL={url}{key}"));
}

/// The recorded API.
struct Recorded {
    forwarder: Forwarder,
    out: Arc<Out>,
}

impl Upstream for Recorded {
    fn pass(&self, asked: Asked) -> Passing<'_> {
        Box::pin(async move {
            let Asked { method, rest, headers, body } = asked;
            let Forwarded { status, headers, body } = self.forwarder.pass(method, &rest, &headers, body.into()).await?;
            Ok(Answered { status, headers, body: body.into() })
        })
    }

    fn without(&self, secret: &str, text: Vec<u8>) -> Vec<u8> {
        without_secret(secret, text)
    }

    fn warn(&self, why: &str) {
        self.out.warning(why);
    }
}

fn not_started(error: EmulatorError) -> CliError {
    let is_bind = matches!(error, EmulatorError::Bind { .. });
    let stop = CliError::new(Exit::Internal, format!("{:#}", anyhow::Error::from(error)));
    if is_bind { stop.then("j2v emulator --bind 127.0.0.1:0") } else { stop }
}
