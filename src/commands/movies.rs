//! Reads the movies of a command line and composes each with the flags.

use std::collections::HashMap;
use std::path::Path;

use super::CliError;
pub(super) use super::movie_files::STDIN;
use super::movie_files::{self, MovieFile};
use crate::cli::{MovieArgs, MovieDefaults};
use crate::exit::Exit;
use crate::movie::compose::{Assigned, Assignment, ExportTarget, Flags, Fragment, Setting, VarsFile, compose};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::json::Node;
use crate::movie::{Document, MovieLine, Refused};
use crate::output::Out;

/// A movie of the command line: its source, and the movie or the reason why there is none.
pub(super) struct Composed {
    /// The path as it was typed, or inside of the folder that was typed; `-`, and `-:3` for its third line.
    pub(super) source: String,
    /// The key of a movie that a folder holds: the name of its file without the ending.
    pub(super) stem: Option<String>,
    /// The movie as it will be sent, without the token.
    pub(super) movie: Result<Document, CliError>,
}

/// Composes all movies; reports every diagnostic.
///
/// # Errors
/// When a flag is wrong, which is wrong for all of them.
pub(super) fn compose_all(out: &Out, args: &MovieArgs) -> Result<Vec<Composed>, CliError> {
    let composed = compose_silently(args)?;
    for movie in composed.iter().filter_map(|composed| composed.movie.as_ref().ok()) {
        movie.diagnostics.iter().for_each(|diagnostic| tell(out, movie, diagnostic));
    }
    Ok(composed)
}

/// Composes the one movie of a command that accepts one.
///
/// # Errors
/// When a flag is wrong, or the movie can't be read or composed.
pub(super) fn compose_one(out: &Out, args: &MovieArgs) -> Result<Document, CliError> {
    let mut composed = compose_all(out, args)?;
    if composed.len() > 1 {
        return Err(CliError::new(Exit::Usage, format!("this command takes one movie; {} were given", composed.len())));
    }
    composed.pop().ok_or_else(|| CliError::new(Exit::Usage, "name a movie file"))?.movie
}

/// Composes all movies; the caller reports their diagnostics.
///
/// # Errors
/// As [`compose_all`].
pub(super) fn compose_silently(args: &MovieArgs) -> Result<Vec<Composed>, CliError> {
    compose_files(args, movie_files::named)
}

/// Refuses two files of a folder that would be the same key.
///
/// # Errors
/// Names both files.
pub(super) fn refuse_one_key_twice(composed: &[Composed]) -> Result<(), CliError> {
    let mut known: HashMap<&str, &str> = HashMap::new();
    for Composed { source, stem, .. } in composed {
        if let Some(stem) = stem
            && let Some(other) = known.insert(stem, source)
        {
            return Err(CliError::new(Exit::Usage, format!("{other} and {source} would both have the key {stem}; nothing was sent")));
        }
    }
    Ok(())
}

/// Composes all movies of those files that `files` finds under the names of the command line.
///
/// # Errors
/// As [`compose_all`], and when the files can't be found.
pub(super) fn compose_files(
    args: &MovieArgs,
    files: impl FnOnce(&[String]) -> Result<Vec<MovieFile>, CliError>,
) -> Result<Vec<Composed>, CliError> {
    let flags = flags(args)?;
    if args.movies.iter().filter(|name| *name == STDIN).count() > 1 {
        return Err(CliError::new(Exit::Usage, "stdin can be read only once: give `-` only once"));
    }
    if let Some(source) = args.template_for_movie() {
        let movie = compose(Document::made(Node::object()), &with_defaults(&flags, &args.defaults, &Document::made(Node::object())));
        let movie = movie.map_err(|error| CliError::new(Exit::Invalid, format!("{source}: {error}")));
        return Ok(vec![Composed { source, stem: None, movie }]);
    }
    let files = files(&args.movies)?;
    Ok(files.into_iter().flat_map(|file| movies_of(file, &flags, &args.defaults)).collect())
}

/// The movie of a file, or the movies of its lines.
fn movies_of(file: MovieFile, flags: &Flags, defaults: &MovieDefaults) -> Vec<Composed> {
    let MovieFile { name, stem } = file;
    let lines = |bytes: &[u8]| {
        if movie_files::may_hold_lines(&name) {
            Document::read_lines(&name, bytes).map_err(|refused| refusal(*refused))
        } else {
            Ok(Vec::new())
        }
    };
    let composed = |source: &str, read: Result<Document, Box<Refused>>| {
        let movie = read.map_err(|refused| refusal(*refused))?;
        let flags = &with_defaults(flags, defaults, &movie);
        compose(movie, flags).map_err(|error| CliError::new(Exit::Invalid, format!("{source}: {error}")))
    };
    let all = movie_files::read_movie(&name).and_then(|bytes| Ok((lines(&bytes)?, bytes)));
    match all {
        Err(stop) => vec![Composed { source: name, stem, movie: Err(stop) }],
        Ok((lines, bytes)) if lines.is_empty() => {
            let movie = composed(&name, Document::read(&name, bytes));
            vec![Composed { source: name, stem, movie }]
        }
        Ok((lines, _)) => {
            let one = |MovieLine { number, movie }| {
                let source = format!("{name}:{number}");
                Composed { movie: composed(&source, movie), source, stem: None }
            };
            lines.into_iter().map(one).collect()
        }
    }
}

/// The flags, with the profile's values where neither the flags nor the movie set one. A template has its own size.
fn with_defaults(flags: &Flags, defaults: &MovieDefaults, movie: &Document) -> Flags {
    let mut flags = flags.clone();
    let says = |names: &[&str]| names.iter().any(|name| movie.root.get(name).is_some());
    if flags.resolution.is_none() && flags.template.is_none() && !says(&["resolution", "width", "height", "template"]) {
        flags.resolution.clone_from(&defaults.resolution);
    }
    if flags.destinations.is_empty() && !says(&["exports"]) {
        flags.destinations.extend(defaults.webhook.clone().map(ExportTarget::Webhook));
    }
    flags
}

fn flags(args: &MovieArgs) -> Result<Flags, CliError> {
    let usage = |flag: &str, why: &dyn std::fmt::Display| CliError::new(Exit::Usage, format!("{flag}: {why}"));
    let assignments = |flag: &str, texts: &[String]| {
        texts.iter().map(|text| Assignment::parse(text).map_err(|why| usage(flag, &why))).collect::<Result<Vec<_>, _>>()
    };
    let webhooks = args.webhooks().map(ExportTarget::Webhook);
    let connections = args.connection.iter().cloned().map(ExportTarget::Connection);
    Ok(Flags {
        vars_files: args.vars.iter().map(|file| fragment(file, VarsFile::parse)).collect::<Result<_, _>>()?,
        vars: args.var.iter().map(|text| variable(args, text).map_err(|why| usage("--var", &why))).collect::<Result<_, _>>()?,
        client_data: assignments("--client-data", &args.client_data)?,
        destinations: webhooks.chain(connections).collect(),
        scenes: args.scene.iter().map(|file| fragment(file, Fragment::scenes)).collect::<Result<_, _>>()?,
        elements: args.element.iter().map(|file| fragment(file, Fragment::elements)).collect::<Result<_, _>>()?,
        set: args.set.iter().map(|text| Setting::parse(text).map_err(|why| usage("--set", &why))).collect::<Result<_, _>>()?,
        resolution: args.resolution.clone(),
        quality: args.quality.clone(),
        template: args.template.clone(),
        id: args.id.clone(),
        no_cache: args.no_cache,
    })
}

/// What a `--var` sets: a name alone takes the environment's value.
fn variable(args: &MovieArgs, text: &str) -> Result<Assignment, String> {
    if text.contains('=') || text.is_empty() {
        return Assignment::parse(text).map_err(|why| why.to_string());
    }
    let value = args.environment.get(text);
    let value =
        value.ok_or_else(|| format!("the environment variable `{text}` is not set: set it, or write `{text}=TEXT` or `{text}:=JSON`"))?;
    Ok(Assignment { name: text.to_owned(), value: Assigned::Text(value.clone()) })
}

/// A part of a movie in a separate file.
fn fragment<T>(file: &Path, parse: impl Fn(&str, String) -> Result<T, Box<Refused>>) -> Result<T, CliError> {
    let name = file.display().to_string();
    parse(&name, movie_files::read_text(&name)?).map_err(|refused| refusal(*refused))
}

/// `listing.json:3:14: what is wrong (the likely reason)`, and what to do about it.
pub(super) fn refusal(refused: Refused) -> CliError {
    let stop = CliError::new(Exit::Invalid, refused.to_string());
    CliError { help: refused.diagnostic.help.clone(), refused: Some(Box::new(refused)), ..stop }
}

fn tell(out: &Out, document: &Document, diagnostic: &Diagnostic) {
    let place = document.place_prefix(diagnostic.span);
    let text = format!("{place}{}", diagnostic.message);
    match diagnostic.severity {
        Severity::Error => out.error(&text),
        Severity::Warning | Severity::Info => out.warning(&text),
    }
}
