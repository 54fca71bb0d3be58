//! Reports the outcomes of a batch's rows: stdout, the file of `--results`, the failing rows by name, and one summary.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::super::session::spell;
use super::super::{Call, CliError};
use super::{command, command_that_waits};
use crate::cli::BatchArgs;
use crate::exit::Exit;
use crate::ledger::batch::{Batch, Unclaimed};
use crate::output::{Out, RecordFile, RecordFormat, Recorded, Results, Wanted};
use crate::quantity::counted;
use crate::render::event::{Cause, OutcomeStatus};
use crate::render::outcome::{Reason, Report};
use crate::work::batch::{Ended, StopReason};
use crate::world::Timestamp;

/// Rows of each kind that are named one by one; the rest is counted.
const NAMED: u64 = 20;

/// The commands to type next.
pub(super) struct Commands<'a> {
    pub(super) call: &'a Call,
    pub(super) batch: &'a Batch,
}

impl Commands<'_> {
    /// The next run of the batch.
    pub(super) fn run(&self, more: &[&str]) -> String {
        command(self.call, self.batch, more)
    }

    /// The next run with a budget in which `left` more rows like the one that did not fit have room.
    fn with_larger_budget(&self, reached: Unclaimed, left: u64) -> String {
        let (flag, value) = match reached {
            Unclaimed::Renders { cap } => ("--max-renders", cap.saturating_add(left)),
            Unclaimed::Credits { spent, wanted: Some(wanted), .. } => {
                ("--max-credits", whole(spent).saturating_add(wanted.saturating_mul(left)))
            }
            Unclaimed::Credits { wanted: None, .. } | Unclaimed::InvalidTransition(_) => return self.run(&[]),
        };
        let mut batch = self.batch.clone();
        if let Some(place) = batch.flags.iter().position(|typed| typed == flag) {
            batch.flags.drain(place..(place + 2).min(batch.flags.len()));
        }
        command(self.call, &batch, &[flag, &value.to_string()])
    }
}

/// Spent credits, rounded up.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of credits, never negative")]
fn whole(credits: f64) -> u64 {
    credits.max(0.0).ceil() as u64
}

/// The outcomes reported so far.
pub(super) struct Outcomes<'a> {
    out: &'a Out,
    results: Results<'a>,
    record: Option<(PathBuf, RecordFile)>,
    /// Why writing the file of `--results` failed.
    unwritten: Option<io::Error>,
    counts: BTreeMap<&'static str, u64>,
    failed: u64,
    left: u64,
    /// Rows whose file name the video of another generation has.
    in_the_way: u64,
    credits: f64,
    kept_until: Option<Timestamp>,
}

impl<'a> Outcomes<'a> {
    /// Nothing yet, of this many rows; `for_excel` says whether the table is made for Excel.
    ///
    /// # Errors
    /// When the file of `--results` can't be made.
    pub(super) fn new(call: &'a Call, args: &BatchArgs, rows: u64, for_excel: bool) -> Result<Self, CliError> {
        let wanted = match (args.no_wait, &args.saving.download) {
            (true, _) => Wanted::Project,
            (false, Some(_)) => Wanted::File,
            (false, None) => Wanted::Url,
        };
        let record = args.results.as_ref().map(|path| {
            let format = RecordFormat::of(path).unwrap_or(RecordFormat::Csv);
            let file = RecordFile::create(path, format, for_excel);
            file.map(|file| (path.clone(), file))
                .map_err(|why| CliError::new(Exit::Usage, format!("--results {}: {why}; nothing was sent", path.display())))
        });
        Ok(Self {
            out: &call.out,
            results: Results::new(&call.out, args.json, wanted, usize::try_from(rows).unwrap_or(usize::MAX)),
            record: record.transpose()?,
            unwritten: None,
            counts: BTreeMap::new(),
            failed: 0,
            left: 0,
            in_the_way: 0,
            credits: 0.0,
            kept_until: None,
        })
    }

    /// Records the outcome of a row.
    pub(super) fn end(&mut self, ended: &Ended) {
        let outcome = &ended.outcome;
        self.results.end_silently(ended.place, outcome, Exit::of(outcome));
        self.write(ended);
        *self.counts.entry(outcome.status.as_str()).or_default() += 1;
        self.credits += outcome.report.as_ref().and_then(|report| report.credits).unwrap_or_default();
        let kept = outcome.report.as_ref().filter(|report| report.url.is_some()).and_then(Report::kept_until);
        self.kept_until = self.kept_until.into_iter().chain(kept).min();
        self.in_the_way += u64::from(outcome.cause == Cause::OtherGeneration);
        if ended.is_left {
            self.tell_left(ended);
        }
        // The check before the run has named each invalid row.
        let is_known = outcome.status == OutcomeStatus::Invalid || outcome.cause == Cause::Interrupted;
        if !ended.is_held_back && !is_known && Exit::of(outcome) != Exit::Done {
            self.tell_failed(ended);
        }
    }

    fn write(&mut self, ended: &Ended) {
        let Some((_, file)) = &mut self.record else { return };
        if let Err(why) = file.add(&Recorded { number: ended.number, outcome: &ended.outcome }) {
            // The renders are worth more than the list of them.
            self.unwritten = Some(why);
            self.record = None;
        }
    }

    fn tell_left(&mut self, ended: &Ended) {
        self.left += 1;
        if self.left <= NAMED {
            self.out.warning(&format!("{}: it has changed since it was rendered; the earlier render is kept", name(ended)));
        }
    }

    fn tell_failed(&mut self, ended: &Ended) {
        self.failed += 1;
        if self.failed <= NAMED {
            let outcome = &ended.outcome;
            let message = outcome.message.as_deref().unwrap_or("the service gives no reason");
            let project = outcome.project.as_ref().map(|project| format!(", project {project}")).unwrap_or_default();
            self.out.error(&format!("{}{project}: {}: {message}", name(ended), outcome.status.as_str()));
            // An action that no run of the batch takes has a command of its own.
            if matches!(outcome.status, OutcomeStatus::Held | OutcomeStatus::Abandoned) {
                outcome.next.iter().for_each(|command| self.out.hint(command));
            }
        }
    }

    /// Reports how the run ended and how to go on; returns the exit code of all rows.
    pub(super) fn finish(mut self, stopped: Option<&StopReason>, commands: &Commands<'_>) -> Exit {
        if let Some((path, file)) = self.record.take() {
            if let Err(why) = file.finish() {
                self.unwritten = Some(why);
            } else {
                self.out.progress(&format!("results: {}", path.display()));
            }
        }
        self.summarize();
        if let Some(stop) = stopped.filter(|stop| **stop != StopReason::Interrupted) {
            self.out.error(&stop.message());
            if matches!(stop, StopReason::Refused(refusal) if refusal.reason == Reason::Key) {
                self.out.hint(&spell(commands.call, &["auth", "login"]));
            }
        }
        if let Some(StopReason::Budget(reached)) = stopped {
            let left = self.counts.get(OutcomeStatus::Unsent.as_str()).copied().unwrap_or(1);
            self.out.hint(&commands.with_larger_budget(*reached, left));
        } else if stopped.is_some() || self.counts.keys().any(|status| is_unfinished(status)) {
            self.out.hint(&commands.run(&[]));
        } else if self.has(OutcomeStatus::Submitted) {
            self.out.hint(&command_that_waits(commands.call, commands.batch));
        }
        if self.has(OutcomeStatus::Error) {
            self.out.hint(&commands.run(&["--retry-failed"]));
        }
        if self.has(OutcomeStatus::Expired) || self.has(OutcomeStatus::Deleted) {
            self.out.hint(&commands.run(&["--retry-expired"]));
        }
        if self.in_the_way > 0 {
            self.out.note("--replace gives each row's file the right video; the other one moves into the folder `old`");
            self.out.hint(&commands.run(&["--replace"]));
        }
        let Some(why) = self.unwritten else { return self.results.finish() };
        self.out.error(&format!("the file of --results could not be written: {why}; the next run writes it again"));
        Exit::fold([self.results.finish(), Exit::Internal])
    }

    fn has(&self, status: OutcomeStatus) -> bool {
        self.counts.contains_key(status.as_str())
    }

    /// Says how many rows ended how. What only confirms a success is progress.
    fn summarize(&self) {
        let named =
            [(self.left, "changed and not rendered again; --update renders them"), (self.failed, "failed; --results lists them all")];
        for (count, what) in named.into_iter().filter(|(count, _)| *count > NAMED) {
            self.out.note(&format!("{count} rows {what}"));
        }
        if self.left > 0 && self.left <= NAMED {
            self.out.note("--update renders changed rows again");
        }
        let rows: u64 = self.counts.values().sum();
        let counts = self.counts.iter().map(|(status, count)| format!("{count} {status}")).collect::<Vec<_>>().join(", ");
        let credits = if self.credits > 0.0 { format!("; {:.0} credits", self.credits) } else { String::new() };
        let summary = format!("{}: {counts}{credits}", counted(rows, "row"));
        if self.counts.keys().all(|status| *status == OutcomeStatus::Done.as_str()) {
            self.out.progress(&summary);
        } else {
            self.out.note(&summary);
        }
        if self.has(OutcomeStatus::Waiting) || self.has(OutcomeStatus::Submitted) {
            self.out.note("accepted renders continue and will be charged");
        }
        if let Some(until) = self.kept_until {
            self.out.note(&format!("the service deletes each file after 7 days, the first at {}", until.to_iso()));
        }
    }
}

/// A row for people: its place in the table, and its key.
fn name(ended: &Ended) -> String {
    let key = ended.outcome.key.as_ref().map(|key| format!(" (key {key})")).unwrap_or_default();
    format!("row {}{key}", ended.number)
}

/// Whether another run has work left for a row with this outcome.
fn is_unfinished(status: &str) -> bool {
    let open: [OutcomeStatus; 6] = [
        OutcomeStatus::Unsent,
        OutcomeStatus::Unknown,
        OutcomeStatus::Waiting,
        OutcomeStatus::Timeout,
        OutcomeStatus::Pending,
        OutcomeStatus::Running,
    ];
    open.iter().any(|open| open.as_str() == status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_still_moves_is_worth_another_run() {
        assert!(is_unfinished("unsent") && is_unfinished("timeout"));
        assert!(!is_unfinished("done") && !is_unfinished("held") && !is_unfinished("error"));
    }
}
