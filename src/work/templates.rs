//! Storing a movie as a template: what is there already is not sent, another's change is not overwritten unseen, and a
//! create whose answer was lost is looked for before there are two.

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

/// The waits before each look for a template whose create was lost.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)];

/// How often what makes a template is sent.
const CREATES: u32 = 2;

/// A movie that is to be stored.
#[derive(Debug, Clone)]
pub struct Push<'a> {
    /// The movie.
    pub movie: &'a Document,
    /// The bytes in which it is to be stored.
    pub text: String,
    /// The name; a new template needs one.
    pub name: Option<String>,
    /// All tags; what is there stays when there are none.
    pub tags: Option<Vec<String>>,
}

/// What came of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// There is a new template.
    Created(String),
    /// A new template is there from a run that did not learn of it.
    Found(String),
    /// It holds the movie now.
    Updated,
    /// It held the movie already.
    Unchanged,
}

/// Why a push came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The service said no, or was not there.
    #[error(transparent)]
    Service(#[from] AccountError),
    /// It was changed on the server since this machine saw it.
    #[error("the template {id} was changed on the server at {at}, after this machine last saw it")]
    Changed {
        /// Which.
        id: String,
        /// When.
        at: String,
    },
    /// What was seen can't be noted.
    #[error("{} can't be used: {why}", path.display())]
    Notes {
        /// The folder or file.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
}

/// What this machine has noted of templates.
#[derive(Debug, Clone)]
pub struct TemplateNotes {
    folder: Option<PathBuf>,
    space: String,
}

impl TemplateNotes {
    /// The notes in a folder; without one nothing is noted. `space` is whose templates they are.
    #[must_use]
    pub fn new(folder: Option<PathBuf>, space: String) -> Self {
        Self { folder, space }
    }

    /// When the template had been changed that this machine saw last.
    fn seen(&self, id: &str) -> Option<String> {
        self.read(&format!("id {id}"))
    }

    /// Notes the state of a template that the user has now.
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
            // A note that stays costs a look at the list.
            debug_assert!(why.kind() == ErrorKind::NotFound, "{why}");
        }
    }
}

/// Stores a movie as a new template, once. `tell` hears its id before this machine forgets that it waits for one.
///
/// # Errors
/// When it is not there for certain; [`AccountError::Lost`] when it may be.
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

/// A copy that is to be made of a template.
#[derive(Debug, Clone)]
pub struct Copy<'a> {
    /// The template.
    pub id: &'a str,
    /// The copy's name; without one the service makes one of the template's.
    pub name: Option<&'a str>,
    /// What is merged into the variables of its movie.
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

/// How the service ends the name of a copy that was given none.
const COPIED: &str = "(custom)";

/// How a new template is known whose id never came: it was not there before, and has this name and movie.
struct Awaited<'a> {
    /// What it is noted under until its id is known.
    what: String,
    has_name: &'a dyn Fn(&str) -> bool,
    /// The canonical movie, where it is known.
    movie: Option<&'a str>,
    /// Hears its id.
    tell: &'a dyn Fn(&str),
}

/// Sends what makes a new template; where the answer is lost, here or in a run that was killed, it is looked for before
/// it is sent again.
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

/// The newest template that is the awaited one.
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

/// Puts a movie into a template that is there.
///
/// # Errors
/// When it does not hold the movie now; [`PushError::Changed`] when another has changed it and `force` is not given.
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
    // The answer to a write doesn't tell when it was.
    notes.see(&client.template(id).await?)?;
    Ok(Pushed::Updated)
}
