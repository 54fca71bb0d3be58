//! Finds the renders that a user names: `PROJECT`, `KEY`, `KEY#N`, `BATCH/KEY`, `BATCH/KEY#N`, `submit/KEY`, or names from
//! stdin. Every reading of a name counts: a key may look like a project, a generation or a row of a batch. A name that fits
//! several renders is refused, with names that fit one each.

use std::io::{self, Read};
use std::thread;

use tokio_util::sync::CancellationToken;

use super::CliError;
use super::session::ledger_failed;
use crate::exit::Exit;
use crate::ledger::{LedgerError, Render, RenderQuery, Space, Store};
use crate::render::identity::{Key, ProjectId};
use crate::work::{CommandLine, Context, quoted};

/// Renders that an ambiguous name may mean and that are shown; the rest is counted.
const SHOWN: usize = 10;

/// A name as it was typed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    /// The name.
    pub(super) text: &'a str,
    /// The value of `--batch`: the scope of its key.
    pub(super) batch: Option<&'a str>,
}

/// A render that a user named.
pub(super) enum Known {
    /// It is in the ledger.
    Render(Box<Render>),
    /// It is not in the ledger, but the service may have it.
    Project(ProjectId),
    /// It is not in the ledger, and the name can't be a project's.
    Nothing(String),
}

/// Finds each name in the ledger. A name that is not there is a project where it looks like one.
///
/// # Errors
/// When a name fits several renders or can't be a name, or when the ledger fails.
pub(super) async fn resolve(context: &Context, names: &[Name<'_>]) -> Result<Vec<Known>, CliError> {
    let mut known = Vec::new();
    for name in names {
        let found = one(context.store.as_ref(), Some(context.space.clone()), *name, &context.command).await?;
        let project = ProjectId::parse(name.text).map_err(|why| CliError::new(Exit::Usage, format!("`{}`: {why}", name.text)))?;
        known.push(match found {
            Some(render) => Known::Render(Box::new(render)),
            None if name.batch.is_none() && project.is_well_formed() => Known::Project(project),
            None => Known::Nothing(name.text.to_owned()),
        });
    }
    let renders: Vec<&Render> =
        known.iter().filter_map(|known| if let Known::Render(render) = known { Some(&**render) } else { None }).collect();
    context.learn_names(&renders).await.map_err(ledger_failed)?;
    Ok(known)
}

/// The one render that a name means, if the ledger has it.
///
/// # Errors
/// When it fits several, or when the ledger fails.
pub(super) async fn one(
    store: &dyn Store,
    space: Option<Space>,
    name: Name<'_>,
    command: &CommandLine,
) -> Result<Option<Render>, CliError> {
    let mut found = all(store, space.clone(), name).await.map_err(ledger_failed)?;
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => Err(ambiguous(store, space, name, &found, command).await.map_err(ledger_failed)?),
    }
}

/// Every render that a name may mean: the one of the project, and in each scope the render that counts for the key, or the
/// generation that is named.
async fn all(store: &dyn Store, space: Option<Space>, name: Name<'_>) -> Result<Vec<Render>, LedgerError> {
    let mut found: Vec<Render> = Vec::new();
    if name.batch.is_none()
        && let Ok(project) = ProjectId::parse(name.text)
    {
        found.extend(store.find(space.clone(), RenderQuery::Project(project)).await?.into_iter().next());
    }
    for (scope, key) in readings(name) {
        let mut rows = of_key(store, space.clone(), scope, key, None).await?;
        if let Some((key, generation)) = generation_of(key) {
            rows.extend(of_key(store, space.clone(), scope, key, Some(generation)).await?);
        }
        rows.retain(|row| found.iter().all(|known| known.id != row.id));
        found.extend(rows);
    }
    Ok(found)
}

/// The readings of a name: a key of any scope, or, at each `/`, a scope and a key in it.
fn readings(name: Name<'_>) -> Vec<(Option<&str>, &str)> {
    let split = name.text.match_indices('/').map(|(at, _)| (Some(&name.text[..at]), &name.text[at + 1..]));
    let split = split.filter(|(scope, key)| !key.is_empty() && name.batch.is_none_or(|batch| *scope == Some(batch)));
    std::iter::once((name.batch, name.text)).chain(split).collect()
}

fn generation_of(key: &str) -> Option<(&str, u32)> {
    let (key, generation) = key.rsplit_once('#')?;
    Some((key, generation.parse().ok()?))
}

/// Whether two renders with the same key are generations of one.
fn is_of_one_key(one: &Render, other: &Render) -> bool {
    one.space == other.space && one.own_scope() == other.own_scope() && one.own_scope().is_some()
}

/// In each scope the render of a key: the one that counts (its latest generation, unless an edit was taken back), or a given
/// generation.
async fn of_key(
    store: &dyn Store,
    space: Option<Space>,
    scope: Option<&str>,
    key: &str,
    generation: Option<u32>,
) -> Result<Vec<Render>, LedgerError> {
    let Ok(key) = Key::parse(key) else { return Ok(Vec::new()) };
    let mut rows = store.find(space, RenderQuery::AnyKey(key)).await?;
    rows.retain(|row| scope.is_none_or(|scope| row.own_scope() == Some(scope)) && generation.is_none_or(|nth| row.generation == nth));
    rows.sort_by_key(|row| std::cmp::Reverse((row.generation, row.id)));
    let mut latest: Vec<&Render> = Vec::new();
    for row in &rows {
        if !latest.iter().any(|known| is_of_one_key(known, row)) {
            latest.push(row);
        }
    }
    // A row whose edit was taken back is the render that counts for it.
    let counts = |row: &&Render| rows.iter().find(|other| is_of_one_key(other, row) && Some(other.generation) == row.gives_way_to);
    Ok(latest.iter().map(|row| counts(row).unwrap_or(row).clone()).collect())
}

async fn ambiguous(
    store: &dyn Store,
    space: Option<Space>,
    name: Name<'_>,
    found: &[Render],
    command: &CommandLine,
) -> Result<CliError, LedgerError> {
    let mut spelled = Vec::new();
    for render in found.iter().take(SHOWN) {
        spelled.push((spelling(store, space.clone(), render).await?, render));
    }
    let shown: Vec<String> = spelled.iter().map(|(spelled, render)| format!("{spelled} ({})", told(render))).collect();
    let more = if found.len() > SHOWN { format!(" and {} more", found.len() - SHOWN) } else { String::new() };
    let message = format!("`{}` fits {} renders: {}{more}", name.text, found.len(), shown.join(", "));
    let stop = CliError { help: Some("use one of these names".to_owned()), ..CliError::new(Exit::Usage, message) };
    Ok(spelled.iter().fold(stop, |stop, (spelled, _)| stop.then(format!("{} {spelled}", command.spell(&["show"])))))
}

/// The first name that fits only this render, for a shell: read in another way, its full name may fit another one, too.
async fn spelling(store: &dyn Store, space: Option<Space>, render: &Render) -> Result<String, LedgerError> {
    let (full, key, scope) = (render.full_name(), render.key.as_str(), render.own_scope());
    let numbered = |name: &str| format!("{name}#{}", render.generation);
    let project = render.submission.project.as_ref().map(ToString::to_string);
    let names = [
        (None, Some(full.clone())),
        (None, Some(numbered(&full))),
        (scope, Some(key.to_owned())),
        (scope, Some(numbered(key))),
        (None, project),
    ];
    for (batch, text) in names.iter().filter_map(|(batch, text)| Some((*batch, text.as_deref()?))) {
        if let [only] = &all(store, space.clone(), Name { text, batch }).await?[..]
            && only.id == render.id
        {
            let scope = batch.map(|batch| format!("--batch {} ", quoted(batch))).unwrap_or_default();
            return Ok(format!("{scope}{}", quoted(text)));
        }
    }
    Ok(quoted(&full))
}

fn told(render: &Render) -> String {
    let project = render.submission.project.as_ref().map(|project| format!(", {project}")).unwrap_or_default();
    format!("{}{project}", render.submission.state.shown())
}

/// The message for a name that is not in the ledger.
pub(super) fn unheard_of(name: Name<'_>, history: &str) -> CliError {
    let of_batch = name.batch.map(|batch| format!(" of batch {batch}")).unwrap_or_default();
    CliError::new(Exit::Refused, format!("the ledger has no render of `{}`{of_batch}", name.text)).then(history)
}

/// All of stdin. A separate thread reads it, so that an interruption is noticed; the thread ends with the process.
async fn stdin() -> io::Result<String> {
    let (sender, text) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = io::stdin().lock().read_to_string(&mut text);
        // After an interruption nothing waits for it any more.
        let _ = sender.send(read.map(|_| text));
    });
    text.await.unwrap_or_else(|_| Err(io::Error::other("its reader is gone")))
}

/// Replaces `-` by the lines of stdin. Empty lines are what `submit` prints for a movie without a project.
///
/// # Errors
/// When stdin can't be read, or the user interrupts it.
pub(super) async fn expand(interrupt: &CancellationToken, names: &[String]) -> Result<Vec<String>, CliError> {
    let mut all = Vec::new();
    for name in names {
        if name == "-" {
            let read = tokio::select! {
                read = stdin() => read,
                () = interrupt.cancelled() => return Err(CliError::new(Exit::Interrupted, "interrupted")),
            };
            let text = read.map_err(|why| CliError::new(Exit::Usage, format!("stdin can't be read: {why}")))?;
            all.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
        } else {
            all.push(name.clone());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slash_may_end_the_name_of_a_batch() {
        let readings_of = |text, batch| readings(Name { text, batch });
        assert_eq!(readings_of("a", None), [(None, "a")]);
        assert_eq!(readings_of("a/b/c", None), [(None, "a/b/c"), (Some("a"), "b/c"), (Some("a/b"), "c")]);
        assert_eq!(readings_of("a/b", Some("a")), [(Some("a"), "a/b"), (Some("a"), "b")]);
        assert_eq!(readings_of("a/", None), [(None, "a/")]);
    }
}
