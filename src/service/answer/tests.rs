//! The rows of `faults.md#submit`, one test each, named after the row.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const ID: &str = "JkGxEoPRF9EgRb32";
const ACCEPTED: &str = r#"{"success":true,"project":"JkGxEoPRF9EgRb32","timestamp":"2026-11-23T10:00:00.000Z"}"#;

fn answer(status: u16, body: &str) -> Answer {
    let body = Body { bytes: body.into(), end: BodyEnd::Whole };
    Answer { status, content_type: None, retry_after: None, location_host: None, body }
}

fn post(status: u16, body: &str) -> PostMeaning {
    meaning_of_post(&RequestResult::Answered(answer(status, body)))
}

fn cut(bytes: &[u8], end: BodyEnd) -> PostMeaning {
    let body = Body { bytes: bytes.to_vec(), end };
    meaning_of_post(&RequestResult::Answered(Answer { body, ..answer(200, "") }))
}

fn refused(status: u16, message: &str) -> Reason {
    match post(status, &json!({"success": false, "message": message}).to_string()) {
        PostMeaning::Refused(refusal) => {
            assert_eq!(refusal.message, message);
            refusal.reason
        }
        other => panic!("{status} {message}: {other:?}"),
    }
}

fn why_unknown(meaning: &PostMeaning) -> &str {
    match meaning {
        PostMeaning::Unknown { why, salvaged: None } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_1_to_4_a_connection_that_never_stood_sent_nothing() {
    let faults = [
        ConnectFault::Refused,
        ConnectFault::Dns,
        ConnectFault::Timeout,
        ConnectFault::Tls(TlsFault::Certificate("expired".to_owned())),
        ConnectFault::Tls(TlsFault::NoRoots),
        ConnectFault::Proxy("407".to_owned()),
        ConnectFault::Network("unreachable".to_owned()),
    ];
    for fault in faults {
        assert_eq!(meaning_of_post(&RequestResult::NotConnected(fault.clone())), PostMeaning::NotSent { fault });
    }
}

#[test]
fn row_4_a_proxys_407_after_the_request_left_is_unknown() {
    for body in ["<html>", r#"{"message":"Proxy Authentication Required"}"#] {
        why_unknown(&post(407, body));
    }
}

#[test]
fn rows_5_to_8_a_loss_after_the_connection_stood_is_unknown() {
    for loss in [Loss::Timeout, Loss::Broken("connection reset".to_owned()), Loss::Broken("broken pipe".to_owned())] {
        why_unknown(&meaning_of_post(&RequestResult::Lost(loss)));
    }
}

#[test]
fn a_refused_durable_step_sent_nothing() {
    let meaning = meaning_of_post(&RequestResult::HookStopped("disk full".to_owned()));
    assert_eq!(meaning, PostMeaning::Stopped { why: "disk full".to_owned() });
}

#[test]
fn row_9_a_truncated_answer_gives_up_its_project_once_the_closing_quote_is_there() {
    let until_quote = ACCEPTED.find(ID).unwrap() + ID.len();
    let salvaged = |bytes: &str| match cut(bytes.as_bytes(), BodyEnd::Cut) {
        PostMeaning::Unknown { salvaged, .. } => salvaged.map(|id| id.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(salvaged(&ACCEPTED[..until_quote]), None);
    assert_eq!(salvaged(&ACCEPTED[..=until_quote]), Some(ID.to_owned()));
}

#[test]
fn row_10_a_page_or_nothing_with_200_is_unknown() {
    assert!(why_unknown(&post(200, "<html>log in</html>")).contains("did not come from the API"));
    assert!(why_unknown(&post(200, "")).contains("did not come from the API"));
    assert!(!why_unknown(&post(200, "<b>secret</b>")).contains("secret"));
}

#[test]
fn row_11_200_without_a_project_is_unknown() {
    for body in [r#"{"success":true}"#, r#"{"project":null}"#, r#"{"project":""}"#, r#"{"project":7}"#, "[]", "null"] {
        why_unknown(&post(200, body));
    }
}

#[test]
fn an_accepted_movie_names_its_project() {
    let accepted = PostMeaning::Accepted { project: ProjectId::parse(ID).unwrap() };
    for status in [200, 201, 202] {
        assert_eq!(post(status, ACCEPTED), accepted);
    }
}

#[test]
fn row_12_a_body_that_drips_is_unknown() {
    assert!(why_unknown(&cut(b"{\"succ", BodyEnd::TooSlow)).contains("did not arrive in time"));
}

#[test]
fn row_13_a_redirect_is_unknown_and_names_its_host() {
    for status in [301, 302, 303, 307, 308] {
        let redirect = Answer { location_host: Some("evil.example".to_owned()), ..answer(status, ACCEPTED) };
        assert!(why_unknown(&meaning_of_post(&RequestResult::Answered(redirect))).contains("evil.example"));
    }
}

#[test]
fn row_14_a_400_with_a_message_is_refused_in_its_own_words() {
    assert_eq!(refused(400, "No movie JSON received"), Reason::Request);
    assert_eq!(refused(404, "Template not found"), Reason::Request);
    assert_eq!(refused(409, "A file with this name already exists"), Reason::Request);
    assert_eq!(refused(400, "Error: Scene #1 Element #2: The element type 'video' requires a 'src' property."), Reason::Request);
}

#[test]
fn row_14_the_words_are_read_from_message_then_error_then_the_status() {
    let message = |body: &str| answer(400, body).message();
    assert_eq!(message(r#"{"success":true,"message":"m","error":"e"}"#), "m");
    assert_eq!(message(r#"{"message":"","error":"e","code":"E1002"}"#), "e");
    assert_eq!(message(r#"{"message":null}"#), "HTTP 400 Bad Request");
    assert_eq!(message("no JSON"), "HTTP 400 Bad Request");
}

#[test]
fn row_15_a_key_problem_is_known_by_its_words_whatever_the_status() {
    for status in [400, 401, 403] {
        for words in ["Error: Invalid API Key", "Error: API Key not provided", "invalid api-key", "Insufficient permissions"] {
            assert_eq!(refused(status, words), Reason::Key, "{status} {words}");
        }
    }
    assert_eq!(refused(403, "Forbidden"), Reason::Key);
    assert_eq!(refused(403, "Invalid token"), Reason::Key);
}

#[test]
fn row_16_credits_and_quota_are_told_from_a_bad_key() {
    assert_eq!(refused(400, "Insufficient credits"), Reason::Credits);
    assert_eq!(refused(401, "You exceeded the quota of movies in your plan. Please upgrade your plan to continue."), Reason::Credits);
    assert_eq!(refused(401, "You exceeded the quota of drafts in your plan. Please upgrade your plan to continue."), Reason::Credits);
    assert_eq!(refused(403, "account_suspended"), Reason::Credits);
    assert_eq!(refused(402, "Payment required"), Reason::Credits);
}

#[test]
fn row_17_a_movie_that_is_too_large_for_the_plan_concerns_itself_alone() {
    assert_eq!(refused(401, "Movie is larger (3840x2160) than your plan allowance (1920x1080)"), Reason::Request);
}

#[test]
fn rows_18_and_19_a_429_is_throttling_whatever_its_body() {
    for body in ["", "<html>", r#"{"message":"Error: Invalid API Key"}"#, ACCEPTED] {
        let wait = Some(Duration::from_secs(3));
        let throttled = RequestResult::Answered(Answer { retry_after: wait, ..answer(429, body) });
        assert_eq!(meaning_of_post(&throttled), PostMeaning::Throttled { retry_after: wait });
    }
}

#[test]
fn row_20_a_server_error_is_unknown_whatever_its_body() {
    for status in [500, 502, 503, 504, 520, 524, 599] {
        for body in ["", "<html>bad gateway</html>", r#"{"error":"Error starting subprocess"}"#] {
            why_unknown(&post(status, body));
        }
    }
}

#[test]
fn row_21_lost_patience_on_the_way_is_unknown() {
    for status in [408, 425, 499, 522] {
        why_unknown(&post(status, r#"{"message":"Request Timeout"}"#));
    }
}

#[test]
fn row_22_a_body_over_the_limit_is_refused_whoever_says_so() {
    for status in [413, 414] {
        assert!(matches!(post(status, "<html>"), PostMeaning::Refused(Refusal { reason: Reason::Request, .. })));
    }
}

#[test]
fn row_22_a_4xx_that_is_no_whole_json_object_did_not_come_from_the_api() {
    for body in ["", "<html>blocked</html>", "\"no\"", "[]", r#"{"message":"cut"#] {
        for status in [400, 401, 402, 403, 404, 405, 418] {
            why_unknown(&post(status, body));
        }
    }
}

#[test]
fn row_23_an_answer_too_large_or_too_deep_is_unknown() {
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    why_unknown(&post(200, &deep));
    why_unknown(&post(400, &deep));
    why_unknown(&cut(&vec![b' '; 10 << 20], BodyEnd::TooLarge));
}

fn read(status: u16, body: &str) -> String {
    let happened = RequestResult::Answered(answer(status, body));
    match meaning_of_read(&happened) {
        ReadMeaning::Body(_) => "body".to_owned(),
        ReadMeaning::Retry { .. } => "retry".to_owned(),
        ReadMeaning::NoSuchProject { .. } => "does not know this project".to_owned(),
        ReadMeaning::Refused(refusal) => format!("{:?}", refusal.reason),
        ReadMeaning::Broken { .. } => "broken".to_owned(),
    }
}

#[test]
fn row_30_an_unknown_project_has_three_spellings() {
    for (status, message) in [
        (400, "TypeError: Cannot read properties of null (reading 'success')"),
        (400, "ReferenceError: x is not defined"),
        (404, "gone"),
        (400, "Movie not found"),
    ] {
        assert_eq!(read(status, &json!({"message": message}).to_string()), "does not know this project", "{message}");
    }
    assert_eq!(read(400, r#"{"message":"Error: Invalid API Key"}"#), "Key");
    assert_eq!(read(400, r#"{"message":"Error: something else"}"#), "Request");
}

#[test]
fn row_38_a_read_is_repeated_for_what_may_pass() {
    for status in [408, 425, 429, 500, 502, 503, 504, 520] {
        assert_eq!(read(status, r#"{"message":"TypeError: x"}"#), "retry", "{status}");
    }
    assert_eq!(read(200, "<html>log in</html>"), "retry");
    assert_eq!(read(200, ""), "retry");
    assert!(matches!(meaning_of_read(&RequestResult::Lost(Loss::Timeout)), ReadMeaning::Retry { .. }));
}

#[test]
fn a_read_is_not_repeated_for_what_stays() {
    assert_eq!(read(302, ""), "broken");
    assert_eq!(read(404, "<html>no such page</html>"), "broken");
    assert_eq!(read(200, "{}"), "body");
}

fn any_end() -> impl Strategy<Value = BodyEnd> {
    prop_oneof![Just(BodyEnd::Whole), Just(BodyEnd::Cut), Just(BodyEnd::TooSlow), Just(BodyEnd::TooLarge)]
}

proptest! {
    #[test]
    fn row_9_truncation_never_gives_a_wrong_project_and_never_a_refusal(kept in 0..=ACCEPTED.len(), end in any_end()) {
        match cut(&ACCEPTED.as_bytes()[..kept], end) {
            PostMeaning::Accepted { project } => prop_assert_eq!(project.as_str(), ID),
            PostMeaning::Unknown { salvaged, .. } => prop_assert!(salvaged.is_none_or(|id| id.as_str() == ID)),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn row_23_no_bytes_make_it_panic(status in 100_u16..=999, bytes in proptest::collection::vec(any::<u8>(), 0..200), end in any_end()) {
        let happened = RequestResult::Answered(Answer { body: Body { bytes, end }, ..answer(status, "") });
        let meaning = meaning_of_post(&happened);
        let _ = meaning_of_read(&happened);
        let proof = matches!(meaning, PostMeaning::Refused(_) | PostMeaning::Throttled { .. });
        prop_assert!(!proof || (400..500).contains(&status), "only a 4xx proves that nothing was accepted");
    }

    #[test]
    fn no_service_error_is_ever_a_proof(status in 500_u16..=999, message in ".*") {
        why_unknown(&post(status, &json!({ "message": message }).to_string()));
    }
}
