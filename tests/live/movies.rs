//! The movies that are rendered: two seconds of text, so that they cost as little as a movie can.

use serde_json::{Value, json};

/// The most that the first movie may cost: two seconds.
pub(crate) const FIRST_COSTS: u64 = 2;

/// The length of each scene of the second movie, in seconds.
pub(crate) const SCENE: f64 = 1.2;

/// The most that the second movie may cost: its scenes without an overlap, rounded up.
pub(crate) const SECOND_COSTS: u64 = 3;

/// What the movies' `client-data` holds, besides a token.
pub(crate) fn client_data(run: &str) -> Value {
    json!({"run": run, "order_id": 7, "tags": ["a", "b"], "text": "é & ="})
}

/// A text that takes many bytes of a video.
fn text(run: &str, place: Value) -> Value {
    let words = (0..60).map(|nth| format!("{run}-{nth}")).collect::<Vec<_>>().join(" ");
    let mut element = json!({"type": "text", "text": words, "position": "top-left", "settings": {"font-size": "16px"}});
    if let (Some(element), Value::Object(place)) = (element.as_object_mut(), place) {
        element.extend(place);
    }
    element
}

/// Two seconds of text at a preset position, with a webhook of each content type.
pub(crate) fn first(run: &str, callbacks: Option<&str>) -> Value {
    let mut movie = json!({
        "resolution": "sd",
        "client-data": client_data(run),
        "scenes": [{"duration": 2, "elements": [text(run, json!({}))]}],
    });
    if let Some(url) = callbacks {
        let webhook = |path: &str, kind: &str| json!({"type": "webhook", "endpoint": format!("{url}/{path}"), "content-type": kind});
        let form = "application/x-www-form-urlencoded";
        let all = [webhook("full-json", "application/json"), webhook("short-form", "urlencoded"), webhook("full-form", form)];
        movie["exports"] = json!([{"destinations": all}]);
    }
    movie
}

/// Two scenes with a transition that has no length, their text moved out of the frame if `x` and `y` count beside a preset.
pub(crate) fn second(run: &str) -> Value {
    let scene = || json!({"duration": SCENE, "elements": [text(run, json!({"x": -5000, "y": -5000}))]});
    let mut movie = json!({"resolution": "sd", "client-data": client_data(run), "scenes": [scene(), scene()]});
    movie["scenes"][1]["transition"] = json!({"style": "fade"});
    movie
}
