//! What no source says about the service, asked of the service itself: `docs/live.md` shows how a user with a key runs it, what
//! it costs, and what to look at before a report is sent. Without a key the same questions are asked of the emulator, whose
//! answers are what j2v assumes; a wrong assumption that is planted there has to be in the report.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod account;
mod budget;
mod callbacks;
mod emulated;
mod judge;
mod movies;
mod question;
mod renders;
mod report;
mod session;
mod settings;

use crate::report::Report;
use crate::session::Session;
use crate::settings::Settings;

/// Asks all questions. The body that is too large goes first, because it costs nothing.
fn ask(settings: Settings) -> Report {
    let mut session = Session::start(settings);
    let mut report = Report::default();
    account::body_limit(&session, &mut report);
    renders::ask(&mut session, &mut report);
    account::reads(&session, &mut report);
    session.finish(&report);
    report
}

#[test]
#[ignore = "it asks the service, with J2V_LIVE_KEY: see docs/live.md"]
fn the_service_is_asked_what_no_source_says() {
    let settings = Settings::of_the_service().unwrap_or_else(|why| panic!("{why}"));
    let folder = settings.folder.display().to_string();
    println!(
        "{}\nThe report, the recorded traffic and the callbacks are in {folder}: look through them before you send them.",
        ask(settings)
    );
}
