//! What an observation answers. Pure, so that answers of the service which the emulator never gives are judged in tests, too.

use std::time::Duration;

use serde_json::Value;

use crate::question::Answer::{self, Answered, AsAssumed, Differs, NotSeen};
use crate::session::Looked;

/// The names of an object's members.
pub(crate) fn names(value: &Value) -> String {
    let names = value.as_object().map(|members| members.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "));
    names.filter(|names| !names.is_empty()).unwrap_or_else(|| "no object, or an empty one".to_owned())
}

/// When a project was on the list for the first time, counted from its POST.
pub(crate) fn list_lag(seen: Option<Looked>, assumed: Duration) -> Answer {
    let Some(Looked { before, at }) = seen else { return Differs("it was never on the list".to_owned()) };
    let Some(before) = before else { return AsAssumed("at the first look".to_owned()) };
    let told = format!("between {:.1} s and {:.1} s", before.as_secs_f64(), at.as_secs_f64());
    if at <= assumed { AsAssumed(told) } else { Differs(told) }
}

/// A render's item of the list, and the `client-data` that was sent.
pub(crate) fn list_client_data(item: &Value, sent: &Value) -> Answer {
    // A token is added to what was sent.
    let has_it = |data: &Value| sent.as_object().is_some_and(|sent| sent.iter().all(|(name, value)| &data[name] == value));
    let inside = item["json"].as_str().and_then(|json| serde_json::from_str::<Value>(json).ok()).unwrap_or_else(|| item["json"].clone());
    match (has_it(&item["client-data"]), has_it(&inside["client-data"])) {
        (true, _) => AsAssumed(format!("an object; the item has {}", names(item))),
        (false, true) => Differs("it is inside of `json` only".to_owned()),
        (false, false) => Differs(format!("it is not there; the item has {}", names(item))),
    }
}

/// The rendering times of a movie, of the same with another token, and of the same bytes, in seconds.
pub(crate) fn cache([first, other_token, same_bytes]: [f64; 3]) -> Answer {
    let told = format!("{first} s at first, {other_token} s with another token, {same_bytes} s byte for byte");
    let is_cached = |time: f64| time <= first / 2.0;
    Answered(match (is_cached(other_token), is_cached(same_bytes)) {
        (true, _) => format!("it does not: {told}"),
        (false, true) => format!("it does: {told}"),
        (false, false) => format!("no cache was seen: {told}"),
    })
}

/// The headers of a callback.
pub(crate) fn headers(all: &[(String, String)]) -> Answer {
    let told = all.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let is_proof = |name: &str| ["sign", "hmac", "webhook", "event", "delivery", "timestamp"].iter().any(|word| name.contains(word));
    if all.iter().any(|(name, _)| is_proof(name)) { Differs(told) } else { AsAssumed(told) }
}

/// The body that came where the short `content-type` was asked for.
pub(crate) fn short_type(sent_as: &str) -> Answer {
    if sent_as.contains("json") { AsAssumed(format!("`{sent_as}`")) } else { Differs(format!("it counts: `{sent_as}`")) }
}

/// The body that came where a form was asked for by its full name.
pub(crate) fn full_type(sent_as: &str) -> Answer {
    if sent_as.contains("x-www-form-urlencoded") { AsAssumed(format!("`{sent_as}`")) } else { Differs(format!("`{sent_as}`")) }
}

/// How a form spells an object.
pub(crate) fn form(body: &str) -> Answer {
    let names: Vec<String> = form_urlencoded::parse(body.as_bytes()).map(|(name, _)| name.into_owned()).collect();
    let of_data: Vec<&str> = names.iter().map(String::as_str).filter(|name| name.contains("client")).collect();
    match of_data.as_slice() {
        [] => Differs("it is not there".to_owned()),
        [one] if !one.contains('[') => Answered(format!("one field, `{one}`")),
        several => Answered(format!("`{}`", several.join("`, `"))),
    }
}

/// The length of a render in seconds, and its price.
pub(crate) fn rounding(seconds: f64, credits: Option<f64>) -> Answer {
    let Some(credits) = credits else { return NotSeen("no figure was in `consumed_credits` or `remaining_quota`".to_owned()) };
    let told = format!("{seconds} s cost {credits}");
    if (seconds - seconds.round()).abs() < 0.001 {
        return NotSeen(format!("{told}, and it lasts whole seconds"));
    }
    let is = |rounded: f64| (rounded - credits).abs() < 0.001;
    let ways = [("down", seconds.floor()), ("to the nearest", seconds.round()), ("up", seconds.ceil()), ("not at all", seconds)];
    let ways: Vec<&str> = ways.iter().filter(|(_, rounded)| is(*rounded)).map(|(way, _)| *way).collect();
    if ways.is_empty() || ways == ["not at all"] { Differs(told) } else { Answered(format!("{}: {told}", ways.join(" or "))) }
}

/// The length of a movie of two scenes with a transition between them, in seconds.
pub(crate) fn transition(seconds: f64, scene: f64) -> Answer {
    let overlap = (2.0f64.mul_add(scene, -seconds) * 1000.0).round() / 1000.0;
    let told = format!("{overlap} s ({seconds} s for two scenes of {scene} s)");
    if (0.0..=scene).contains(&overlap) { Answered(told) } else { Differs(told) }
}

/// The bytes a second of a text at a preset position, and of the same text that `x` and `y` would move out of the frame.
pub(crate) fn offset(at_preset: f64, moved: f64) -> Answer {
    let share = moved / at_preset;
    let told = format!("the video of the moved text has {:.0} % of the other's bytes a second", share * 100.0);
    if share > 0.75 {
        Answered(format!("they are ignored: {told}"))
    } else if share < 0.5 {
        Answered(format!("they are offsets: {told}"))
    } else {
        NotSeen(format!("look at the videos: {told}"))
    }
}

/// The number of credits in `consumed_credits`, whatever its items look like.
pub(crate) fn consumed(items: &Value) -> Option<f64> {
    let number = |item: &Value| item.as_f64().or_else(|| item.as_object()?.values().find_map(Value::as_f64));
    let all: Vec<f64> = items.as_array()?.iter().filter_map(number).collect();
    (!all.is_empty()).then(|| all.iter().sum())
}

/// What became of bodies of these sizes, in bytes, that are no movies: the status of each.
pub(crate) fn body_limit(answers: &[(usize, u16)]) -> Answer {
    let megabytes = |bytes: usize| format!("{} MB", bytes >> 20);
    let read = answers.iter().filter(|(_, status)| *status == 400).map(|(bytes, _)| *bytes).max();
    let refused = answers.iter().find(|(_, status)| *status != 400);
    match (read, refused) {
        (Some(read), None) => Answered(format!("{} were read, more was not tried", megabytes(read))),
        (read, Some((bytes, status))) => {
            let before = read.map(|read| format!("{} were read, ", megabytes(read))).unwrap_or_default();
            let status = if *status == 0 { "cut off".to_owned() } else { format!("answered {status}") };
            Differs(format!("{before}{} were {status}", megabytes(*bytes)))
        }
        (None, None) => NotSeen("nothing was sent".to_owned()),
    }
}

/// A callback's body, what `j2v webhook parse` makes of it, and the project that it should be about.
pub(crate) fn shape(body: &str, parsed: &Value, project: &str) -> Answer {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let inner = if body["movie"].is_object() { &body["movie"] } else { &body };
    let which = match (body["movie"].is_object(), body.get("status").is_some()) {
        (true, _) => "the guide's, nested",
        (false, true) => "the tutorial's, flat with a status",
        (false, false) => "the reference's, flat without a status",
    };
    let numbers = if inner["duration"].is_string() { "numbers are texts" } else { "numbers are numbers" };
    let told = format!("{which}; {}; {numbers}", names(inner));
    if parsed["project"] == project && parsed["status"] == "done" {
        AsAssumed(told)
    } else {
        Differs(format!("j2v doesn't read it: {told}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_lag_lies_between_two_looks_and_differs_beyond_what_is_assumed() {
        let judged = |before: Option<u64>, at| list_lag(Some(Looked { before: before.map(seconds), at: seconds(at) }), seconds(60));
        assert_eq!(judged(None, 0), AsAssumed("at the first look".to_owned()));
        assert_eq!(judged(Some(5), 10), AsAssumed("between 5.0 s and 10.0 s".to_owned()));
        assert_eq!(judged(Some(60), 65), Differs("between 60.0 s and 65.0 s".to_owned()));
        assert!(matches!(list_lag(None, seconds(60)), Differs(_)));
    }

    #[test]
    fn client_data_is_looked_for_in_the_item_and_in_its_json() {
        let sent = json!({"a": 1});
        assert!(matches!(list_client_data(&json!({"client-data": {"a": 1, "j2v": "token"}}), &sent), AsAssumed(_)));
        assert!(
            matches!(list_client_data(&json!({"json": "{\"client-data\":{\"a\":1}}"}), &sent), Differs(seen) if seen.contains("`json` only"))
        );
        assert!(matches!(list_client_data(&json!({"client-data": {"a": "1"}}), &sent), Differs(_)));
    }

    #[test]
    fn a_cache_shows_in_half_the_time() {
        let begins = |times, words: &str| assert!(matches!(cache(times), Answered(seen) if seen.starts_with(words)), "{times:?}");
        begins([8.0, 7.5, 0.5], "it does:");
        begins([8.0, 0.5, 0.5], "it does not:");
        begins([8.0, 8.0, 7.0], "no cache was seen");
    }

    #[test]
    fn a_signed_callback_differs_from_what_is_assumed() {
        let all = |name: &str| [("host".to_owned(), String::new()), (name.to_owned(), String::new())];
        assert!(matches!(headers(&all("user-agent")), AsAssumed(seen) if seen == "`host`, `user-agent`"));
        assert!(matches!(headers(&all("x-json2video-signature")), Differs(_)));
    }

    #[test]
    fn content_types_and_forms_are_judged_by_what_came() {
        assert!(matches!(short_type("application/json; charset=utf-8"), AsAssumed(_)));
        assert!(matches!(short_type("application/x-www-form-urlencoded"), Differs(_)));
        assert!(matches!(full_type("application/json"), Differs(_)));
        assert_eq!(form("project=a&client-data%5Border_id%5D=7&url=b"), Answered("`client-data[order_id]`".to_owned()));
        assert_eq!(form("client-data=%7B%7D"), Answered("one field, `client-data`".to_owned()));
        assert!(matches!(form("project=a"), Differs(_)));
    }

    #[test]
    fn a_price_shows_its_rounding_where_the_length_is_no_whole_number() {
        assert_eq!(rounding(2.3, Some(2.0)), Answered("down or to the nearest: 2.3 s cost 2".to_owned()));
        assert_eq!(rounding(2.3, Some(3.0)), Answered("up: 2.3 s cost 3".to_owned()));
        assert!(matches!(rounding(2.3, Some(2.3)), Differs(_)), "j2v takes credits to be whole");
        assert!(matches!(rounding(2.3, Some(10.0)), Differs(_)));
        assert!(matches!(rounding(2.0, Some(2.0)), NotSeen(_)));
        assert!(matches!(rounding(2.3, None), NotSeen(_)));
    }

    #[test]
    fn a_transition_takes_what_two_scenes_lack() {
        assert_eq!(transition(2.1, 1.3), Answered("0.5 s (2.1 s for two scenes of 1.3 s)".to_owned()));
        assert!(matches!(transition(3.0, 1.3), Differs(_)));
        assert!(matches!(transition(1.0, 1.3), Differs(_)));
    }

    #[test]
    fn a_text_that_is_out_of_the_frame_takes_no_bytes() {
        assert!(matches!(offset(10_000.0, 1_500.0), Answered(seen) if seen.starts_with("they are offsets")));
        assert!(matches!(offset(10_000.0, 9_900.0), Answered(seen) if seen.starts_with("they are ignored")));
        assert!(matches!(offset(10_000.0, 6_000.0), NotSeen(_)));
    }

    #[test]
    fn credits_are_found_in_items_of_any_shape() {
        assert_eq!(consumed(&json!([{"type": "rendering", "credits": 2}, {"credits": 0.5}])), Some(2.5));
        assert_eq!(consumed(&json!([2, 1])), Some(3.0));
        assert_eq!(consumed(&json!([])), None);
        assert_eq!(consumed(&json!(null)), None);
    }

    #[test]
    fn a_callback_is_known_when_j2v_reads_its_project_and_its_end() {
        let body = r#"{"project":"p","status":"done","duration":"2.5"}"#;
        let judged = shape(body, &json!({"project": "p", "status": "done"}), "p");
        assert!(matches!(judged, AsAssumed(seen) if seen.starts_with("the tutorial's") && seen.ends_with("numbers are texts")));
        assert!(matches!(shape(body, &json!({"project": "q", "status": "done"}), "p"), Differs(_)));
        assert!(matches!(shape("{}", &json!(null), "p"), Differs(_)));
    }

    #[test]
    fn a_body_is_too_large_from_the_first_that_is_refused_for_its_size() {
        assert_eq!(body_limit(&[(1 << 20, 400), (6 << 20, 413)]), Differs("1 MB were read, 6 MB were answered 413".to_owned()));
        assert_eq!(body_limit(&[(1 << 20, 400), (6 << 20, 0)]), Differs("1 MB were read, 6 MB were cut off".to_owned()));
        assert_eq!(body_limit(&[(20 << 20, 400)]), Answered("20 MB were read, more was not tried".to_owned()));
    }
}
