//! Builds the movie of `examples/listing.json` from Rust and prints it: `cargo run --example build_listing`.

use j2v::movie::builder::{Destination, Element, Movie, Position, Resolution, Scene, Transition};
use j2v::movie::json::Node;

#[expect(clippy::print_stdout, reason = "the movie is what the example is asked for")]
fn main() {
    println!("{}", listing().document().to_pretty());
}

/// The listing of the service's tutorial: a headline, then a scene for each room.
pub(crate) fn listing() -> Movie {
    Movie::new()
        .resolution(Resolution::FullHd)
        .client_data("listing_id", "L-4821")
        .client_data("property_address", "123 Oak Street")
        .client_data("agent_id", "AG-42")
        .destination(Destination::webhook("https://your-app.example/json2video-callback"))
        .variable("address", "123 Oak Street")
        .variable("open_house", true)
        .variable("rooms", vec![room("Exterior", "front"), room("Chef's Kitchen", "kitchen"), room("Master Bedroom", "bedroom")])
        .element(Element::audio("https://cdn.json2video.com/assets/audios/uplifting-corporate.mp3").volume(0.4))
        .element(Element::voice("Welcome to {{ address }}.", "en-US-EmmaMultilingualNeural").start(1.5))
        .element(subtitles())
        .scene(headline())
        .scene(rooms())
}

fn room(name: &str, picture: &str) -> Node {
    let image = format!("https://cdn.json2video.com/assets/images/sample-house-{picture}.jpg");
    Node::object().with("name", name).with("image", image)
}

fn subtitles() -> Element {
    Element::subtitles("en")
        .setting("style", "boxed-word")
        .setting("font-family", "Inter")
        .setting("font-size", 90)
        .setting("font-color", "#FFFFFF")
        .setting("position", "bottom-center")
        .setting("all-caps", true)
        .setting("box-color", "#0E7C66")
}

fn headline() -> Scene {
    let component = Element::component("basic/000").setting("headline", "FOR SALE").setting("subline", "{{address}}");
    Scene::new().duration(4).element(component)
}

fn rooms() -> Scene {
    let name = Element::text("{{ room.name }}").position(Position::TopLeft).set("x", 60).set("y", 60);
    Scene::new()
        .duration(4)
        .transition(Transition::fade(0.5))
        .for_each("rooms", "room")
        .element(Element::image("{{ room.image }}"))
        .element(name)
}
