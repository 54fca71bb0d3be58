//! The facts beside the movie: the lengths of its files, the texts of captions, and the length of an earlier render.

use std::collections::HashMap;
use std::time::Duration;

use crate::commands::{Call, session};
use crate::ledger::{Render, RenderQuery};
use crate::movie::Document;
use crate::movie::expand::Expansion;
use crate::movie::json::Node;
use crate::movie::plan::{Asset, Seconds, assets_of};
use crate::preview::Known;
use crate::render::identity::MovieHash;
use crate::service::client::Timeouts;
use crate::service::keyless::Hosts;
use crate::service::probe::{Found, Probe, Wanted};
use crate::service::relay::Relay;
use crate::work::preview::{Folder, Origin};

/// The longest captions that are read, bytes.
const LONGEST: u64 = 2 << 20;

/// How far back the ledger is searched for an earlier render.
const MOST_RENDERS: u32 = 2000;

/// The client that fetches the movie's files; none with `--offline`.
pub(super) fn relay(call: &Call, allow_private: bool) -> Relay {
    let hosts = if allow_private { Hosts::Any } else { Hosts::Public };
    Relay::new(call.settings.is_loopback(), hosts, timeouts(call))
}

fn timeouts(call: &Call) -> Timeouts {
    // A file that takes too long is shown as one that can't be fetched; the service waits longer.
    Timeouts { request: call.settings.request_timeout.min(Duration::from_secs(15)), ..Timeouts::default() }
}

/// The facts that need no requests to other hosts: captions in files beside the movie.
pub(super) fn at_hand(movie: &Node, folder: &Folder) -> Known {
    let captions = captions(movie).into_iter().filter_map(|address| match folder.origin(&address) {
        Origin::Local(file) => Some((address, file.text(LONGEST).ok()?)),
        Origin::Remote(_) => None,
    });
    Known { captions: captions.collect(), ..Known::default() }
}

/// The ledger's facts, and those of the files themselves where requests are allowed: their lengths, and the texts of captions.
pub(super) async fn found(call: &Call, relay: Option<&Relay>, movie: &Document, expansion: &Expansion) -> Known {
    let rendered = rendered(call, movie).await;
    let Some(relay) = relay else { return Known { rendered, ..Known::default() } };
    let uses = assets_of(expansion);
    let recordings: Vec<_> = uses
        .iter()
        .filter(|file| matches!(file.kind.as_str(), "video" | "audio"))
        .map(|file| (file.url.as_str(), Wanted::Recording))
        .collect();
    let found = Probe::new(call.settings.is_loopback(), Hosts::Public, timeouts(call)).all(&recordings).await;
    let assets: HashMap<String, Asset> =
        recordings.iter().zip(found).filter_map(|((url, _), found)| Some(((*url).to_owned(), asset(&found.ok()?)))).collect();
    let mut texts = HashMap::new();
    for address in captions(&expansion.movie.root) {
        if address.contains("://")
            && let Ok(text) = relay.text(&address).await
        {
            texts.insert(address, text);
        }
    }
    Known { assets, captions: texts, rendered, ..Known::default() }
}

/// The length of the last render of the same movie, seconds. A ledger that can't be read is ignored here.
async fn rendered(call: &Call, movie: &Document) -> Option<f64> {
    let store = session::store_as_it_is(call).await.ok()?;
    let hash = MovieHash::of(movie.canonical().as_bytes());
    let renders = store.find(Some(session::space(call)), RenderQuery::All(MOST_RENDERS)).await.ok()?;
    let same = renders.iter().filter(|render| render.movie == hash);
    let length = |render: &Render| render.report.as_ref()?.duration.as_ref()?.as_f64();
    same.filter_map(|render| Some((render.created_at, length(render)?))).max_by_key(|(at, _)| *at).map(|(_, length)| length)
}

fn asset(found: &Found) -> Asset {
    let length = found.length.and_then(|length| Seconds::from_f64(length.as_secs_f64()));
    Asset { length, size: None, bytes: found.bytes }
}

/// The addresses of captions: a text of several lines is not an address.
fn captions(movie: &Node) -> Vec<String> {
    let items = |node: &Node, name: &str| node.get(name).and_then(Node::as_array).map(<[Node]>::to_vec).unwrap_or_default();
    let in_scenes = items(movie, "scenes").into_iter().flat_map(|scene| items(&scene, "elements"));
    let all = in_scenes.chain(items(movie, "elements"));
    let texts = all.filter_map(|element| Some(element.get("captions")?.as_text()?.decoded().trim().to_owned()));
    texts.filter(|text| !text.is_empty() && !text.contains('\n')).collect()
}
