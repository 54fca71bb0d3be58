//! The length and the size of a rendered movie, and the message with which the service would fail the render.
//!
//! An estimate, not a renderer: the length of an asset is unknown here and assumed to be 5 s (`movie-format.md#timing`).

use std::time::Duration;

use serde_json::{Map, Value};

/// The assumed length of an asset or a text, seconds.
const ASSUMED: f64 = 5.0;

/// The longest movie, seconds; a longer one is cut to this.
const LONGEST: f64 = 86_400.0;

/// The plan of a movie that renders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// Its length.
    pub(super) length: Duration,
    /// Pixels; even.
    pub(super) width: u32,
    /// Pixels; even.
    pub(super) height: u32,
}

/// The plan of a movie, or the message with which the render fails (`service.md#errors`).
pub(super) fn plan(movie: &Map<String, Value>) -> Result<Plan, String> {
    let movie = &filled_object(movie, &Map::new());
    let (width, height) = size(movie)?;
    let seconds = length(movie)?;
    if seconds < 1.0 {
        return Err("Movie duration cannot be zero".to_owned());
    }
    Ok(Plan { length: Duration::from_secs_f64(seconds.min(LONGEST)), width, height })
}

/// An object in which a text that is one variable, such as `{{seconds}}`, is the variable's value. Its own variables come before
/// those above it (`movie-format.md#variables`).
fn filled_object(object: &Map<String, Value>, above: &Map<String, Value>) -> Map<String, Value> {
    let own = object.get("variables").and_then(Value::as_object);
    let joined = own.map(|own| above.iter().chain(own).map(|(name, value)| (name.clone(), value.clone())).collect());
    let variables = joined.as_ref().unwrap_or(above);
    let member = |(name, value): (&String, &Value)| {
        let is_given = matches!(name.as_str(), "variables" | "client-data");
        (name.clone(), if is_given { value.clone() } else { filled(value, variables) })
    };
    object.iter().map(member).collect()
}

fn filled(value: &Value, variables: &Map<String, Value>) -> Value {
    match value {
        Value::Object(object) => Value::Object(filled_object(object, variables)),
        Value::Array(items) => Value::Array(items.iter().map(|item| filled(item, variables)).collect()),
        Value::String(text) => variable(text, variables).unwrap_or(value).clone(),
        _ => value.clone(),
    }
}

/// The number or text of the variable that a text is. An expression is nobody's name.
fn variable<'v>(text: &str, variables: &'v Map<String, Value>) -> Option<&'v Value> {
    let path = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let mut names = path.split('.');
    let first = variables.get(names.next()?)?;
    let found = names.try_fold(first, |value, name| value.get(name))?;
    (found.is_number() || found.is_string()).then_some(found)
}

/// The size of the frame, pixels. `sd` has the size that live renders had (`movie-format.md#resolutions`).
fn size(movie: &Map<String, Value>) -> Result<(u32, u32), String> {
    let pixels = |name: &str| number(movie.get(name)).filter(|pixels| (50.0..=3840.0).contains(pixels)).map(even);
    Ok(match movie.get("resolution").and_then(Value::as_str) {
        Some("sd") => (640, 480),
        Some("hd") => (1280, 720),
        Some("full-hd") => (1920, 1080),
        Some("squared" | "instagram-feed") => (1080, 1080),
        Some("instagram-story") => (1080, 1920),
        Some("twitter-landscape") => (1600, 900),
        Some("twitter-portrait") => (1080, 1350),
        Some("custom") if pixels("width").is_none() || pixels("height").is_none() => {
            return Err("Width and Height required when resolution is custom".to_owned());
        }
        _ => (pixels("width").unwrap_or(640), pixels("height").unwrap_or(360)),
    })
}

fn even(pixels: f64) -> u32 {
    let whole = (50..3840).step_by(2).find(|whole| f64::from(*whole) + 2.0 > pixels);
    whole.unwrap_or(3840)
}

fn length(movie: &Map<String, Value>) -> Result<f64, String> {
    let scenes = list(movie, "scenes");
    let mut seconds = 0.0;
    for (place, scene) in scenes.iter().enumerate() {
        for (element_place, element) in elements(scene).iter().enumerate() {
            let owner = format!("Error: Scene #{} Element #{}", place + 1, element_place + 1);
            playable(element).map_err(|why| format!("{owner}: {why}"))?;
        }
        let times = repeats(movie, scene);
        let overlaps = if place == 0 { (times - 1.0).max(0.0) } else { times };
        let overlap = number(scene.pointer("/transition/duration")).unwrap_or(0.0);
        seconds += scene_length(scene) * times - overlap * overlaps;
    }
    let above = list(movie, "elements");
    for (place, element) in above.iter().enumerate() {
        playable(element).map_err(|why| format!("Error: Element #{}: {why}", place + 1))?;
    }
    // The movie lasts until its own elements end, except those that follow its length (`movie-format.md#timing`).
    let over: Vec<Value> = above.iter().filter(|element| !follows(element)).cloned().collect();
    Ok(last_end(&over).map_or(seconds, |end| seconds.max(end)))
}

/// The POST accepts an element without a source; the render then fails (`service.md#errors`).
fn playable(element: &Value) -> Result<(), String> {
    let kind = element.get("type").and_then(Value::as_str).unwrap_or_default();
    let has = |name: &str| element.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let sourced = has("src") || (has("prompt") && kind != "audio");
    if matches!(kind, "image" | "video" | "audio") && !sourced {
        return Err(format!("The element type '{kind}' requires a 'src' property."));
    }
    Ok(())
}

fn scene_length(scene: &Value) -> f64 {
    let duration = scene.get("duration");
    if duration.is_some_and(is_templated) {
        return ASSUMED;
    }
    match number(duration) {
        Some(seconds) if seconds >= 0.0 => seconds,
        _ => last_end(elements(scene)).unwrap_or(0.0),
    }
}

/// When the last element ends, seconds; `None` when no element has a length, such as an image without a duration.
fn last_end(elements: &[Value]) -> Option<f64> {
    let ends = elements.iter().filter_map(|element| {
        let (start, extra) = (number(element.get("start")).unwrap_or(0.0).max(0.0), number(element.get("extra-time")).unwrap_or(0.0));
        let seconds = number(element.get("duration")).filter(|seconds| *seconds > 0.0);
        let still = element.get("type").and_then(Value::as_str) == Some("image");
        Some(start + extra + seconds.or((!still).then_some(ASSUMED))?)
    });
    let told: Vec<f64> = ends.collect();
    told.into_iter().reduce(f64::max)
}

/// Whether an element of the movie lasts as long as the movie: by its duration, or because it has no length of its own.
fn follows(element: &Value) -> bool {
    let is_played = matches!(element.get("type").and_then(Value::as_str), Some("video" | "audio" | "voice"));
    number(element.get("duration")).map_or(!is_played, |seconds| seconds <= -2.0)
}

/// How often an iterated scene is shown: once per item of its array.
fn repeats(movie: &Map<String, Value>, scene: &Value) -> f64 {
    let items = scene.get("iterate").and_then(Value::as_str).and_then(|name| {
        let place = format!("/{}", name.replace('.', "/"));
        movie.get("variables")?.pointer(&place)?.as_array().map(Vec::len)
    });
    items.and_then(|count| u32::try_from(count).ok()).map_or(1.0, f64::from)
}

fn list<'a>(movie: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    movie.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn elements(scene: &Value) -> &[Value] {
    scene.get("elements").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A number, or a text that spells one, as in the service's own examples.
fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

fn is_templated(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn planned(movie: &Value) -> Result<Plan, String> {
        plan(movie.as_object().unwrap())
    }

    fn seconds(movie: &Value) -> f64 {
        planned(movie).unwrap().length.as_secs_f64()
    }

    #[test]
    fn scenes_add_up_less_their_transitions() {
        let movie = json!({ "scenes": [{ "duration": 4 }, { "duration": "2.5", "transition": { "duration": 0.5 } }] });
        assert_eq!(planned(&movie).unwrap().length, Duration::from_secs(6));
    }

    #[test]
    fn a_scene_without_a_number_lasts_as_long_as_its_elements() {
        let movie = json!({ "scenes": [{ "elements": [{ "type": "image", "src": "a", "start": 1, "duration": 2, "extra-time": 0.5 }] }] });
        assert!((seconds(&movie) - 3.5).abs() < 1e-9);
        assert!((seconds(&json!({ "scenes": [{ "elements": [{ "type": "text", "text": "Hello" }] }] })) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_text_that_is_one_variable_is_its_value() {
        let scenes = json!([{ "duration": "{{d}}" }, { "duration": "{{ home.hall }}" }, { "variables": { "d": 1 }, "duration": "{{d}}" }]);
        let movie = json!({ "variables": { "d": "20", "home": { "hall": 2.5 } }, "scenes": scenes });
        assert!((seconds(&movie) - 23.5).abs() < 1e-9);
        let open = json!({ "variables": { "d": 20 }, "scenes": [{ "duration": "{{d * 2}}" }, { "duration": "{{e}}" }] });
        assert!((seconds(&open) - 10.0).abs() < 1e-9, "what is not resolved here is assumed");
    }

    #[test]
    fn an_iterated_scene_counts_once_an_item() {
        let movie = json!({ "variables": { "home": { "rooms": [1, 2, 3] } }, "scenes": [{ "duration": 2, "iterate": "home.rooms" }] });
        assert!((seconds(&movie) - 6.0).abs() < 1e-9);
    }

    #[test]
    fn each_showing_of_an_iterated_scene_overlaps_the_one_before() {
        let scenes = json!([{ "duration": 4 }, { "duration": 4, "iterate": "rooms", "transition": { "duration": 0.5 } }]);
        let movie = json!({ "variables": { "rooms": [1, 2, 3] }, "scenes": scenes });
        assert!((seconds(&movie) - 14.5).abs() < 1e-9);
    }

    #[test]
    fn an_element_of_the_movie_extends_it_unless_it_follows_it() {
        let over = |element: Value| seconds(&json!({ "scenes": [{ "duration": 2 }], "elements": [element] }));
        assert!((over(json!({ "type": "video", "src": "a", "start": 1, "duration": 30 })) - 31.0).abs() < 1e-9);
        assert!((over(json!({ "type": "audio", "src": "a", "duration": -2 })) - 2.0).abs() < 1e-9);
        assert!((over(json!({ "type": "text", "text": "Hello" })) - 2.0).abs() < 1e-9);
        let empty = json!({ "scenes": [{ "elements": [] }], "elements": [{ "type": "video", "src": "a" }] });
        assert!((seconds(&empty) - 5.0).abs() < 1e-9, "a movie whose scenes show nothing is made of its elements");
    }

    #[test]
    fn nothing_to_show_is_told_in_the_words_of_the_service() {
        for movie in [json!({ "scenes": [] }), json!({ "scenes": [{ "elements": [{ "type": "image", "src": "a" }] }] })] {
            assert_eq!(planned(&movie), Err("Movie duration cannot be zero".to_owned()));
        }
    }

    #[test]
    fn a_video_without_src_is_told_by_its_place() {
        let movie = json!({ "scenes": [{ "duration": 3, "elements": [{ "type": "text" }, { "type": "video" }] }] });
        assert_eq!(planned(&movie), Err("Error: Scene #1 Element #2: The element type 'video' requires a 'src' property.".to_owned()));
    }

    #[test]
    fn sizes_are_even_and_those_of_the_presets() {
        let size = |movie: Value| planned(&movie).map(|plan| (plan.width, plan.height));
        assert_eq!(size(json!({ "resolution": "sd", "scenes": [{ "duration": 1 }] })), Ok((640, 480)));
        assert_eq!(size(json!({ "width": 333, "height": 50, "scenes": [{ "duration": 1 }] })), Ok((332, 50)));
        assert_eq!(size(json!({ "scenes": [{ "duration": 1 }] })), Ok((640, 360)));
        assert!(size(json!({ "resolution": "custom", "scenes": [{ "duration": 1 }] })).is_err());
    }
}
