//! The checks of this machine: the version, the settings, the key, the ledger and its disk.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use super::CheckResult;
use crate::commands::Call;
use crate::commands::session::{self, ledger_failed};
use crate::exit::Exit;
#[cfg(feature = "postgres")]
use crate::ledger::postgres::{Address, Postgres};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::{LedgerError, RenderQuery, Store};
use crate::output::bytes;
use crate::quantity::counted;
use crate::service::secret::ApiKey;
use crate::settings::{LedgerPlace, Settings, folder};
use crate::world::World;

/// Below this free space a ledger may soon be unable to grow, bytes.
const LITTLE: u64 = 100 << 20;

/// Below this free space it can't grow, bytes.
const NOTHING: u64 = 1 << 20;

pub(super) fn version() -> CheckResult {
    CheckResult::ok("version", env!("CARGO_PKG_VERSION"))
}

/// The config file, and the warnings about the settings.
pub(super) fn config(call: &Call) -> Vec<CheckResult> {
    let settings = &call.settings;
    let mut found = vec![file(settings)];
    found.extend(settings.warnings.iter().map(|warning| CheckResult::warn("settings", warning)));
    found
}

fn file(settings: &Settings) -> CheckResult {
    if let Some(fault) = &settings.config_fault {
        return CheckResult::fail("config", Exit::Usage, fault).then("j2v config edit");
    }
    let path = settings.folder.as_deref().map(folder::config_file);
    match path {
        Some(path) if path.is_file() => CheckResult::ok("config", format!("{}, profile {}", path.display(), settings.account)),
        Some(path) => CheckResult::ok("config", format!("none (it would be {}); profile {}", path.display(), settings.account)),
        None => CheckResult::warn("config", "there is no home folder, so no config file is read"),
    }
}

/// The key, fetched as a submit does it.
pub(super) fn key(call: &Call) -> (Option<ApiKey>, CheckResult) {
    match session::key(&call.settings) {
        Ok(key) => {
            let (how, origin) = call.settings.key.described().unwrap_or_default();
            (Some(key), CheckResult::ok("key", format!("{how} ({origin})")))
        }
        Err(stop) => (None, CheckResult::stop("key", stop)),
    }
}

/// The ledger and the disk that it lies on.
pub(super) async fn ledger(call: &Call) -> Vec<CheckResult> {
    let path = match &call.settings.ledger {
        LedgerPlace::File(path) => path,
        #[cfg(feature = "postgres")]
        LedgerPlace::Server(address) => return vec![on_server(address).await],
        LedgerPlace::Homeless => return vec![CheckResult::stop("ledger", session::homeless())],
        LedgerPlace::Nowhere => {
            return vec![CheckResult::warn("ledger", "none (--no-ledger): a crash can cost a second payment")];
        }
    };
    let health = if path.exists() { existing(path).await } else { to_be_made(path) };
    vec![health, disk(path)]
}

#[cfg(feature = "postgres")]
async fn on_server(address: &Address) -> CheckResult {
    match Postgres::is_there(address.clone(), World::real()).await {
        Ok(true) => CheckResult::ok("ledger", format!("{address}: it answers")),
        Ok(false) => CheckResult::ok("ledger", format!("none yet; the first submit makes its tables in {address}")),
        Err(error) => CheckResult::stop("ledger", ledger_failed(error)),
    }
}

async fn existing(path: &Path) -> CheckResult {
    match looked_through(path).await {
        Ok((faults, renders)) if faults.is_empty() => match OpenOptions::new().append(true).open(path) {
            Ok(_) => CheckResult::ok("ledger", format!("{}: sound, {}", path.display(), counted(renders, "render"))),
            Err(why) => unwritable(format!("{}: sound, but it can't be written to: {why}", path.display())),
        },
        Ok((faults, _)) => {
            let why = faults.into_iter().next().unwrap_or_default();
            CheckResult::stop("ledger", ledger_failed(LedgerError::Corrupt { path: path.to_owned(), why }))
        }
        Err(error) => CheckResult::stop("ledger", ledger_failed(error)),
    }
}

async fn looked_through(path: &Path) -> Result<(Vec<String>, usize), LedgerError> {
    let ledger = Sqlite::open(path, &World::real())?;
    let faults = ledger.faults().await?;
    Ok((faults, ledger.find(None, RenderQuery::All(u32::MAX)).await?.len()))
}

/// The first submit creates a missing ledger, if its folder allows that.
fn to_be_made(path: &Path) -> CheckResult {
    let folder = nearest_folder(path);
    match try_to_write(&folder) {
        Ok(()) => CheckResult::ok("ledger", format!("none yet; the first submit makes {}", path.display())),
        Err(why) => unwritable(format!("{} can't be made: {} can't be written to: {why}", path.display(), folder.display())),
    }
}

fn unwritable(why: String) -> CheckResult {
    CheckResult::fail("ledger", Exit::Internal, why).help("name another file with --ledger or J2V_LEDGER")
}

/// The folder of a path, or the nearest existing one above it.
fn nearest_folder(path: &Path) -> PathBuf {
    let above = path.ancestors().skip(1).find(|folder| folder.is_dir());
    above.filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Only a write shows whether writing is allowed.
fn try_to_write(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".j2v-doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&probe)?;
    fs::remove_file(probe)
}

fn disk(path: &Path) -> CheckResult {
    let folder = nearest_folder(path);
    match fs4::available_space(&folder) {
        Ok(left) if left < NOTHING => CheckResult::fail("disk", Exit::Internal, format!("{} left for {}", bytes(left), folder.display()))
            .help("free some space on the device"),
        Ok(left) if left < LITTLE => {
            CheckResult::warn("disk", format!("{} left for {}", bytes(left), folder.display())).help("free some space on the device")
        }
        Ok(left) => CheckResult::ok("disk", format!("{} left for {}", bytes(left), folder.display())),
        Err(why) => CheckResult::warn("disk", format!("the space left for {} is unknown: {why}", folder.display())),
    }
}
