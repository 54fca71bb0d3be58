//! The generating models and their prices (`movie-format.md#ai-models`). The service's own catalogue is live and grows.

/// The output of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Makes {
    /// Images: credits each.
    Image,
    /// Videos: credits a second.
    Video,
    /// Speech: no credits in the catalogue; other pages have 60 a minute, or 20.
    Voice,
}

/// A model.
#[derive(Debug)]
pub struct Model {
    /// The value of `model`.
    pub name: &'static str,
    /// Its output.
    pub makes: Makes,
    /// Its price in credits, in the unit of [`Makes`].
    pub credits: u32,
}

const fn model(name: &'static str, makes: Makes, credits: u32) -> Model {
    Model { name, makes, credits }
}

/// The date on which the list was read.
pub const AS_OF: &str = "May 2026";

/// The models that are known, aliases included.
pub const MODELS: &[Model] = &[
    model("flux-schnell", Makes::Image, 0),
    model("text-to-image-basic", Makes::Image, 0),
    model("freepik-classic", Makes::Image, 0),
    model("gemini-2.5-flash", Makes::Image, 20),
    model("nano-banana", Makes::Image, 20),
    model("nano-banana-pro", Makes::Image, 80),
    model("nano-banana-2", Makes::Image, 40),
    model("seedream-v4", Makes::Image, 15),
    model("text-to-image-pro", Makes::Image, 15),
    model("flux-pro", Makes::Image, 20),
    model("seedance-v1.5-pro", Makes::Video, 20),
    model("wan-v2.5", Makes::Video, 30),
    model("infinite-talk", Makes::Video, 20),
    model("talking-head", Makes::Video, 20),
    model("azure", Makes::Voice, 0),
    model("elevenlabs", Makes::Voice, 0),
    model("elevenlabs-v2", Makes::Voice, 0),
    model("elevenlabs-v3", Makes::Voice, 0),
    model("elevenlabs-flash-v2-5", Makes::Voice, 0),
];

/// The names of the models with one kind of output.
pub fn names(makes: Makes) -> impl Iterator<Item = &'static str> {
    MODELS.iter().filter(move |model| model.makes == makes).map(|model| model.name)
}

/// A model by its output and its name.
#[must_use]
pub fn find(makes: Makes, name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.makes == makes && model.name == name)
}
