//! Outcomes of renders that have no project yet, each with the next commands.

use super::{Context, Submission};
use crate::ledger::Render;
use crate::render::event::{Cause, Outcome, OutcomeStatus};
use crate::render::outcome::Reason;
use crate::render::state::State;
use crate::service::place::here;
use crate::service::read::ReadError;

/// An outcome with what the ledger knows of a render.
#[must_use]
pub fn described(render: &Render, status: OutcomeStatus) -> Outcome {
    Outcome {
        project: render.submission.project.clone(),
        key: Some(render.key.clone()),
        source: Some(render.source.clone()),
        report: render.report.clone(),
        file: render.file.as_deref().map(here),
        ..Outcome::new(status)
    }
}

/// The outcome of an accepted render that is not waited for, with the command that follows it.
#[must_use]
pub fn submitted(context: &Context, render: &Render) -> Outcome {
    let outcome = described(render, OutcomeStatus::Submitted);
    match &render.submission.project {
        Some(project) => outcome.then(context.command.spell(&["poll", project.as_str()])),
        None => outcome,
    }
}

/// The outcome of a render without a project, for a command that does not send.
#[must_use]
pub fn unbound(context: &Context, render: &Render) -> Outcome {
    let key = context.command.name(render);
    match render.submission.state {
        State::Sending => unknown(context, render, "another process is sending it and has no answer yet"),
        State::Unknown => lost(context, render, None),
        State::Held => held(context, render),
        State::Abandoned => abandoned(context, render),
        State::Rejected => refused(context, render),
        _ => described(render, OutcomeStatus::Unsent)
            .because(
                Cause::Unreachable,
                format!(
                    "key {key} was not sent; {} sends it",
                    if render.batch().is_some() { "the next run of its batch" } else { "its submit" }
                ),
            )
            .then(context.command.send(render, Submission::Same)),
    }
}

/// The outcome of a render whose answer was lost. It says that the render is not on the server's list only if that was read;
/// `unread` is why it could not be.
#[must_use]
pub fn lost(context: &Context, render: &Render, unread: Option<&ReadError>) -> Outcome {
    let why = match unread {
        Some(why) => format!("the answer to the POST was lost, and the server's list could not be read: {why}"),
        None if render.was_searched() => "the answer to the POST was lost and the render is not on the server's list (yet)".to_owned(),
        None => "the answer to the POST was lost, and the server's list was not read since".to_owned(),
    };
    unknown(context, render, &why)
}

/// The outcome of a render that may have been accepted, with the commands to find out.
#[must_use]
pub fn unknown(context: &Context, render: &Render, why: &str) -> Outcome {
    let key = &context.command.name(render);
    if !context.remembers {
        let message = format!("{why}; without a ledger it can't be looked for: compare `j2v list` with what you sent");
        return described(render, OutcomeStatus::Unknown).because(Cause::None, message).then(context.command.spell(&["list"]));
    }
    let message = if render.traceable {
        format!("{why}; it is not sent again automatically, and every later command looks for key {key}")
    } else {
        format!("{why}; without a token it can't be looked for: compare `j2v list` with what you sent")
    };
    described(render, OutcomeStatus::Unknown)
        .because(Cause::None, message)
        .then(context.command.spell(&["settle", key]))
        .then(context.command.spell(&["show", key]))
}

/// The outcome of a render that was searched for until its quarantine ended, and not found.
#[must_use]
pub fn held(context: &Context, render: &Render) -> Outcome {
    let key = &context.command.name(render);
    let adopt = context.command.spell(&["settle", key, "--adopt", "PROJECT"]);
    let message = format!(
        "the answer to the POST was lost, and key {key} was not found on the server: you decide (`{adopt}` if you know its project)"
    );
    described(render, OutcomeStatus::Held)
        .because(Cause::None, message)
        .then(context.command.spell(&["show", key]))
        .then(context.command.spell(&["settle", key, "--resubmit"]))
        .then(context.command.spell(&["settle", key, "--abandon"]))
}

/// The outcome of a render that the service refused.
#[must_use]
pub fn refused(context: &Context, render: &Render) -> Outcome {
    let Some(refusal) = &render.refusal else { return described(render, OutcomeStatus::Unsent) };
    let status = if refusal.reason == Reason::Request { OutcomeStatus::Refused } else { OutcomeStatus::Unsent };
    let message = format!("the service refused the movie: {}; nothing was accepted", refusal.message);
    let first = match refusal.reason {
        Reason::Key => context.command.spell(&["auth", "login"]),
        Reason::Credits => context.command.spell(&["auth", "status"]),
        Reason::Request => context.command.spell(&["explain", &context.command.name(render)]),
    };
    let outcome = described(render, status).because(Cause::Refused(refusal.reason), message);
    outcome.then(first).then(context.command.send(render, Submission::Same))
}

/// The outcome of a render that the user gave up.
#[must_use]
pub fn abandoned(context: &Context, render: &Render) -> Outcome {
    let key = context.command.name(render);
    let (again, next) = match render.batch() {
        Some(_) => ("settle --resubmit", context.command.spell(&["settle", &key, "--resubmit"])),
        None => ("--again", context.command.send(render, Submission::Again)),
    };
    described(render, OutcomeStatus::Abandoned)
        .because(Cause::None, format!("the submission of key {key} was given up; {again} renders it again"))
        .then(next)
}

/// The outcome of a render that was interrupted before its first byte left.
#[must_use]
pub fn interrupted_unsent(render: &Render) -> Outcome {
    described(render, OutcomeStatus::Unsent).because(Cause::Interrupted, "interrupted; nothing was sent. Run the same command to send it")
}

/// The outcome of a render that was interrupted while its request was in flight.
#[must_use]
pub fn interrupted_in_flight(context: &Context, render: &Render) -> Outcome {
    let outcome = unknown(context, render, "interrupted while waiting for the answer: the movie may have been accepted");
    Outcome { cause: Cause::Interrupted, ..outcome }
}
