//! Reading the bodies of `GET /movies`: one project, or a page of the list. Pure.
//!
//! The list echoes every submitted document (`service.md#status`), so a page may hold megabytes of `json`. The reader
//! skips them; it looks inside an item's `json` only when the item lacks `client-data`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::mend::mended;
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;
use crate::world::Timestamp;

/// The widest window that the list accepts (`service.md#status`).
const WIDEST: Duration = Duration::from_secs(93 * 24 * 3600);

/// A span of creation times on the service's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The beginning.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
}

impl Window {
    /// The same span in pieces that the service accepts: at most 93 days each.
    pub fn pieces(self) -> impl Iterator<Item = Self> {
        let mut next = Some(self.from);
        std::iter::from_fn(move || {
            let from = next?;
            let to = from.plus(WIDEST).min(self.to);
            next = (to < self.to).then_some(to);
            Some(Self { from, to })
        })
    }
}

/// One page of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The renders on it.
    pub reports: Vec<Report>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<String>,
    /// The size of the page on the wire, bytes.
    pub bytes: u64,
    /// The remaining credits.
    pub remaining_credits: Option<f64>,
    /// Whether every item of the page could be read. If not, a missing item proves nothing.
    pub whole: bool,
}

#[derive(Deserialize)]
struct PageBody<'a> {
    #[serde(borrow)]
    movies: Vec<&'a RawValue>,
    has_next: Option<bool>,
    next_token: Option<Value>,
    remaining_quota: Option<Value>,
}

/// Reads a page of the list; `None` when the body is not a page.
#[must_use]
pub fn read_page(body: &[u8]) -> Option<Page> {
    let page: PageBody<'_> = serde_json::from_slice(body).ok()?;
    let reports: Vec<Report> = page.movies.iter().filter_map(|item| read_item(item.get())).collect();
    let next = page.next_token.and_then(cursor).filter(|_| page.has_next != Some(false));
    Some(Page {
        whole: reports.len() == page.movies.len() && (next.is_some() || page.has_next != Some(true)),
        reports,
        next,
        bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        remaining_credits: page.remaining_quota.as_ref().and_then(credits),
    })
}

/// Reads the answer about the project that was asked for; `None` when the body is not such an answer, or is about another
/// project.
#[must_use]
pub fn read_movie(body: &[u8], asked: &ProjectId) -> Option<Report> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    let movie = body.get_mut("movie")?;
    if lacks(movie, "project") {
        // A failure that names neither the project nor a status may be that of the request, and a render that failed
        // is paid for again.
        if lacks(movie, "status") && lacks(movie, "url") {
            return None;
        }
        movie.as_object_mut()?.insert("project".to_owned(), asked.as_str().into());
    }
    Report::read(movie).filter(|report| report.project == *asked)
}

fn lacks(movie: &Value, name: &str) -> bool {
    movie.get(name).is_none_or(|value| value.is_null() || value.as_str() == Some(""))
}

fn cursor(token: Value) -> Option<String> {
    match token {
        Value::String(token) => Some(token).filter(|token| !token.is_empty()),
        Value::Number(token) => Some(token.to_string()),
        _ => None,
    }
}

fn credits(quota: &Value) -> Option<f64> {
    let time = quota.get("time")?;
    time.as_f64().or_else(|| time.as_str()?.trim().parse().ok())
}

fn read_item(text: &str) -> Option<Report> {
    let Item { mut fields, json } = serde_json::from_str(text).ok()?;
    let lacks_data = fields.get("client-data").is_none_or(Value::is_null);
    if let Some(json) = json.filter(|_| lacks_data)
        && let Some(data) = submitted_data(json).ok()?
    {
        fields.insert("client-data".to_owned(), data);
    }
    Report::read(&Value::Object(fields))
}

#[derive(Deserialize)]
struct Submitted {
    #[serde(rename = "client-data")]
    client_data: Option<Value>,
}

/// The `client-data` of a submitted document, which is a string or a JSON value. When the document can't be
/// read, its `client-data` is unknown: that is an error.
fn submitted_data(json: &RawValue) -> Result<Option<Value>, serde_json::Error> {
    let text: Cow<'_, str> = match json.get().as_bytes().first() {
        Some(b'"') => Cow::Owned(serde_json::from_str(json.get())?),
        _ => Cow::Borrowed(json.get()),
    };
    let submitted: Option<Submitted> = serde_json::from_slice(&mended(text.as_bytes()))?;
    Ok(submitted.and_then(|submitted| submitted.client_data))
}

/// An item of the list, with its document as unparsed text.
struct Item<'a> {
    fields: Map<String, Value>,
    json: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a movie of the list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item<'de>, A::Error> {
        let mut item = Item { fields: Map::new(), json: None };
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if name == "json" {
                item.json = Some(map.next_value()?);
            } else if item.fields.insert(name.into_owned(), map.next_value()?).is_some() {
                return Err(A::Error::custom("a field stands there twice"));
            }
        }
        Ok(item)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn page(body: &Value) -> Page {
        read_page(body.to_string().as_bytes()).unwrap()
    }

    fn item(project: &str) -> Value {
        json!({"project": project, "status": "done", "url": "https://x/y.mp4", "json": "{\"scenes\":[]}"})
    }

    #[test]
    fn a_token_is_found_in_the_submitted_document_when_the_item_lacks_it() {
        let document = json!({"scenes": [], "client-data": {"j2v": "k#1.00000000.1"}});
        let mut spelled = item("a");
        spelled["json"] = json!(document.to_string());
        let mut embedded = item("b");
        embedded["json"] = document;
        let mut own = item("c");
        own["client-data"] = json!({"j2v": "own"});
        let page = page(&json!({"movies": [spelled, embedded, own, item("d")], "remaining_quota": {"time": 1807}}));
        let data: Vec<_> = page.reports.iter().map(|report| report.client_data.clone()).collect();
        let found = Some(json!({"j2v": "k#1.00000000.1"}));
        assert_eq!(data, [found.clone(), found, Some(json!({"j2v": "own"})), None]);
        assert_eq!((page.remaining_credits, page.whole), (Some(1807.0), true));
        assert!(page.reports.iter().all(|report| report.raw.get("json").is_none()));
    }

    #[test]
    fn an_item_that_cannot_be_read_makes_the_page_no_evidence() {
        let mut torn = item("a");
        torn["json"] = json!("{\"client-data\":");
        for broken in [json!(7), json!({}), torn] {
            let page = page(&json!({"movies": [item("b"), broken]}));
            assert_eq!((page.reports.len(), page.whole), (1, false));
        }
    }

    #[test]
    fn the_cursor_is_believed_only_where_a_next_page_is_promised() {
        let next = |body: Value| {
            let page = page(&body);
            (page.next, page.whole)
        };
        assert_eq!(next(json!({"movies": [], "has_next": true, "next_token": "t"})), (Some("t".to_owned()), true));
        assert_eq!(next(json!({"movies": [], "next_token": "t"})), (Some("t".to_owned()), true));
        assert_eq!(next(json!({"movies": [], "has_next": false, "next_token": "t"})), (None, true));
        assert_eq!(next(json!({"movies": [], "has_next": true, "next_token": null})), (None, false));
    }

    #[test]
    fn one_project_is_read_from_its_movie() {
        let asked = ProjectId::parse("p").unwrap();
        let read = |movie: &Value| read_movie(&json!({"success": true, "movie": movie}).to_string().into_bytes(), &asked);
        assert_eq!(read(&item("p")).unwrap().project, asked);
        assert_eq!(read(&json!({"status": "running"})).unwrap().project, asked);
        assert_eq!(read(&item("q")), None);
        assert_eq!(read(&json!({"project": 7, "status": "running"})), None);
        assert_eq!(read(&json!({"success": false, "message": "try later"})), None);
        assert_eq!(read_movie(b"{\"success\":true}", &asked), None);
    }

    proptest! {
        #[test]
        fn a_window_of_any_width_is_covered_without_a_gap(from in 0_i64..4_000_000_000_000, width in 0_i64..100_000_000_000) {
            let window = Window { from: Timestamp(from), to: Timestamp(from + width) };
            let pieces: Vec<_> = window.pieces().collect();
            prop_assert_eq!(pieces.first().unwrap().from, window.from);
            prop_assert_eq!(pieces.last().unwrap().to, window.to);
            prop_assert!(pieces.windows(2).all(|pair| pair[0].to == pair[1].from));
            prop_assert!(pieces.iter().all(|piece| piece.to.since(piece.from) <= WIDEST));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read_page(&bytes).is_none_or(|page| page.bytes == bytes.len() as u64));
            let _ = read_movie(&bytes, &ProjectId::parse("p").unwrap());
        }
    }
}
