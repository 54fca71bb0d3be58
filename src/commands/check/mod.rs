//! `j2v check`: every fault of movies, offline. Findings are the data, the summary is for people.

mod fix;
mod report;

use serde_json::json;

use self::report::{Checked, Report};
use super::movies::{self, Composed};
use super::uploads::{self, UploadMode};
use super::{Call, Stop};
use crate::cli::{CheckArgs, CheckFormat};
use crate::exit::Exit;
use crate::movie::check::{Resolved, Rule, Settings, check};
use crate::movie::diagnostic::{Diagnostic, Severity};

pub(super) async fn run(call: &Call, args: &CheckArgs) -> anyhow::Result<Exit> {
    if let Some(rule) = args.explain.as_deref().and_then(Rule::named) {
        call.out.data(&if args.json { rule_as_json(rule) } else { explanation(rule) });
        return Ok(Exit::Done);
    }
    if args.rules {
        Rule::all().for_each(|rule| call.out.data(&if args.json { rule_as_json(rule) } else { named(rule) }));
        return Ok(Exit::Done);
    }
    if args.fix || args.diff {
        fix::run(call, &args.movie.movies, &args.allow, args.diff)?;
    }
    if args.diff {
        return Ok(Exit::Done);
    }
    let format = if args.json { CheckFormat::Json } else { args.format };
    let mut report = Report::new(format, args.all);
    let mut composed = movies::compose_silently(&args.movie)?;
    if args.movie.upload {
        uploads::swap(call, &args.movie, None, &mut composed, UploadMode::Offline).await?;
    }
    let mut tally = Tally { movies: composed.len(), ..Tally::default() };
    for Composed { source: name, movie, .. } in composed {
        // Ctrl-C is heard between two movies.
        tokio::task::yield_now().await;
        match movie {
            Ok(movie) => {
                let resolved = Resolved::of(&movie);
                let settings = Settings { facts: Some(&resolved.facts), ..settings(call, args) };
                let found = check(&movie, &settings);
                tally.count(&found);
                report.add(call, Checked { name: &name, sources: &movie.sources, root: Some(&movie.root) }, &found);
            }
            Err(Stop { refused: Some(refused), .. }) => {
                let found = [refused.diagnostic];
                tally.count(&found);
                report.add(call, Checked { name: &name, sources: &[refused.source], root: None }, &found);
            }
            Err(stop) => {
                stop.tell(&call.out);
                tally.stopped = tally.stopped.or(Some(stop.exit));
            }
        }
    }
    report.finish(call);
    call.out.progress(&tally.to_string());
    // What reads SARIF takes any other exit code for a failure of the check itself.
    let is_read_by_code_scanning = format == CheckFormat::Sarif && tally.stopped.is_none();
    Ok(if is_read_by_code_scanning { Exit::Done } else { tally.exit() })
}

fn settings<'a>(call: &Call, args: &'a CheckArgs) -> Settings<'a> {
    Settings { allow: &args.allow, deny: &args.deny, loopback: call.settings.is_loopback(), ..Settings::default() }
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
    fn count(&mut self, found: &[Diagnostic]) {
        for finding in found {
            match finding.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Info => self.infos += 1,
            }
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

/// `J2V064 src-missing: error; it may stop a submission`.
fn named(rule: &Rule) -> String {
    let stops = if rule.may_stop() { "; it may stop a submission" } else { "" };
    format!("{} {}: {}{stops}", rule.code, rule.name, rule.severity)
}

fn explanation(rule: &Rule) -> String {
    let Rule { evidence, why, wrong, right, source, .. } = rule;
    let indented = |text: &str| text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n");
    format!(
        "{}\n\n{why}\n\nWrong:\n{}\n\nRight:\n{}\n\nEvidence: {evidence}\nSource: {source}",
        named(rule),
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
