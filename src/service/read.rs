//! Reads one project, a page of the list or the whole list once (a sweep), and deletes a file. Each of these is safe to
//! repeat, and is repeated until the caller's `patience` ends.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use reqwest::Method;

use super::answer::{ReadMeaning, RequestResult, meaning_of_read};
use super::client::{Client, LARGEST_ANSWER, Question};
use super::page::{Page, Window, read_movie, read_page};
use super::persist::Judged;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Refusal, Report};

/// The largest page that is read, bytes: 100 documents of 2.5 MB.
const LARGEST_PAGE: usize = 256 << 20;

/// After a page of this size or more, bytes, the next request asks for half as many renders.
const HEAVY_PAGE: u64 = 8 << 20;

/// The most renders on a page (`service.md#status`).
pub const MOST_PER_PAGE: u8 = 100;

/// A sweep stops after this number of pages in a row without a new render.
const MOST_BARREN_PAGES: u32 = 100;

/// The most pages of one sweep: a million renders.
const MOST_PAGES: u32 = 10_000;

/// Why a read failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The service does not know this project. One such answer is not proof (`faults.md` rows 30 and 31).
    #[error("the service does not know this project ({message})")]
    NoSuchProject {
        /// The service's message.
        message: String,
    },
    /// The service refused the request.
    #[error("the service refused it: {}", .0.message)]
    Refused(Refusal),
    /// Every try failed until the patience ended.
    #[error("{host} could not be reached or kept failing: {last}")]
    Unreachable {
        /// The host of the API.
        host: String,
        /// The last failure.
        last: String,
    },
    /// The host does not answer as the API does.
    #[error("{host} does not answer as the API does: {why}")]
    Broken {
        /// The host of the API.
        host: String,
        /// What it answered.
        why: String,
    },
}

/// All renders of a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sweep {
    /// Each render once, in its latest version.
    pub reports: Vec<Report>,
    /// Whether the sweep read everything: every page, every item, and no cursor repeated. Otherwise a missing render
    /// proves nothing.
    pub whole: bool,
    /// The size of all pages on the wire, bytes.
    pub bytes: u64,
    /// How many pages were read.
    pub requests: u32,
    /// The remaining credits.
    pub remaining_credits: Option<f64>,
}

/// The progress of a list that is read page by page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visit {
    /// As in [`Sweep`].
    pub whole: bool,
    /// As in [`Sweep`].
    pub bytes: u64,
    /// As in [`Sweep`].
    pub requests: u32,
    /// As in [`Sweep`].
    pub remaining_credits: Option<f64>,
    /// How many renders to ask for per page, from the size of earlier pages.
    pub limit: u8,
}

impl Client {
    /// Reads the status of one project. Tries for `patience`.
    ///
    /// # Errors
    /// When the service does not know this project, refuses, or can't be reached in time.
    pub async fn read(&self, project: &ProjectId, patience: Duration) -> Result<Report, ReadError> {
        let query = [("project", project.as_str()), ("format", "simple")];
        let request = Request { method: Method::GET, query: &query, largest: LARGEST_ANSWER };
        self.ask_movies(&request, patience, |body| read_movie(body, project)).await
    }

    /// Reads one page of the list, trying for `patience`: at most `limit` renders (1 to 100) of a window of at
    /// most 93 days.
    ///
    /// # Errors
    /// When the service refuses or can't be reached in time.
    pub async fn list_page(&self, window: Window, cursor: Option<&str>, limit: u8, patience: Duration) -> Result<Page, ReadError> {
        let (from, to, limit) = (window.from.to_iso(), window.to.to_iso(), limit.clamp(1, MOST_PER_PAGE).to_string());
        let mut query = vec![("from", from.as_str()), ("to", &to), ("limit", &limit)];
        query.extend(cursor.map(|cursor| ("next_token", cursor)));
        let request = Request { method: Method::GET, query: &query, largest: LARGEST_PAGE };
        self.ask_movies(&request, patience, read_page).await.map_err(|error| match error {
            // The request named no project: the service reports its own faults with the same message.
            ReadError::NoSuchProject { message } => ReadError::Broken { host: self.host(), why: message },
            other => other,
        })
    }

    /// Sends one cheap request, once, and returns its raw result: for `doctor`, which asks how the service can be reached
    /// (`service.md#status`).
    pub async fn greet(&self, window: Window) -> RequestResult {
        let (from, to) = (window.from.to_iso(), window.to.to_iso());
        let query = [("from", from.as_str()), ("to", &to), ("limit", "1"), ("format", "simple")];
        self.ask(&self.about_movies(Method::GET, &query, LARGEST_PAGE)).await
    }

    /// Reads the whole list of a window of any width; tries each page for `patience`.
    ///
    /// # Errors
    /// When the service refuses or can't be reached in time.
    pub async fn sweep(&self, window: Window, patience: Duration) -> Result<Sweep, ReadError> {
        let mut pages = self.pages(window, MOST_PER_PAGE, patience);
        let mut reports: Vec<Report> = Vec::new();
        let mut places: HashMap<ProjectId, usize> = HashMap::new();
        while let Some(page) = pages.next().await? {
            for report in page {
                if let Some(place) = places.get(&report.project) {
                    reports[*place] = report;
                    continue;
                }
                places.insert(report.project.clone(), reports.len());
                reports.push(report);
            }
        }
        let Visit { whole, bytes, requests, remaining_credits, .. } = pages.visit();
        Ok(Sweep { reports, whole, bytes, requests, remaining_credits })
    }

    /// The list of a window of any width, page by page: only one page is in memory. A page has at most `limit` renders;
    /// each page is tried for `patience`.
    #[must_use]
    pub fn pages(&self, window: Window, limit: u8, patience: Duration) -> Pages<'_> {
        let pieces = window.pieces().collect();
        Pages { client: self, pieces, gathered: Gathered::new(limit), cursor: None, patience }
    }

    /// Deletes the file of a project. Tries for `patience`. Deleting twice is not an error.
    ///
    /// # Errors
    /// When the service does not know this project, refuses, or can't be reached in time.
    pub async fn delete(&self, project: &ProjectId, patience: Duration) -> Result<(), ReadError> {
        let request = Request { method: Method::DELETE, query: &[("project", project.as_str())], largest: LARGEST_ANSWER };
        self.ask_movies(&request, patience, |body| serde_json::from_slice::<Deletion>(body).ok().filter(|answer| answer.success).map(drop))
            .await
    }

    /// Requests `/movies` until `read` can read an answer or the patience ends.
    async fn ask_movies<T>(&self, request: &Request<'_>, patience: Duration, read: impl Fn(&[u8]) -> Option<T>) -> Result<T, ReadError> {
        let question = self.about_movies(request.method.clone(), request.query, request.largest);
        let judge = |happened: &RequestResult| match meaning_of_read(happened) {
            ReadMeaning::Body(body) => match read(body) {
                Some(found) => Judged::Over(Ok(found)),
                None => Judged::Again { why: described(happened), after: None },
            },
            ReadMeaning::Retry { why, after } => Judged::Again { why, after },
            ReadMeaning::NoSuchProject { message } => Judged::Over(Err(ReadError::NoSuchProject { message })),
            ReadMeaning::Refused(refusal) => Judged::Over(Err(ReadError::Refused(refusal))),
            ReadMeaning::Broken { why } => Judged::Over(Err(ReadError::Broken { host: self.host(), why })),
        };
        self.persist(&question, patience, judge, |last| ReadError::Unreachable { host: self.host(), last }).await
    }

    fn about_movies<'a>(&self, method: Method, query: &'a [(&'a str, &'a str)], largest: usize) -> Question<'a> {
        Question { method, url: self.url().movies().clone(), query, body: None, largest }
    }

    fn host(&self) -> String {
        self.url().host().to_owned()
    }
}

/// A request that may be repeated.
struct Request<'a> {
    method: Method,
    query: &'a [(&'a str, &'a str)],
    largest: usize,
}

#[derive(serde::Deserialize)]
struct Deletion {
    success: bool,
}

/// A description of the result, for people.
pub(super) fn described(happened: &RequestResult) -> String {
    match happened {
        RequestResult::Answered(answer) => answer.describe(),
        RequestResult::Lost(loss) => loss.to_string(),
        RequestResult::NotConnected(fault) => fault.to_string(),
        RequestResult::HookStopped(why) => why.clone(),
    }
}

/// A list that is read page by page.
pub struct Pages<'a> {
    client: &'a Client,
    pieces: VecDeque<Window>,
    gathered: Gathered,
    cursor: Option<String>,
    patience: Duration,
}

impl Pages<'_> {
    /// The renders of the next page; `None` after the last one. A render may appear more than once.
    ///
    /// # Errors
    /// When the service refuses or can't be reached in time.
    pub async fn next(&mut self) -> Result<Option<Vec<Report>>, ReadError> {
        let Some(piece) = self.pieces.front().copied() else { return Ok(None) };
        let limit = self.gathered.visit.limit;
        let mut page = self.client.list_page(piece, self.cursor.as_deref(), limit, self.patience).await?;
        let reports = std::mem::take(&mut page.reports);
        self.cursor = self.gathered.take(page, &reports);
        if self.cursor.is_none() {
            self.pieces.pop_front();
            self.gathered.cursors.clear();
        } else if self.gathered.visit.requests >= MOST_PAGES {
            // A list without an end is not read further; nor is it evidence of absence.
            self.gathered.visit.whole = false;
            self.pieces.clear();
        }
        Ok(Some(reports))
    }

    /// The progress so far.
    #[must_use]
    pub fn visit(&self) -> Visit {
        self.gathered.visit
    }
}

/// The pages of a sweep, whatever their order and however often an item appears (`faults.md` row 41).
struct Gathered {
    visit: Visit,
    /// The hashes of the projects read so far: enough to see whether a page holds a new one.
    known: HashSet<u64>,
    hasher: RandomState,
    cursors: HashSet<String>,
    barren: u32,
}

impl Gathered {
    fn new(limit: u8) -> Self {
        let visit = Visit { whole: true, bytes: 0, requests: 0, remaining_credits: None, limit };
        Self { visit, known: HashSet::new(), hasher: RandomState::new(), cursors: HashSet::new(), barren: 0 }
    }

    /// Records a page and returns the cursor of the next one; `None` at the end, when a cursor repeats, or after too many
    /// pages in a row without a new render.
    fn take(&mut self, page: Page, reports: &[Report]) -> Option<String> {
        let before = self.known.len();
        self.known.extend(reports.iter().map(|report| self.hasher.hash_one(&report.project)));
        let visit = &mut self.visit;
        visit.whole &= page.whole;
        visit.bytes += page.bytes;
        visit.requests += 1;
        visit.remaining_credits = page.remaining_credits.or(visit.remaining_credits);
        if page.bytes > HEAVY_PAGE {
            visit.limit = (visit.limit / 2).max(1);
        }
        self.barren = if self.known.len() > before { 0 } else { self.barren + 1 };
        let next = page.next?;
        if self.cursors.insert(next.clone()) && self.barren < MOST_BARREN_PAGES {
            return Some(next);
        }
        self.visit.whole = false;
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn page(projects: &[u8], next: Option<&str>) -> Page {
        let report = |project: &u8| Report::read(&json!({"project": format!("p{project}"), "status": "running"})).unwrap();
        let reports = projects.iter().map(report).collect();
        Page { reports, next: next.map(str::to_owned), bytes: 1, remaining_credits: None, whole: true }
    }

    fn take(gathered: &mut Gathered, mut page: Page) -> Option<String> {
        let reports = std::mem::take(&mut page.reports);
        gathered.take(page, &reports)
    }

    #[test]
    fn row_41_a_repeated_cursor_ends_the_sweep_and_takes_its_worth_as_evidence() {
        let mut gathered = Gathered::new(MOST_PER_PAGE);
        assert_eq!(take(&mut gathered, page(&[1], Some("a"))), Some("a".to_owned()));
        assert_eq!(take(&mut gathered, page(&[2], Some("a"))), None);
        assert_eq!((gathered.known.len(), gathered.visit.whole), (2, false));
    }

    #[test]
    fn row_41_a_list_that_promises_more_for_ever_comes_to_an_end() {
        let mut gathered = Gathered::new(MOST_PER_PAGE);
        let pages = (0..1000).take_while(|cursor| take(&mut gathered, page(&[1], Some(&cursor.to_string()))).is_some()).count();
        assert_eq!((pages, gathered.visit.whole), (100, false));
    }

    #[test]
    fn row_23_heavy_pages_halve_the_limit_down_to_one() {
        let mut gathered = Gathered::new(MOST_PER_PAGE);
        for _ in 0..10 {
            take(&mut gathered, Page { bytes: HEAVY_PAGE + 1, ..page(&[], None) });
        }
        assert_eq!(gathered.visit.limit, 1);
    }

    proptest! {
        #[test]
        fn row_41_shuffled_and_doubled_items_are_merged(pages in proptest::collection::vec(proptest::collection::vec(0_u8..20, 0..10), 0..5)) {
            let mut gathered = Gathered::new(MOST_PER_PAGE);
            for items in &pages {
                take(&mut gathered, page(items, None));
            }
            let distinct: HashSet<_> = pages.iter().flatten().collect();
            prop_assert_eq!(gathered.known.len(), distinct.len());
        }
    }
}
