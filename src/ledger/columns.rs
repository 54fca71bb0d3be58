//! The columns of renders, batches and deliveries, in their order, each with the value that it holds. Both stores read and
//! write rows by this list: a new column is added here and to the schemas of the stores, and nowhere else. Callbacks are
//! only read by it: their bodies are written, and are not read with them.

use super::batch::{Batch, Budget, TableRow};
use super::cells::{Cell, Cells, Kind, Stored, Unreadable};
use super::inbox::Kept;
use super::outbox::Delivery;
use super::{Render, Space};
use crate::render::identity::ProjectId;
use crate::render::state::Submission;

/// A column of a table whose rows are values of type `T`.
pub(super) struct Column<T> {
    /// Its name.
    pub(super) name: &'static str,
    /// Its type.
    pub(super) kind: Kind,
    /// Its value in a row.
    pub(super) cell: fn(&T) -> Cell<'_>,
}

const fn kind<T, V: Stored>(_of: fn(&T) -> &V) -> Kind {
    V::KIND
}

/// The column that holds a field.
macro_rules! column {
    ($name:literal, $type:ty, $($field:ident).+) => {
        Column { name: $name, kind: kind(|row: &$type| &row.$($field).+), cell: |row| row.$($field).+.store() }
    };
}

/// The columns of a render that never change.
pub(super) const IDENTITY: [Column<Render>; 6] = [
    column!("id", Render, id),
    column!("account", Render, space.account),
    column!("endpoint", Render, space.endpoint),
    column!("generation", Render, generation),
    column!("traceable", Render, traceable),
    column!("created_at", Render, created_at),
];

/// Its name and its origin: a restored row gets others when its key is submitted again.
pub(super) const ORIGIN: [Column<Render>; 8] = [
    column!("scope", Render, scope),
    column!("key", Render, key),
    column!("named", Render, named),
    column!("movie", Render, movie),
    column!("source", Render, source),
    column!("flags", Render, flags),
    Column { name: "line", kind: Kind::Number, cell: |render| number(render.row.map(|row| row.number)) },
    Column { name: "estimate", kind: Kind::Number, cell: |render| number(render.row.and_then(|row| row.estimate)) },
];

/// The state of the protocol. It has indexes, and changes rarely.
pub(super) const STATE: [Column<Render>; 6] = [
    column!("state", Render, submission.state),
    column!("epoch", Render, submission.epoch),
    column!("attempt", Render, submission.attempt),
    column!("on_unknown", Render, submission.on_unknown),
    column!("resubmits_left", Render, submission.resubmits_left),
    column!("project", Render, submission.project),
];

/// What else may change: times, the service's report, the file.
pub(super) const MARKS: [Column<Render>; 12] = [
    column!("owner", Render, owner),
    column!("quarantine", Render, quarantine),
    column!("touched_at", Render, touched_at),
    column!("posted_at", Render, posted_at),
    column!("gave_up_at", Render, gave_up_at),
    column!("searched_at", Render, searched_at),
    column!("bound_at", Render, bound_at),
    column!("read_at", Render, read_at),
    column!("refusal", Render, refusal),
    column!("report", Render, report),
    column!("file", Render, file),
    column!("gives_way_to", Render, gives_way_to),
];

/// All columns of a render, as [`render`] takes them.
pub(super) fn of_render() -> impl Iterator<Item = &'static Column<Render>> {
    const { &IDENTITY }.iter().chain(const { &ORIGIN }).chain(const { &STATE }).chain(const { &MARKS })
}

/// The condition of renders that are unsettled ([`is_unsettled`](crate::render::state::State::is_unsettled)), as both schemas
/// have it for an index: a query finds the index only by these words.
pub(super) const UNSETTLED: &str = "render.state IN ('sending', 'unknown', 'held')";

/// The same for renders that were accepted and have not ended.
pub(super) const UNFINISHED: &str = "render.state IN ('bound', 'timeout')";

/// The columns of a batch, as [`batch`] takes them.
pub(super) const BATCH: [Column<Batch>; 10] = [
    column!("name", Batch, name),
    column!("account", Batch, space.account),
    column!("endpoint", Batch, space.endpoint),
    column!("template", Batch, template),
    column!("source", Batch, source),
    column!("flags", Batch, flags),
    column!("max_renders", Batch, budget.renders),
    column!("max_credits", Batch, budget.credits),
    column!("created_at", Batch, created_at),
    column!("ended_at", Batch, ended_at),
];

/// The statement that stores a batch; its parameters are the values of [`BATCH`]'s columns. A known batch keeps its creation
/// time, and each limit for which the new one has none.
pub(super) fn keep_batch() -> String {
    let places: Vec<String> = (1..=BATCH.len()).map(|nth| format!("${nth}")).collect();
    format!(
        "INSERT INTO batch AS kept ({}) VALUES ({}) ON CONFLICT (name, account, endpoint) DO UPDATE SET template = excluded.template, \
         source = excluded.source, flags = excluded.flags, max_renders = coalesce(excluded.max_renders, kept.max_renders), \
         max_credits = coalesce(excluded.max_credits, kept.max_credits), ended_at = excluded.ended_at",
        names(&BATCH),
        places.join(", ")
    )
}

/// The columns of a delivery, as [`delivery`] takes them.
pub(super) const DELIVERY: [Column<Delivery>; 12] = [
    column!("id", Delivery, id),
    column!("account", Delivery, space.account),
    column!("endpoint", Delivery, space.endpoint),
    column!("project", Delivery, project),
    column!("status", Delivery, status),
    column!("report", Delivery, report),
    column!("progress", Delivery, progress),
    column!("attempts", Delivery, attempts),
    column!("due_at", Delivery, due_at),
    column!("owner", Delivery, owner),
    column!("touched_at", Delivery, touched_at),
    column!("detail", Delivery, detail),
];

/// The columns of a stored callback, as [`callback`] takes them. Its body stays in the ledger; only its size is read.
const CALLBACK: [&str; 9] =
    ["id", "account", "endpoint", "project", "token", "content_type", "CAST(octet_length(raw) AS bigint)", "received_at", "settled_at"];

fn number(number: Option<u64>) -> Cell<'static> {
    number.store().into_owned()
}

/// The names of columns as SQL lists them.
pub(super) fn names<T: 'static>(columns: impl IntoIterator<Item = &'static Column<T>>) -> String {
    columns.into_iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

/// A query for whole deliveries; `tail` begins with `WHERE`.
pub(super) fn select_delivery(tail: &str) -> String {
    format!("SELECT {} FROM delivery {tail}", names(&DELIVERY))
}

/// A query for stored callbacks; `tail` begins with `WHERE`.
pub(super) fn select_callback(tail: &str) -> String {
    format!("SELECT {} FROM callback {tail}", CALLBACK.join(", "))
}

/// A render from the values of [`of_render`]'s columns.
pub(super) fn render<'a, E: From<Unreadable>>(cell: impl FnMut(usize, Kind) -> Result<Cell<'a>, E>) -> Result<Render, E> {
    let mut row = Cells::new(of_render().map(|column| column.name), cell);
    let (id, account, endpoint) = (row.take()?, row.take()?, row.take()?);
    let (generation, traceable, created_at) = (row.take()?, row.take()?, row.take()?);
    Ok(Render {
        id,
        space: Space { account, endpoint },
        generation,
        traceable,
        created_at,
        scope: row.take()?,
        key: row.take()?,
        named: row.take()?,
        movie: row.take()?,
        source: row.take()?,
        flags: row.take()?,
        row: table_row(row.take()?, row.take()?),
        submission: Submission {
            state: row.take()?,
            epoch: row.take()?,
            attempt: row.take()?,
            on_unknown: row.take()?,
            resubmits_left: row.take()?,
            project: row.take()?,
        },
        owner: row.take()?,
        quarantine: row.take()?,
        touched_at: row.take()?,
        posted_at: row.take()?,
        gave_up_at: row.take()?,
        searched_at: row.take()?,
        bound_at: row.take()?,
        read_at: row.take()?,
        refusal: row.take()?,
        report: row.take()?,
        file: row.take()?,
        gives_way_to: row.take()?,
    })
}

fn table_row(number: Option<u64>, estimate: Option<u64>) -> Option<TableRow> {
    number.map(|number| TableRow { number, estimate })
}

/// A batch from the values of [`BATCH`]'s columns.
pub(super) fn batch<'a, E: From<Unreadable>>(cell: impl FnMut(usize, Kind) -> Result<Cell<'a>, E>) -> Result<Batch, E> {
    let mut row = Cells::new(BATCH.iter().map(|column| column.name), cell);
    let name = row.take()?;
    Ok(Batch {
        name,
        space: Space { account: row.take()?, endpoint: row.take()? },
        template: row.take()?,
        source: row.take()?,
        flags: row.take()?,
        budget: Budget { renders: row.take()?, credits: row.take()? },
        created_at: row.take()?,
        ended_at: row.take()?,
    })
}

/// A delivery from the values of [`DELIVERY`]'s columns.
pub(super) fn delivery<'a, E: From<Unreadable>>(cell: impl FnMut(usize, Kind) -> Result<Cell<'a>, E>) -> Result<Delivery, E> {
    let mut row = Cells::new(DELIVERY.iter().map(|column| column.name), cell);
    let id = row.take()?;
    Ok(Delivery {
        id,
        space: Space { account: row.take()?, endpoint: row.take()? },
        project: row.take()?,
        status: row.take()?,
        report: row.take()?,
        progress: row.take()?,
        attempts: row.take()?,
        due_at: row.take()?,
        owner: row.take()?,
        touched_at: row.take()?,
        detail: row.take()?,
    })
}

/// A callback from the values of [`CALLBACK`]'s columns. A body that names no project is stored with an empty one.
pub(super) fn callback<'a, E: From<Unreadable>>(cell: impl FnMut(usize, Kind) -> Result<Cell<'a>, E>) -> Result<Kept, E> {
    let mut row = Cells::new(CALLBACK.into_iter(), cell);
    Ok(Kept {
        id: row.take()?,
        space: Space { account: row.take()?, endpoint: row.take()? },
        project: ProjectId::parse(&row.take::<String, E>()?).ok(),
        token: row.take()?,
        content_type: row.take()?,
        size: row.take()?,
        received_at: row.take()?,
        settled_at: row.take()?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::PathBuf;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::ledger::RenderId;
    use crate::render::identity::{Key, MovieHash, ProjectId};
    use crate::render::outcome::{Reason, Refusal, Report};
    use crate::render::state::{OnUnknown, State};
    use crate::world::Timestamp;

    fn full() -> Render {
        let report = json!({"project": "p", "status": "done"});
        Render {
            id: RenderId(1),
            space: Space { account: "account".to_owned(), endpoint: "endpoint".to_owned() },
            scope: "scope".to_owned(),
            key: Key::parse("key").unwrap(),
            named: true,
            generation: 2,
            movie: MovieHash::of(b"movie"),
            traceable: false,
            source: "source".to_owned(),
            flags: vec!["--a".to_owned(), "b".to_owned()],
            row: Some(TableRow { number: 3, estimate: Some(4) }),
            submission: Submission {
                state: State::Done,
                epoch: 5,
                attempt: 6,
                on_unknown: OnUnknown::Resubmit,
                resubmits_left: 7,
                project: Some(ProjectId::parse("p").unwrap()),
            },
            owner: Some("owner".to_owned()),
            quarantine: Duration::from_millis(8),
            created_at: Timestamp(9),
            touched_at: Timestamp(10),
            posted_at: Some(Timestamp(11)),
            gave_up_at: Some(Timestamp(12)),
            searched_at: Some(Timestamp(13)),
            bound_at: Some(Timestamp(14)),
            read_at: Some(Timestamp(15)),
            refusal: Some(Refusal { reason: Reason::Credits, message: "no".to_owned() }),
            report: Report::read(&report),
            file: Some(PathBuf::from("tour.mp4")),
            gives_way_to: Some(16),
        }
    }

    fn read_again(written: &Render) -> Result<Render, Unreadable> {
        let columns: Vec<&Column<Render>> = of_render().collect();
        render(|nth, kind| {
            assert_eq!(columns[nth].kind, kind, "{}", columns[nth].name);
            Ok((columns[nth].cell)(written))
        })
    }

    #[test]
    fn a_render_is_read_as_it_was_written() {
        let full = full();
        assert_eq!(read_again(&full).unwrap(), full);
        let bare = Render { row: None, owner: None, refusal: None, report: None, file: None, gives_way_to: None, posted_at: None, ..full };
        assert_eq!(read_again(&bare).unwrap(), bare);
    }

    #[test]
    fn the_conditions_name_the_states_that_they_are_about_as_the_schemas_do() {
        let named = |states: &[State]| {
            let words: Vec<String> = states.iter().map(|state| format!("'{}'", state.as_str())).collect();
            format!("render.state IN ({})", words.join(", "))
        };
        let unsettled: Vec<State> = State::ALL.into_iter().filter(|state| state.is_unsettled()).collect();
        let unfinished: Vec<State> = State::ALL.into_iter().filter(|state| state.is_bound() && !state.has_ended()).collect();
        assert_eq!((named(&unsettled).as_str(), named(&unfinished).as_str()), (UNSETTLED, UNFINISHED));
    }

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let mut names = HashSet::new();
        assert!(of_render().all(|column| names.insert(column.name)));
    }
}
