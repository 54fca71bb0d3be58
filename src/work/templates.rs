//! Storing a movie as a template. An unchanged template is not sent, and another machine's change is not overwritten
//! unseen. A create whose answer was lost is searched for before it is sent again, so that no second template appears.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::movie::Document;
use crate::render::identity::hex;
use crate::service::account::AccountError;
use crate::service::client::Client;
use crate::service::templates::{Template, TemplateDraft};

/// The pauses before each search for a template whose create was lost.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)];

/// How often a request that creates a template is sent.
const CREATES: u32 = 2;

/// A movie to store.
#[derive(Debug, Clone)]
pub struct Push<'a> {
    /// The movie.
    pub movie: &'a Document,
    /// The bytes to store.
    pub text: String,
    /// The name; a new template needs one.
    pub name: Option<String>,
    /// All tags; `None` keeps the existing ones.
    pub tags: Option<Vec<String>>,
}

/// The result of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// A new template was created.
    Created(String),
    /// A new template was found. An earlier run created it and did not receive its id.
    Found(String),
    /// The template was updated with the movie.
    Updated,
    /// The template already held the movie.
    Unchanged,
}

/// Why a push failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The service refused the request or could not be reached.
    #[error(transparent)]
    Service(#[from] AccountError),
    /// The template was changed on the server since this machine last saw it.
    #[error("the template {id} was changed on the server at {at}, after this machine last saw it")]
    Changed {
        /// The template's id.
        id: String,
        /// The time of the change.
        at: String,
    },
    /// The note about the template's state can't be written.
    #[error("{} can't be used: {why}", path.display())]
    Notes {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        why: io::Error,
    },
}

/// This machine's notes about templates.
#[derive(Debug, Clone)]
pub struct TemplateNotes {
    folder: Option<PathBuf>,
    space: String,
}

impl TemplateNotes {
    /// The notes in a folder; without a folder nothing is noted. `space` is the space of the templates.
    #[must_use]
    pub fn new(folder: Option<PathBuf>, space: String) -> Self {
        Self { folder, space }
    }

    /// The change time of the template that this machine saw last.
    fn seen(&self, id: &str) -> Option<String> {
        self.read(&format!("id {id}"))
    }

    /// Notes the state of a template that the user now has.
    ///
    /// # Errors
    /// When the note can't be written.
    pub fn see(&self, template: &Template) -> Result<(), PushError> {
        let at = template.summary.updated_at.as_deref().unwrap_or_default();
        self.write(&format!("id {}", template.summary.id), at)
    }

    /// Forgets a template.
    pub fn forget(&self, id: &str) {
        self.remove(&format!("id {id}"));
    }

    fn file(&self, what: &str) -> Option<PathBuf> {
        let name = hex(&Sha256::digest(format!("{}\n{what}", self.space)));
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    fn read(&self, what: &str) -> Option<String> {
        fs::read_to_string(self.file(what)?).ok()
    }

    fn write(&self, what: &str, text: &str) -> Result<(), PushError> {
        let Some(file) = self.file(what) else { return Ok(()) };
        let folder = file.parent().unwrap_or(Path::new("."));
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, text));
        written.map_err(|why| PushError::Notes { path: file, why })
    }

    fn remove(&self, what: &str) {
        if let Some(file) = self.file(what)
            && let Err(why) = fs::remove_file(file)
        {
            // A note that remains costs one read of the list.
            debug_assert!(why.kind() == ErrorKind::NotFound, "{why}");
        }
    }
}

/// Stores a movie as a new template, once. `tell` receives its id before this machine forgets that it waits for one.
///
/// # Errors
/// When the template certainly does not exist; [`AccountError::Lost`] when it may.
pub async fn create(client: &Client, notes: &TemplateNotes, push: &Push<'_>, tell: impl Fn(&str)) -> Result<Pushed, PushError> {
    let (name, movie) = (push.name.clone().unwrap_or_default(), push.movie.canonical());
    let awaited = Awaited {
        what: format!("create {name}\n{}", hex(&Sha256::digest(&movie))),
        has_name: &|other| other == name,
        movie: Some(&movie),
        tell: &tell,
    };
    let draft = TemplateDraft { name: Some(name.clone()), movie: Some(push.text.clone()), tags: push.tags.clone() };
    once(client, notes, &awaited, async || client.create_template(&draft).await).await
}

/// A copy to make of a template.
#[derive(Debug, Clone)]
pub struct Copy<'a> {
    /// The template.
    pub id: &'a str,
    /// The copy's name; without one the service derives it from the template's name.
    pub name: Option<&'a str>,
    /// The values to merge into the variables of its movie.
    pub variables: Option<serde_json::Value>,
}

/// Copies a template, once; `tell` as for [`create`].
///
/// # Errors
/// As [`create`].
pub async fn duplicate(client: &Client, notes: &TemplateNotes, copy: &Copy<'_>, tell: impl Fn(&str)) -> Result<Pushed, PushError> {
    let Copy { id, name, variables } = copy;
    let awaited = Awaited {
        what: format!("duplicate {id}\n{}\n{}", name.unwrap_or_default(), variables.clone().unwrap_or_default()),
        has_name: &|other| name.map_or_else(|| other.ends_with(COPIED), |name| other == name),
        movie: None,
        tell: &tell,
    };
    once(client, notes, &awaited, async || client.duplicate_template(id, *name, variables.clone()).await).await
}

/// The suffix that the service gives a copy without a name.
const COPIED: &str = "(custom)";

/// How to recognize a new template whose id was lost: it did not exist before, and has this name and movie.
struct Awaited<'a> {
    /// The name of its note until its id is known.
    what: String,
    has_name: &'a dyn Fn(&str) -> bool,
    /// The canonical movie, where it is known.
    movie: Option<&'a str>,
    /// Receives its id.
    tell: &'a dyn Fn(&str),
}

/// Sends a request that creates a template. When the answer is lost, here or in a run that was killed, the template is
/// searched for before the request is sent again.
async fn once<F>(client: &Client, notes: &TemplateNotes, awaited: &Awaited<'_>, send: F) -> Result<Pushed, PushError>
where
    F: AsyncFn() -> Result<String, AccountError>,
{
    let what = &awaited.what;
    let before = if let Some(before) = notes.read(what) {
        let before = before.lines().map(str::to_owned).collect();
        if let Some(id) = find(client, awaited, &before).await? {
            (awaited.tell)(&id);
            notes.remove(what);
            return Ok(Pushed::Found(id));
        }
        before
    } else {
        let before: Vec<String> = client.templates().await?.into_iter().map(|summary| summary.id).collect();
        notes.write(what, &before.join("\n"))?;
        before.into_iter().collect()
    };
    for sending in 1.. {
        let lost = match send().await {
            Ok(id) => {
                (awaited.tell)(&id);
                notes.remove(what);
                return Ok(Pushed::Created(id));
            }
            Err(error @ AccountError::Lost { .. }) => error,
            Err(error) => {
                notes.remove(what);
                return Err(error.into());
            }
        };
        for wait in LOOKS {
            tokio::time::sleep(wait).await;
            if let Some(id) = find(client, awaited, &before).await? {
                (awaited.tell)(&id);
                notes.remove(what);
                return Ok(Pushed::Created(id));
            }
        }
        if sending == CREATES {
            return Err(lost.into());
        }
    }
    Ok(Pushed::Unchanged)
}

/// The newest template that matches the awaited one.
async fn find(client: &Client, awaited: &Awaited<'_>, before: &HashSet<String>) -> Result<Option<String>, AccountError> {
    let all = client.templates().await?;
    for summary in all.into_iter().filter(|summary| !before.contains(&summary.id) && (awaited.has_name)(&summary.name)) {
        let is_it = match awaited.movie {
            Some(movie) => is_movie(&client.template(&summary.id).await?.movie, movie),
            None => true,
        };
        if is_it {
            return Ok(Some(summary.id));
        }
    }
    Ok(None)
}

fn is_movie(stored: &str, canonical: &str) -> bool {
    Document::parse("template.json", stored).is_ok_and(|stored| stored.canonical() == canonical)
}

/// Stores a movie in an existing template.
///
/// # Errors
/// When the template does not hold the movie now; [`PushError::Changed`] when it was changed elsewhere and `force` is
/// not given.
pub async fn update(client: &Client, notes: &TemplateNotes, id: &str, push: &Push<'_>, force: bool) -> Result<Pushed, PushError> {
    let there = client.template(id).await?;
    let is_same = is_movie(&there.movie, &push.movie.canonical())
        && push.name.as_ref().is_none_or(|name| *name == there.summary.name)
        && push.tags.as_ref().is_none_or(|tags| *tags == there.summary.tags);
    if is_same {
        notes.see(&there)?;
        return Ok(Pushed::Unchanged);
    }
    let at = there.summary.updated_at.clone().unwrap_or_default();
    if !force && notes.seen(id).is_some_and(|seen| seen != at) {
        return Err(PushError::Changed { id: id.to_owned(), at });
    }
    let draft = TemplateDraft { name: push.name.clone(), movie: Some(push.text.clone()), tags: push.tags.clone() };
    client.update_template(id, &draft).await?;
    // The answer to a write does not contain its time.
    notes.see(&client.template(id).await?)?;
    Ok(Pushed::Updated)
}
