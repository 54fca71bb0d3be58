//! `j2v emulator`: the service on this machine, until it is stopped.

use super::{Call, Stop};
use crate::cli::EmulatorArgs;
use crate::emulator::{Emulator, EmulatorError, KeyRule, Settings};
use crate::exit::Exit;
use crate::world::World;

pub(super) async fn run(call: &Call, args: EmulatorArgs) -> anyhow::Result<Exit> {
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
    let url = emulator.api_url();
    call.out.data(&url);
    call.out.progress("the emulator renders nothing: its videos are flat colours. In another shell:");
    call.out.progress(&format!("  export J2V_API_URL={url} J2V_API_KEY=any"));
    call.interrupt.cancelled().await;
    emulator.stop().await;
    Ok(Exit::Interrupted)
}

fn not_started(error: EmulatorError) -> Stop {
    let is_bind = matches!(error, EmulatorError::Bind { .. });
    let stop = Stop::new(Exit::Internal, format!("{:#}", anyhow::Error::from(error)));
    if is_bind { stop.then("j2v emulator --bind 127.0.0.1:0") } else { stop }
}
