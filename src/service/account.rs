//! The common part of the calls about templates and media: the request, the meaning of its answer, and when to retry.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{ReadMeaning, RequestResult, meaning_of_read};
use super::client::{Client, LARGEST_ANSWER, Question};
use super::persist::Judged;
use super::read::described;
use crate::policy::READING_LIST;
use crate::render::outcome::{Reason, Refusal};

/// Why a call about templates or media failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The service has no such template, file or folder.
    #[error("the service refused it: {message}")]
    NotFound {
        /// The service's message.
        message: String,
    },
    /// The name is taken.
    #[error("the service refused it: {message}")]
    Conflict {
        /// The service's message.
        message: String,
    },
    /// The account's storage is blocked until it is paid for.
    #[error("the service refused it: {message}")]
    Blocked {
        /// The service's message.
        message: String,
    },
    /// The service refused the request.
    #[error("the service refused it: {}", .0.message)]
    Refused(Refusal),
    /// The request may have arrived; its answer did not.
    #[error("the answer of {host} was lost ({why})")]
    Lost {
        /// The host.
        host: String,
        /// What arrived instead of a usable answer.
        why: String,
    },
    /// Every try failed; nothing was changed.
    #[error("{host} could not be reached or kept failing: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// The last failure.
        why: String,
    },
    /// The host does not answer as the API does.
    #[error("{host} does not answer as the API does: {why}")]
    Broken {
        /// The host.
        host: String,
        /// What it answered.
        why: String,
    },
}

/// Whether a call may be made again when its answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// The call is idempotent: repeat it freely.
    Freely,
    /// The call is not idempotent: repeat it only when the request certainly never arrived.
    WhenNothingArrived,
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// The resource below the API's address: `templates`, `media/file` …
    pub(super) resource: &'static str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<Value>,
    pub(super) repeat: Repeat,
}

impl<'a> Call<'a> {
    /// A read.
    pub(super) fn get(resource: &'static str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: Method::GET, resource, query, body: None, repeat: Repeat::Freely }
    }

    /// A change that is safe to repeat.
    pub(super) fn change(method: Method, resource: &'static str, body: Value) -> Self {
        Self { method, resource, query: &[], body: Some(body), repeat: Repeat::Freely }
    }

    /// A change that is not safe to repeat.
    pub(super) fn once(method: Method, resource: &'static str, query: &'a [(&'a str, &'a str)], body: Value) -> Self {
        Self { method, resource, query, body: Some(body), repeat: Repeat::WhenNothingArrived }
    }
}

impl Client {
    /// Makes a call and reads its answer.
    ///
    /// # Errors
    /// Why the call failed.
    pub(super) async fn account<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, AccountError> {
        let question = Question {
            method: call.method.clone(),
            url: self.url().resource(call.resource),
            query: call.query,
            body: call.body.as_ref().map(|body| body.to_string().into_bytes()),
            largest: LARGEST_ANSWER,
        };
        let host = || self.url().host().to_owned();
        let judge = |happened: &RequestResult| {
            let (why, after) = match meaning_of_read(happened) {
                ReadMeaning::Body(body) => match serde_json::from_slice(body) {
                    Ok(read) => return Judged::Over(Ok(read)),
                    Err(_) => (described(happened), None),
                },
                ReadMeaning::Retry { why, after } => (why, after),
                ReadMeaning::NoSuchProject { message } => return Judged::Over(Err(AccountError::NotFound { message })),
                ReadMeaning::Refused(refusal) => return Judged::Over(Err(refused(happened, refusal))),
                ReadMeaning::Broken { why } => return Judged::Over(Err(AccountError::Broken { host: host(), why })),
            };
            let has_arrived = match happened {
                RequestResult::Lost(_) => true,
                RequestResult::Answered(answer) => answer.status != 429,
                RequestResult::NotConnected(_) | RequestResult::HookStopped(_) => false,
            };
            if has_arrived && call.repeat == Repeat::WhenNothingArrived {
                return Judged::Over(Err(AccountError::Lost { host: host(), why }));
            }
            Judged::Again { why, after }
        };
        self.persist(&question, READING_LIST, judge, |why| AccountError::Unreachable { host: host(), why }).await
    }
}

fn refused(happened: &RequestResult, refusal: Refusal) -> AccountError {
    let RequestResult::Answered(answer) = happened else { return AccountError::Refused(refusal) };
    let message = refusal.message.clone();
    match answer.status {
        409 => AccountError::Conflict { message },
        403 if message.to_ascii_lowercase().contains("blocked") => AccountError::Blocked { message },
        403 if refusal.reason == Reason::Request => AccountError::Refused(Refusal { reason: Reason::Key, ..refusal }),
        _ => AccountError::Refused(refusal),
    }
}
