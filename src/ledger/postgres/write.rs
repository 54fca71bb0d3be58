//! Writes rows: each function is one statement, whatever the number of rows.

use super::channel::Channel;
use super::failure::Failure;
use crate::ledger::{Event, Render, RenderId};
use crate::render::identity::ProjectId;

/// Numbers for new rows, in the order of the rows.
pub(super) async fn numbers(channel: &Channel, count: usize) -> Result<Vec<i64>, Failure> {
    const SQL: &str = "SELECT nextval(pg_get_serial_sequence('j2v.render', 'id')) FROM generate_series(1, $1::bigint)";
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let mut numbers = Vec::new();
    for row in channel.query(SQL, &[&count]).await? {
        numbers.push(row.try_get(0)?);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Writes new rows, in the order of their keys, so that transactions don't deadlock; returns the numbers of those whose key
/// and generation were free. Waits for a transaction that is writing the same ones.
pub(super) async fn insert(channel: &Channel, renders: &[Render]) -> Result<Vec<RenderId>, Failure> {
    const SQL: &str = "INSERT INTO render (id, account, endpoint, scope, key, named, generation, movie, traceable, source, flags, state, \
         epoch, attempt, on_unknown, resubmits_left, quarantine, created_at, touched_at, line, estimate) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::bigint[], $8::text[], \
         $9::boolean[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::text[], $16::bigint[], $17::bigint[], \
         $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[]) AS new (id, account, endpoint, scope, key, named, generation) \
         ORDER BY account, endpoint, scope, key, generation \
         ON CONFLICT (key, scope, account, endpoint, generation) DO NOTHING RETURNING id";
    macro_rules! column {
        ($of:expr) => {
            renders.iter().map($of).collect::<Vec<_>>()
        };
    }
    let rows = channel
        .query(
            SQL,
            &[
                &column!(|render| render.id.0),
                &column!(|render| render.space.account.as_str()),
                &column!(|render| render.space.endpoint.as_str()),
                &column!(|render| render.scope.as_str()),
                &column!(|render| render.key.as_str()),
                &column!(|render| render.named),
                &column!(|render| i64::from(render.generation)),
                &column!(|render| render.movie.to_hex()),
                &column!(|render| render.traceable),
                &column!(|render| without_zeros(&render.source)),
                &column!(|render| serde_json::Value::from(render.flags.clone()).to_string()),
                &column!(|render| render.submission.state.as_str()),
                &column!(|render| render.submission.epoch.cast_signed()),
                &column!(|render| i64::from(render.submission.attempt)),
                &column!(|render| render.submission.on_unknown.as_str()),
                &column!(|render| i64::from(render.submission.resubmits_left)),
                &column!(|render| millis(render.quarantine)),
                &column!(|render| render.created_at.0),
                &column!(|render| render.touched_at.0),
                &column!(|render| render.row.map(|row| row.number.cast_signed())),
                &column!(|render| render.row.and_then(|row| row.estimate).map(u64::cast_signed)),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(RenderId(row.try_get(0)?))).collect()
}

/// Writes movies as they are sent, without the token.
pub(super) async fn bodies(channel: &Channel, ids: &[i64], bodies: &[&[u8]]) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO body (render, bytes) SELECT * FROM unnest($1::bigint[], $2::bytea[])";
    channel.execute(SQL, &[&ids, &bodies]).await.map(drop)
}

/// Deletes movies; their hashes stay.
pub(super) async fn drop_bodies(channel: &Channel, ids: &[i64]) -> Result<(), Failure> {
    channel.execute("DELETE FROM body WHERE render = ANY($1)", &[&ids]).await.map(drop)
}

/// Writes the columns of rows that may change.
pub(super) async fn update(channel: &Channel, renders: &[Render]) -> Result<(), Failure> {
    const SQL: &str = "UPDATE render SET state = new.state, epoch = new.epoch, attempt = new.attempt, on_unknown = new.on_unknown, \
         resubmits_left = new.resubmits_left, project = new.project, owner = new.owner, quarantine = new.quarantine, \
         touched_at = new.touched_at, posted_at = new.posted_at, gave_up_at = new.gave_up_at, searched_at = new.searched_at, \
         bound_at = new.bound_at, read_at = new.read_at, refusal = new.refusal, report = new.report, file = new.file \
         FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bigint[], \
         $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::text[], $17::text[], $18::bytea[]) \
         AS new (id, state, epoch, attempt, on_unknown, resubmits_left, project, owner, quarantine, touched_at, posted_at, gave_up_at, \
         searched_at, bound_at, read_at, refusal, report, file) WHERE render.id = new.id";
    macro_rules! column {
        ($of:expr) => {
            renders.iter().map($of).collect::<Vec<_>>()
        };
    }
    let refusal = |render: &Render| render.refusal.as_ref().and_then(|refusal| serde_json::to_string(refusal).ok());
    channel
        .execute(
            SQL,
            &[
                &column!(|render| render.id.0),
                &column!(|render| render.submission.state.as_str()),
                &column!(|render| render.submission.epoch.cast_signed()),
                &column!(|render| i64::from(render.submission.attempt)),
                &column!(|render| render.submission.on_unknown.as_str()),
                &column!(|render| i64::from(render.submission.resubmits_left)),
                &column!(|render| render.submission.project.as_ref().map(ProjectId::as_str)),
                &column!(|render| render.owner.as_deref()),
                &column!(|render| millis(render.quarantine)),
                &column!(|render| render.touched_at.0),
                &column!(|render| render.posted_at.map(|at| at.0)),
                &column!(|render| render.gave_up_at.map(|at| at.0)),
                &column!(|render| render.searched_at.map(|at| at.0)),
                &column!(|render| render.bound_at.map(|at| at.0)),
                &column!(|render| render.read_at.map(|at| at.0)),
                &column!(refusal),
                &column!(|render| render.report.as_ref().map(|report| report.raw.to_string())),
                &column!(|render| render.file.as_ref().map(|path| path.as_os_str().as_encoded_bytes())),
            ],
        )
        .await
        .map(drop)
}

/// Gives rows the scopes and keys under which they are submitted now, and what is known of their movies.
pub(super) async fn rename(channel: &Channel, renders: &[Render]) -> Result<(), Failure> {
    const SQL: &str = "UPDATE render SET scope = $2, key = $3, named = $4, movie = $5, source = $6, flags = $7, line = $8, estimate = $9 \
         WHERE id = $1";
    for render in renders {
        let (movie, source) = (render.movie.to_hex(), without_zeros(&render.source));
        let flags = serde_json::Value::from(render.flags.clone()).to_string();
        let line = render.row.map(|row| row.number.cast_signed());
        let estimate = render.row.and_then(|row| row.estimate).map(u64::cast_signed);
        let key = render.key.as_str();
        channel.execute(SQL, &[&render.id.0, &render.scope, &key, &render.named, &movie, &source, &flags, &line, &estimate]).await?;
    }
    Ok(())
}

/// Adds lines to histories, in their order.
pub(super) async fn tell(channel: &Channel, events: &[(RenderId, Event)]) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO event (render, nth, at, kind, detail) \
         SELECT render, row_number() OVER (PARTITION BY render ORDER BY place) + \
         coalesce((SELECT max(told.nth) FROM event AS told WHERE told.render = new.render), 0), at, kind, detail \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS new (render, at, kind, detail, place)";
    let renders: Vec<i64> = events.iter().map(|(render, _)| render.0).collect();
    let times: Vec<i64> = events.iter().map(|(_, event)| event.at.0).collect();
    let kinds: Vec<&str> = events.iter().map(|(_, event)| event.kind.as_str()).collect();
    let details: Vec<String> = events.iter().map(|(_, event)| without_zeros(&event.detail)).collect();
    channel.execute(SQL, &[&renders, &times, &kinds, &details]).await.map(drop)
}

/// A text that the server accepts: U+FFFD replaces NUL, the one character that it can't store.
pub(super) fn without_zeros(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(super) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
