//! What must hold of any bytes that come from outside: shared by the fuzz targets and by `tests/seeds.rs`, which
//! replays `seeds/`. None of it may panic, hang or take memory without bound.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use j2v::ledger::postgres::Address;
use j2v::movie::check::{Resolved, Settings, check};
use j2v::movie::compose::{Flags, compose};
use j2v::movie::expand::{Limits, expand};
use j2v::movie::expr::{self, Variables, evaluate, template};
use j2v::movie::json::Node;
use j2v::movie::plan::{NoAssets, plan};
use j2v::movie::variables::Asked;
use j2v::movie::{Document, mention};
use j2v::render::identity::ProjectId;
use j2v::rows::binding::Binding;
use j2v::rows::format::Format;
use j2v::rows::mapping::Mapping;
use j2v::rows::{Source, Table};
use j2v::service::answer::{Answer, Body, BodyEnd, PostMeaning, RequestResult, meaning_of_post, meaning_of_read};
use j2v::service::endpoint::{ApiUrl, without_userinfo};
use j2v::service::page::{read_movie, read_page};
use j2v::service::retry::{http_date, retry_after};
use j2v::service::{webhook, webhook_client};
use j2v::world::Timestamp;

/// A movie that is read, as JSON or as YAML, can be checked, resolved and planned, and is the same movie when it is
/// printed and read again.
pub(crate) fn movie(bytes: &[u8]) {
    for name in ["fuzz.json", "fuzz.yaml"] {
        if let Ok(document) = Document::read(name, bytes.to_vec()) {
            whole_movie(&document);
        }
    }
}

fn whole_movie(document: &Document) {
    for printed in [document.to_compact(), document.to_pretty()] {
        let again = Document::parse("again.json", printed).expect("what was printed is a movie");
        assert_eq!(again.to_compact(), document.to_compact());
        assert_eq!(again.canonical(), document.canonical());
    }
    let resolved = Resolved::of(document);
    for finding in check(document, &Settings { facts: Some(&resolved.facts), ..Settings::default() }) {
        let place = document.place(finding.span);
        assert!(place.is_none_or(|(_, position)| position.line > 0 && position.column > 0));
    }
    // Fewer than by default: a run of the fuzzer is over many movies, not over one.
    let limits = Limits { scenes: 500, nodes: 20_000, ..Limits::default() };
    let expansion = expand(document, &limits);
    let _ = plan(&expansion, &NoAssets);
    let _ = mention(document, "Error: Scene #1 Element #1: The element type 'video' requires a 'src' property.");
}

/// The first line is an expression, the second, if it is JSON, the variables; the whole is a text with blocks.
pub(crate) fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    template::parts(text).for_each(drop);
    let _ = template::sole_block(text);
    let (line, variables) = text.split_once('\n').unwrap_or((text, "{}"));
    let limits = expr::ExprLimits::default();
    let Ok(parsed) = expr::parse(line, &limits) else { return };
    let range = parsed.root.range;
    assert!(range.start <= range.end && line.get(range.start..range.end).is_some());
    let members = Document::parse("variables.json", variables).map_or_else(|_| Node::object(), |document| document.root);
    let mut scope = Variables::new(&members, limits);
    if let Ok(value) = evaluate(&parsed.root, &mut scope) {
        assert!(u64::try_from(value.to_text().len()).is_ok_and(|length| length <= limits.bytes + 1024));
    }
}

/// Two bytes say the status and how the body ended, the rest is the body: the service's answer to a POST, to a read,
/// and to a page of the list; and, as a header, how long it asks to wait.
pub(crate) fn answer(bytes: &[u8]) {
    let [status, end, body @ ..] = bytes else { return };
    let end = [BodyEnd::Whole, BodyEnd::Cut, BodyEnd::TooSlow, BodyEnd::TooLarge][usize::from(end % 4)];
    let answer = Answer {
        status: 100 + u16::from(*status) * 2,
        content_type: Some("application/json".to_owned()),
        retry_after: None,
        location_host: None,
        body: Body { bytes: body.to_vec(), end },
    };
    let (code, happened) = (answer.status, RequestResult::Answered(answer));
    if let PostMeaning::Accepted { project } = meaning_of_post(&happened) {
        // Even of an answer that broke off: a whole object that names its project is one.
        let named = Document::read("answer", body.to_vec()).ok().and_then(|answer| answer.root.get("project").cloned());
        let named = named.as_ref().and_then(Node::as_text).map(|text| text.decoded().into_owned());
        assert!((200..300).contains(&code) && named.as_deref() == Some(project.as_str()), "accepted by {code}");
    }
    let _ = meaning_of_read(&happened);
    if let Ok(asked) = ProjectId::parse("JkGxEoPRF9EgRb32") {
        assert!(read_movie(body, &asked).is_none_or(|report| report.project == asked));
    }
    let _ = read_page(body);
    if let Ok(header) = std::str::from_utf8(body) {
        let _ = http_date(header);
        assert!(retry_after(header, Timestamp(0)).is_none_or(|pause| pause < Duration::from_secs(365 * 24 * 3600)));
    }
}

/// A callback's body: what it says can be said again in each shape that the service's pages show, and is read as the same.
pub(crate) fn webhook(bytes: &[u8]) {
    let told = webhook::read(bytes);
    let Some(report) = told.report else { return };
    assert_eq!(told.project.as_ref(), Some(&report.project));
    for shape in [webhook::Shape::Reference, webhook::Shape::Tutorial, webhook::Shape::Guide] {
        for format in [webhook::Format::Json, webhook::Format::Form] {
            let again = webhook::read(format.write(&webhook::body(&report, shape)).as_bytes());
            assert_eq!(again.project.as_ref(), Some(&report.project), "{shape:?} {format:?}");
        }
    }
}

/// An address of the API, of a ledger, of a webhook: what is taken is the same when it is read again, and what is shown or told of
/// it has no password, wherever the bytes put its end.
pub(crate) fn address(bytes: &[u8]) {
    const SECRET: &str = "hunter2-canary";
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(url) = ApiUrl::parse(text) {
        assert_eq!(ApiUrl::parse(url.as_str()).as_ref(), Ok(&url));
        assert!(url.is_loopback() || url.as_str().starts_with("https://"));
    }
    let (database, url) = (format!("postgres://me:{SECRET}@{text}"), format!("https://me:{SECRET}@{text}"));
    let ledger = |text: &str| Address::parse(text).map_or_else(|why| format!("{why} {why:?}"), |address| format!("{address} {address:?}"));
    let webhook = |text: &str| webhook_client::Address::parse(text).map_or_else(|why| why.to_string(), |address| address.to_string());
    let api = ApiUrl::parse(&url).expect_err("it has a password").to_string();
    for told in [ledger(&database), webhook(&url), api, without_userinfo(&url)] {
        assert!(!told.contains(SECRET), "{told}");
    }
    let _ = (ledger(text), webhook(text), without_userinfo(text));
}

/// The first byte says the format, the rest is a table: its rows stand one after another, are the same when they are read
/// again, and say no more to a movie than they have cells.
pub(crate) fn rows(bytes: &[u8]) {
    let [format, table @ ..] = bytes else { return };
    let (_, format) = Format::ALL[usize::from(*format) % Format::ALL.len()];
    let source = Source { format: Some(format), ..Source::new("fuzz") };
    let Ok(table) = Table::of(&source, &mut { table }) else { return };
    let read = || table.rows().map(Iterator::collect::<Vec<_>>);
    let rows = read();
    assert_eq!(rows, read());
    let (mut binding, mut above) = (Binding::default(), 0);
    for row in rows.iter().flatten().flatten() {
        assert!(row.number > above, "row {} after row {above}", row.number);
        above = row.number;
        assert!(binding.bind(row).variables.len() <= row.cells.len());
    }
}

/// A byte for the format, two for the length of a movie, the movie, a table: its columns are mapped, and each row is composed,
/// checked and resolved. A variable is filled by a column or reported as unfilled, and what a row says is what the movie has.
pub(crate) fn batch(bytes: &[u8]) {
    let [format, low, high, rest @ ..] = bytes else { return };
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (movie, table) = rest.split_at(length);
    let Ok(movie) = Document::read("movie.json", movie.to_vec()) else { return };
    let (_, format) = Format::ALL[usize::from(*format) % Format::ALL.len()];
    let Ok(table) = Table::of(&Source { format: Some(format), ..Source::new("fuzz") }, &mut { table }) else { return };
    let Ok(rows) = table.rows() else { return };
    let rows: Vec<_> = rows.map_while(Result::ok).take(20).collect();
    let first = || rows.iter().take(1).flat_map(|row| &row.cells).map(|cell| Arc::clone(&cell.column)).collect();
    let columns: Vec<Arc<str>> = table.columns().map_or_else(first, <[Arc<str>]>::to_vec);
    let asked = Asked::by(&movie.root);
    let mapping = Mapping::of(&columns, &HashMap::new(), &asked, &HashSet::new());
    assert!(mapping.unfilled.iter().all(|one| asked.names.contains(&one.variable)));
    let mut binding = Binding::new(mapping.renamed(), Vec::new(), Vec::new());
    for row in &rows {
        let bound = binding.bind(row);
        let flags = Flags { vars: bound.variables.clone(), ..Flags::default() };
        let Ok(composed) = compose(movie.clone(), &flags) else { continue };
        for variable in &bound.variables {
            let has = composed.root.get("variables").and_then(|variables| variables.get(&variable.name));
            assert_eq!(has, Some(&variable.value.to_node()));
        }
        let limits = Limits { scenes: 100, nodes: 5_000, ..Limits::default() };
        let _ = plan(&expand(&composed, &limits), &NoAssets);
        let _ = check(&composed, &Settings::default());
    }
}
