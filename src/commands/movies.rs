//! Reads the movies of a command line and composes each with the flags.

use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::Stop;
use crate::cli::{MovieArgs, MovieDefaults};
use crate::exit::Exit;
use crate::movie::compose::{Assignment, Destination, Flags, Scenes, Setting, VarsFile, compose};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::{Document, Refused};
use crate::output::Out;

/// The name of the movie that comes from stdin.
pub(super) const STDIN: &str = "-";

/// The files of a folder among which a mistyped one is looked for.
const MOST_NAMES: usize = 1000;

/// From this likeness on a file is worth a question.
const LIKE: f64 = 0.85;

/// A movie of the command line: where it came from, and the movie or why there is none.
pub(super) struct Composed {
    /// The path as it was typed, or `-`.
    pub(super) source: String,
    /// The movie as it will be sent, less the token.
    pub(super) movie: Result<Document, Stop>,
}

/// Composes all movies; tells every diagnostic.
///
/// # Errors
/// When a flag is wrong, which is wrong for all of them.
pub(super) fn compose_all(out: &Out, args: &MovieArgs) -> Result<Vec<Composed>, Stop> {
    let composed = compose_silently(args)?;
    for movie in composed.iter().filter_map(|composed| composed.movie.as_ref().ok()) {
        movie.diagnostics.iter().for_each(|diagnostic| tell(out, movie, diagnostic));
    }
    Ok(composed)
}

/// Composes the one movie of a command that takes one.
///
/// # Errors
/// When a flag is wrong, or the movie can't be read or composed.
pub(super) fn compose_one(out: &Out, args: &MovieArgs) -> Result<Document, Stop> {
    let first = compose_all(out, args)?.into_iter().next();
    first.ok_or_else(|| Stop::new(Exit::Usage, "name the movie"))?.movie
}

/// Composes all movies; what their diagnostics say is the caller's to tell.
///
/// # Errors
/// As [`compose_all`].
pub(super) fn compose_silently(args: &MovieArgs) -> Result<Vec<Composed>, Stop> {
    let flags = flags(args)?;
    if args.movies.iter().filter(|name| *name == STDIN).count() > 1 {
        return Err(Stop::new(Exit::Usage, "stdin can be read only once: give `-` only once"));
    }
    let one = |source: &String| Composed { source: source.clone(), movie: one(source, &flags, &args.defaults) };
    Ok(args.movies.iter().map(one).collect())
}

fn one(source: &str, flags: &Flags, defaults: &MovieDefaults) -> Result<Document, Stop> {
    let bytes = read(source).map_err(|why| {
        let stop = unreadable(source, &why);
        if why.kind() == ErrorKind::NotFound { not_there(source, stop) } else { stop }
    })?;
    let movie = Document::read(source, bytes).map_err(|refused| refusal(*refused))?;
    let flags = &with_defaults(flags, defaults, &movie);
    compose(movie, flags).map_err(|error| Stop::new(Exit::Invalid, format!("{source}: {error}")))
}

/// The flags, and what the profile gives where neither they nor the movie say anything: a template has a size of its own.
fn with_defaults(flags: &Flags, defaults: &MovieDefaults, movie: &Document) -> Flags {
    let mut flags = flags.clone();
    let says = |names: &[&str]| names.iter().any(|name| movie.root.get(name).is_some());
    if flags.resolution.is_none() && flags.template.is_none() && !says(&["resolution", "width", "height", "template"]) {
        flags.resolution.clone_from(&defaults.resolution);
    }
    if flags.destinations.is_empty() && !says(&["exports"]) {
        flags.destinations.extend(defaults.webhook.clone().map(Destination::Webhook));
    }
    flags
}

fn flags(args: &MovieArgs) -> Result<Flags, Stop> {
    let usage = |flag: &str, why: &dyn std::fmt::Display| Stop::new(Exit::Usage, format!("{flag}: {why}"));
    let assignments = |flag: &str, texts: &[String]| {
        texts.iter().map(|text| Assignment::parse(text).map_err(|why| usage(flag, &why))).collect::<Result<Vec<_>, _>>()
    };
    let webhooks = args.webhooks().map(Destination::Webhook);
    let connections = args.connection.iter().cloned().map(Destination::Connection);
    Ok(Flags {
        vars_files: args.vars.iter().map(|file| fragment(file, VarsFile::parse)).collect::<Result<_, _>>()?,
        vars: assignments("--var", &args.var)?,
        client_data: assignments("--client-data", &args.client_data)?,
        destinations: webhooks.chain(connections).collect(),
        scenes: args.scene.iter().map(|file| fragment(file, Scenes::parse)).collect::<Result<_, _>>()?,
        set: args.set.iter().map(|text| Setting::parse(text).map_err(|why| usage("--set", &why))).collect::<Result<_, _>>()?,
        resolution: args.resolution.clone(),
        quality: args.quality.clone(),
        template: args.template.clone(),
        id: args.id.clone(),
        no_cache: args.no_cache,
    })
}

/// A part of a movie in a file of its own.
fn fragment<T>(file: &Path, parse: impl Fn(&str, String) -> Result<T, Box<Refused>>) -> Result<T, Stop> {
    let name = file.display().to_string();
    parse(&name, text(&name)?).map_err(|refused| refusal(*refused))
}

/// `listing.json:3:14: what is wrong (the likely reason)`, and what to do about it.
fn refusal(refused: Refused) -> Stop {
    let stop = Stop::new(Exit::Invalid, refused.to_string());
    Stop { help: refused.diagnostic.help.clone(), refused: Some(Box::new(refused)), ..stop }
}

fn tell(out: &Out, document: &Document, diagnostic: &Diagnostic) {
    let place = document.place(diagnostic.span).map(|(name, position)| format!("{name}:{position}: ")).unwrap_or_default();
    let text = format!("{place}{}", diagnostic.message);
    match diagnostic.severity {
        Severity::Error => out.error(&text),
        Severity::Warning | Severity::Info => out.warning(&text),
    }
}

fn bytes(name: &str) -> Result<Vec<u8>, Stop> {
    read(name).map_err(|why| unreadable(name, &why))
}

fn read(name: &str) -> io::Result<Vec<u8>> {
    if name != STDIN {
        return std::fs::read(name);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
}

fn unreadable(name: &str, why: &io::Error) -> Stop {
    match why.kind() {
        ErrorKind::NotFound => Stop::new(Exit::Usage, format!("{name}: there is no such file")),
        ErrorKind::IsADirectory => Stop::new(Exit::Usage, format!("{name}: this is a folder, not a file")),
        _ => Stop::new(Exit::Usage, format!("{name} can't be read: {why}")),
    }
}

/// A movie that isn't there, and what was probably meant.
fn not_there(name: &str, stop: Stop) -> Stop {
    let path = Path::new(name);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Stop { help: Some(format!("the folder {} is not there either", folder.display())), ..stop };
    };
    let names = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "json"));
    let names: Vec<String> = names.take(MOST_NAMES).collect();
    let typed = path.file_name().unwrap_or_default().to_string_lossy();
    let likeness = |name: &String| (strsim::jaro_winkler(name, &typed), folder.join(name));
    let nearest = names.iter().map(likeness).max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(likeness, _)| *likeness > LIKE);
    match nearest {
        Some((_, path)) => {
            let path = path.strip_prefix(".").unwrap_or(&path).display().to_string();
            Stop { help: Some(format!("did you mean {path}?")), ..stop }
        }
        None if names.is_empty() => {
            Stop { help: Some("this folder has no movie: go to the one that has it, or write a new one".to_owned()), ..stop }
                .then("j2v init")
        }
        None => stop,
    }
}

fn text(name: &str) -> Result<String, Stop> {
    String::from_utf8(bytes(name)?).map_err(|_| Stop::new(Exit::Usage, format!("{name} is not UTF-8 text")))
}
