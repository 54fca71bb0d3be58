//! The use cases: they combine the service and the ledger, and report what happens as [`Event`]s.

pub mod batch;
mod belief;
mod command_line;
pub mod deliver;
pub mod follow;
pub mod listen;
pub mod outcome;
pub mod poll;
pub mod presearch;
pub mod preview;
pub mod reconcile;
pub mod save;
pub mod search;
mod send;
pub mod settle;
pub mod submit;
pub mod templates;
mod until;
pub mod upload;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use self::command_line::CommandLine;
pub(crate) use self::command_line::{Submission, quoted, source_words};
use crate::ledger::{Change, LedgerError, Record, Recorded, Render, RenderId, RenderQuery, SUBMIT_SCOPE, Space, Store};
use crate::policy::READING_ONE;
use crate::render::event::{Event, Listener};
use crate::render::identity::ProjectId;
use crate::render::schedule::Locality;
use crate::render::state::{Action, Fact, InvalidTransition};
use crate::render::token::Token;
use crate::service::client::Client;
use crate::service::page::Window;
use crate::world::{Timestamp, World};

/// The context of every use case.
#[derive(Clone)]
pub struct Context {
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// The client of the service.
    pub client: Arc<Client>,
    /// The space of the renders.
    pub space: Space,
    /// The distance to the service.
    pub locality: Locality,
    /// The clock and the random numbers.
    pub world: World,
    /// The receiver of the events.
    pub listener: Arc<dyn Listener>,
    /// Cancelled at the first Ctrl-C: open requests may end, nothing new begins.
    pub interrupt: CancellationToken,
    /// Cancelled at the second Ctrl-C: answers that are awaited count as lost.
    pub leave: CancellationToken,
    /// Whether the ledger outlives the process. Without one no later command can search for a lost answer.
    pub remembers: bool,
    /// Spells the next command.
    pub command: CommandLine,
}

impl Context {
    /// A context for a program that uses the library. Events have no listener, there is no interruption, and the
    /// account is the one that `j2v` itself uses without profiles.
    #[must_use]
    pub fn new(client: Client, store: impl Store + 'static, world: World) -> Self {
        let locality = if client.url().is_loopback() { Locality::Loopback } else { Locality::Remote };
        Self {
            space: Space { account: DEFAULT_ACCOUNT.to_owned(), endpoint: client.url().as_str().to_owned() },
            store: Arc::new(store),
            client: Arc::new(client),
            locality,
            world,
            listener: Arc::new(NoListener),
            interrupt: CancellationToken::new(),
            leave: CancellationToken::new(),
            remembers: true,
            command: CommandLine::default(),
        }
    }

    /// Finds out which of these renders have a key that also names other renders: their names are longer.
    pub(crate) async fn learn_names(&self, renders: &[&Render]) -> Result<(), LedgerError> {
        for render in renders.iter().filter(|render| render.named && render.own_scope() == Some(SUBMIT_SCOPE)) {
            let alike = self.store.find(Some(self.space.clone()), RenderQuery::AnyKey(render.key.clone())).await?;
            if alike.iter().any(|other| other.own_scope() != Some(SUBMIT_SCOPE)) {
                self.command.learn_shared(&render.key);
            }
        }
        Ok(())
    }

    /// The token of a render's current attempt.
    pub(crate) fn token(&self, render: &Render) -> Token {
        Token::new(&render.identity(), render.submission.attempt, self.store.name())
    }

    /// The news that a lost answer was found: it may come after the lines of another render, so it names its own command.
    pub(crate) fn found_again(&self, project: &ProjectId, render: &Render) -> Event {
        let next = self.command.spell(&["poll", project.as_str()]);
        Event::FoundAgain { project: project.clone(), name: self.command.name(render), next }
    }

    pub(crate) fn tell(&self, event: &Event) {
        self.listener.hear(event);
    }

    /// Converts a span of this machine's clock into a span of the service's, wide enough for either clock to be right.
    /// When the clocks are days apart, only the service's counts: a span of both would be months of pages.
    pub(crate) fn window(&self, from: Timestamp, to: Timestamp) -> Window {
        let ahead = self.client.server_offset().unwrap_or_default();
        if ahead.abs() > OTHER_TIMES {
            return Window { from: Timestamp(from.0.saturating_sub(ahead)), to: Timestamp(to.0.saturating_sub(ahead)) };
        }
        Window { from: Timestamp(from.0.saturating_sub(ahead.max(0))), to: Timestamp(to.0.saturating_sub(ahead.min(0))) }
    }

    /// The time on the service's clock, as far as its answers have shown it.
    pub(crate) fn service_now(&self) -> Timestamp {
        Timestamp(self.world.now().0.saturating_sub(self.client.server_offset().unwrap_or_default()))
    }

    /// Whether the service has deleted a render's video by now, as far as its last report shows.
    pub(crate) fn may_be_gone(&self, render: &Render) -> bool {
        render.report.as_ref().is_some_and(|report| report.is_expired(self.service_now()))
    }

    /// Returns the result of `work`; `None` when the user interrupts it.
    pub(crate) async fn unless_interrupted<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.interrupt.cancelled() => None,
        }
    }

    /// Records one change of one render, at the current time.
    pub(crate) async fn record(&self, render: RenderId, change: Change) -> Result<Result<Recorded, InvalidTransition>, LedgerError> {
        let record = Record { render, change, at: self.world.now() };
        let mut recorded = self.store.record(vec![record]).await?;
        recorded.pop().ok_or(LedgerError::Closed)
    }

    /// Whether this process's claim still holds. A process that was suspended for longer than its lease has sent
    /// nothing. It records that, and must not send any more.
    pub(crate) async fn stands(&self, claimed: &Render) -> Result<bool, LedgerError> {
        let stands = self.store.stands(claimed).await;
        if let Ok(true) = stands {
            return Ok(true);
        }
        let unsent = self.record(claimed.id, Change::Fact(Fact::NotSent { epoch: claimed.submission.epoch })).await;
        stands.and(unsent.map(|_| false))
    }

    /// Records a fact that is valid in every state. Reports when it showed a second project.
    pub(crate) async fn learn(&self, render: &Render, fact: Fact) -> Result<Render, LedgerError> {
        match self.record(render.id, Change::Fact(fact)).await? {
            Ok(recorded) => {
                self.tell_of_extra(&recorded);
                Ok(recorded.render)
            }
            Err(_) => self.reload(render).await,
        }
    }

    fn tell_of_extra(&self, recorded: &Recorded) {
        if let Action::Alarm(extra) = &recorded.action {
            let next = self.command.spell(&["delete", extra.as_str()]);
            self.tell(&Event::Extra { kept: recorded.render.submission.project.clone(), extra: extra.clone(), next });
        }
    }

    /// Reads a render's state from the service into the ledger. No answer of the service is not an error here.
    pub(crate) async fn look_again(&self, render: &Render) -> Result<(), LedgerError> {
        let Some(project) = &render.submission.project else { return Ok(()) };
        if let Ok(report) = self.client.read(project, READING_ONE).await {
            self.learn(render, Fact::Seen(Box::new(report))).await?;
        }
        Ok(())
    }

    /// The current row. A row is never deleted while its render is worked on: without it the ledger was put back.
    pub(crate) async fn reload(&self, render: &Render) -> Result<Render, LedgerError> {
        let rows = self.store.find(None, RenderQuery::Id(render.id)).await?;
        rows.into_iter().next().ok_or(LedgerError::PutBack)
    }
}

/// Clocks further apart than this, in milliseconds, show different times: two days.
const OTHER_TIMES: i64 = 2 * 24 * 3600 * 1000;

/// The account of a user without profiles.
pub const DEFAULT_ACCOUNT: &str = "default";

struct NoListener;

impl Listener for NoListener {
    fn hear(&self, _: &Event) {}
}
