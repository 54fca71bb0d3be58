//! Compares the ledger, the service's list and the inbox. Nothing is requested or written here.

use std::collections::{HashMap, HashSet};

use super::{Comparison, Finding, Kind, Limits};
use crate::ledger::Render;
use crate::ledger::outbox::{Delivery, Progress};
use crate::quantity::counted;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Report, Status};
use crate::render::state::{Fact, OnUnknown, State};
use crate::render::token::{LedgerName, Token, Trace};
use crate::work::{Context, Submission, search};
use crate::world::Timestamp;

/// The data to compare.
pub(super) struct Sides<'a> {
    pub(super) context: &'a Context,
    pub(super) limits: &'a Limits,
    /// The ledger's rows.
    pub(super) rows: &'a [Render],
    /// The service's reports, the oldest first.
    pub(super) reports: &'a [Report],
    /// The projects whose callback was handled, from the inbox.
    pub(super) heard: &'a HashSet<ProjectId>,
}

impl Sides<'_> {
    /// The findings for renders with an unknown outcome, and for those that are sent again because of it.
    pub(super) fn of_unsettled(&self, unsettled: &[Render], resends: &[Render]) -> Vec<Finding> {
        let settle = |render: &Render| self.spell(&["settle", &self.context.command.name(render)]);
        let unsettled = unsettled.iter().filter(|render| render.submission.state != State::Sending).map(|render| {
            let since = render.gave_up_at.or(render.posted_at).map(|at| format!(" since {}", at.to_iso())).unwrap_or_default();
            let finding = match render.submission.state {
                State::Held => {
                    Finding::new(Kind::Held, format!("its answer was lost{since}, and it is not on the server: decide what to do"))
                }
                _ if render.traceable && !render.was_searched() => {
                    Finding::new(Kind::Unknown, format!("its answer was lost{since}, and the server's list was not read since"))
                }
                _ if render.traceable => {
                    Finding::new(Kind::Unknown, format!("its answer was lost{since}, and it is not on the server (yet)"))
                }
                _ => Finding::new(Kind::Unknown, format!("its answer was lost{since}, and it can't be found without a token")),
            };
            finding.of(render).then(settle(render))
        });
        let resends = resends.iter().map(|render| {
            if let Some(batch) = render.batch() {
                return Finding::new(Kind::Resend, format!("to be sent again: the next run of batch {batch} sends it"))
                    .of(render)
                    .then(self.context.command.send(render, Submission::Same));
            }
            let why = match render.submission.on_unknown {
                OnUnknown::Resubmit => "not found on the server: its --on-unknown says to send it again",
                OnUnknown::Hold => "it was decided to send it again, which has not happened; its submit sends it",
            };
            let again = self.context.command.submit(&render.source, &render.flags, &render.key, Submission::Same);
            Finding::new(Kind::Resend, why).of(render).then(again)
        });
        unsettled.chain(resends).collect()
    }

    /// Compares each report with its row.
    pub(super) fn compare(&self, comparison: &mut Comparison) {
        let by_project: HashMap<&ProjectId, &Render> =
            self.rows.iter().filter_map(|row| Some((row.submission.project.as_ref()?, row))).collect();
        let mut by_trace: HashMap<Trace, Vec<&Render>> = HashMap::new();
        for row in self.rows {
            by_trace.entry(row.identity().trace()).or_default().push(row);
        }
        let mut lost: HashMap<(Trace, Option<&str>), &Report> = HashMap::new();
        let ledger = self.context.store.name();
        let tokens: Vec<Option<Token>> = self.reports.iter().map(search::token).collect();
        for (report, token) in self.reports.iter().zip(&tokens) {
            if let Some(row) = by_project.get(&report.project) {
                self.of_row(row, report, comparison);
                continue;
            }
            let Some(token) = token else {
                comparison.findings.push(foreign(report));
                continue;
            };
            if let Some(other) = token.ledger().filter(|other| **other != ledger && self.limits.adopt_from.as_ref() != Some(*other)) {
                comparison.findings.push(elsewhere(report, other));
                continue;
            }
            let alike = by_trace.get(token.trace()).into_iter().flatten();
            let row = alike.copied().find(|row| token.names(&row.identity()));
            let name = (token.trace().clone(), token.scope());
            comparison.findings.extend(match row {
                Some(row) => match &row.submission.project {
                    Some(kept) => self.duplicate(report, kept, Some(row)),
                    None => Some(self.found(row, report)),
                },
                None if lost.contains_key(&name) => self.duplicate(report, &lost[&name].project, None),
                None => {
                    lost.insert(name, report);
                    Some(self.lost(report, token))
                }
            });
        }
    }

    fn of_row(&self, row: &Render, report: &Report, comparison: &mut Comparison) {
        let after = row.submission.step(&Fact::Seen(Box::new(report.clone()))).map_or(row.submission.state, |step| step.next.state);
        if after != row.submission.state {
            comparison.findings.extend(self.missed(row, report));
        }
        if after != State::Done || row.file.is_some() {
            return;
        }
        let until = report.kept_until().or_else(|| row.report.as_ref()?.kept_until());
        let now = self.context.service_now();
        if until.is_some_and(|until| now >= until) {
            comparison.over.push(row.clone());
        } else if let Some(until) = until {
            comparison.findings.push(self.unsaved(row, report, until, now));
        }
    }

    /// A render that waits for its webhook counts as missed only after the webhook's time is over.
    fn missed(&self, row: &Render, report: &Report) -> Option<Finding> {
        let is_final = row.submission.state.has_ended();
        let before = self.context.world.now().minus(self.limits.older_than);
        let is_silent = !self.heard.contains(&report.project) && row.bound_at.is_some_and(|at| at <= before);
        let message = format!("the service reports `{}`, the ledger `{}`", report.status.as_str(), row.submission.state.as_str());
        let poll = self.spell(&["poll", report.project.as_str()]);
        (is_final || is_silent).then(|| Finding::new(Kind::Missed, message).of(row).told_by(report).then(poll))
    }

    fn unsaved(&self, row: &Render, report: &Report, until: Timestamp, now: Timestamp) -> Finding {
        let is_expiring = until.since(now) <= self.limits.expiring;
        let kind = if is_expiring { Kind::Expiring } else { Kind::Unsaved };
        let message = format!("rendered but not saved by j2v; the service deletes it at {}", until.to_iso());
        Finding::new(kind, message).of(row).told_by(report).then(self.spell(&["download", report.project.as_str()]))
    }

    fn found(&self, row: &Render, report: &Report) -> Finding {
        let state = row.submission.state.as_str();
        let message =
            format!("the server has it, but the ledger says `{state}`: it was sent by another ledger, or before this one was restored");
        Finding::new(Kind::Found, message).of(row).told_by(report).then(self.fix())
    }

    fn lost(&self, report: &Report, token: &Token) -> Finding {
        let message = format!("the server has it with the token {token}, but the ledger has no row for it");
        Finding::new(Kind::Lost, message).told_by(report).then(self.fix())
    }

    /// The file of a duplicate project can be deleted, but its payment is lost. A deleted duplicate is settled.
    fn duplicate(&self, report: &Report, kept: &ProjectId, row: Option<&Render>) -> Option<Finding> {
        if report.status == Status::Deleted {
            return None;
        }
        let cost =
            report.credits.map_or_else(|| "its cost is unknown".to_owned(), |credits| format!("it cost {}", counted(credits, "credit")));
        let message = format!("a second project for the render {kept}; {cost}");
        let look = self.spell(&["show", report.project.as_str()]);
        let delete = self.spell(&["delete", report.project.as_str()]);
        let finding = Finding::new(Kind::Duplicate, message).told_by(report).then(look).then(delete);
        Some(row.map_or(finding.clone(), |row| finding.of(row)))
    }

    /// The finding for a render that is not on the list and that the status request denies.
    pub(super) fn vanished(&self, row: &Render) -> Finding {
        let message = "accepted, but the service does not know this project: does the key belong to another account?";
        let poll = row.submission.project.as_ref().map(|project| self.spell(&["poll", project.as_str()]));
        Finding { next: poll.into_iter().collect(), ..Finding::new(Kind::Vanished, message).of(row) }
    }

    /// The finding for an outcome that an application has not received.
    pub(super) fn undelivered(&self, delivery: &Delivery) -> Finding {
        let project = delivery.project.as_str();
        let why = delivery.detail.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        let (message, next) = if delivery.progress == Progress::GivenUp {
            (
                format!("its outcome `{}` was not delivered{why}; no more attempts", delivery.status),
                self.spell(&["webhook", "replay", project]),
            )
        } else {
            let (status, at) = (&delivery.status, delivery.due_at.to_iso());
            let since = if delivery.due_at <= self.context.world.now() { "has been waiting since" } else { "will be tried again at" };
            let message =
                format!("its outcome `{status}` {since} {at}{why}; `reconcile --fix --older-than 0s --exec PROGRAM` delivers it now");
            (message, self.spell(&["show", project]))
        };
        let row = self.rows.iter().find(|row| row.submission.project.as_ref() == Some(&delivery.project));
        let finding = Finding::new(Kind::Undelivered, message).told_by(&delivery.report).then(next);
        row.map_or(finding.clone(), |row| finding.of(row))
    }

    fn fix(&self) -> String {
        self.spell(&["reconcile", "--fix"])
    }

    fn spell(&self, words: &[&str]) -> String {
        self.context.command.spell(words)
    }
}

fn foreign(report: &Report) -> Finding {
    Finding::new(Kind::Foreign, "without a j2v token: made elsewhere, or with --no-token").told_by(report)
}

/// A render of another machine or folder. It does not concern this ledger, unless that ledger is lost.
fn elsewhere(report: &Report, ledger: &LedgerName) -> Finding {
    let message = if *ledger == LedgerName::unkept() { "made without a ledger".to_owned() } else { format!("made by ledger {ledger}") };
    Finding::new(Kind::Elsewhere, message).told_by(report)
}
