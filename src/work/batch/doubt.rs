//! Rows that wait while their ledger may have been put back to an earlier state: its server was started anew, or its tables
//! were replaced. Nothing is sent of which the ledger may have forgotten that it was sent.

use super::finish::How;
use super::intake::{look, unsent};
use super::pipeline::{Pipeline, Row};
use crate::ledger::{LedgerError, Render, RenderQuery};
use crate::render::event::Outcome;
use crate::render::state::State;

impl Pipeline<'_> {
    /// The row as it is to be sent, after another look where there has been a sign since the last one that the ledger may
    /// have forgotten something; nothing where it went somewhere else.
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

    /// The row as it is now; its number may belong to another one in a ledger that was put back.
    async fn still(&self, render: &Render) -> Result<Render, LedgerError> {
        let found = self.context.store.find(None, RenderQuery::Id(render.id)).await?;
        found.into_iter().find(|now| now.identity() == render.identity()).ok_or(LedgerError::PutBack)
    }
}
