//! What the API does with the templates and media of the account.

mod media;
mod media_folder;
mod template;
mod upload;
mod variables;

use std::io;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::answer::Answer;
use super::backend::Backend;

pub(super) use self::template::instantiated;

/// Every route of templates and media.
pub(super) mod routes {
    pub(in crate::emulator) use super::media::{file, move_file, register, remove_file, usage};
    pub(in crate::emulator) use super::media_folder::{list, make_folder, remove_folder};
    pub(in crate::emulator) use super::template::{get, library, remove, write};
    pub(in crate::emulator) use super::upload::router as upload_router;
}

/// An answer with the documented `success`.
fn success(backend: &Backend, fields: Value) -> Answer {
    let mut body = json!({ "success": true });
    if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
        body.extend(fields);
    }
    body["timestamp"] = json!(backend.clock.now().to_iso());
    Answer::json(StatusCode::OK, &body)
}

/// The answer, the refusal, or a failure of the emulator itself.
fn told(result: io::Result<Result<Answer, Answer>>) -> Answer {
    match result {
        Ok(Ok(answer) | Err(answer)) => answer,
        Err(error) => Answer::failure(&error),
    }
}

fn refused(message: &str) -> Answer {
    Answer::refusal(StatusCode::BAD_REQUEST, message)
}
