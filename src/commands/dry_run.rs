//! `j2v submit --dry-run`: the exact request, key and passwords redacted, nothing sent and nothing written.

use serde_json::json;
use serde_json::value::RawValue;

use super::movies::Composed;
use super::session::{self, ledger_failed};
use super::submit_check::SubmitCheck;
use super::token_place::with_place_for_token;
use super::{Call, CliError};
use crate::cli::{OnUnknownArg, SubmitArgs};
use crate::exit::Exit;
use crate::ledger::change::gives_way;
use crate::ledger::{Render, RenderQuery, SUBMIT_SCOPE, Space, Store};
use crate::movie::Document;
use crate::movie::json::{Member, Node, Value};
use crate::render::identity::{Key, MovieHash};
use crate::render::state::State;
use crate::render::token::{Identity, LedgerName, Token};
use crate::service::client::USER_AGENT;
use crate::service::endpoint::without_userinfo;
use crate::settings::Api;
use crate::world::World;

pub(super) async fn run(call: &Call, args: &SubmitArgs, keys: Vec<Option<Key>>, composed: Vec<Composed>) -> anyhow::Result<Exit> {
    let store = session::store_as_it_is(call).await?;
    let mut exits = Vec::new();
    let mut gate = SubmitCheck::new(call, &args.gate, &args.movie);
    for (Composed { source, movie, .. }, key) in composed.into_iter().zip(keys) {
        let known = KnownRow { latest: latest(call, store.as_ref(), key.as_ref()).await?, ledger: store.name() };
        let movie =
            movie.and_then(|movie| with_place_for_token(!args.lost.no_token, &source, movie)).and_then(|movie| gate.pass(&source, movie));
        match movie.and_then(|movie| sent(call, args, key.as_ref(), &known, movie)) {
            Ok(movie) => {
                let body = without_passwords(movie.root).to_compact();
                call.out.document(&request(call, args, &body)?);
                exits.push(Exit::Done);
            }
            Err(stop) => {
                stop.tell(&call.out);
                exits.push(stop.exit);
            }
        }
    }
    gate.tell();
    Ok(Exit::fold(exits))
}

/// The ledger's answer.
struct KnownRow {
    /// The latest generation of the key, if the ledger has one.
    latest: Option<Render>,
    /// The ledger's name, which the token contains; a ledger that doesn't exist yet gets another one.
    ledger: LedgerName,
}

async fn latest(call: &Call, store: &dyn Store, key: Option<&Key>) -> anyhow::Result<Option<Render>> {
    let Some(key) = key else { return Ok(None) };
    let space = Space { account: call.settings.account.clone(), endpoint: session::endpoint(&call.settings.api) };
    let rows = store.find(Some(space), RenderQuery::Key(SUBMIT_SCOPE.to_owned(), key.clone())).await;
    Ok(rows.map_err(ledger_failed)?.into_iter().next())
}

/// The body as it would be sent, token included.
fn sent(call: &Call, args: &SubmitArgs, key: Option<&Key>, known: &KnownRow, movie: Document) -> Result<Document, CliError> {
    let latest = known.latest.as_ref();
    let hash = MovieHash::of(movie.canonical().as_bytes());
    let is_new = latest.is_none_or(|render| args.again && gives_way(render, hash));
    if let Some(render) = latest.filter(|_| !is_new) {
        if args.again && render.submission.state.is_unsettled() {
            let state = render.submission.state.as_str();
            call.out.warning(&format!("the render of key {} is `{state}`: nothing would be sent until that is settled", render.key));
        } else if !render.movie.agrees(hash) {
            let why = format!("the key {} was used before for another movie; --again renders this one as well", render.key);
            return Err(CliError::new(Exit::OtherMovie, why));
        } else if !is_sendable(args, render.submission.state) {
            let state = render.submission.state.as_str();
            call.out.warning(&format!("the render of key {} is `{state}` already: nothing would be sent", render.key));
        }
    }
    if args.lost.no_token {
        return Ok(movie);
    }
    let key = key.cloned().unwrap_or_else(|| Key::random(World::real().rng.next_u64()));
    let (generation, attempt) = match latest {
        Some(render) if is_new => (render.generation + 1, 1),
        Some(render) => (render.generation, attempt(args, render)),
        None => (1, 1),
    };
    let identity = Identity { scope: SUBMIT_SCOPE, key: &key, generation, movie: hash };
    let token = Token::new(&identity, attempt, known.ledger.clone());
    movie.with_token(&token.to_string()).map_err(|why| CliError::new(Exit::Invalid, why.to_string()))
}

/// The movie without passwords: the URLs of webhooks and files may contain one.
fn without_passwords(mut node: Node) -> Node {
    match &mut node.value {
        Value::String(text) if text.decoded().contains("://") => {
            let (written, shown) = (text.decoded().to_string(), without_userinfo(&text.decoded()));
            if shown != written {
                return Node::string(&shown);
            }
        }
        Value::Array(items) => *items = std::mem::take(items).into_iter().map(without_passwords).collect(),
        Value::Object(members) => {
            *members =
                std::mem::take(members).into_iter().map(|member| Member { value: without_passwords(member.value), ..member }).collect();
        }
        _ => {}
    }
    node
}

fn is_sendable(args: &SubmitArgs, state: State) -> bool {
    matches!(state, State::Intent | State::Rejected) || (state == State::Held && args.lost.on_unknown == Some(OnUnknownArg::Resubmit))
}

/// The n-th POST of the generation that this one would be.
fn attempt(args: &SubmitArgs, render: &Render) -> u32 {
    let goes_back = render.submission.state != State::Intent && is_sendable(args, render.submission.state);
    render.submission.attempt + u32::from(goes_back)
}

/// The request as `--json` shows it; the body stays as it is spelled.
#[derive(serde::Serialize)]
struct Request<'a> {
    method: &'a str,
    url: &'a str,
    headers: serde_json::Map<String, serde_json::Value>,
    body: &'a RawValue,
}

fn request(call: &Call, args: &SubmitArgs, body: &str) -> anyhow::Result<String> {
    let url = match &call.settings.api {
        Api::Url(url) => url.movies().to_string(),
        Api::Emulator(_) => "http://127.0.0.1/v2/movies".to_owned(),
    };
    let headers = [("content-type", "application/json"), ("user-agent", USER_AGENT), ("x-api-key", "[redacted]")];
    if args.json {
        let headers: serde_json::Map<_, _> = headers.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let request = Request { method: "POST", url: &url, headers, body: serde_json::from_str(body)? };
        return Ok(serde_json::to_string(&request)?);
    }
    let headers = headers.map(|(name, value)| format!("{name}: {value}\n")).concat();
    Ok(format!("POST {url}\n{headers}\n{body}"))
}
