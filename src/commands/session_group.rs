//! The renders that a user named, each with the profile that it was submitted with: the service doesn't show it to the
//! key of another profile.

use std::cell::RefCell;
use std::sync::Arc;

use futures_util::future::join_all;

use super::renders::{Known, Name, expand, one, resolve};
use super::session::{self, Session};
use super::{Call, CliError, session::spelling, waiting};
use crate::ledger::{Space, Store};
use crate::output::Results;
use crate::work::Context;
use crate::work::follow::follow;
use crate::work::poll::WaitPolicy;
use crate::work::save::Saving;

/// Renders of one profile.
pub(super) struct SessionGroup {
    /// Their session.
    pub(super) session: Session,
    /// The named renders, with the index of each argument.
    pub(super) known: Vec<(usize, Known)>,
}

/// Finds the named renders, and opens a session for each profile that they need.
///
/// # Errors
/// When a name can't be an id, when stdin can't be read, when a profile has no key, or when the ledger fails.
pub(super) async fn meet(call: &Call, names: &[String], batch: Option<&str>) -> anyhow::Result<Vec<SessionGroup>> {
    let names = expand(&call.interrupt, names).await?;
    let mut groups: Vec<(Call, Vec<(usize, String)>)> = Vec::new();
    let ledger = ledger_of_several(call).await?;
    for (index, name) in names.into_iter().enumerate() {
        let theirs = match &ledger {
            Some(ledger) => elsewhere(call, ledger.as_ref(), Name { text: &name, batch }).await?,
            None => None,
        };
        let theirs = theirs.unwrap_or_else(|| call.clone());
        let is_same = |group: &Call| group.settings.account == theirs.settings.account;
        match groups.iter_mut().find(|(group, _)| is_same(group)) {
            Some((_, names)) => names.push((index, name)),
            None => groups.push((theirs, vec![(index, name)])),
        }
    }
    drop(ledger);
    let mut session_groups = Vec::new();
    for (call, names) in groups {
        let session = Session::of_what_is_there(&call).await?;
        let (indices, names): (Vec<usize>, Vec<String>) = names.into_iter().unzip();
        let names: Vec<Name<'_>> = names.iter().map(|text| Name { text, batch }).collect();
        let known = resolve(&session.context, &names).await?;
        session_groups.push(SessionGroup { session, known: indices.into_iter().zip(known).collect() });
    }
    Ok(session_groups)
}

/// Follows the renders of all profiles at the same time, and closes their sessions.
pub(super) async fn follow_all(
    session_groups: Vec<SessionGroup>,
    patience: impl Fn(&Context) -> WaitPolicy,
    saving: Option<&Saving>,
    results: &mut Results<'_>,
) {
    let results = RefCell::new(results);
    let session_groups = session_groups.into_iter().map(|SessionGroup { session, known }| {
        let followed = waiting::to_follow(&session.context, known, &mut results.borrow_mut());
        let (patience, results) = (patience(&session.context), &results);
        async move {
            follow(&session.context, followed, patience, saving, |index, outcome| results.borrow_mut().end(index, outcome)).await;
            session.close().await;
        }
    });
    join_all(session_groups.collect::<Vec<_>>()).await;
}

/// The command with the profile of a render: the profile that applies, unless the ledger names another.
///
/// # Errors
/// When the ledger fails.
pub(super) async fn call_of(call: &Call, name: Name<'_>) -> anyhow::Result<Call> {
    let theirs = match ledger_of_several(call).await? {
        Some(ledger) => elsewhere(call, ledger.as_ref(), name).await?,
        None => None,
    };
    Ok(theirs.unwrap_or_else(|| call.clone()))
}

/// The ledger, where there is one that may hold renders of several profiles.
async fn ledger_of_several(call: &Call) -> anyhow::Result<Option<Arc<dyn Store>>> {
    if !call.settings.ledger.is_there() || !call.settings.has_other_profiles() {
        return Ok(None);
    }
    session::store(call).await.map(Some)
}

/// The command with another profile, if only that one has the render.
async fn elsewhere(call: &Call, ledger: &dyn Store, name: Name<'_>) -> Result<Option<Call>, CliError> {
    let settings = &call.settings;
    let here = Space { account: settings.account.clone(), endpoint: session::endpoint(&settings.api) };
    let command = spelling(call);
    if one(ledger, Some(here), name, &command).await?.is_some() {
        return Ok(None);
    }
    let found = one(ledger, None, name, &command).await?;
    let theirs = found.and_then(|render| settings.of_account(&render.space.account, &render.space.endpoint));
    Ok(theirs.map(|settings| Call { settings, ..call.clone() }))
}
