//! Reads the table again, to send it: rows become movies on a thread of their own, a chunk ahead of the run.

use std::collections::HashMap;

use tokio::sync::mpsc::Sender;

use super::recipe::Recipe;
use super::report::Bad;
use crate::rows::{Row, Table};
use crate::work::batch::Entry;

/// A chunk is no longer than this, rows.
const ROWS: usize = 500;

/// Nor is it larger than this, bytes of movies, unless one movie is.
const BYTES: usize = 1 << 20;

/// Sends the rows to the run. A closed channel means that the run has stopped.
pub(super) fn feed(
    table: Table,
    mut recipe: Recipe,
    estimates: Vec<Option<u64>>,
    mut bad: HashMap<u64, Bad>,
) -> impl FnOnce(Sender<Vec<Entry>>) + Send {
    move |sender| {
        let (mut chunk, mut bytes, mut estimates) = (Vec::new(), 0, estimates.into_iter());
        let Ok(rows) = table.rows() else { return };
        for row in rows.map_while(Result::ok) {
            let estimate = estimates.next().flatten();
            let entry = match bad.remove(&row.number) {
                Some(Bad { key, why }) => Entry::Bad { number: row.number, key, why },
                None => again(&mut recipe, &row, estimate),
            };
            bytes += if let Entry::Good(item) = &entry { item.body.len() } else { 0 };
            chunk.push(entry);
            if chunk.len() == ROWS || bytes >= BYTES {
                bytes = 0;
                if sender.blocking_send(std::mem::take(&mut chunk)).is_err() {
                    return;
                }
            }
        }
        // The last chunk: a run that has stopped doesn't need it.
        let _ = sender.blocking_send(chunk);
    }
}

/// A row that passed the check passes it again.
fn again(recipe: &mut Recipe, row: &Row, estimate: Option<u64>) -> Entry {
    match recipe.make_again(row, estimate) {
        Ok(item) => Entry::Good(item),
        Err(fault) => Entry::Bad { number: row.number, key: None, why: fault.why() },
    }
}
