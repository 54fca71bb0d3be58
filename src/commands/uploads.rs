//! Uploads of commands: a bar during the upload, a notice of the storage cost before it, and the replacement of the local files
//! of movies by their URLs (`--upload`).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::account_failure::failed;
use super::movies::Composed;
use super::{Call, CliError, session};
use crate::cli::{GateArgs, MovieArgs};
use crate::exit::Exit;
use crate::movie::check::{Resolved, Settings, check};
use crate::movie::diagnostic::{Diagnostic, Source, SourceKind};
use crate::movie::{Document, local_references, path_of, with_urls};
use crate::output::bytes;
use crate::quantity::counted;
use crate::service::account::AccountError;
use crate::service::client::Client;
use crate::service::media::{MediaPath, TEMP, stored_folder};
use crate::work::upload::{Existing, LocalFile, UploadError, Uploaded, Uploader};
use crate::world::World;

/// How often the bar is updated.
const TICK: Duration = Duration::from_millis(100);

/// Credits for each GiB and week above the free storage.
const CREDITS_PER_GIB: u64 = 10;

/// How many files are uploaded at once.
const ABREAST: usize = 4;

/// The uploads of one command.
pub(super) struct Uploads<'a> {
    call: &'a Call,
    client: &'a Client,
    world: World,
}

impl<'a> Uploads<'a> {
    pub(super) fn new(call: &'a Call, client: &'a Client) -> Self {
        Self { call, client, world: World::real() }
    }

    /// Uploads one file to its place, with a bar for the progress.
    pub(super) async fn put(&self, file: &LocalFile, path: &MediaPath, existing: Existing) -> Result<Uploaded, UploadError> {
        let sent = Arc::new(AtomicU64::new(0));
        let waits = |path: &MediaPath| self.call.out.progress(&format!("{path}: waiting until the service has all of it"));
        let settings = &self.call.settings;
        let uploader = Uploader {
            client: self.client,
            world: &self.world,
            space: session::account_space(settings),
            notes: settings.state.as_ref().map(|folder| folder.join("uploads")),
            sent: Arc::clone(&sent),
            waits: &waits,
        };
        let mut putting = std::pin::pin!(uploader.put(file, path, existing));
        let bar = self.call.out.upload(&path.name, file.size);
        loop {
            tokio::select! {
                put = &mut putting => return put,
                () = tokio::time::sleep(TICK) => bar.at(sent.load(Ordering::Relaxed)),
            }
        }
    }
}

/// Shows the storage cost with `more` additional bytes, if the storage costs anything.
pub(super) async fn tell_cost(call: &Call, client: &Client, files: usize, more: u64) -> Result<(), CliError> {
    let storage = client.media_usage().await.map_err(|error| failed(&error))?;
    if storage.blocked {
        let help = "the storage is blocked until it is paid for: buy credits, or delete files".to_owned();
        return Err(CliError {
            help: Some(help),
            ..CliError::new(Exit::Credits, "the account's storage is blocked; nothing was uploaded")
        });
    }
    let after = storage.used_bytes.saturating_add(more);
    let files = counted(files, "file");
    let beyond = after.saturating_sub(storage.free_allowance);
    if beyond == 0 {
        call.out.progress(&format!("{files}, {}: the account's media stay free of charge", bytes(more)));
        return Ok(());
    }
    let credits = beyond.saturating_mul(CREDITS_PER_GIB).div_ceil(1 << 30);
    #[expect(clippy::cast_precision_loss, reason = "nobody stores that much")]
    let cost = a_week(credits as f64);
    call.out.note(&format!(
        "{files}, {}: the account's media come to {}, which costs up to {cost}; `j2v media prune` deletes what no render needs",
        bytes(more),
        bytes(after)
    ));
    Ok(())
}

/// The cost of storage, for people.
pub(super) fn a_week(credits: f64) -> String {
    format!("{} a week", counted(credits, "credit"))
}

/// The message and exit code for a file that could not be uploaded.
pub(super) fn upload_failed(error: &UploadError) -> CliError {
    match error {
        UploadError::Service(error) => failed(error),
        UploadError::Local(why) => CliError::new(Exit::Usage, why.to_string()),
        UploadError::Taken { .. } => {
            CliError { help: Some("--replace puts this file in its place".to_owned()), ..CliError::new(Exit::Refused, error.to_string()) }
        }
        UploadError::Notes { .. } => CliError::new(Exit::Internal, error.to_string()),
        _ => CliError::new(Exit::Unreachable, format!("{error}; run the same command again")),
    }
}

/// The local files of some movies, each content once, with their known URLs.
#[derive(Default)]
pub(super) struct LocalFiles {
    /// By the path on this machine.
    known: HashMap<PathBuf, KnownFile>,
}

struct KnownFile {
    file: LocalFile,
    place: MediaPath,
    url: Option<String>,
}

impl LocalFiles {
    /// Records the files that a movie names; each path is relative to the file in which it is written. Returns the place and
    /// the reason for each that can't be uploaded.
    pub(super) fn take(&mut self, movie: &Document, folder: &str) -> Vec<String> {
        let folders = folders(movie);
        let references = local_references(movie);
        let refused = references.iter().filter_map(|reference| {
            let path = located(folders.get(usize::from(reference.span.source)), &reference.path);
            let why = self.take_path(path, folder).err()?;
            Some(format!("{}{why}", movie.place_prefix(reference.span)))
        });
        refused.collect()
    }

    /// Records one file.
    ///
    /// # Errors
    /// When it can't be uploaded.
    pub(super) fn take_path(&mut self, path: PathBuf, folder: &str) -> Result<(), String> {
        if let Entry::Vacant(new) = self.known.entry(path) {
            let file = LocalFile::look(new.key()).map_err(|why| why.to_string())?;
            let place = file.content_path(&stored_folder(folder)).map_err(|why| why.to_string())?;
            new.insert(KnownFile { file, place, url: None });
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Looks up the URLs, as far as the mode allows.
    ///
    /// # Errors
    /// When there is no key, the service refuses or can't be reached, or a file can't be uploaded.
    pub(super) async fn learn(&mut self, call: &Call, mode: UploadMode) -> anyhow::Result<()> {
        if mode == UploadMode::Offline {
            return Ok(());
        }
        let reached = session::reach(&call.settings, session::key(&call.settings)?).await?;
        let learnt =
            if mode == UploadMode::Send { self.upload(call, &reached.client).await } else { self.look_up(call, &reached.client).await };
        reached.close().await;
        Ok(learnt?)
    }

    /// Uploads the files that are not yet on the account's media, and records all URLs.
    ///
    /// # Errors
    /// When a file can't be uploaded. The next run finds the files that are uploaded by then.
    async fn upload(&mut self, call: &Call, client: &Client) -> Result<(), CliError> {
        let mut distinct: HashMap<MediaPath, &LocalFile> = HashMap::new();
        for known in self.known.values().filter(|known| known.url.is_none()) {
            distinct.insert(known.place.clone(), &known.file);
        }
        let mut urls = there(client, distinct.keys().cloned().collect()).await?;
        distinct.retain(|place, _| !urls.contains_key(place));
        if !distinct.is_empty() {
            if distinct.keys().any(|place| place.folder != TEMP) {
                tell_cost(call, client, distinct.len(), distinct.values().map(|file| file.size).sum()).await?;
            }
            let uploads = Uploads::new(call, client);
            let puts = distinct.into_iter().map(|(place, file)| {
                let uploads = &uploads;
                async move { uploads.put(file, &place, Existing::SameByName).await.map(|uploaded| (place, uploaded.url)) }
            });
            let mut puts = stream::iter(puts).buffer_unordered(ABREAST);
            while let Some(put) = puts.next().await {
                let (place, url) = put.map_err(|error| upload_failed(&error))?;
                urls.insert(place, url);
                if call.interrupt.is_cancelled() {
                    return Err(CliError::new(Exit::Interrupted, "interrupted; nothing was submitted, the next run goes on from here"));
                }
            }
        }
        for known in self.known.values_mut().filter(|known| known.url.is_none()) {
            known.url = urls.get(&known.place).cloned();
        }
        Ok(())
    }

    /// Looks up the URLs of the files that are already there; uploads nothing.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    async fn look_up(&mut self, call: &Call, client: &Client) -> Result<(), CliError> {
        let places: HashSet<MediaPath> = self.known.values().map(|known| known.place.clone()).collect();
        let urls = there(client, places.iter().cloned().collect()).await?;
        let missing = places.len() - urls.len();
        if missing > 0 {
            let sizes: HashMap<&MediaPath, u64> = self.known.values().map(|known| (&known.place, known.file.size)).collect();
            let more = sizes.iter().filter(|(place, _)| !urls.contains_key(place)).map(|(_, size)| size).sum();
            tell_cost(call, client, missing, more).await?;
        }
        for known in self.known.values_mut() {
            known.url = urls.get(&known.place).cloned();
        }
        Ok(())
    }

    /// The movie with URLs in place of its local files. A file that is not uploaded yet gets its future name.
    #[must_use]
    pub(super) fn swapped(&self, movie: Document) -> Document {
        let folders = folders(&movie);
        with_urls(movie, &mut |path, span| self.url(&located(folders.get(usize::from(span.source)), path)))
    }

    /// The URL of a file.
    pub(super) fn url(&self, path: &Path) -> Option<String> {
        let known = self.known.get(path)?;
        Some(known.url.clone().unwrap_or_else(|| future_url(&known.place)))
    }
}

/// The URL that a check uses for a file that is not uploaded yet.
pub(super) fn future_url(place: impl std::fmt::Display) -> String {
    format!("https://media.json2video.com/not-yet-uploaded/{place}")
}

/// Reports that `--upload` does nothing in a command that sends nothing.
pub(super) fn say_ignored(call: &Call, args: &MovieArgs) {
    if args.upload {
        call.out.warning("--upload is ignored: this command sends nothing, and local files stay as they are written");
    }
}

/// The extent of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UploadMode {
    /// Sends no request: every file gets its future name.
    Offline,
    /// Looks up the files that are there; uploads nothing.
    LookUp,
    /// Uploads the files that are missing.
    Send,
}

/// Replaces the local files of movies by their URLs. Uploads nothing for a movie that `gate` would refuse.
///
/// # Errors
/// When a file can't be uploaded.
pub(super) async fn swap(
    call: &Call,
    args: &MovieArgs,
    gate: Option<&GateArgs>,
    composed: &mut [Composed],
    mode: UploadMode,
) -> anyhow::Result<()> {
    let mut files = LocalFiles::default();
    for one in composed.iter_mut() {
        let Ok(movie) = &one.movie else { continue };
        let mut own = LocalFiles::default();
        let refused = own.take(movie, &args.upload_to);
        if mode == UploadMode::Offline {
            // A check goes on: it finds the rest, and a path that stays where a URL belongs.
            for why in &refused {
                call.out.warning(why);
            }
        } else if !refused.is_empty() {
            one.movie = Err(CliError::new(Exit::Invalid, refused.join("; ")));
            continue;
        }
        let swapped = own.swapped(movie.clone());
        if passes(call, gate, &swapped) {
            files.known.extend(own.known);
        } else {
            one.movie = Ok(swapped);
        }
    }
    if files.is_empty() {
        return Ok(());
    }
    files.learn(call, mode).await?;
    for one in composed {
        if let Ok(movie) = &one.movie {
            one.movie = Ok(files.swapped(movie.clone()));
        }
    }
    Ok(())
}

/// Whether the check accepts a movie with its files on the account's media.
fn passes(call: &Call, gate: Option<&GateArgs>, movie: &Document) -> bool {
    let Some(gate) = gate.filter(|gate| !gate.no_check) else { return true };
    let resolved = Resolved::of(movie);
    let settings =
        Settings { allow: &gate.allow, loopback: call.settings.is_loopback(), facts: Some(&resolved.facts), ..Settings::default() };
    !check(movie, &settings).iter().any(Diagnostic::stops)
}

/// The places that hold a whole file, each with its URL.
async fn there(client: &Client, places: Vec<MediaPath>) -> Result<HashMap<MediaPath, String>, CliError> {
    let mode = places.into_iter().map(|place| async move {
        match client.media_file(&place).await {
            Ok(file) if file.is_uploaded() => Ok(Some((place, file.url))),
            Ok(_) | Err(AccountError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    });
    let found: Vec<_> = stream::iter(mode).buffer_unordered(ABREAST).collect().await;
    found.into_iter().filter_map(Result::transpose).collect()
}

/// The folder that paths in each source of a movie are relative to; those of a flag are relative to where the command runs.
pub(super) fn folders(movie: &Document) -> Vec<PathBuf> {
    let folder = |source: &Source| match source.kind {
        SourceKind::Text => folder_of(&source.name),
        SourceKind::Flag => PathBuf::new(),
    };
    movie.sources.iter().map(folder).collect()
}

/// The folder of a file.
pub(super) fn folder_of(file: &str) -> PathBuf {
    Path::new(file).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The file at a path.
pub(super) fn located(folder: Option<&PathBuf>, path: &str) -> PathBuf {
    folder.map_or_else(|| PathBuf::from(path_of(path)), |folder| folder.join(path_of(path)))
}
