//! `j2v media get`: saves a file of the account's media, whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::super::{Call, CliError};
use super::{failed_on, place};
use crate::cli::MediaGetArgs;
use crate::draft;
use crate::exit::Exit;
use crate::service::client::Client;

/// The destination that means stdout.
const STDOUT: &str = "-";

pub(super) async fn run(call: &Call, client: &Client, args: &MediaGetArgs) -> anyhow::Result<Exit> {
    let path = place(&args.path)?;
    let file = client.media_file(&path).await.map_err(|error| failed_on(call, &error, &path))?;
    let unsaved = |why: &dyn std::fmt::Display| CliError::new(Exit::Unsaved, format!("{path}: {why}"));
    if args.out.as_deref() == Some(Path::new(STDOUT)) {
        let fetched = client.fetch_media(&file.url, |piece| call.out.raw(piece)).await;
        fetched.map_err(|why| unsaved(&why))?;
        return Ok(Exit::Done);
    }
    let target = match &args.out {
        None => PathBuf::from(&path.name),
        Some(out) if out.is_dir() => out.join(&path.name),
        Some(out) => out.clone(),
    };
    let mut beside = draft::beside(&target).map_err(|why| unsaved(&why))?;
    let received = client.fetch_media(&file.url, |piece| beside.write_all(piece)).await.map_err(|why| unsaved(&why))?;
    if received != file.size {
        return Err(unsaved(&format!("{received} bytes came, {} were promised; nothing was saved", file.size)).into());
    }
    let saved = if args.overwrite { beside.persist(&target) } else { beside.persist_noclobber(&target) };
    saved.map_err(|why| match why.error.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::new(Exit::Unsaved, format!("{} already exists; --overwrite replaces it", target.display()))
        }
        _ => unsaved(&why.error),
    })?;
    call.out.data(&target.display().to_string());
    Ok(Exit::Done)
}
