//! `j2v schema`: the JSON Schema of a movie, for editors that complete and check while one types.

use super::Call;
use crate::exit::Exit;
use crate::movie::schema::schema;

pub(super) fn run(call: &Call) -> anyhow::Result<Exit> {
    call.out.data(&serde_json::to_string_pretty(&schema())?);
    Ok(Exit::Done)
}
