//! The checks between a movie and its submission: the rules, and the cap on credits. Only a fault that the service
//! certainly refuses stops a paying user, never a guess (`contract.md#checks-that-stop`).

use super::{Call, CliError};
use crate::cli::{GateArgs, MovieArgs};
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::check::{Resolved, Settings, check};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::plan::{Credits, Price, PriceReason, Unbounded};
use crate::quantity::counted;
use crate::settings::Projects;
use crate::work::{CommandLine, source_words};

/// The checks of one command, which all of its movies pass in the order of the arguments.
pub(super) struct SubmitCheck<'a> {
    call: &'a Call,
    args: &'a GateArgs,
    /// The flags that make `check` see the same movies.
    flags: Vec<String>,
    errors: usize,
    warnings: usize,
    /// The movies that have warnings, or errors that stop nothing.
    warned: Vec<String>,
    projects: Projects,
    bill: Bill,
}

impl<'a> SubmitCheck<'a> {
    pub(super) fn new(call: &'a Call, args: &'a GateArgs, movie: &MovieArgs) -> Self {
        Self {
            call,
            args,
            flags: movie.to_flags(),
            errors: 0,
            warnings: 0,
            warned: Vec::new(),
            projects: Projects::default(),
            bill: Bill::default(),
        }
    }

    /// Checks a movie.
    ///
    /// # Errors
    /// When the service would refuse it, or it could cost more than is left: nothing may be sent then.
    pub(super) fn pass(&mut self, source: &str, movie: Document) -> Result<Document, CliError> {
        if !(self.args.no_check && self.args.max_credits.is_none()) {
            self.pass_resolved(source, &movie, &Resolved::of(&movie))?;
        }
        Ok(movie)
    }

    /// The same of a movie that is resolved already.
    ///
    /// # Errors
    /// As [`Self::pass`].
    pub(super) fn pass_resolved(&mut self, source: &str, movie: &Document, resolved: &Resolved) -> Result<(), CliError> {
        if !self.args.no_check {
            self.check(source, movie, resolved)?;
        }
        if let Some(cap) = self.args.max_credits {
            if let Some(first) = resolved.plan.unbounded().first() {
                return Err(unbounded(source, movie, first, cap).then(self.of_movies("plan", &[source.to_owned()])));
            }
            let afforded = self.bill.afford(&resolved.plan.credits, cap);
            afforded.map_err(|why| {
                CliError::new(Exit::Credits, format!("{source}: {why}")).then(self.of_movies("plan", &[source.to_owned()]))
            })?;
        }
        self.bill.add(&resolved.plan.credits);
        Ok(())
    }

    fn check(&mut self, source: &str, movie: &Document, resolved: &Resolved) -> Result<(), CliError> {
        let loopback = self.call.settings.is_loopback();
        // A finding that a project leaves out can't stop a movie, so a broken project file doesn't, either: `check` reports it.
        let project = self.projects.of(source).ok().flatten();
        let waived = project.as_ref().map_or(&[][..], |project| &project.allow);
        let settings = Settings { allow: &self.args.allow, waived, loopback, facts: Some(&resolved.facts), ..Settings::default() };
        let found = check(movie, &settings);
        let stopping: Vec<_> = found.iter().filter(|finding| finding.stops()).collect();
        if let Some(first) = stopping.first() {
            return Err(refusal(source, movie, first, &stopping).then(self.of_movies("check", &[source.to_owned()])));
        }
        // The warnings of the reading were shown when it was read.
        let is_new = |finding: &&Diagnostic| finding.severity != Severity::Info && !movie.diagnostics.contains(finding);
        let new: Vec<_> = found.iter().filter(is_new).collect();
        let errors = new.iter().filter(|finding| finding.severity == Severity::Error).count();
        if !new.is_empty() {
            self.errors += errors;
            self.warnings += new.len() - errors;
            if self.warned.last().is_none_or(|last| last != source) {
                self.warned.push(source.to_owned());
            }
        }
        Ok(())
    }

    /// A command about some movies, which sees them as they would be sent.
    fn of_movies(&self, command: &str, movies: &[String]) -> String {
        let movies: Vec<String> = movies.iter().flat_map(|movie| source_words(movie)).collect();
        let words = [command].into_iter().chain(movies.iter().chain(&self.flags).map(String::as_str)).collect::<Vec<_>>();
        CommandLine::with_flags(self.call.flags.clone()).spell(&words)
    }

    /// Counts what was found in the movies that passed, each under the severity that `check` gives it.
    pub(super) fn tell(&self) {
        let out = &self.call.out;
        let counts = [(self.errors, "uncertain error"), (self.warnings, "warning")];
        let found = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what));
        let found = found.collect::<Vec<_>>().join(" and ");
        if !found.is_empty() {
            let them = if self.errors + self.warnings == 1 { "it" } else { "them" };
            out.note(&format!("{found}; {} shows {them}", self.of_movies("check", &self.warned)));
        }
        if self.bill.movies > 0 {
            out.progress(&self.bill.to_string());
        }
    }
}

/// The refusal under a cap when the cost has no upper bound.
fn unbounded(source: &str, movie: &Document, open: &Unbounded, cap: u64) -> CliError {
    let place = movie.spelled_place(open.doubt.span).unwrap_or_else(|| source.to_owned());
    let stop = CliError::new(Exit::Credits, format!("{place}: {}; nothing was sent", without_bound(open, cap)));
    CliError { help: Some(format!("{}; or leave out --max-credits", open.fix)), ..stop }
}

/// Why `--max-credits` refuses the movie.
pub(super) fn without_bound(open: &Unbounded, cap: u64) -> String {
    format!("its cost has no upper bound, and --max-credits allows {cap}: {open}")
}

fn refusal(source: &str, movie: &Document, first: &Diagnostic, all: &[&Diagnostic]) -> CliError {
    let place = movie.place_name(first.span).unwrap_or_else(|| source.to_owned());
    let more = match all.len() - 1 {
        0 => String::new(),
        1 => " (and 1 more error)".to_owned(),
        more => format!(" (and {more} more errors)"),
    };
    let help = first.help.as_ref().map(|help| format!("{help}; ")).unwrap_or_default();
    let mut codes: Vec<_> = all.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let allow = codes.iter().map(|code| format!("--allow {code}")).collect::<Vec<_>>().join(" ");
    let help = format!("{help}to send it anyway, use {allow} or --no-check");
    let stop = CliError::new(Exit::Invalid, format!("{place}: {}: {}{more}", first.code, first.message));
    CliError { help: Some(help), ..stop }
}

/// The estimated cost of the movies that passed.
#[derive(Debug)]
struct Bill {
    movies: usize,
    least: u64,
    /// `None` when there is no bound.
    most: Option<u64>,
    reasons: Vec<PriceReason>,
}

impl Default for Bill {
    fn default() -> Self {
        Self { movies: 0, least: 0, most: Some(0), reasons: Vec::new() }
    }
}

impl Bill {
    /// Whether another movie fits under a cap; the error says why not.
    fn afford(&self, price: &Price, cap: u64) -> Result<(), String> {
        let before = if self.movies > 0 { " with those before it" } else { "" };
        let most = match self.most.zip(price.amount.at_most()) {
            Some((one, other)) if one.saturating_add(other) <= cap => return Ok(()),
            Some((one, other)) => counted(one.saturating_add(other), "credit"),
            None => "an unlimited number of credits".to_owned(),
        };
        Err(format!("it may cost {most}{before}, --max-credits allows {cap}; nothing was sent"))
    }

    fn add(&mut self, price: &Price) {
        self.movies += 1;
        self.least = self.least.saturating_add(price.amount.at_least());
        self.most = self.most.zip(price.amount.at_most()).map(|(one, other)| one.saturating_add(other));
        let new: Vec<_> =
            price.reasons.iter().filter(|reason| is_worth_a_word(reason) && !self.reasons.contains(reason)).cloned().collect();
        self.reasons.extend(new);
    }
}

/// Whether to show a reason: one that is the same for all movies explains nothing.
fn is_worth_a_word(reason: &PriceReason) -> bool {
    !matches!(reason, PriceReason::PerSecond | PriceReason::Rounding)
}

/// `estimated cost: 15 credits`, and why it is not known more exactly.
impl std::fmt::Display for Bill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.movies > 1 {
            write!(f, "{} movies: ", self.movies)?;
        }
        match (self.least, self.most) {
            (1, Some(1)) => f.write_str("estimated cost: 1 credit")?,
            (least, Some(most)) if least == most => write!(f, "estimated cost: {} credits", Credits::Exactly(least))?,
            (least, Some(most)) => write!(f, "estimated cost: {} credits", Credits::Between(least, most))?,
            (0, None) => f.write_str("estimated cost: unknown")?,
            (least, None) => write!(f, "estimated cost: {} credits", Credits::AtLeast(least))?,
        }
        let reasons = self.reasons.iter().map(ToString::to_string).collect::<Vec<_>>();
        if reasons.is_empty() { Ok(()) } else { write!(f, ": {}", reasons.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(amount: Credits) -> Price {
        Price { amount, reasons: vec![PriceReason::PerSecond, PriceReason::Length], unbounded: Vec::new() }
    }

    #[test]
    fn a_cap_is_for_all_movies_together_and_holds_for_the_most_that_they_may_cost() {
        let mut bill = Bill::default();
        bill.afford(&price(Credits::Exactly(15)), 20).unwrap();
        bill.add(&price(Credits::Exactly(15)));
        assert!(bill.afford(&price(Credits::Exactly(5)), 20).is_ok());
        let refused = bill.afford(&price(Credits::Between(1, 6)), 20).unwrap_err();
        assert_eq!(refused, "it may cost 21 credits with those before it, --max-credits allows 20; nothing was sent");
        assert!(bill.afford(&price(Credits::AtLeast(1)), 1_000_000).unwrap_err().contains("an unlimited number of credits"));
    }

    #[test]
    fn the_sum_is_told_as_well_as_it_is_known() {
        let told = |amounts: &[Credits]| {
            let mut bill = Bill::default();
            for amount in amounts {
                bill.add(&Price { reasons: Vec::new(), ..price(*amount) });
            }
            bill.to_string()
        };
        assert_eq!(told(&[Credits::Exactly(15)]), "estimated cost: 15 credits");
        assert_eq!(told(&[Credits::Exactly(15), Credits::Between(2, 8)]), "2 movies: estimated cost: 17 to 23 credits");
        assert_eq!(told(&[Credits::AtLeast(4)]), "estimated cost: at least 4 credits");
        assert_eq!(told(&[Credits::Unknown]), "estimated cost: unknown");
    }
}
