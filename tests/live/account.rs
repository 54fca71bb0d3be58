//! Questions that cost nothing: reads of templates and media, and bodies that can't be accepted. None of it is recorded: it would show
//! what the account holds.

use serde_json::Value;

use crate::judge::{self, names};
use crate::question::{Answer, BODY, LIBRARY, MEDIA, MEDIA_PAGE, Question, TEMPLATE_SCHEMA, TEMPLATES};
use crate::report::Report;
use crate::session::{Ended, Session};

/// Sends bodies that are not JSON, so that none can be accepted, until one is refused for its size.
pub(crate) fn body_limit(session: &Session, report: &mut Report) {
    let mut answers = Vec::new();
    for bytes in &session.settings.bodies {
        let mut body = vec![b' '; *bytes];
        body.push(b'!');
        let status = session.post(&session.unrecorded, "/movies", body).status;
        answers.push((*bytes, status));
        if status != 400 {
            break;
        }
    }
    report.note(&BODY, judge::body_limit(&answers));
}

/// Reads templates and media.
pub(crate) fn reads(session: &Session, report: &mut Report) {
    let get = |path: &str| session.get(&session.unrecorded, path);
    let read_by = |line: &[&str]| session.j2v(&session.unrecorded, line, None);
    let own = get("/templates");
    let first = &own.body["templates"][0];
    let seen = if first.is_null() { "there are none".to_owned() } else { format!("an item has {}", names(first)) };
    understood(report, &TEMPLATES, &read_by(&["templates", "list", "--json"]), &seen);
    let schema = match first["id"].as_str() {
        None => Answer::NotSeen("the account has no template".to_owned()),
        Some(id) => {
            let schema = get(&format!("/templates?id={id}&format=jsonschema")).body["template"]["variables"].clone();
            Answer::Answered(format!("`$schema` is {}, it has {}", schema["$schema"], names(&schema)))
        }
    };
    report.note(&TEMPLATE_SCHEMA, schema);
    let library = get("/templates/library");
    let public = library.body["templates"][0]["id"].as_str().map(|id| get(&format!("/templates?id={id}")));
    report.note(
        &LIBRARY,
        public.map_or(Answer::NotSeen("the library is empty".to_owned()), |answer| {
            Answer::Answered(format!("status {}, the template has {}", answer.status, names(&answer.body["template"])))
        }),
    );
    let folder = get("/media/folder?path=/");
    understood(report, &MEDIA, &read_by(&["media", "usage", "--json"]), &format!("a folder has {}", names(&folder.body)));
    let (shown, total) = (folder.body["files"].as_array().map(Vec::len), folder.body["total"].as_u64());
    report.note(&MEDIA_PAGE, page(shown, total));
}

/// Whether j2v understands what it reads.
fn understood(report: &mut Report, question: &Question, read: &Ended, seen: &str) {
    let answer = if read.code == 0 && read.stdout.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) {
        Answer::AsAssumed(seen.to_owned())
    } else {
        Answer::Differs(format!("exit code {}: {}; {seen}", read.code, read.stderr.trim()))
    };
    report.note(question, answer);
}

fn page(shown: Option<usize>, total: Option<u64>) -> Answer {
    match (shown.and_then(|shown| u64::try_from(shown).ok()), total) {
        (Some(shown), Some(total)) if shown < total => Answer::Answered(format!("{shown} of {total}")),
        (Some(shown), _) => Answer::NotSeen(format!("the root folder has {shown}, which are one page")),
        (None, _) => Answer::NotSeen("the answer has no `files`".to_owned()),
    }
}

#[test]
fn a_page_is_known_where_a_folder_has_more() {
    assert_eq!(page(Some(50), Some(80)), Answer::Answered("50 of 80".to_owned()));
    assert!(matches!(page(Some(3), Some(3)), Answer::NotSeen(_)));
}
