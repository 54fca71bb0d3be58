//! Builds a listing, submits it once however often this program runs, waits for the video and saves it.
//!
//! It talks to the emulator: `cargo run --example submit_listing`. For the service itself, leave out `url` and give
//! [`Client`] your key; a ledger in a file ([`Client::ledger`]) is what makes it "once" over many runs.
#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use j2v::{Client, Element, Emulator, EmulatorSettings, Movie, Resolution, Scene, World};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let emulator = Emulator::start(EmulatorSettings::new(World::real())).await?;
    let client = Client::new("any")?.url(&emulator.api_url())?;

    let movie = Movie::new()
        .resolution(Resolution::FullHd)
        .client_data("listing_id", "L-4821")
        .scene(Scene::new().duration(4.0).element(Element::text("FOR SALE")))
        .scene(Scene::new().duration(4.0).element(Element::text("123 Oak Street")));

    let render = client.submit(&movie).key("L-4821").send().await?;
    println!("project {}", render.project());
    let video = render.wait().await?;
    println!("done {}", video.save(std::env::temp_dir()).await?.display());
    emulator.stop().await;
    Ok(())
}
