//! `j2v auth`: stores the key, checks it with the service, removes it.

use std::fs;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::session;
use super::{Call, CliError};
use crate::cli::AuthCommand;
use crate::exit::Exit;
use crate::output::table;
use crate::policy::READING_ONE;
use crate::service::client::Client;
use crate::service::page::Window;
use crate::service::read::ReadError;
use crate::service::secret::ApiKey;
use crate::settings::{Api, KeySource, Origin, stored};
use crate::work::CommandLine;
use crate::world::World;

/// The longest key, bytes.
const LONGEST: u64 = 16 << 10;

pub(super) async fn run(call: &Call, command: &AuthCommand) -> anyhow::Result<Exit> {
    match command {
        AuthCommand::Login => login(call).await,
        AuthCommand::Status { json, .. } => status(call, *json).await,
        AuthCommand::Logout => logout(call),
    }
}

async fn login(call: &Call) -> anyhow::Result<Exit> {
    let settings = &call.settings;
    let path = path(call, "login")?;
    let typed = typed(&settings.account)?;
    let again = session::spell(call, &["auth", "login"]);
    let key = ApiKey::parse(&typed).map_err(|why| CliError::new(Exit::Key, format!("{why}; no key was kept")).then(again))?;
    let reached = session::reach(settings, key).await?;
    let balance = balance(&reached.client).await;
    reached.close().await;
    match balance {
        Ok(_) => {}
        Err(ReadError::Refused(refusal)) => {
            let why = format!("the service refuses this key: {}; it was not kept", refusal.message);
            return Err(CliError::new(Exit::of_refusal(refusal.reason), why).into());
        }
        Err(why) => call.out.warning(&format!("the key could not be tried: {why}")),
    }
    stored::keep(&path, &typed).map_err(|why| CliError::new(Exit::Internal, format!("{} can't be written: {why}", path.display())))?;
    call.out.note(&format!("the key of the profile {} is kept in {}, readable only by you", settings.account, path.display()));
    match &settings.key {
        KeySource::Given(_, Origin::Variable(name)) => {
            call.out.warning(&format!("${name} is set and overrides the kept key unless --profile is given"));
        }
        KeySource::Command { origin, .. } => {
            call.out.warning(&format!("the profile has a key-command ({origin}), which overrides the kept key"));
        }
        _ => {}
    }
    call.out.hint(&session::spell(call, &["auth", "status"]));
    Ok(Exit::Done)
}

/// The place where the profile's key is stored. With `--emulate` there is none: the emulator's key is made up, and the
/// stored one is for the service.
fn path(call: &Call, command: &str) -> Result<PathBuf, CliError> {
    let settings = &call.settings;
    if matches!(settings.api, Api::Emulator(_)) {
        let why = "the emulator needs no key, and none is kept for it; the stored key was left as it is";
        let flags = call.flags.iter().filter(|flag| *flag != "--emulate").cloned().collect();
        return Err(CliError::new(Exit::Usage, why).then(CommandLine::with_flags(flags).spell(&["auth", command])));
    }
    let folder = settings
        .folder
        .as_deref()
        .ok_or_else(|| CliError::new(Exit::Usage, "there is no home folder to keep a key in; set J2V_API_KEY instead"))?;
    Ok(stored::path(folder, &settings.account))
}

/// The key, from a prompt that doesn't show it, or from the first line of stdin.
fn typed(profile: &str) -> Result<String, CliError> {
    let read = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("API key of the profile {profile} (not shown): "))
    } else {
        let mut line = String::new();
        io::stdin().lock().take(LONGEST).read_line(&mut line).map(|_| line)
    };
    read.map_err(|why| CliError::new(Exit::Usage, format!("the key can't be read: {why}; no key was kept")))
}

/// The remaining credits, if the service reports them: the cheapest request there is (`service.md#status`).
pub(super) async fn balance(client: &Client) -> Result<Option<f64>, ReadError> {
    let now = World::real().now();
    let window = Window { from: now.minus(Duration::from_secs(60)), to: now };
    client.list_page(window, None, 1, READING_ONE).await.map(|page| page.remaining_credits)
}

async fn status(call: &Call, json: bool) -> anyhow::Result<Exit> {
    let settings = &call.settings;
    let key = session::key(settings)?;
    let (how, origin) = settings.key.described().unwrap_or_default();
    let reached = session::reach(settings, key).await?;
    let balance = balance(&reached.client).await;
    reached.close().await;
    let told = [("profile", settings.account.clone()), ("key", format!("{how} ({origin})")), ("api-url", settings.api.to_string())];
    match balance {
        Ok(credits) if json => {
            // `tail` contained characters of the key.
            let line = json!({"profile": settings.account, "key": how, "from": origin.to_string(), "tail": null, "api-url": settings.api.to_string(), "credits": credits});
            call.out.data(&line.to_string());
        }
        Ok(credits) => {
            let credits = credits.map_or_else(|| "unknown".to_owned(), |credits| format!("{credits} left"));
            let rows = told.into_iter().chain([("credits", credits)]).map(|(name, value)| vec![name.to_owned(), value]);
            for line in table::lay_out(&rows.collect::<Vec<_>>()) {
                call.out.data(&line);
            }
        }
        Err(why) => {
            for (name, value) in told {
                call.out.note(&format!("{name}: {value}"));
            }
            return Err(session::unreadable(&why).into());
        }
    }
    Ok(Exit::Done)
}

fn logout(call: &Call) -> anyhow::Result<Exit> {
    let path = path(call, "logout")?;
    let account = &call.settings.account;
    match fs::remove_file(&path) {
        Ok(()) => call.out.note(&format!("forgot the key of the profile {account}: {} was removed", path.display())),
        Err(why) if why.kind() == ErrorKind::NotFound => call.out.note(&format!("no key is kept for the profile {account}")),
        Err(why) => return Err(CliError::new(Exit::Internal, format!("{} can't be removed: {why}", path.display())).into()),
    }
    if let KeySource::Given(_, Origin::Variable(name)) = &call.settings.key {
        call.out.note(&format!("${name} is still set"));
    }
    Ok(Exit::Done)
}
