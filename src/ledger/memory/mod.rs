//! The store of `--no-ledger`: it keeps every promise of the [`Store`] interface for as long as the process lives.

mod batches;
mod mail;
mod recovery;
mod sharing;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use self::mail::Mail;
use self::sharing::Seats;
use super::batch::Batch;
use super::change::{Placing, apply, is_past, placing, wanted};
use super::outbox::is_news;
use super::{Event, LedgerError, NewRender, PlaceResult, Record, Recorded, Render, RenderId, RenderQuery, Reply, Space, Store, story};
use crate::render::state::{InvalidTransition, State};
use crate::render::token::LedgerName;
use crate::world::Timestamp;

/// The only owner: no other process claims in this memory.
const OWNER: &str = "this process";

/// A ledger in memory.
#[derive(Default)]
pub struct Memory {
    /// Rows by their number, from 1.
    rows: Mutex<Vec<Row>>,
    mail: Mutex<Mail>,
    seats: Mutex<Seats>,
    /// A counter that grows with every change of a row.
    writes: watch::Sender<u64>,
    batches: Mutex<Vec<Batch>>,
}

struct Row {
    render: Render,
    body: Option<Vec<u8>>,
    story: Vec<Event>,
}

impl Memory {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrote(&self) {
        self.writes.send_modify(|writes| *writes += 1);
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Batch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn name(&self) -> LedgerName {
        LedgerName::unkept()
    }

    fn place(&self, drafts: Vec<NewRender>) -> Reply<'_, Vec<PlaceResult>> {
        let mut rows = self.rows();
        self.wrote();
        reply(drafts.into_iter().map(|draft| place(&mut rows, draft)).collect())
    }

    fn record(&self, records: Vec<Record>) -> Reply<'_, Vec<Result<Recorded, InvalidTransition>>> {
        let mut rows = self.rows();
        if let Some(record) = records.iter().find(|record| at(&mut rows, record.render).is_none()) {
            return reply(Err(unheard_of(record.render)));
        }
        self.wrote();
        let mut mail = self.mail();
        reply(Ok(records.iter().filter_map(|change| record(&mut rows, &mut mail, change)).collect()))
    }

    fn find(&self, space: Option<Space>, which: RenderQuery) -> Reply<'_, Vec<Render>> {
        let most = if let RenderQuery::All(most) = which { usize::try_from(most).unwrap_or(usize::MAX) } else { usize::MAX };
        let is_wanted = |render: &&Render| space.as_ref().is_none_or(|space| render.space == *space) && matches(&which, render);
        let rows = self.rows();
        reply(Ok(rows.iter().rev().map(|row| &row.render).filter(is_wanted).take(most).cloned().collect()))
    }

    fn body(&self, render: RenderId) -> Reply<'_, Option<Vec<u8>>> {
        reply(Ok(at(&mut self.rows(), render).and_then(|row| row.body.clone())))
    }

    fn story(&self, render: RenderId) -> Reply<'_, Vec<Event>> {
        reply(Ok(at(&mut self.rows(), render).map(|row| row.story.clone()).unwrap_or_default()))
    }

    /// The only possible owner is alive.
    fn reap(&self, _: Timestamp) -> Reply<'_, Vec<Render>> {
        reply(Ok(Vec::new()))
    }
}

fn reply<'a, T: Send + 'a>(answer: Result<T, LedgerError>) -> Reply<'a, T> {
    Box::pin(std::future::ready(answer))
}

fn at(rows: &mut [Row], id: RenderId) -> Option<&mut Row> {
    rows.get_mut(usize::try_from(id.0).ok()?.checked_sub(1)?)
}

fn unheard_of(render: RenderId) -> LedgerError {
    refused(format!("there is no render {}", render.0))
}

fn refused(why: String) -> LedgerError {
    LedgerError::Engine { path: "memory".into(), why }
}

fn place(rows: &mut Vec<Row>, draft: NewRender) -> Result<PlaceResult, LedgerError> {
    let is_same = |render: &Render| render.space == draft.space && render.scope == draft.scope;
    let names_it = |render: &Render| {
        let is_unsettled = render.submission.state.is_unsettled() && render.submission.state != State::Sending;
        if draft.named { render.key == draft.key } else { render.movie == draft.movie && is_unsettled }
    };
    let known = rows.iter().rev().map(|row| &row.render).find(|render| is_same(render) && names_it(render)).cloned();
    let known = known.or_else(|| recovery::claim(rows, &draft));
    match placing(&draft, known) {
        Placing::Existing(render) => Ok(PlaceResult::Existing(*render)),
        Placing::New { .. } if !draft.named && rows.iter().any(|row| is_same(&row.render) && row.render.key == draft.key) => {
            Err(refused(format!("the random key {} is taken: try again", draft.key)))
        }
        Placing::New { generation } => {
            let id = RenderId(i64::try_from(rows.len()).unwrap_or(i64::MAX).saturating_add(1));
            let render = wanted(id, &draft, generation);
            rows.push(Row { story: vec![story::created(&render)], body: Some(draft.body), render: render.clone() });
            Ok(PlaceResult::New(render))
        }
    }
}

/// Records one change of an existing row.
fn record(rows: &mut [Row], mail: &mut Mail, record: &Record) -> Option<Result<Recorded, InvalidTransition>> {
    let row = at(rows, record.render)?;
    let applied = match apply(&row.render, &record.change, record.at, OWNER) {
        Ok(applied) => applied,
        Err(out_of_turn) => return Some(Err(out_of_turn)),
    };
    let before = row.render.submission.state;
    row.render = applied.recorded.render.clone();
    if is_news(before, row.render.submission.state) {
        mail.put_if_received(&row.render);
    }
    row.story.extend(applied.event);
    if is_past(row.render.submission.state) {
        row.body = None;
    }
    Some(Ok(applied.recorded))
}

fn matches(which: &RenderQuery, render: &Render) -> bool {
    match which {
        RenderQuery::Id(id) => render.id == *id,
        RenderQuery::Ids(ids) => ids.contains(&render.id),
        RenderQuery::Key(scope, key) => render.key == *key && render.scope == *scope,
        RenderQuery::AnyKey(key) => render.key == *key,
        RenderQuery::Project(project) => render.submission.project.as_ref() == Some(project),
        RenderQuery::Projects(projects) => render.submission.project.as_ref().is_some_and(|project| projects.contains(project)),
        RenderQuery::File(path) => render.file.as_ref() == Some(path),
        RenderQuery::Resends => render.submission.state == State::Intent && render.submission.attempt > 1,
        RenderQuery::Unfinished => matches!(render.submission.state, State::Bound | State::Timeout),
        RenderQuery::Unsettled => render.submission.state.is_unsettled(),
        RenderQuery::All(_) => true,
    }
}
