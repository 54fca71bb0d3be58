//! `j2v check`: reports every fault of movies, offline. Findings are the data, the summary is for people.

mod fix;
mod policy;
mod probe;
mod report;
mod rules;

use self::policy::Policy;
use self::report::{CheckedMovie, FindingsReport};
use super::files::Files;
use super::movies::{self, Composed};
use super::uploads::{self, UploadMode};
use super::{Call, CliError};
use crate::cli::{CheckArgs, CheckFormat};
use crate::exit::Exit;
use crate::movie::check::{Rule, Settings, check};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::quantity::counted;
use crate::service::keyless::Hosts;

/// Prints what a rule means.
pub(super) fn explain(call: &Call, rule: &Rule, json: bool) -> Exit {
    call.out.data(&if json { rules::to_json(rule).to_string() } else { rules::explanation(rule) });
    Exit::Done
}

pub(super) async fn run(call: &Call, args: &CheckArgs) -> anyhow::Result<Exit> {
    if let Some(rule) = args.explain.as_deref().and_then(Rule::named) {
        return Ok(explain(call, rule, args.json));
    }
    if args.rules {
        return rules::list(call, args.json).map_err(Into::into);
    }
    let mut policy = Policy::new(args);
    if args.fix || args.diff {
        fix::run(call, &mut policy, &args.movie.movies, args.diff)?;
    }
    if args.diff {
        return Ok(Exit::Done);
    }
    let format = if args.json { CheckFormat::Json } else { args.format };
    let mut composed = movies::compose_files(&args.movie, |names| policy.files(names))?;
    if args.movie.upload {
        uploads::swap(call, &args.movie, None, &mut composed, UploadMode::Offline).await?;
    }
    let hosts = if args.allow_private { Hosts::Any } else { Hosts::Public };
    let files = if args.probe { Files::to_probe(&call.settings, hosts) } else { Files::unseen() };
    let tally = Tally { movies: composed.len(), ..Tally::default() };
    let mut run = CheckRun { policy, files, report: FindingsReport::new(format, args.all), tally };
    for movie in composed {
        // Ctrl-C is checked between two movies.
        tokio::task::yield_now().await;
        run.look_at(call, movie).await?;
    }
    let CheckRun { policy, report, tally, .. } = run;
    report.finish(call);
    policy.tell(call);
    if tally.movies == 0 {
        call.out.warning("no movie was checked: `exclude` in j2v.toml leaves out every file");
    } else {
        call.out.progress(&tally.to_string());
    }
    // Programs that read SARIF treat any other exit code as a failure of the check itself.
    let is_read_by_code_scanning = format == CheckFormat::Sarif && tally.stopped.is_none();
    Ok(if is_read_by_code_scanning { Exit::Done } else { tally.exit() })
}

/// One check of all movies of a command line.
struct CheckRun<'a> {
    policy: Policy<'a>,
    files: Files,
    report: FindingsReport,
    tally: Tally,
}

impl CheckRun<'_> {
    /// Checks one movie, and reports what was found.
    async fn look_at(&mut self, call: &Call, Composed { source: name, movie, .. }: Composed) -> anyhow::Result<()> {
        let movie = match movie {
            Ok(movie) => movie,
            Err(CliError { refused: Some(refused), .. }) => {
                let found = [refused.diagnostic];
                self.tally.count(&found);
                self.report.add(call, CheckedMovie { name: &name, sources: &[refused.source], root: None }, &found);
                return Ok(());
            }
            Err(stop) => {
                self.tally.unread(call, &stop);
                return Ok(());
            }
        };
        let (resolved, beside) = match probe::resolve(call, &mut self.files, &movie).await {
            Ok(resolved) => resolved,
            Err(stop) => {
                stop.tell(&call.out);
                self.tally.stopped = self.tally.stopped.or(Some(stop.exit));
                return Ok(());
            }
        };
        let judgement = self.policy.of(&name)?;
        let loopback = call.settings.is_loopback();
        let mut found = check(&movie, &Settings { loopback, beside: &beside, facts: Some(&resolved.facts), ..judgement.settings() });
        fix::keep_certain(&name, &movie, &mut found);
        self.policy.count(&judgement, &found);
        self.tally.count(&found);
        self.report.add(call, CheckedMovie { name: &name, sources: &movie.sources, root: Some(&movie.root) }, &found);
        Ok(())
    }
}

/// The findings of all movies.
#[derive(Debug, Default)]
struct Tally {
    movies: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    /// Movies that could not be read.
    unread: usize,
    /// Why the first of them could not.
    stopped: Option<Exit>,
}

impl Tally {
    fn unread(&mut self, call: &Call, stop: &CliError) {
        stop.tell(&call.out);
        self.unread += 1;
        self.stopped = self.stopped.or(Some(stop.exit));
    }

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

/// `3 movies: 1 error, 2 warnings, 1 could not be read`.
impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = vec![counted(self.errors, "error"), counted(self.warnings, "warning")];
        if self.unread == self.movies {
            parts.clear();
        }
        parts.extend((self.infos > 0).then(|| counted(self.infos, "info")));
        parts.extend((self.unread > 0).then(|| format!("{} could not be read", self.unread)));
        write!(f, "{}: {}", counted(self.movies, "movie"), parts.join(", "))
    }
}
