//! `j2v media put`: uploads files to the account's media, each once.

use std::collections::HashMap;

use serde_json::json;

use super::super::uploads::{self, Uploads, upload_failed};
use super::super::{Call, CliError};
use crate::cli::MediaPutArgs;
use crate::exit::Exit;
use crate::service::client::Client;
use crate::service::media::{MediaPath, TEMP, stored_folder, stored_name};
use crate::work::upload::{Existing, LocalFile, Uploaded};

pub(super) async fn run(call: &Call, client: &Client, args: &MediaPutArgs) -> anyhow::Result<Exit> {
    let folder = if args.temp { TEMP.to_owned() } else { stored_folder(args.to.as_deref().unwrap_or_default()) };
    let files = files(call, args, &folder)?;
    if folder != TEMP {
        let sizes = files.iter().map(|(file, _)| file.size).sum();
        uploads::tell_cost(call, client, files.len(), sizes).await?;
    }
    let existing = if args.replace { Existing::Replace } else { Existing::SameByContent };
    let uploads = Uploads::new(call, client);
    let mut exits = Vec::new();
    for (file, path) in &files {
        match uploads.put(file, path, existing).await {
            Ok(uploaded) => {
                tell(call, args, path, file, &uploaded);
                exits.push(Exit::Done);
            }
            Err(error) => {
                if !args.json {
                    call.out.data("");
                }
                let stop = upload_failed(&error);
                stop.tell(&call.out);
                exits.push(stop.exit);
            }
        }
        if call.interrupt.is_cancelled() {
            return Ok(Exit::Interrupted);
        }
    }
    Ok(Exit::fold(exits))
}

/// The files and their places. Two files that the service would store under one name are refused before any upload.
fn files(call: &Call, args: &MediaPutArgs, folder: &str) -> Result<Vec<(LocalFile, MediaPath)>, CliError> {
    let mut known: HashMap<String, String> = HashMap::new();
    let mut files = Vec::new();
    for given in &args.files {
        let file = LocalFile::look(given).map_err(|why| CliError::new(Exit::Usage, why.to_string()))?;
        let name = given.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stored = stored_name(&name);
        if let Some(other) = known.insert(stored.clone(), given.display().to_string()) {
            let why = format!("{other} and {} would both be stored as {stored}; nothing was uploaded", given.display());
            return Err(CliError::new(Exit::Usage, why));
        }
        if stored != name {
            call.out.warning(&format!("{name} is stored as {stored}: the service keeps letters, digits, `.`, `_` and `-`"));
        }
        files.push((file, MediaPath { folder: folder.to_owned(), name: stored }));
    }
    Ok(files)
}

fn tell(call: &Call, args: &MediaPutArgs, path: &MediaPath, file: &LocalFile, uploaded: &Uploaded) {
    if args.json {
        let facts = json!({
            "file": file.path.display().to_string(),
            "path": path.to_string(),
            "url": uploaded.url,
            "size": file.size,
            "content_type": file.content_type,
            "uploaded": uploaded.is_new,
        });
        call.out.data(&facts.to_string());
        return;
    }
    call.out.data(&uploaded.url);
    if !uploaded.is_new {
        call.out.progress(&format!("{path} is there already, with the same bytes"));
    }
}
