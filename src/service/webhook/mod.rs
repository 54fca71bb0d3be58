//! The content of a callback: one normaliser for the three documented bodies, in JSON and as a form (`service.md#callbacks`).
//! Pure. The result is only a hint: ask the service before acting on it.

mod form;
mod write;

use serde_json::{Map, Value};

pub use self::write::{Format, Shape, UnknownShape, body};
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;

/// The content of a callback, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// The project that it names.
    pub project: Option<ProjectId>,
    /// The text in the token's place in its `client-data`.
    pub token: Option<String>,
    /// Its `client-data`, including the token.
    pub client_data: Option<Value>,
    /// The state of the render, as the callback reports it; `None` when it names no project, or neither a status nor a
    /// video.
    pub report: Option<Report>,
}

/// Reads the body of a callback. The body itself decides between JSON and a form: the Content-Type header may be wrong.
#[must_use]
pub fn read(raw: &[u8]) -> Told {
    let Some(movie) = fields(raw).map(movie_of) else { return Told::default() };
    let movie = Value::Object(movie);
    Told {
        project: movie.get("project").and_then(Value::as_str).and_then(|text| ProjectId::parse(text).ok()),
        token: movie.pointer("/client-data/j2v").and_then(Value::as_str).map(str::to_owned),
        client_data: movie.get("client-data").filter(|data| !data.is_null()).cloned(),
        report: Report::read(&movie),
    }
}

fn fields(raw: &[u8]) -> Option<Map<String, Value>> {
    let text = raw.strip_prefix("\u{feff}".as_bytes()).unwrap_or(raw).trim_ascii();
    match serde_json::from_slice(text) {
        Ok(Value::Object(fields)) => Some(fields),
        // A body that was encoded twice.
        Ok(Value::String(inner)) => serde_json::from_str(&inner).ok(),
        Ok(_) => None,
        Err(_) if text.starts_with(b"{") => None,
        Err(_) => form::read(text),
    }
}

/// The movie's fields, wherever they are, with a status.
fn movie_of(mut outer: Map<String, Value>) -> Map<String, Value> {
    let mut movie = match outer.remove("movie").map(parsed) {
        Some(Value::Object(mut movie)) => {
            for (name, value) in outer {
                movie.entry(name).or_insert(value);
            }
            movie
        }
        _ => outer,
    };
    // A form may have a space where JSON has none.
    if let Some(project) = movie.get("project").and_then(Value::as_str).map(|text| text.trim().to_owned()) {
        movie.insert("project".to_owned(), Value::from(project));
    }
    if let Some(data) = movie.remove("client-data") {
        movie.insert("client-data".to_owned(), parsed(data));
    }
    if let Some(word) = status(&movie) {
        movie.insert("status".to_owned(), Value::from(word));
    }
    movie
}

/// A form may contain an object as JSON.
fn parsed(value: Value) -> Value {
    let object = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()).filter(Value::is_object);
    object.unwrap_or(value)
}

/// The callback's own status, else `success`, else whether there is a video or a message.
fn status(movie: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| movie.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    if let Some(word) = text("status") {
        return Some(word.to_ascii_lowercase());
    }
    let is_success = movie.get("success").and_then(truth);
    let word = match is_success {
        Some(false) => "error",
        Some(true) => "done",
        None if text("url").is_some() => "done",
        None => text("message").or_else(|| text("error")).map(|_| "error")?,
    };
    Some(word.to_owned())
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if ["true", "1"].contains(&text.trim()) => Some(true),
        Value::String(text) if ["false", "0"].contains(&text.trim()) => Some(false),
        Value::Number(number) => number.as_u64().map(|number| number != 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::render::outcome::Status;

    const REFERENCE: &str = r#"{"width":"1920","height":"1080","duration":"12.5","size":"5421988","url":"https://a/v.mp4",
        "project":"JkGxEoPRF9EgRb32","id":"q1","client-data":{"order_id":7,"j2v":"k#1.0123abcd.1"}}"#;

    fn told(text: &str) -> (String, Option<Report>) {
        let told = read(text.as_bytes());
        (told.project.map(|project| project.to_string()).unwrap_or_default(), told.report)
    }

    #[test]
    fn row_56_the_three_documented_bodies_tell_the_same() {
        let tutorial = r#"{"project":"JkGxEoPRF9EgRb32","status":"done","url":"https://a/v.mp4","duration":12.5,"size":5421988}"#;
        let guide = r#"{"success":true,"movie":{"project":"JkGxEoPRF9EgRb32","status":"done","url":"https://a/v.mp4",
            "thumbnail":null,"duration":12.5,"size":5421988}}"#;
        for text in [REFERENCE, tutorial, guide] {
            let (project, report) = told(text);
            let report = report.unwrap();
            assert_eq!((project.as_str(), report.status, report.size), ("JkGxEoPRF9EgRb32", Status::Done, Some(5_421_988)));
            assert_eq!((report.url.as_deref(), report.duration.unwrap().as_f64()), (Some("https://a/v.mp4"), Some(12.5)));
        }
        assert_eq!(read(REFERENCE.as_bytes()).token.as_deref(), Some("k#1.0123abcd.1"));
    }

    #[test]
    fn row_56_a_form_tells_what_its_json_tells() {
        let form = "project=JkGxEoPRF9EgRb32&width=1920&duration=12.5&url=https%3A%2F%2Fa%2Fv.mp4\
            &client-data%5Border_id%5D=7&client-data[j2v]=k%231.0123abcd.1&client-data[tags][0]=a+b";
        let heard = read(form.as_bytes());
        let report = heard.report.unwrap();
        assert_eq!((report.width, report.url.as_deref()), (Some(1920), Some("https://a/v.mp4")));
        assert_eq!(report.client_data, Some(json!({"order_id": "7", "j2v": "k#1.0123abcd.1", "tags": ["a b"]})));
        assert_eq!(heard.token.as_deref(), Some("k#1.0123abcd.1"));
        let as_json = read(b"project=p&success=1&client-data=%7B%22a%22%3A1%7D").report.unwrap();
        assert_eq!((as_json.status, as_json.client_data), (Status::Done, Some(json!({"a": 1}))));
        let nested = read(b"success=false&movie[project]=p&movie[message]=no").report.unwrap();
        assert_eq!((nested.status, nested.message.as_deref()), (Status::Error, Some("no")));
    }

    #[test]
    fn row_60_success_false_is_an_error_whatever_else_it_says() {
        for text in [
            r#"{"success":false,"movie":{"project":"p","message":"Scene #1"}}"#,
            r#"{"success":"false","project":"p","message":"Scene #1"}"#,
            r#"{"project":"p","message":"Scene #1"}"#,
            r#"{"project":"p","status":"ERROR","message":"Scene #1","url":null}"#,
        ] {
            let report = told(text).1.unwrap();
            assert_eq!((report.status, report.message.as_deref()), (Status::Error, Some("Scene #1")), "{text}");
        }
    }

    #[test]
    fn a_failure_that_the_reference_shape_cannot_tell_leaves_the_status_open() {
        let told = read(br#"{"project":"p","id":"q","client-data":{}}"#);
        assert_eq!((told.project.unwrap().as_str(), told.report), ("p", None));
    }

    #[test]
    fn what_is_no_callback_tells_nothing() {
        for raw in [&b""[..], b"{", b"[]", b"null", b"7", b"{\"movie\":7}", b"\xff\xfe", b"=&=&[", b"{\"project\":7}"] {
            assert_eq!(read(raw).project, None);
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_a_panic(raw: Vec<u8>) {
            let _ = read(&raw);
        }

        #[test]
        fn any_form_is_read_without_a_panic(text in "[a-c\\[\\]=&%0-9+]{0,80}") {
            let _ = read(text.as_bytes());
        }

        #[test]
        fn what_is_written_in_any_shape_and_spelling_is_read_back(
            url in "https://a/[a-z%+&= ]{1,9}", size: u32, note in "\\PC{0,20}", shape in 0usize..3, is_form: bool,
        ) {
            let data = json!({"note": note, "j2v": "k#1.0123abcd.1", "list": [{"a": "b"}, "c"]});
            let movie = json!({"project": "p", "status": "done", "url": url, "duration": 2.5, "size": size, "client-data": data});
            let report = Report::read(&movie).unwrap();
            let format = if is_form { Format::Form } else { Format::Json };
            let told = read(format.write(&body(&report, Shape::ALL[shape])).as_bytes());
            let read = told.report.unwrap();
            prop_assert_eq!((read.url, read.size, &read.status), (report.url, report.size, &Status::Done));
            prop_assert_eq!(read.client_data.unwrap(), data);
        }
    }
}
