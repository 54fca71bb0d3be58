//! `j2v media`: lists, uploads, saves, moves and deletes files on the account's media.

mod get;
mod prune;
mod put;

use std::time::Duration;

use serde_json::json;

use super::account_failure::failed;
use super::session::{self, Reached};
use super::uploads::a_week;
use super::{Call, CliError};
use crate::cli::{MediaCommand, MediaDeleteArgs, MediaListArgs, MediaMkdirArgs, MediaMoveArgs, MediaUsageArgs};
use crate::exit::Exit;
use crate::output::bytes;
use crate::output::table::{self, Cell};
use crate::quantity::counted;
use crate::service::account::AccountError;
use crate::service::client::Client;
use crate::service::media::{MediaBranch, MediaFile, MediaPath, Storage, TEMP, normal, stored_folder};
use crate::world::World;

/// The waits between two reads of a file whose bytes were just uploaded; after the last one a move is refused.
const SETTLING: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

pub(super) async fn run(call: &Call, command: &MediaCommand) -> anyhow::Result<Exit> {
    if let MediaCommand::Prune(args) = command {
        return prune::run(call, args).await;
    }
    let reached = session::reach(&call.settings, session::key(&call.settings)?).await?;
    let ended = act(call, &reached, command).await;
    reached.close().await;
    ended
}

async fn act(call: &Call, reached: &Reached, command: &MediaCommand) -> anyhow::Result<Exit> {
    let client = &reached.client;
    match command {
        MediaCommand::List(args) => list(call, client, args).await,
        MediaCommand::Put(args) => put::run(call, client, args).await,
        MediaCommand::Get(args) => get::run(call, client, args).await,
        MediaCommand::Move(args) => move_file(call, client, args).await,
        MediaCommand::Delete(args) => delete(call, client, args).await,
        MediaCommand::Mkdir(args) => make_folders(call, client, args).await,
        MediaCommand::Usage(args) => usage(call, client, args).await,
        MediaCommand::Prune(args) => prune::run(call, args).await,
    }
}

/// The message and exit code for a failed call about one file.
fn failed_on(call: &Call, error: &AccountError, path: &MediaPath) -> CliError {
    if !matches!(error, AccountError::NotFound { .. }) {
        return failed(error);
    }
    let list = ["media", "list", &path.folder];
    let words = if path.folder.is_empty() { &list[..2] } else { &list[..] };
    CliError::new(Exit::Refused, format!("{path}: the account's media have no such file")).then(session::spell(call, words))
}

/// The place that an argument names.
fn place(text: &str) -> Result<MediaPath, CliError> {
    MediaPath::parse(text).ok_or_else(|| CliError::new(Exit::Usage, format!("`{text}` is not a file: write FOLDER/NAME")))
}

async fn list(call: &Call, client: &Client, args: &MediaListArgs) -> anyhow::Result<Exit> {
    if args.tree {
        let tree = client.media_tree().await.map_err(|error| failed(&error))?;
        if args.json {
            let facts = |branch: &MediaBranch| json!({ "folder": branch.path, "files": branch.files, "size": branch.size });
            for branch in &tree {
                call.out.data(&facts(branch).to_string());
            }
        } else {
            let row = |branch: &MediaBranch| {
                vec![format!("{}/", branch.path).into(), counted(branch.files, "file").into(), bytes(branch.size).into()]
            };
            show(call, &["FOLDER", "FILES", "SIZE"], tree.iter().map(row).collect());
        }
        return Ok(Exit::Done);
    }
    let folder = normal(args.folder.as_deref().unwrap_or_default());
    let found = client.media_folder(&folder, args.kind.map(crate::cli::MediaType::as_str)).await.map_err(|error| failed(&error))?;
    let inside = |name: &str| if folder.is_empty() { normal(name) } else { format!("{folder}/{}", normal(name)) };
    if args.json {
        found.folders.iter().for_each(|name| call.out.data(&json!({ "folder": inside(name) }).to_string()));
        found.files.iter().for_each(|file| call.out.data(&facts(file).to_string()));
        return Ok(Exit::Done);
    }
    let folders = found.folders.iter().map(|name| vec![format!("{}/", inside(name)).into()]);
    let files = found.files.iter().map(|file| {
        let state = if file.is_uploaded() { String::new() } else { file.status.clone() };
        vec![file.path().into(), bytes(file.size).into(), file.kind.clone().into(), file.url.clone().into(), state.into()]
    });
    let rows: Vec<_> = folders.chain(files).collect();
    if rows.is_empty() {
        call.out.note(&format!("there is nothing in the folder {folder}"));
    }
    show(call, &["PATH", "SIZE", "TYPE", "URL", ""], rows);
    Ok(Exit::Done)
}

/// A list on stdout: with a header on a terminal, without one elsewhere, so that a script reads only rows.
pub(super) fn show(call: &Call, head: &[&str], rows: Vec<Vec<Cell>>) {
    let canvas = call.settings.canvas;
    let head = if canvas.terminal.is_some() && !rows.is_empty() { head } else { &[] };
    for line in table::list(head, rows.into_iter(), canvas, World::real().now()) {
        call.out.drawn(&line);
    }
}

/// A file as JSON.
fn facts(file: &MediaFile) -> serde_json::Value {
    json!({
        "path": file.path(),
        "name": file.name,
        "folder": file.folder,
        "type": file.kind,
        "size": file.size,
        "url": file.url,
        "status": file.status,
        "temporary": file.temporary,
        "created_at": file.created_at,
    })
}

/// Waits until the service has the bytes of a file: a move before that can lose the file.
async fn move_file(call: &Call, client: &Client, args: &MediaMoveArgs) -> anyhow::Result<Exit> {
    let path = place(&args.path)?;
    let folder = stored_folder(&args.folder);
    let target = MediaPath { folder: folder.clone(), name: path.name.clone() };
    let before = settled(call, client, &path).await?;
    if path.folder == folder {
        call.out.data(&before.url);
        call.out.progress(&format!("{path} is already there"));
        return Ok(Exit::Done);
    }
    match client.move_media(&path, &folder).await {
        // The place that has the file now shows whether it was moved.
        Err(error @ AccountError::Lost { .. }) if client.media_file(&target).await.is_err() => return Err(failed(&error).into()),
        Ok(()) | Err(AccountError::Lost { .. }) => {}
        Err(error) => return Err(failed(&error).into()),
    }
    let moved = client.media_file(&target).await.map_err(|error| failed(&error))?;
    call.out.data(&moved.url);
    if before.url != moved.url {
        call.out.note(&format!("movies and templates that use {} need the new URL", before.url));
    }
    Ok(Exit::Done)
}

async fn settled(call: &Call, client: &Client, path: &MediaPath) -> anyhow::Result<MediaFile> {
    for wait in SETTLING {
        let file = client.media_file(path).await.map_err(|error| failed_on(call, &error, path))?;
        if file.is_uploaded() {
            return Ok(file);
        }
        tokio::time::sleep(wait).await;
    }
    let why = format!("{path} is still `pending`: moving it now could lose it; nothing was moved");
    let help = "wait until `j2v media list` shows it without `pending`, or upload it again with --replace".to_owned();
    Err(CliError { help: Some(help), ..CliError::new(Exit::Refused, why) }.into())
}

async fn delete(call: &Call, client: &Client, args: &MediaDeleteArgs) -> anyhow::Result<Exit> {
    let mut exits = Vec::new();
    for text in &args.paths {
        let deleted = if args.recursive { delete_all(call, client, text).await } else { delete_file(call, client, text).await };
        exits.push(match deleted {
            Ok(()) => Exit::Done,
            Err(stop) => {
                stop.tell(&call.out);
                stop.exit
            }
        });
        if call.interrupt.is_cancelled() {
            return Ok(Exit::Interrupted);
        }
    }
    Ok(Exit::fold(exits))
}

async fn delete_file(call: &Call, client: &Client, text: &str) -> Result<(), CliError> {
    let path = place(text)?;
    if let Err(error) = client.media_file(&path).await {
        let folder = client.media_folder(&normal(text), None).await.unwrap_or_default();
        let is_folder = !folder.files.is_empty() || !folder.folders.is_empty();
        let stop = failed_on(call, &error, &path);
        return Err(if is_folder { stop.then(session::spell(call, &["media", "delete", "-r", text])) } else { stop });
    }
    client.delete_media(&path).await.map_err(|error| failed(&error))?;
    call.out.data(&path.to_string());
    Ok(())
}

/// The files of a folder and of its subfolders, then the folders, the innermost first.
async fn delete_all(call: &Call, client: &Client, text: &str) -> Result<(), CliError> {
    let top = normal(text);
    if top.is_empty() {
        return Err(CliError::new(Exit::Usage, "the root can't be deleted: name a folder"));
    }
    let inside = format!("{top}/");
    let tree = client.media_tree().await.map_err(|error| failed(&error))?;
    let mut folders: Vec<String> =
        tree.into_iter().map(|branch| branch.path).filter(|path| *path == top || path.starts_with(&inside)).collect();
    if folders.is_empty() {
        return delete_file(call, client, text).await;
    }
    folders.sort_by_key(|path| std::cmp::Reverse(path.matches('/').count()));
    let mut count = 0;
    for folder in &folders {
        for file in client.media_folder(folder, None).await.map_err(|error| failed(&error))?.files {
            client.delete_media(&MediaPath { folder: folder.clone(), name: file.name }).await.map_err(|error| failed(&error))?;
            count += 1;
        }
        if folder != TEMP {
            client.delete_media_folder(folder).await.map_err(|error| failed(&error))?;
        }
    }
    call.out.data(&top);
    let done = if top == TEMP { "emptied" } else { "deleted" };
    call.out.progress(&format!("{top}: {done}, with {}", counted(count, "file")));
    Ok(())
}

async fn make_folders(call: &Call, client: &Client, args: &MediaMkdirArgs) -> anyhow::Result<Exit> {
    for text in &args.folders {
        let folder = stored_folder(text);
        if folder.is_empty() {
            return Err(CliError::new(Exit::Usage, format!("`{text}` is not a folder's name: letters, digits, `_` and `-`")).into());
        }
        client.make_media_folder(&folder).await.map_err(|error| failed(&error))?;
        if folder != normal(text) {
            call.out.warning(&format!("the service keeps letters, digits, `_` and `-` of a folder's name: {text} is {folder}"));
        }
        call.out.data(&folder);
    }
    Ok(Exit::Done)
}

async fn usage(call: &Call, client: &Client, args: &MediaUsageArgs) -> anyhow::Result<Exit> {
    let storage = client.media_usage().await.map_err(|error| failed(&error))?;
    let Storage { used_bytes, free_allowance, credits_per_week, blocked } = storage;
    if args.json {
        let facts = json!({
            "used_bytes": used_bytes,
            "free_bytes": free_allowance,
            "credits_per_week": credits_per_week,
            "blocked": blocked,
        });
        call.out.data(&facts.to_string());
    } else {
        call.out.data(&format!("{} used, {} free of charge: {}", bytes(used_bytes), bytes(free_allowance), a_week(credits_per_week)));
        if blocked {
            call.out.warning("the storage is blocked until it is paid for: nothing can be uploaded");
        }
    }
    Ok(Exit::Done)
}
