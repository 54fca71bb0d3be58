//! Rows that wait because their ledger may have been put back to an earlier state: its server was restarted, or its
//! tables were replaced. A row is not sent when the ledger may have forgotten that it was sent.

use super::intake::{look, unsent};
use super::pipeline::Pipeline;
use super::row::{How, Row};
use crate::ledger::{LedgerError, Render, RenderQuery};
use crate::render::event::Outcome;
use crate::render::state::State;

impl Pipeline<'_> {
    /// Returns the row to send. When there has been a new sign that the ledger may have forgotten something, the list
    /// is read again first. Returns `None` when the row was routed elsewhere.
    pub(super) async fn look_again(&self, row: Row, render: Render) -> Option<(Row, Render)> {
        let doubts = self.context.store.completeness().doubts;
        if doubts == row.looked {
            return Some((row, render));
        }
        let row = Row { looked: doubts, ..row };
        match self.looked(&render).await {
            Ok(Ok(now)) if now.submission.state == State::Intent => return Some((row, now)),
            Ok(Ok(now)) => self.route(row, now).await,
            Ok(Err(outcome)) => self.end(row, How::Over(outcome)),
            Err(error) => {
                self.ledger_failed(&error);
                self.unsent(row, Some(&render));
            }
        }
        None
    }

    async fn looked(&self, render: &Render) -> Result<Result<Render, Box<Outcome>>, LedgerError> {
        let now = self.still(render).await?;
        match look(self, std::slice::from_ref(&now)).await? {
            Ok(()) => self.still(render).await.map(Ok),
            Err(why) => Ok(Err(Box::new(unsent(Some(render), &why)))),
        }
    }

    /// The current row. In a ledger that was put back its number may belong to another row.
    async fn still(&self, render: &Render) -> Result<Render, LedgerError> {
        let found = self.context.store.find(None, RenderQuery::Id(render.id)).await?;
        found.into_iter().find(|now| now.identity() == render.identity()).ok_or(LedgerError::PutBack)
    }
}
