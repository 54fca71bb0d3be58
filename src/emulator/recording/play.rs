//! A server that replays recorded answers: for each kind of request in their order. The last answer is repeated, except
//! for a POST, whose answers are each given once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;

use super::Exchange;
use crate::emulator::answer::Answer;
use crate::emulator::headers::SERVER;
use crate::emulator::wire::{CutKind, Wire};

/// The largest file of a recording, bytes.
const LARGEST: u64 = 512 << 20;

/// The identity of a request. It leaves out the window of a list, which moves with the time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    method: String,
    path: String,
    project: Option<String>,
    page: Option<String>,
}

impl Question {
    fn of(method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let value =
            |wanted: &str| form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        Self { method: method.to_owned(), path: path.to_owned(), project: value("project"), page: value("next_token") }
    }
}

/// A recording, and the position of each kind of request in it.
pub(in crate::emulator) struct Player {
    answers: HashMap<Question, Vec<Exchange>>,
    asked: Mutex<HashMap<Question, usize>>,
}

impl Player {
    /// Reads all exchanges of a folder, in the order of the files' names.
    ///
    /// # Errors
    /// When the folder or a file can't be read, or holds no recording.
    pub(in crate::emulator) fn read(folder: &Path) -> io::Result<Self> {
        let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        paths.sort_unstable();
        let mut answers: HashMap<Question, Vec<Exchange>> = HashMap::new();
        for path in &paths {
            let wrong = |why: &dyn std::fmt::Display| io::Error::other(format!("{}: {why}", path.display()));
            if fs::metadata(path)?.len() > LARGEST {
                return Err(wrong(&"more than 512 MB"));
            }
            let exchange: Exchange = serde_json::from_slice(&fs::read(path)?).map_err(|why| wrong(&format!("not a recording ({why})")))?;
            answers.entry(Question::of(&exchange.method, &exchange.path)).or_default().push(exchange);
        }
        if answers.is_empty() {
            return Err(io::Error::other("it holds no recording: `j2v emulator --record DIR` makes one"));
        }
        Ok(Self { answers, asked: Mutex::default() })
    }

    /// The routes: every request.
    pub(in crate::emulator) fn router(self) -> Router {
        Router::new().fallback(play).with_state(Arc::new(self))
    }

    fn answer(&self, method: &Method, path: &str) -> Option<&Exchange> {
        let question = Question::of(method.as_str(), path);
        let answers = self.answers.get(&question)?;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry(question).or_default();
        let place = if method == Method::POST { *count } else { (*count).min(answers.len() - 1) };
        *count += 1;
        answers.get(place)
    }
}

async fn play(State(player): State<Arc<Player>>, ConnectInfo(wire): ConnectInfo<Wire>, method: Method, uri: Uri) -> Response {
    wire.mend();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let Some(exchange) = player.answer(&method, path) else {
        return Answer::refusal(StatusCode::NOT_FOUND, &format!("The recording has no answer to {method} {path}")).send();
    };
    let Some(recorded) = &exchange.answer else {
        wire.cut(CutKind::Reset);
        return Response::new(Body::empty());
    };
    let mut response = Response::new(Body::from(recorded.body()));
    *response.status_mut() = recorded.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in &recorded.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static(SERVER));
    response
}
