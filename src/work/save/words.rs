//! The words that a `--name` may have in braces, and a video's name made of them.

use std::path::Path;

use serde_json::Value;

use super::{Saving, Unsaved, VideoName};
use crate::ledger::Render;
use crate::render::line;
use crate::render::outcome::Report;

/// What a name may hold of every render, beside the members of its `client-data`.
const WORDS: [&str; 4] = ["key", "project", BATCH, "source"];

/// The word for the batch.
const BATCH: &str = "batch";

/// What a name may hold of a submission with this `client-data`, before it is sent. Only a row has a batch.
#[must_use]
pub fn words_of_submission(data: &Value) -> Vec<&str> {
    words(data, |word| word != BATCH)
}

/// The words that a render has, and the members of its `client-data` that are texts, numbers or yes and no.
fn words(data: &Value, has: impl Fn(&str) -> bool) -> Vec<&str> {
    let members = data.as_object().into_iter().flatten().filter(|(_, value)| text_of(value).is_some());
    WORDS.into_iter().filter(|word| has(word)).chain(members.map(|(name, _)| name.as_str())).collect()
}

/// The same with the video's name, where a pattern makes it.
pub(super) fn named(saving: &Saving, report: &Report, render: Option<&Render>) -> Result<Saving, Unsaved> {
    let Some(pattern) = &saving.pattern else { return Ok(saving.clone()) };
    let data = line::client_data(report).unwrap_or_default();
    let known = || words(&data, |name| word(name, report, render).is_some()).join(", ");
    let stem = pattern
        .fill(|name| word(name, report, render).or_else(|| text_of(data.get(name)?)))
        .map_err(|name| Unsaved::Failed(format!("--name: this render has no `{name}`, but {}", known())))?;
    let generation = render.map_or(1, |render| render.generation);
    Ok(Saving { name: Some(VideoName { stem, generation }), ..saving.clone() })
}

fn word(name: &str, report: &Report, render: Option<&Render>) -> Option<String> {
    match name {
        "project" => Some(report.project.to_string()),
        "key" => render.map(|render| render.key.to_string()),
        BATCH => render?.batch().map(str::to_owned),
        "source" => Path::new(&render?.source).file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
