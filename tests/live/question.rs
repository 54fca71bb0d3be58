//! The questions: what j2v assumes until a user has asked, and where that matters in the code.

use std::fmt;

/// A question that no source answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) title: &'static str,
    /// What j2v does until it is answered.
    pub(crate) assumed: &'static str,
    /// The files of the program that rest on it.
    pub(crate) matters: &'static [&'static str],
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// As j2v assumes.
    AsAssumed(String),
    /// Otherwise: the code has to follow.
    Differs(String),
    /// Nothing was assumed.
    Answered(String),
    /// Why it could not be asked, or could not be seen.
    NotSeen(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsAssumed(seen) => write!(f, "as assumed: {seen}"),
            Self::Differs(seen) => write!(f, "**differs**: {seen}"),
            Self::Answered(seen) => write!(f, "answered: {seen}"),
            Self::NotSeen(why) => write!(f, "not seen: {why}"),
        }
    }
}

macro_rules! questions {
    ($($name:ident: $title:literal, $assumed:literal, $matters:expr;)*) => {
        $(pub(crate) const $name: Question = Question { title: $title, assumed: $assumed, matters: &$matters };)*

        /// All of them, in the order of the report.
        pub(crate) const ALL: &[Question] = &[$($name),*];
    };
}

questions! {
    POST_ANSWER: "What a POST is answered", "`success`, `project` and `timestamp`, with status 200", ["src/service/answer.rs"];
    LIST_LAG: "How long after a POST the list shows the project", "within 60 s: later it counts as not accepted", ["src/render/schedule.rs", "src/work/presearch.rs", "src/work/search.rs"];
    LIST_CLIENT_DATA: "`client-data` in the items of the list", "an object in each item, as it was sent", ["src/service/page.rs", "src/render/token.rs"];
    CACHE: "Whether a token in `client-data` defeats the movie cache", "nothing: each movie gets a token of its own", ["src/movie/token.rs"];
    CALLBACK_SHAPE: "The callback's shape", "one of three that the documentation has: all are read", ["src/service/webhook/mod.rs"];
    CALLBACK_HEADERS: "The callback's headers", "nothing is signed, and no header names the event", ["src/work/listen/server.rs"];
    FULL_TYPE: "A webhook with the full `content-type`", "it is sent so, as a form too", ["src/movie/compose/mod.rs", "src/service/webhook/form.rs"];
    SHORT_TYPE: "A webhook with the short `content-type`", "ignored: the body is JSON", ["src/movie/check/rules/exports.rs"];
    FORM_CLIENT_DATA: "`client-data` in a form", "nothing: brackets and a text of JSON are both read", ["src/service/webhook/form.rs"];
    ROUNDING: "How credits are rounded", "nothing: whole credits, up or down", ["src/movie/plan/credits.rs"];
    CREDITS_ITEM: "The items of `consumed_credits`", "nothing", ["src/service/page.rs"];
    TRANSITION: "The length of a transition without a `duration`", "nothing: up to the shorter of its two scenes", ["src/movie/plan/mod.rs"];
    OFFSET: "`x` and `y` beside a preset `position`", "nothing: the check warns, the preview draws them as offsets", ["src/movie/check/placing.rs", "src/preview/placement.rs"];
    BODY: "The largest body of a POST", "64 MB, which is what j2v reads of a movie", ["src/limits.rs"];
    TEMPLATES: "What templates are read as", "as `j2v templates list` reads them", ["src/service/templates.rs"];
    TEMPLATE_SCHEMA: "The JSON Schema of a template's variables", "nothing", ["src/service/templates.rs"];
    LIBRARY: "A public template read by its id, without a copy", "nothing: tried, else it is duplicated", ["src/work/templates.rs"];
    MEDIA: "What the media are read as", "as `j2v media usage` and `list` read them", ["src/service/media.rs"];
    MEDIA_PAGE: "How many files a page of the media has by default", "nothing: a size is always asked for", ["src/service/media.rs"];
}

#[test]
fn every_question_names_files_that_are_there_and_the_page_has_it() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/live.md")).unwrap();
    for question in ALL {
        assert!(question.matters.iter().all(|file| root.join(file).exists()), "{question:?}");
        assert!(page.contains(&format!("| {} |", question.title)), "docs/live.md lacks: {}", question.title);
    }
}
