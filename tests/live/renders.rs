//! The questions that need renders, four at most: a movie, the same with another token, the same byte for byte, and a movie of two
//! scenes. Each is sent once, and only when the most that it may cost is left.

use std::time::Duration;

use j2v::world::World;
use serde_json::Value;

use crate::callbacks::Callbacks;
use crate::judge::{self, names};
use crate::movies::{self, FIRST_COSTS, SCENE, SECOND_COSTS};
use crate::question::{
    Answer, CACHE, CALLBACK_HEADERS, CALLBACK_SHAPE, CREDITS_ITEM, FORM_CLIENT_DATA, FULL_TYPE, LIST_CLIENT_DATA, LIST_LAG, OFFSET,
    POST_ANSWER, Question, ROUNDING, SHORT_TYPE, TRANSITION,
};
use crate::report::Report;
use crate::session::Session;

/// How far the clocks of this machine and of the service may differ.
const CLOCKS: Duration = Duration::from_secs(120);

/// The questions that callbacks answer.
const OF_CALLBACKS: [&Question; 5] = [&CALLBACK_SHAPE, &CALLBACK_HEADERS, &FULL_TYPE, &SHORT_TYPE, &FORM_CLIENT_DATA];

/// A render that is done.
struct Rendered {
    /// The `movie` of its status.
    movie: Value,
    /// The credits that were left then.
    quota: Option<f64>,
}

/// Renders, and notes what is seen.
pub(crate) fn ask(session: &mut Session, report: &mut Report) {
    let first = match first(session, report) {
        Ok(first) => first,
        Err(why) => {
            report.skip(&[&LIST_LAG, &LIST_CLIENT_DATA, &POST_ANSWER, &CACHE, &CREDITS_ITEM, &TRANSITION, &ROUNDING, &OFFSET], &why);
            return report.skip(&OF_CALLBACKS, &why);
        }
    };
    report.note(&CREDITS_ITEM, Answer::Answered(format!("`{}`", first.movie["consumed_credits"])));
    let quota = match again(session, report, &first) {
        Ok(last) => last.quota,
        Err(why) => {
            report.skip(&[&POST_ANSWER, &CACHE], &why);
            None
        }
    };
    if let Err(why) = second(session, report, &first, quota) {
        report.skip(&[&TRANSITION, &ROUNDING, &OFFSET], &why);
    }
}

/// The first movie: its place on the list, its callbacks.
fn first(session: &mut Session, report: &mut Report) -> Result<Rendered, String> {
    let project = submit(session, "first", FIRST_COSTS)?;
    on_the_list(session, report, &project);
    let first = ended(session, &project, FIRST_COSTS)?;
    match &session.callbacks {
        None => report.skip(&OF_CALLBACKS, "J2V_LIVE_PUBLIC_URL is not set"),
        Some(callbacks) => called_back(session, report, callbacks, &project),
    }
    Ok(first)
}

/// The first movie twice more: with another token, and byte for byte.
fn again(session: &mut Session, report: &mut Report, first: &Rendered) -> Result<Rendered, String> {
    let project = submit(session, "again", FIRST_COSTS)?;
    let other_token = ended(session, &project, FIRST_COSTS)?;
    let bytes = other_token.movie["json"].as_str().ok_or("the status of a render has no `json` that could be sent again")?;
    session.budget.reserve(FIRST_COSTS)?;
    let posted = session.post(&session.recorded, "/movies", bytes.as_bytes().to_vec());
    let told = format!("status {}, {}", posted.status, names(&posted.body));
    let project = posted.body["project"].as_str().ok_or_else(|| format!("the same bytes were answered {told}"))?;
    let is_known = posted.status == 200 && posted.body.as_object().is_some_and(|answer| answer.len() == 3);
    report.note(&POST_ANSWER, if is_known { Answer::AsAssumed(told) } else { Answer::Differs(told) });
    let same_bytes = ended(session, project, FIRST_COSTS)?;
    let times = [&first.movie, &other_token.movie, &same_bytes.movie].map(|movie| movie["rendering_time"].as_f64());
    report.note(
        &CACHE,
        match times {
            [Some(first), Some(other), Some(same)] => judge::cache([first, other, same]),
            _ => Answer::NotSeen("`rendering_time` is not a number".to_owned()),
        },
    );
    Ok(same_bytes)
}

/// The second movie: its length, its price, its size.
fn second(session: &mut Session, report: &mut Report, first: &Rendered, quota: Option<f64>) -> Result<(), String> {
    let project = submit(session, "second", SECOND_COSTS)?;
    let second = ended(session, &project, SECOND_COSTS)?;
    let seconds = second.movie["duration"].as_f64().ok_or("`duration` is not a number")?;
    report.note(&TRANSITION, judge::transition(seconds, SCENE));
    let paid = || quota.zip(second.quota).map(|(before, after)| before - after);
    report.note(&ROUNDING, judge::rounding(seconds, judge::consumed(&second.movie["consumed_credits"]).or_else(paid)));
    let density = |movie: &Value| Some(movie["size"].as_f64()? / movie["duration"].as_f64()?);
    let densities = density(&first.movie).zip(density(&second.movie));
    let answer =
        densities.map_or_else(|| Answer::NotSeen("`size` is not a number".to_owned()), |(first, second)| judge::offset(first, second));
    report.note(&OFFSET, answer);
    Ok(())
}

/// Submits a movie by `j2v`; its project. Nothing is sent that may cost more than is left.
fn submit(session: &mut Session, name: &str, most: u64) -> Result<String, String> {
    session.budget.reserve(most)?;
    let (run, url) = (&session.settings.run, session.callbacks.as_ref().map(|callbacks| callbacks.url.as_str()));
    let movie = if name == "second" { movies::second(run) } else { movies::first(run, url) };
    session.write("movie.json", &movie.to_string());
    let (key, most) = (format!("live-{run}-{name}"), most.to_string());
    let sent = session.j2v(&session.recorded, &["submit", "movie.json", "--key", &key, "--json", "--max-credits", &most], None);
    let line: Value = serde_json::from_str(sent.stdout.trim()).unwrap_or_default();
    let project = line["project"].as_str().map(str::to_owned);
    project.ok_or_else(|| format!("`j2v submit` ended with {}: {}", sent.code, sent.stderr.trim()))
}

/// Follows a render by `j2v` to its end, and reads its status once more, plainly.
fn ended(session: &mut Session, project: &str, reserved: u64) -> Result<Rendered, String> {
    let time = |time: Duration| format!("{}ms", time.as_millis());
    let (pace, patience) = (time(session.settings.pace), time(session.settings.patience));
    let line = ["poll", project, "--json", "--interval", &pace, "--timeout", &patience];
    let followed = session.j2v(&session.recorded, &line, None);
    let status = session.get(&session.recorded, &format!("/movies?project={project}")).body;
    let movie = status["movie"].clone();
    if let Some(paid) = judge::consumed(&movie["consumed_credits"]) {
        session.budget.settle(reserved, paid);
    }
    if followed.code == 0 {
        return Ok(Rendered { movie, quota: status["remaining_quota"]["time"].as_f64() });
    }
    Err(format!("`j2v poll {project}` ended with {}: {}", followed.code, followed.stderr.trim()))
}

/// Looks for a project on the list from its POST on.
fn on_the_list(session: &Session, report: &mut Report, project: &str) {
    let now = World::real().now();
    let window =
        format!("/movies?from={}&to={}&limit=100", now.minus(CLOCKS).to_iso(), now.plus(CLOCKS + session.settings.patience).to_iso());
    let item = || {
        let page = session.get(&session.recorded, &window).body;
        page["movies"].as_array()?.iter().find(|item| item["project"] == project).cloned()
    };
    let seen = session.until(item);
    report.note(&LIST_LAG, judge::list_lag(seen.as_ref().map(|(looked, _)| *looked), session.settings.listed_within));
    let data = seen.map(|(_, item)| judge::list_client_data(&item, &movies::client_data(&session.settings.run)));
    report.note(&LIST_CLIENT_DATA, data.unwrap_or_else(|| Answer::NotSeen("the project was not on the list".to_owned())));
}

/// Waits for a callback of each content type.
fn called_back(session: &Session, report: &mut Report, callbacks: &Callbacks, project: &str) {
    let to = |path: &str| callbacks.to(path);
    session.until(|| to("full-json").and(to("short-form")).and(to("full-form")));
    let never = || Answer::NotSeen("it was never called".to_owned());
    let parsed = |body: &str| -> Value {
        let path = session.write("body", body);
        serde_json::from_str(session.j2v(&session.unrecorded, &["webhook", "parse"], Some(&path)).stdout.trim()).unwrap_or_default()
    };
    let full = to("full-json");
    report.note(&CALLBACK_HEADERS, full.as_ref().map_or_else(never, |callback| judge::headers(&callback.headers)));
    let shape = full.map(|callback| judge::shape(&callback.body, &parsed(&callback.body), project));
    report.note(&CALLBACK_SHAPE, shape.unwrap_or_else(never));
    report.note(&SHORT_TYPE, to("short-form").map_or_else(never, |callback| judge::short_type(callback.header("content-type"))));
    let form = to("full-form");
    report.note(&FULL_TYPE, form.as_ref().map_or_else(never, |callback| judge::full_type(callback.header("content-type"))));
    report.note(&FORM_CLIENT_DATA, form.map_or_else(never, |callback| judge::form(&callback.body)));
}
