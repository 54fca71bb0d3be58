//! Finds the renders that a user names: by project, by key, or by ids from stdin.

use std::io::{self, Read};
use std::thread;

use tokio_util::sync::CancellationToken;

use super::Stop;
use super::session::ledger_failed;
use crate::exit::Exit;
use crate::ledger::{LedgerError, Render, Space, Store, Which};
use crate::render::identity::{Key, ProjectId};
use crate::work::Desk;

/// A render that a user named.
pub(super) enum Known {
    /// The ledger has it.
    Render(Box<Render>),
    /// It has not: the service may.
    Project(ProjectId),
}

/// Finds each name in the ledger; what it doesn't know is taken for a project id.
///
/// # Errors
/// When a name can be no id, or when the ledger fails.
pub(super) async fn resolve(desk: &Desk, names: &[String]) -> Result<Vec<Known>, Stop> {
    let mut known = Vec::new();
    for name in names {
        let found = latest(desk.store.as_ref(), Some(desk.space.clone()), name).await.map_err(ledger_failed)?;
        known.push(match found {
            Some(render) => Known::Render(Box::new(render)),
            None => Known::Project(ProjectId::parse(name).map_err(|why| Stop::new(Exit::Usage, format!("`{name}`: {why}")))?),
        });
    }
    Ok(known)
}

/// All of stdin. A thread of its own waits for it, so that an interruption is heard meanwhile; it ends with the process.
async fn stdin() -> io::Result<String> {
    let (sender, text) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = io::stdin().lock().read_to_string(&mut text);
        // Whoever was interrupted does not wait for it any more.
        let _ = sender.send(read.map(|_| text));
    });
    text.await.unwrap_or_else(|_| Err(io::Error::other("its reader is gone")))
}

/// Puts the lines of stdin in the place of `-`. Empty ones are what `submit` prints for a movie without a project.
///
/// # Errors
/// When stdin can't be read, or the user interrupts it.
pub(super) async fn expand(interrupt: &CancellationToken, names: &[String]) -> Result<Vec<String>, Stop> {
    let mut all = Vec::new();
    for name in names {
        if name == "-" {
            let read = tokio::select! {
                read = stdin() => read,
                () = interrupt.cancelled() => return Err(Stop::new(Exit::Interrupted, "interrupted")),
            };
            let text = read.map_err(|why| Stop::new(Exit::Usage, format!("stdin can't be read: {why}")))?;
            all.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
        } else {
            all.push(name.clone());
        }
    }
    Ok(all)
}

/// The render of a project, the latest generation of a key, or one of its generations: `KEY#2`.
///
/// # Errors
/// When the ledger fails.
pub(super) async fn latest(store: &dyn Store, space: Option<Space>, name: &str) -> Result<Option<Render>, LedgerError> {
    if let Ok(project) = ProjectId::parse(name)
        && let Some(render) = store.find(space.clone(), Which::Project(project)).await?.into_iter().next()
    {
        return Ok(Some(render));
    }
    if let Ok(key) = Key::parse(name)
        && let Some(render) = store.find(space.clone(), Which::AnyKey(key)).await?.into_iter().next()
    {
        return Ok(Some(render));
    }
    let Some((key, generation)) = generation_of_key(name) else { return Ok(None) };
    Ok(store.find(space, Which::AnyKey(key)).await?.into_iter().find(|render| render.generation == generation))
}

fn generation_of_key(name: &str) -> Option<(Key, u32)> {
    let (key, generation) = name.rsplit_once('#')?;
    Some((Key::parse(key).ok()?, generation.parse().ok()?))
}
