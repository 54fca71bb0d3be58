//! Turns the command line into a state of the page: composes, checks and resolves the movie, and makes its pictures.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::known;
use crate::cli::{MovieArgs, PreviewArgs};
use crate::commands::uploads::future_url;
use crate::commands::{Call, CliError, movies};
use crate::exit::Exit;
use crate::movie::check::{Facts, Settings, check};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::expand::{Expansion, Limits, expand};
use crate::movie::plan::{Credits, NoAssets, plan};
use crate::movie::{Document, with_urls};
use crate::preview::page::State;
use crate::preview::{Known, preview};
use crate::work::preview::{Folder, Origin, Shelf, Unshown};

/// The number of findings that are shown, the worst first.
const MOST_FINDINGS: usize = 300;

/// Makes the states of a movie.
pub(super) struct Maker {
    pub(super) args: PreviewArgs,
    /// The folder that the movie's files are in.
    pub(super) folder: Folder,
    is_loopback: bool,
}

/// A movie that was composed and resolved.
pub(super) struct ReadMovie {
    pub(super) movie: Document,
    pub(super) expansion: Expansion,
    found: Vec<Diagnostic>,
}

impl Maker {
    /// What the command line says.
    ///
    /// # Errors
    /// When the folder of `--root` can't be found.
    pub(super) fn new(call: &Call, args: PreviewArgs) -> Result<Self, CliError> {
        let root = args
            .root
            .as_ref()
            .map(|root| root.canonicalize().map_err(|why| CliError::new(Exit::Usage, format!("--root {}: {why}", root.display()))));
        let root = root.transpose()?;
        let movie = source(&args);
        let base = match &root {
            // A movie on stdin is in no folder.
            Some(root) if movie == movies::STDIN => root.clone(),
            _ => Path::new(movie).parent().map(Path::to_path_buf).unwrap_or_default(),
        };
        Ok(Self { args, folder: Folder::new(base, root), is_loopback: call.settings.is_loopback() })
    }

    /// Reads the movie.
    ///
    /// # Errors
    /// When it can't be read, is not JSON, or would expand beyond the limits.
    pub(super) fn read(&self) -> Result<ReadMovie, CliError> {
        let composed = movies::compose_silently(&self.args.movie)?.into_iter().next();
        self.made(composed.ok_or_else(|| CliError::new(Exit::Usage, "name a movie file"))?.movie?)
    }

    /// Checks and resolves a movie.
    ///
    /// # Errors
    /// When it would expand beyond the limits.
    pub(super) fn made(&self, movie: Document) -> Result<ReadMovie, CliError> {
        let expansion = expand(&movie, &Limits::default());
        if let Some((limit, _)) = expansion.limit() {
            return Err(CliError::new(Exit::Invalid, format!("{limit}: there is nothing to show")));
        }
        let mut found = if self.args.movie.upload {
            let uploaded = self.uploaded(movie.clone());
            let expansion = expand(&uploaded, &Limits::default());
            self.findings(&uploaded, expansion)
        } else {
            self.findings(&movie, expansion.clone())
        };
        found.sort_by_key(|finding| finding.severity);
        found.truncate(MOST_FINDINGS);
        Ok(ReadMovie { movie, expansion, found })
    }

    /// The movie as `--upload` would send it.
    fn uploaded(&self, movie: Document) -> Document {
        with_urls(movie, &mut |address, _| match self.folder.origin(address) {
            Origin::Local(file) if file.path().is_file() => Some(future_url(address)),
            _ => None,
        })
    }

    fn findings(&self, movie: &Document, expansion: Expansion) -> Vec<Diagnostic> {
        let plan = plan(&expansion, &NoAssets);
        let facts = Facts::of(movie, expansion, &plan);
        check(movie, &Settings { loopback: self.is_loopback, facts: Some(&facts), ..Settings::default() })
    }

    /// The pictures of a movie, with its media at URLs that the page can load.
    pub(super) fn state(&self, made: &ReadMovie, known: &Known, hrefs: impl Fn(&str) -> String) -> State {
        let here = known::at_hand(&made.expansion.movie.root, &self.folder);
        let captions = here.captions.into_iter().chain(known.captions.clone()).collect();
        let mut known = Known { captions, online: self.args.online, ..known.clone() };
        let mut pictures = preview(&made.expansion, &known);
        known.refused = self.refused(pictures.media.iter().map(|media| media.url.as_str()));
        if !known.refused.is_empty() {
            pictures = preview(&made.expansion, &known);
        }
        let credits = plan(&made.expansion, &known).credits.amount;
        State {
            version: 0,
            row: None,
            entries: pictures.entries(),
            findings: pictures.place(&made.movie, &made.found),
            credits: credits_in_words(credits),
            hrefs: pictures.media.iter().map(|media| hrefs(&media.url)).collect(),
            pages: Vec::new(),
            broken: None,
            preview: pictures,
        }
    }

    /// The local files among these that are not shown, and why. A file that can't be read is a fault that the page meets itself.
    fn refused<'a>(&self, addresses: impl Iterator<Item = &'a str>) -> HashMap<String, String> {
        let refused = addresses.filter_map(|address| match self.folder.origin(address) {
            Origin::Local(file) => match file.open() {
                Err(why @ (Unshown::NotMedia | Unshown::Outside)) => Some((address.to_owned(), why.to_string())),
                Ok(_) | Err(Unshown::Unreadable(_)) => None,
            },
            Origin::Remote(_) => None,
        });
        refused.collect()
    }

    /// The pictures of a movie for the page that is served.
    pub(super) fn served(&self, made: &ReadMovie, ledger: &Known, files: &Shelf) -> State {
        let href = |address: &str| format!("media/{}", files.put_file(self.folder.origin(address)));
        let mut state = self.state(made, ledger, href);
        if self.args.scripts {
            state.pages = state.preview.pages.iter().map(|html| format!("page/{}", files.put_page(html))).collect();
        }
        state
    }

    /// The files that change the movie when they change.
    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let MovieArgs { movies, vars, scene, .. } = &self.args.movie;
        let movies = movies.iter().filter(|name| *name != movies::STDIN).map(PathBuf::from);
        movies.chain(vars.iter().cloned()).chain(scene.iter().cloned())
    }
}

/// The movie as it was typed.
pub(super) fn source(args: &PreviewArgs) -> &str {
    args.movie.movies.first().map(String::as_str).unwrap_or_default()
}

/// The fault of a file that was readable before, on one line.
pub(super) fn in_a_line(stop: &CliError) -> String {
    let help = stop.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{}{help}", stop.message)
}

impl ReadMovie {
    /// How many findings are errors and how many are warnings.
    pub(super) fn counts(&self) -> (usize, usize) {
        let count = |severity| self.found.iter().filter(|finding| finding.severity == severity).count();
        (count(Severity::Error), count(Severity::Warning))
    }
}

fn credits_in_words(credits: Credits) -> String {
    let word = if credits == Credits::Exactly(1) { "credit" } else { "credits" };
    if credits == Credits::Unknown { String::new() } else { format!("{credits} {word}") }
}
