//! `j2v doctor`: the faults of the set-up, and their remedies. It only reads and asks; it never creates a ledger and never
//! sends a movie.

mod local;
mod remote;

use serde_json::json;

use super::{Call, CliError};
use crate::cli::DoctorArgs;
use crate::exit::Exit;
use crate::output::table;

/// The severity of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    /// Everything is right.
    Ok,
    /// A submit would work; another command may not.
    Warn,
    /// A submit would end with this exit code.
    Fail(Exit),
}

impl Health {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail(_) => "fail",
        }
    }
}

/// The result of one check.
#[derive(Debug)]
struct CheckResult {
    check: &'static str,
    health: Health,
    detail: String,
    help: Option<String>,
    next: Option<String>,
}

impl CheckResult {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, health: Health::Ok, detail: detail.into(), help: None, next: None }
    }

    fn warn(check: &'static str, detail: impl Into<String>) -> Self {
        Self { health: Health::Warn, ..Self::ok(check, detail) }
    }

    fn fail(check: &'static str, exit: Exit, detail: impl Into<String>) -> Self {
        Self { health: Health::Fail(exit), ..Self::ok(check, detail) }
    }

    /// A failed check, with the error that stops a command here.
    fn stop(check: &'static str, stop: CliError) -> Self {
        Self { help: stop.help, next: stop.next.into_iter().next(), ..Self::fail(check, stop.exit, stop.message) }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    fn then(self, command: impl Into<String>) -> Self {
        Self { next: Some(command.into()), ..self }
    }

    fn to_json(&self) -> String {
        let Self { check, health, detail, help, next } = self;
        json!({"check": check, "status": health.as_str(), "detail": detail, "help": help, "next": next}).to_string()
    }

    /// Its line, and below it the remedy.
    fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![vec![self.health.as_str().to_owned(), self.check.to_owned(), self.detail.clone()]];
        let ways = [("help", &self.help), ("next", &self.next)];
        rows.extend(
            ways.into_iter().filter_map(|(word, way)| Some(vec![String::new(), String::new(), format!("{word}: {}", way.as_ref()?)])),
        );
        rows
    }
}

pub(super) async fn run(call: &Call, args: &DoctorArgs) -> anyhow::Result<Exit> {
    let (key, of_key) = local::key(call);
    let mut results = vec![local::version()];
    results.extend(local::config(call));
    results.push(of_key);
    results.extend(local::ledger(call).await);
    results.extend(remote::look(call, key).await?);
    if args.json {
        for result in &results {
            call.out.data(&result.to_json());
        }
    } else {
        let rows: Vec<_> = results.iter().flat_map(CheckResult::rows).collect();
        for line in table::lay_out(&rows) {
            call.out.data(&line);
        }
    }
    // What comes first is to be fixed first: the code names its kind.
    let failed = results.iter().find_map(|result| match result.health {
        Health::Fail(exit) => Some(exit),
        Health::Ok | Health::Warn => None,
    });
    Ok(failed.unwrap_or(Exit::Done))
}
