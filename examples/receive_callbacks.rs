//! The receiver of the service's tutorial (Express, Flask, PHP), with the parts that it lacks: a callback is on disk before it
//! is answered, has no effect the second time, is confirmed by the service, and a missing one is replaced by polling.
//!
//! It talks to the emulator and ends with the first video: `cargo run --example receive_callbacks`.
#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use anyhow::bail;
use j2v::emulator::{Emulator, Settings as EmulatorSettings};
use j2v::ledger::sqlite::Sqlite;
use j2v::movie::builder::{Destination, Element, Export, Movie, Scene};
use j2v::service::client::{Client, Settings, Timeouts};
use j2v::service::endpoint::ApiUrl;
use j2v::service::secret::ApiKey;
use j2v::work::Context;
use j2v::work::deliver::{Deliverer, SinkResult, function};
use j2v::work::listen::{Listening, listen};
use j2v::work::submit::{Order, Submitted, submit};
use j2v::world::World;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The receiver itself. `SinkResult::Failed` instead of `SinkResult::Over` would make it deliver again later.
async fn receive(context: &Context, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let stopping = stop.clone();
    let update_listing = function("the listing", move |video| {
        let listing = &video["client-data"]["listing_id"];
        match video["status"].as_str() {
            Some("done") => println!("listing {listing}: video ready: {}", video["url"]),
            _ => println!("listing {listing}: failed: {}", video["message"]),
        }
        stopping.cancel();
        SinkResult::Over
    });
    let deliverer = Deliverer::new(context.clone(), update_listing, 4);
    listen(context, listener, &Listening::at("/json2video-callback", context.locality), &deliverer, |_| {}, stop).await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let world = World::real();
    let emulator = Emulator::start(EmulatorSettings::new(world.clone())).await?;
    let url = ApiUrl::parse(&emulator.api_url())?;
    let settings = Settings { url, key: ApiKey::parse("any")?, timeouts: Timeouts::default(), world: world.clone() };
    let folder = tempfile::tempdir()?;
    let ledger = Sqlite::open(&folder.path().join("ledger.db"), &world)?;
    let context = Context::new(Client::new(settings), ledger, world);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let callback = format!("http://{}/json2video-callback", listener.local_addr()?);
    let stop = CancellationToken::new();
    let receiving = tokio::spawn({
        let (context, stop) = (context.clone(), stop.clone());
        async move { receive(&context, listener, stop).await }
    });

    let scene = Scene::new().duration(4.0).element(Element::text("FOR SALE"));
    let export = Export::new().destination(Destination::webhook(&callback));
    let movie = Movie::new().client_data("listing_id", "L-4821").scene(scene).export(export);
    if let Submitted::Over(outcome) = submit(&context, &Order::new(movie.document(), "receive_callbacks")).await? {
        bail!("not submitted: {}", outcome.message.unwrap_or_default());
    }
    receiving.await??;
    emulator.stop().await;
    Ok(())
}
