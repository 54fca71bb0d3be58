//! `j2v check`: every fault of movies, offline. Findings are the data, the summary is for people.

use serde_json::json;

use super::movies::{self, Composed};
use super::{Call, Stop};
use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::movie::check::{Resolved, Rule, Settings, check};
use crate::movie::diagnostic::{Diagnostic, Severity, Source};
use crate::output::{findings, snippet};

pub(super) async fn run(call: &Call, args: &CheckArgs) -> anyhow::Result<Exit> {
    if let Some(rule) = args.explain.as_deref().and_then(Rule::named) {
        call.out.data(&if args.json { rule_as_json(rule) } else { explanation(rule) });
        return Ok(Exit::Done);
    }
    let composed = movies::compose_silently(&args.movie)?;
    let mut tally = Tally { movies: composed.len(), ..Tally::default() };
    for Composed { source, movie, .. } in composed {
        // Ctrl-C is heard between two movies.
        tokio::task::yield_now().await;
        match movie {
            Ok(movie) => {
                let resolved = Resolved::of(&movie);
                let settings = Settings { facts: Some(&resolved.facts), ..settings(call, args) };
                tell(call, args, (&source, &movie.sources), &check(&movie, &settings), &mut tally);
            }
            Err(Stop { refused: Some(refused), .. }) => {
                tell(call, args, (&source, &[refused.source]), &[refused.diagnostic], &mut tally);
            }
            Err(stop) => {
                stop.tell(&call.out);
                tally.stopped = tally.stopped.or(Some(stop.exit));
            }
        }
    }
    call.out.progress(&tally.to_string());
    Ok(tally.exit())
}

fn settings<'a>(call: &Call, args: &'a CheckArgs) -> Settings<'a> {
    Settings { allow: &args.allow, deny: &args.deny, loopback: call.settings.is_loopback(), ..Settings::default() }
}

fn tell(call: &Call, args: &CheckArgs, (movie, sources): (&str, &[Source]), found: &[Diagnostic], tally: &mut Tally) {
    let placed = findings::place(sources, found);
    placed.iter().for_each(|placed| tally.count(placed.finding.severity));
    if args.json {
        placed.iter().for_each(|placed| call.out.data(&findings::to_json(movie, placed)));
        return;
    }
    let color = call.settings.canvas.color;
    let mistakes = if args.all { placed.into_iter().map(|one| vec![one]).collect() } else { findings::repeated(placed) };
    for places in mistakes {
        if let Some((first, others)) = places.split_first() {
            call.out.drawn(&format!("{}\n", snippet::render(movie, first, others, color)));
        }
    }
}

/// What was found in all movies.
#[derive(Debug, Default)]
struct Tally {
    movies: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    /// Why a movie could not be checked.
    stopped: Option<Exit>,
}

impl Tally {
    fn count(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Info => self.infos += 1,
        }
    }

    fn exit(&self) -> Exit {
        if self.errors > 0 { Exit::Invalid } else { self.stopped.unwrap_or(Exit::Done) }
    }
}

/// `3 movies: 1 error, 2 warnings`.
impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let mut parts = vec![counted(self.errors, "error"), counted(self.warnings, "warning")];
        parts.extend((self.infos > 0).then(|| counted(self.infos, "info")));
        write!(f, "{}: {}", counted(self.movies, "movie"), parts.join(", "))
    }
}

fn explanation(rule: &Rule) -> String {
    let stops = if rule.may_stop() { "; it may stop a submission" } else { "" };
    let Rule { code, name, severity, evidence, why, wrong, right, source, .. } = rule;
    let indented = |text: &str| text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n");
    format!(
        "{code} {name}: {severity}{stops}\n\n{why}\n\nWrong:\n{}\n\nRight:\n{}\n\nEvidence: {evidence}\nSource: {source}",
        indented(wrong),
        indented(right)
    )
}

fn rule_as_json(rule: &Rule) -> String {
    json!({
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.to_string(),
        "evidence": rule.evidence.to_string(),
        "stops": rule.may_stop(),
        "why": rule.why,
        "wrong": rule.wrong,
        "right": rule.right,
        "source": rule.source,
    })
    .to_string()
}
