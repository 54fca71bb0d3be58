//! Composes the movie that is sent from a movie and flags. Pure: the caller reads the files.
//!
//! Members that no flag touches stay as they were written. A flag that sets an existing member replaces it in place; a
//! new member goes after the existing ones (`contract.md#building-a-movie`).
//!
//! ```
//! use j2v::movie::Document;
//! use j2v::movie::compose::{Flags, compose};
//!
//! let movie = Document::parse("listing.json", r#"{"width": 1.50, "scenes": []}"#)?;
//! let flags = Flags { vars: vec!["city=Berlin".parse()?, "rooms:=[1]".parse()?], no_cache: true, ..Flags::default() };
//! let movie = compose(movie, &flags)?;
//! assert_eq!(movie.to_compact(), r#"{"width":1.50,"scenes":[],"cache":false,"variables":{"city":"Berlin","rooms":[1]}}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assign;
mod files;

pub use assign::{AssignError, Assigned, Assignment, Setting};
pub use files::{Fragment, VarsFile};

use std::collections::HashMap;

use super::Document;
use super::diagnostic::{Diagnostic, Position, Source};
use super::json::{Member, Node, SetError, Span, Value};

/// All flags that composing applies to the movie, in the order in which they take effect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flags {
    /// `--template ID`.
    pub template: Option<String>,
    /// `--resolution NAME`.
    pub resolution: Option<String>,
    /// `--quality NAME`.
    pub quality: Option<String>,
    /// `--id ID`: the movie's own name, which callbacks echo.
    pub id: Option<String>,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--vars FILE`.
    pub vars_files: Vec<VarsFile>,
    /// `--var NAME=TEXT`, `--var NAME:=JSON`.
    pub vars: Vec<Assignment>,
    /// `--client-data NAME=TEXT`, `NAME:=JSON`.
    pub client_data: Vec<Assignment>,
    /// `--webhook URL` and `--connection ID`, in the order in which they were given.
    pub destinations: Vec<ExportTarget>,
    /// `--scene FILE`.
    pub scenes: Vec<Fragment>,
    /// `--element FILE`.
    pub elements: Vec<Fragment>,
    /// `--set POINTER=TEXT`, `POINTER:=JSON`.
    pub set: Vec<Setting>,
}

/// A destination that is notified of the finished video (`service.md#exports`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportTarget {
    /// `--webhook URL`.
    Webhook(String),
    /// `--connection ID`: a connection of the account's dashboard.
    Connection(String),
}

impl ExportTarget {
    /// The destination as the service reads it. The service ignores the short forms of `content-type`
    /// (`service.md#exports`), so a webhook gets the full one.
    #[must_use]
    pub fn to_node(&self) -> Node {
        match self {
            Self::Webhook(url) => {
                Node::object().with("type", "webhook").with("endpoint", url.as_str()).with("content-type", "application/json")
            }
            Self::Connection(id) => Node::object().with("id", id.as_str()),
        }
    }

    fn flag(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "--webhook",
            Self::Connection(_) => "--connection",
        }
    }
}

/// Why a flag can't be applied to a movie.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ComposeError {
    /// A property has another type than the flag needs.
    #[error("{flag} can't be applied: {}{} is {}, not {}", .obstacle.named(), told(.place.as_ref()), .obstacle.kind, .obstacle.wanted)]
    InTheWay {
        /// The flag.
        flag: &'static str,
        /// The value that the flag can't change.
        obstacle: Obstacle,
        /// Where that value was written: the name of the file and the position.
        place: Option<(String, Position)>,
    },
    /// A place that can't be set.
    #[error("--set can't be applied{}: {why}", told(.place.as_ref()))]
    Set {
        /// Why not.
        why: Box<SetError>,
        /// Where the value that prevents it was written.
        place: Option<(String, Position)>,
    },
    /// The whole movie was set to a value that is not a movie.
    #[error("--set can't replace the movie by {0}: a movie is an object")]
    NoMovie(&'static str),
}

/// A value of another type than a flag needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obstacle {
    /// Its place, as a JSON Pointer.
    pub at: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// The type that it should have.
    pub wanted: &'static str,
    /// Where it was written.
    pub span: Span,
}

impl Obstacle {
    fn named(&self) -> String {
        if self.at.is_empty() { "the movie".to_owned() } else { format!("`{}`", self.at) }
    }
}

fn told(place: Option<&(String, Position)>) -> String {
    place.map_or_else(String::new, |(name, position)| format!(" ({name}:{position})"))
}

/// Applies flags to a movie. Removes `$schema`, which editors want and the service doesn't know.
///
/// # Errors
/// When a value of the movie prevents a flag: for example `variables` that is an array.
pub fn compose(movie: Document, flags: &Flags) -> Result<Document, ComposeError> {
    let mut composer = Composer { movie };
    composer.movie.root.remove("$schema");
    composer.properties(flags);
    composer.variables(flags)?;
    composer.client_data(flags)?;
    for destination in &flags.destinations {
        let node = composer.placed(destination.to_node(), || destination.flag().to_owned());
        composer.apply(destination.flag(), |root| add_destination(root, node))?;
    }
    composer.append("--scene", ("scenes", "/scenes"), &flags.scenes)?;
    composer.append("--element", ("elements", "/elements"), &flags.elements)?;
    composer.settings(&flags.set)?;
    Ok(composer.movie)
}

struct Composer {
    movie: Document,
}

impl Composer {
    fn properties(&mut self, flags: &Flags) {
        let Flags { template, resolution, quality, id, .. } = flags;
        for (name, text) in [("template", template), ("resolution", resolution), ("quality", quality), ("id", id)] {
            if let Some(text) = text {
                let value = self.placed(Node::string(text), || format!("--{name}"));
                self.movie.root.put(name, value);
            }
        }
        if flags.no_cache {
            let value = self.placed(Node::from(false), || "--no-cache".to_owned());
            self.movie.root.put("cache", value);
        }
    }

    fn variables(&mut self, flags: &Flags) -> Result<(), ComposeError> {
        for file in &flags.vars_files {
            let source = self.adopt(file.source(), file.diagnostics());
            let assignments: Vec<_> = file.assignments().iter().map(|one| one.moved(source)).collect();
            self.apply("--vars", |root| put_all(root, "variables", "/variables", &assignments))?;
        }
        let assignments = self.assigned("--var", &flags.vars);
        self.apply("--var", |root| put_all(root, "variables", "/variables", &assignments))
    }

    fn client_data(&mut self, flags: &Flags) -> Result<(), ComposeError> {
        let assignments = self.assigned("--client-data", &flags.client_data);
        self.apply("--client-data", |root| put_all(root, "client-data", "/client-data", &assignments))
    }

    /// Appends the contents of files to a list of the movie. Creates the list if it is missing.
    fn append(&mut self, flag: &'static str, (name, at): (&str, &'static str), files: &[Fragment]) -> Result<(), ComposeError> {
        for file in files {
            let source = self.adopt(file.source(), file.diagnostics());
            let fragments = file.items().iter().map(|item| item.clone().moved(source));
            self.apply(flag, |root| {
                let list = member(members(root, "")?, name, || Node::array([]));
                items(list, at)?.extend(fragments);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn settings(&mut self, settings: &[Setting]) -> Result<(), ComposeError> {
        for Setting { pointer, value } in settings {
            let value = self.placed(value.to_node(), || format!("--set {pointer}"));
            let set = self.movie.root.set(pointer, value);
            set.map_err(|why| ComposeError::Set { place: self.place(why.span()), why: Box::new(why) })?;
            if self.movie.root.as_object().is_none() {
                return Err(ComposeError::NoMovie(self.movie.root.kind()));
            }
        }
        Ok(())
    }

    /// The values that a flag assigns, each with its place.
    fn assigned(&mut self, flag: &str, assignments: &[Assignment]) -> Vec<Assignment> {
        let placed = |Assignment { name, value }: &Assignment| {
            let value = self.placed(value.to_node(), || format!("{flag} {name}"));
            Assignment { name: name.clone(), value: Assigned::Json(value) }
        };
        assignments.iter().map(placed).collect()
    }

    /// Gives a value the place of the flag that sets it, and adds the flag to the movie's sources. A value of a cell keeps its
    /// place, and in a movie that a program made no value has a place.
    fn placed(&mut self, value: Node, flag: impl FnOnce() -> String) -> Node {
        if value.span.as_cell().is_some() || self.movie.sources.is_empty() {
            return value;
        }
        self.movie.sources.push(Source::flag(flag()));
        value.placed(Span::whole(self.movie.sources.len() - 1))
    }

    fn apply(&mut self, flag: &'static str, change: impl FnOnce(&mut Node) -> Result<(), Obstacle>) -> Result<(), ComposeError> {
        let changed = change(&mut self.movie.root);
        changed.map_err(|obstacle| ComposeError::InTheWay { flag, obstacle, place: self.place(obstacle.span) })
    }

    fn place(&self, span: Span) -> Option<(String, Position)> {
        self.movie.place(span).map(|(name, position)| (name.to_owned(), position))
    }

    /// Adds another file's text and warnings. Returns its index among the sources.
    fn adopt(&mut self, source: &Source, diagnostics: &[Diagnostic]) -> u16 {
        let place = u16::try_from(self.movie.sources.len()).unwrap_or(u16::MAX);
        self.movie.sources.push(source.clone());
        let moved = |diagnostic: &Diagnostic| Diagnostic { span: diagnostic.span.moved(place), ..diagnostic.clone() };
        self.movie.diagnostics.extend(diagnostics.iter().map(moved));
        place
    }
}

/// Sets members of an object of the movie. Creates the object if it is missing.
fn put_all(root: &mut Node, name: &str, at: &'static str, assignments: &[Assignment]) -> Result<(), Obstacle> {
    if assignments.is_empty() {
        return Ok(());
    }
    let members = members(member(members(root, "")?, name, Node::object), at)?;
    // A table may have thousands of columns. Of duplicates the last counts, as in other JSON readers.
    let mut places: HashMap<String, usize> =
        members.iter().enumerate().map(|(place, member)| (member.key.decoded().into_owned(), place)).collect();
    for Assignment { name, value } in assignments {
        if let Some(place) = places.get(name) {
            members[*place].value = value.to_node();
        } else {
            places.insert(name.clone(), members.len());
            members.push(Member::new(name, value.to_node()));
        }
    }
    Ok(())
}

/// Appends to the first export's `destinations`: all sources agree on a single export
/// (`service.md#exports`).
fn add_destination(root: &mut Node, destination: Node) -> Result<(), Obstacle> {
    let exports = items(member(members(root, "")?, "exports", || Node::array([])), "/exports")?;
    if exports.is_empty() {
        exports.push(Node::object());
    }
    let first = members(&mut exports[0], "/exports/0")?;
    let destinations = member(first, "destinations", || Node::array([]));
    items(destinations, "/exports/0/destinations")?.push(destination);
    Ok(())
}

/// The value of a member. Adds the member at the end if it is missing.
fn member<'n>(members: &'n mut Vec<Member>, name: &str, missing: impl FnOnce() -> Node) -> &'n mut Node {
    let known = members.iter().rposition(|member| member.key.is(name));
    let place = known.unwrap_or_else(|| {
        members.push(Member::new(name, missing()));
        members.len() - 1
    });
    &mut members[place].value
}

fn members<'n>(node: &'n mut Node, at: &'static str) -> Result<&'n mut Vec<Member>, Obstacle> {
    let (kind, span) = (node.kind(), node.span);
    if let Value::Object(members) = &mut node.value { Ok(members) } else { Err(Obstacle { at, kind, wanted: "an object", span }) }
}

fn items<'n>(node: &'n mut Node, at: &'static str) -> Result<&'n mut Vec<Node>, Obstacle> {
    let (kind, span) = (node.kind(), node.span);
    if let Value::Array(items) = &mut node.value { Ok(items) } else { Err(Obstacle { at, kind, wanted: "an array", span }) }
}

#[cfg(test)]
mod tests;
