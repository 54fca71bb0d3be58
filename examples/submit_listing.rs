//! Builds a listing, submits it once however often this program runs, waits for the video and saves it.
//!
//! It talks to the emulator: `cargo run --example submit_listing`. For the service itself, give [`ApiUrl`] its
//! address and [`ApiKey`] your key.
#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use std::time::Duration;

use anyhow::{Context as _, bail};
use j2v::emulator::{Emulator, Settings as EmulatorSettings};
use j2v::ledger::sqlite::Sqlite;
use j2v::movie::builder::{Element, Movie, Resolution, Scene};
use j2v::render::identity::Key;
use j2v::render::schedule::PollInterval;
use j2v::service::client::{Client, Settings, Timeouts};
use j2v::service::download::Overwrite;
use j2v::service::endpoint::ApiUrl;
use j2v::service::secret::ApiKey;
use j2v::work::Context;
use j2v::work::follow::{Followed, follow};
use j2v::work::save::Saving;
use j2v::work::submit::{Order, Submitted, submit};
use j2v::work::watch::WaitPolicy;
use j2v::world::World;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let world = World::real();
    let emulator = Emulator::start(EmulatorSettings::new(world.clone())).await?;
    let settings = Settings {
        url: ApiUrl::parse(&emulator.api_url())?,
        key: ApiKey::parse("any")?,
        timeouts: Timeouts::default(),
        world: world.clone(),
    };
    // The ledger is what makes it "once": a program of yours opens a file with `j2v::ledger::sqlite::Sqlite::open`.
    let context = Context::new(Client::new(settings), Sqlite::in_memory(&world)?, world);

    let movie = Movie::new()
        .resolution(Resolution::FullHd)
        .client_data("listing_id", "L-4821")
        .scene(Scene::new().duration(4.0).element(Element::text("FOR SALE")))
        .scene(Scene::new().duration(4.0).element(Element::text("123 Oak Street")));
    let order = Order { key: Some(Key::parse("L-4821")?), ..Order::new(movie.document(), "submit_listing") };

    let render = match submit(&context, &order).await? {
        Submitted::Bound(render) => render,
        Submitted::Over(outcome) => bail!("not submitted: {}", outcome.message.unwrap_or_default()),
    };
    let followed = Followed::of_render(0, &render).context("an accepted render has a project")?;
    println!("project {}", followed.target.project);

    let patience = WaitPolicy {
        poll_interval: PollInterval::new(context.locality, None),
        deadline: Some(tokio::time::Instant::now() + Duration::from_secs(20 * 60)),
        once: false,
    };
    let folder = std::env::temp_dir();
    let saving = Saving {
        place: folder.display().to_string(),
        name: None,
        overwrite: Overwrite::Yes,
        allow_private: false,
        copies: false,
        replace: false,
    };
    follow(&context, vec![followed], patience, Some(&saving), |_, outcome| {
        println!("{} {}", outcome.verdict.as_str(), outcome.file.unwrap_or_default().display());
    })
    .await;
    emulator.stop().await;
    Ok(())
}
