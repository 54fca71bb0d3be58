//! The same questions, asked of the emulator: with what j2v assumes, and with wrong assumptions planted in it.

use std::time::Duration;

use j2v::emulator::{Emulator, Settings as Service, Shape};
use j2v::world::World;
use tokio::runtime::Runtime;

use crate::question::{self, Answer, Question};
use crate::report::Report;
use crate::session::files;
use crate::settings::Settings;

/// The key, which no file may hold.
const CANARY: &str = "canary-1f6e02b5d8a94c77";

/// Asks an emulator, and shows the report, and the folder that it is in.
fn asked(change: impl FnOnce(&mut Service, &mut Settings)) -> (Report, tempfile::TempDir) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::new(World::real());
    service.render_time = Duration::from_millis(200);
    let mut settings = Settings {
        api: None,
        key: CANARY.to_owned(),
        credits: 10,
        callbacks: Some(("127.0.0.1:0".to_owned(), "http://{}".to_owned())),
        folder: folder.path().to_owned(),
        run: "run".to_owned(),
        pace: Duration::from_millis(100),
        patience: Duration::from_secs(20),
        listed_within: Duration::from_secs(2),
        bodies: vec![1 << 20, 2 << 20],
    };
    change(&mut service, &mut settings);
    let emulator = runtime.block_on(Emulator::start(service)).unwrap();
    settings.api = Some(emulator.api_url());
    let report = crate::ask(settings);
    runtime.block_on(emulator.stop());
    (report, folder)
}

/// What was seen, if an answer differs from what is assumed.
fn difference<'r>(report: &'r Report, question: &Question) -> Option<&'r str> {
    match report.answer(question) {
        Some(Answer::Differs(seen)) => Some(seen),
        _ => None,
    }
}

#[test]
fn the_emulator_does_what_is_assumed_and_the_report_keeps_the_traffic_without_the_key() {
    let (report, folder) = asked(|_, _| {});
    let said = report.to_string();
    for question in question::ALL {
        assert!(report.answer(question).is_some(), "{question:?} was not asked: {said}");
        assert_eq!(difference(&report, question), None, "{said}");
    }
    assert_eq!(report.answer(&question::ROUNDING), Some(&Answer::Answered("up: 2.4 s cost 3".to_owned())));
    assert_eq!(report.answer(&question::LIST_LAG), Some(&Answer::AsAssumed("at the first look".to_owned())));
    assert_eq!(std::fs::read_to_string(folder.path().join("report.md")).unwrap(), said);
    let kept: Vec<String> = files(folder.path()).iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let posts = kept.iter().filter(|text| text.contains("\"method\": \"POST\"")).count();
    assert_eq!(posts, 4, "four renders, and no body that is only too large");
    assert!(kept.iter().any(|text| text.starts_with("POST /full-form\n")), "the callbacks are kept");
    assert!(!kept.iter().any(|text| text.contains("/v2/templates") || text.contains("/v2/media")), "what the account holds is not");
}

#[test]
fn wrong_assumptions_that_are_planted_are_in_the_report() {
    let faults = ["list-lag=3s", "list-drop-client-data", "post-413*1"];
    let (report, _folder) = asked(|service, _| {
        service.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        service.webhook_shape = Shape::Guide;
    });
    let said = report.to_string();
    assert!(difference(&report, &question::LIST_LAG).is_some_and(|seen| seen.starts_with("between ")), "{said}");
    assert!(difference(&report, &question::LIST_CLIENT_DATA).is_some_and(|seen| seen.starts_with("it is not there")), "{said}");
    assert_eq!(difference(&report, &question::BODY), Some("1 MB were answered 413"), "{said}");
    let shape = report.answer(&question::CALLBACK_SHAPE);
    assert!(matches!(shape, Some(Answer::AsAssumed(seen)) if seen.starts_with("the guide's")), "{said}");
}

#[test]
fn nothing_is_spent_beyond_the_budget_and_without_a_public_url_no_callback_is_asked_for() {
    let (report, folder) = asked(|_, settings| (settings.credits, settings.callbacks) = (5, None));
    let posts = files(&folder.path().join("traffic")).iter().filter(|path| path.to_string_lossy().ends_with("-post.json")).count();
    assert_eq!(posts, 2, "two of two credits each: {report}");
    let unasked =
        |question| matches!(report.answer(question), Some(Answer::NotSeen(why)) if why.contains("1 of J2V_LIVE_CREDITS are left"));
    assert!(unasked(&question::CACHE) && unasked(&question::ROUNDING), "{report}");
    assert!(matches!(report.answer(&question::SHORT_TYPE), Some(Answer::NotSeen(why)) if why.contains("J2V_LIVE_PUBLIC_URL")));
    assert!(matches!(report.answer(&question::LIST_LAG), Some(Answer::AsAssumed(_))));
}

#[test]
fn a_service_that_refuses_everything_ends_in_a_report_that_says_so() {
    let (report, _folder) = asked(|service, _| service.faults = vec!["post-credits".parse().unwrap()]);
    assert!(matches!(report.answer(&question::LIST_LAG), Some(Answer::NotSeen(why)) if why.contains("Insufficient credits")), "{report}");
    assert!(matches!(report.answer(&question::TEMPLATES), Some(Answer::AsAssumed(_))), "{report}");
}
