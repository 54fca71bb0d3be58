//! `j2v emulator`: the service on this machine, until it is stopped.

use anyhow::Context;

use super::Call;
use crate::cli::EmulatorArgs;
use crate::emulator::{Emulator, KeyRule, Settings};
use crate::exit::Exit;
use crate::world::World;

pub(super) async fn run(call: &Call, args: EmulatorArgs) -> anyhow::Result<Exit> {
    let bind = args.bind;
    let settings = Settings {
        bind,
        render_time: args.render_time,
        seed: args.seed,
        credits: args.credits,
        faults: args.fault,
        folder: args.folder,
        key: args.accept_key.map_or(KeyRule::Any, KeyRule::Exactly),
        webhook_shape: args.webhook_shape,
        ..Settings::new(World::real())
    };
    let emulator = Emulator::start(settings).await.with_context(|| format!("the emulator can't serve on {bind}"))?;
    let url = emulator.api_url();
    call.out.data(&url);
    call.out.progress("this is no renderer: its videos are flat colours. Another shell meets it with:");
    call.out.progress(&format!("  export J2V_API_URL={url} J2V_API_KEY=any"));
    call.interrupt.cancelled().await;
    emulator.stop().await;
    Ok(Exit::Interrupted)
}
