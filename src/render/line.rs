//! Outcomes as JSON for programs (`contract.md#output`). Fields are only ever added.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::event::Outcome;
use super::outcome::Report;
use super::token::Token;

/// The member of `client-data` that holds the token.
const TOKEN: &str = "j2v";

/// The JSON object of one outcome; its compact text is the output line.
#[must_use]
pub fn facts(outcome: &Outcome) -> Value {
    let report = outcome.report.as_ref();
    json!({
        "project": outcome.project.as_ref().map(ToString::to_string),
        "status": outcome.status.as_str(),
        "url": report.and_then(|report| report.url.clone()),
        "file": outcome.file.as_ref().map(|file| file.to_string_lossy()),
        "message": outcome.message,
        "duration": report.and_then(|report| report.duration.clone()),
        "size": report.and_then(|report| report.size),
        "width": report.and_then(|report| report.width),
        "height": report.and_then(|report| report.height),
        "rendering_time": report.and_then(|report| report.rendering_time.clone()),
        "client-data": report.and_then(client_data).or_else(|| outcome.client_data.clone()),
        "source": outcome.source,
        "key": outcome.key.as_ref().map(ToString::to_string),
        "credits": report.and_then(|report| report.credits),
        "next": outcome.next,
    })
}

/// The `client-data` of a movie, for the lines about renders of which the service has not reported it yet.
#[must_use]
pub fn client_data_of_movie(movie: &[u8]) -> Option<Value> {
    #[derive(Deserialize)]
    struct Movie {
        #[serde(rename = "client-data")]
        client_data: Option<Value>,
    }
    serde_json::from_slice::<Movie>(movie).ok()?.client_data
}

/// The user's own `client-data`, unchanged, without the token.
#[must_use]
pub fn client_data(report: &Report) -> Option<Value> {
    report.client_data.clone().map(without_token)
}

/// `client-data` without our token.
#[must_use]
pub fn without_token(mut data: Value) -> Value {
    if let Some(members) = data.as_object_mut()
        && members.get(TOKEN).and_then(Value::as_str).and_then(Token::parse).is_some()
    {
        *members = std::mem::take(members).into_iter().filter(|(name, _)| name != TOKEN).collect::<Map<_, _>>();
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_stripped_and_the_rest_stays_in_order() {
        let movie = json!({"project": "p", "status": "done", "client-data": {"z": 1, "j2v": "k#1.0123abcd.1", "a": 2}});
        let data = client_data(&Report::read(&movie).unwrap()).unwrap();
        assert_eq!(data.to_string(), r#"{"z":1,"a":2}"#);
    }

    #[test]
    fn a_member_of_that_name_which_is_no_token_stays() {
        let movie = json!({"project": "p", "status": "done", "client-data": {"j2v": "mine"}});
        assert_eq!(client_data(&Report::read(&movie).unwrap()).unwrap(), json!({"j2v": "mine"}));
    }
}
