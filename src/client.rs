//! The library's own interface: a client that submits each movie once, waits for the video and saves it.
//!
//! ```no_run
//! # async fn example() -> Result<(), j2v::Error> {
//! use j2v::{Client, Element, Movie, Scene};
//!
//! let client = Client::new("the key of your account")?.ledger("renders.db")?;
//! let movie = Movie::new().scene(Scene::new().duration(4).element(Element::text("FOR SALE")));
//! let video = client.submit(&movie).key("L-4821").send().await?.wait().await?;
//! println!("{}", video.save("videos").await?.display());
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::ledger::sqlite::Sqlite;
use crate::ledger::{LedgerError, Render};
use crate::movie::Document;
use crate::movie::check::{Settings as CheckSettings, check};
use crate::movie::diagnostic::Diagnostic;
use crate::policy::WAITING;
use crate::render::event::{Outcome, OutcomeStatus};
use crate::render::identity::{Key, NameError};
use crate::render::outcome::Report;
use crate::render::schedule::PollInterval;
use crate::service::client::{Client as Service, Settings, Timeouts};
use crate::service::download::Overwrite;
use crate::service::endpoint::{ApiUrl, ApiUrlError, SERVICE};
use crate::service::secret::{ApiKey, KeyError};
use crate::work::Context;
use crate::work::follow::{Followed, follow};
use crate::work::poll::WaitPolicy;
use crate::work::save::{Saving, save_video};
use crate::work::submit::{Order, Submitted, submit};
use crate::world::World;

/// Why the client could not submit, wait or save.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not an API key.
    #[error("the API key is not usable: {0}")]
    ApiKey(#[from] KeyError),
    /// The text is not the address of an API.
    #[error(transparent)]
    Url(#[from] ApiUrlError),
    /// The text is not a key of a render.
    #[error("the key is not usable: {0}")]
    Key(#[from] NameError),
    /// The ledger failed. Nothing was sent.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The movie would be accepted and fail. Nothing was sent.
    #[error("the movie is invalid: {}", .0.first().map_or("", |finding| finding.message.as_str()))]
    Invalid(Vec<Diagnostic>),
    /// The service accepted nothing: the same call may be made again.
    #[error("{0}")]
    Unsent(String),
    /// The movie may have been accepted: the same call, with the same key and ledger, finds out. Another key may pay twice.
    #[error("{0}")]
    Unknown(String),
    /// The service did not render the movie, or no longer knows the project.
    #[error("{0}")]
    Failed(String),
    /// The render has not ended. Wait again.
    #[error("the render has not ended yet")]
    Running,
    /// The video could not be saved, or the service has deleted it.
    #[error("{0}")]
    Unsaved(String),
}

impl Error {
    fn of(outcome: Outcome) -> Self {
        let status = outcome.status;
        let message = outcome.message.unwrap_or_else(|| format!("the render is `{}`", status.as_str()));
        match status {
            OutcomeStatus::Invalid | OutcomeStatus::Unsent => Self::Unsent(message),
            OutcomeStatus::Unknown | OutcomeStatus::Held => Self::Unknown(message),
            OutcomeStatus::Submitted
            | OutcomeStatus::Pending
            | OutcomeStatus::Running
            | OutcomeStatus::Waiting
            | OutcomeStatus::Timeout => Self::Running,
            OutcomeStatus::Deleted | OutcomeStatus::Expired => Self::Unsaved(message),
            OutcomeStatus::Done | OutcomeStatus::Error | OutcomeStatus::Refused | OutcomeStatus::Abandoned => Self::Failed(message),
        }
    }
}

/// A client of the service, with a ledger that prevents a second payment for a render.
#[derive(Clone)]
pub struct Client {
    settings: Settings,
    context: Context,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("url", &self.settings.url.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for an account. Its ledger is in memory until [`Self::ledger`] names a file.
    ///
    /// # Errors
    /// When the text is not an API key, or no ledger can be made in memory.
    pub fn new(key: &str) -> Result<Self, Error> {
        let settings =
            Settings { url: ApiUrl::parse(SERVICE)?, key: ApiKey::parse(key)?, timeouts: Timeouts::default(), world: World::real() };
        let ledger = Sqlite::in_memory(&settings.world)?;
        Ok(Self { context: Context::new(Service::new(settings.clone()), ledger, settings.world.clone()), settings })
    }

    /// The same for an API at another address: an emulator's, for one.
    ///
    /// # Errors
    /// When the text is not a URL, or would send the API key in the clear.
    pub fn url(self, url: &str) -> Result<Self, Error> {
        let settings = Settings { url: ApiUrl::parse(url)?, ..self.settings };
        let context = Context::new(Service::new(settings.clone()), Sqlite::in_memory(&settings.world)?, settings.world.clone());
        Ok(Self { context: Context { store: self.context.store, ..context }, settings })
    }

    /// The same with its ledger in a file, which is created if it is missing. The command `j2v` can share the file.
    ///
    /// # Errors
    /// When the file can't be opened or made, others may read it, or it is not a ledger.
    pub fn ledger(self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let store = Sqlite::open(path.as_ref(), &self.settings.world)?;
        Ok(Self { context: Context { store: std::sync::Arc::new(store), ..self.context }, ..self })
    }

    /// A movie to submit; nothing is sent before [`Submission::send`].
    pub fn submit(&self, movie: impl Into<Document>) -> Submission {
        Submission { context: self.context.clone(), movie: movie.into(), key: None, again: false, checked: true }
    }
}

/// A movie that is about to be submitted.
#[derive(Clone)]
#[must_use = "nothing is sent before `send`"]
pub struct Submission {
    context: Context,
    movie: Document,
    key: Option<String>,
    again: bool,
    checked: bool,
}

impl fmt::Debug for Submission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Submission").field("key", &self.key).field("again", &self.again).finish_non_exhaustive()
    }
}

impl Submission {
    /// Your own name for the render. A key is rendered once, however often and by however many processes it is submitted.
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Renders the key again, and pays for it.
    pub fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// Sends the movie whatever its check finds.
    pub fn unchecked(self) -> Self {
        Self { checked: false, ..self }
    }

    /// Submits the movie, or attaches to the existing render of its key. Searches for a lost answer for up to a minute.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Key`] and [`Error::Ledger`] before anything is sent; [`Error::Unsent`] when the service
    /// accepted nothing; [`Error::Unknown`] when it may have.
    pub async fn send(self) -> Result<Rendering, Error> {
        let Self { context, movie, key, again, checked } = self;
        if checked {
            let mut findings = check(&movie, &CheckSettings::default());
            findings.retain(Diagnostic::stops);
            if !findings.is_empty() {
                return Err(Error::Invalid(findings));
            }
        }
        let key = key.map(|key| Key::parse(&key)).transpose()?;
        match submit(&context, &Order { key, again, ..Order::new(movie, "a program") }).await? {
            Submitted::Bound(render) => Ok(Rendering { context, render }),
            Submitted::Over(outcome) => Err(Error::of(*outcome)),
        }
    }
}

/// A render that the service has accepted.
#[derive(Clone)]
pub struct Rendering {
    context: Context,
    render: Box<Render>,
}

impl fmt::Debug for Rendering {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rendering").field("project", &self.project()).finish_non_exhaustive()
    }
}

impl Rendering {
    /// The service's id of the render.
    #[must_use]
    pub fn project(&self) -> &str {
        self.render.submission.project.as_ref().map_or("", |project| project.as_str())
    }

    /// Your name for it; a random one if you gave none.
    #[must_use]
    pub fn key(&self) -> &str {
        self.render.key.as_str()
    }

    /// Waits for the video, for up to 20 minutes.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub async fn wait(&self) -> Result<Video, Error> {
        self.wait_for(WAITING).await
    }

    /// Waits for the video.
    ///
    /// # Errors
    /// [`Error::Running`] when it has not ended after `timeout`; [`Error::Failed`] when there will be no video;
    /// [`Error::Unsaved`] when the service has deleted it.
    pub async fn wait_for(&self, timeout: Duration) -> Result<Video, Error> {
        let context = &self.context;
        let Some(followed) = Followed::of_render(0, &self.render) else { return Err(Error::Running) };
        let patience = WaitPolicy {
            poll_interval: PollInterval::new(context.locality, None),
            deadline: Some(tokio::time::Instant::now() + timeout),
            once: false,
        };
        let ended = Mutex::new(None);
        follow(context, vec![followed], patience, None, |_, outcome| {
            ended.lock().unwrap_or_else(PoisonError::into_inner).replace(outcome);
        })
        .await;
        let Some(mut outcome) = ended.into_inner().unwrap_or_else(PoisonError::into_inner) else { return Err(Error::Running) };
        match outcome.report.take() {
            Some(report) if outcome.status == OutcomeStatus::Done => {
                Ok(Video { context: context.clone(), render: self.render.clone(), report })
            }
            _ => Err(Error::of(outcome)),
        }
    }
}

/// A finished video. The service keeps it for 7 days.
#[derive(Clone)]
pub struct Video {
    context: Context,
    render: Box<Render>,
    report: Report,
}

impl fmt::Debug for Video {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Video").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Video {
    /// Its URL at the service; `None` when the service has not reported it.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.report.url.as_deref()
    }

    /// Everything that the service reports about the render, as JSON.
    #[must_use]
    pub fn details(&self) -> &serde_json::Value {
        &self.report.raw
    }

    /// Saves it in a folder, which is created if it is missing, as `PROJECT.mp4`. Returns the file's path. An existing file of
    /// this render is kept; an interrupted download is resumed.
    ///
    /// # Errors
    /// [`Error::Unsaved`] when it can't be fetched or written.
    pub async fn save(&self, folder: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let saving = Saving {
            place: format!("{}/", folder.as_ref().display()),
            name: None,
            pattern: None,
            overwrite: Overwrite::No,
            allow_private: false,
            replace: false,
            copies: false,
        };
        let saved = save_video(&self.context, &self.report, Some(&self.render), &saving).await;
        saved.map_err(|why| Error::Unsaved(why.to_string()))
    }
}
