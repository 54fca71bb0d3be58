//! Turns the flags of outcome delivery into the sink to an application.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret;

use super::{Call, CliError};
use crate::cli::DeliverArgs;
use crate::exit::Exit;
use crate::service::signature::SigningSecret;
use crate::service::webhook_client::{Address, WebhookClient};
use crate::settings::LedgerPlace;
use crate::settings::child::SECRETS;
use crate::work::deliver::{Forward, Program, Sink, create_private_folder};
use crate::world::World;

/// Programs that run at once, and requests that are sent at once, each for another render.
pub(super) const ABREAST: usize = 4;

/// How long an interrupted command waits for a program that is still running.
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// The sink for outcomes, if the flags name one.
///
/// # Errors
/// When a flag can't be used.
pub(super) fn sink(call: &Call, args: &DeliverArgs) -> anyhow::Result<Option<Arc<dyn Sink>>> {
    if let Some((program, arguments)) = args.exec.split_first() {
        let program = Program {
            program: program.clone(),
            arguments: arguments.to_vec(),
            timeout: args.exec_timeout,
            folder: beside_ledger(call, ".running")?,
            withheld: withheld(call, &args.exec_env)?,
        };
        refuse_missing(Path::new(&program.program))?;
        return Ok(Some(Arc::new(program)));
    }
    let Some(url) = &args.forward else { return Ok(None) };
    let to = Address::parse(url).map_err(|why| CliError::new(Exit::Usage, format!("--forward: {why}")))?;
    let secret = secret(call, args)?;
    Ok(Some(Arc::new(Forward { to, secret, webhook_client: WebhookClient::new(World::real()), world: World::real() })))
}

/// The environment variables that a program doesn't get: secrets, except those that are meant for it.
fn withheld(call: &Call, wanted: &[String]) -> Result<Vec<String>, CliError> {
    let withheld = &call.settings.withheld;
    if let Some(unset) = wanted.iter().find(|name| SECRETS.contains(&name.as_str()) && !withheld.contains(&name.as_str())) {
        return Err(CliError::new(Exit::Usage, format!("--exec-env: ${unset} is not set")));
    }
    Ok(withheld.iter().map(|name| (*name).to_owned()).filter(|name| !wanted.contains(name)).collect())
}

/// Finds a path that doesn't exist now, and not at the first outcome. A bare name is left to the system to find.
fn refuse_missing(program: &Path) -> Result<(), CliError> {
    if program.components().count() > 1 && !program.is_file() {
        return Err(CliError::new(Exit::Usage, format!("--exec: there is no program {}", program.display())));
    }
    Ok(())
}

/// The end of the signing secret's file name.
const SECRET: &str = ".whsec";

/// A path beside the ledger, for files that belong to it.
fn beside_ledger(call: &Call, suffix: &str) -> Result<PathBuf, CliError> {
    match &call.settings.ledger {
        LedgerPlace::File(path) => {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            Ok(PathBuf::from(name))
        }
        // The programs run on this machine. A secret that every machine needs can't be made by one of them.
        #[cfg(feature = "postgres")]
        LedgerPlace::Server(_) if suffix == SECRET => Err(CliError::new(
            Exit::Usage,
            "with a ledger on a server every machine has to sign with the same secret: name it with --forward-secret or $J2V_FORWARD_SECRET",
        )),
        #[cfg(feature = "postgres")]
        LedgerPlace::Server(_) => {
            let state = call.settings.state.as_ref().ok_or_else(|| CliError::new(Exit::Usage, "there is no home folder for --exec"))?;
            Ok(state.join(format!("server{suffix}")))
        }
        LedgerPlace::Nowhere => Err(needs_ledger()),
        LedgerPlace::Homeless => Err(super::session::homeless()),
    }
}

/// The refusal of an action that needs a ledger.
pub(super) fn needs_ledger() -> CliError {
    CliError::new(Exit::Usage, "callbacks and deliveries are recorded in the ledger: leave out --no-ledger")
}

/// The secret from the flag's file, from the environment, or made once and stored.
fn secret(call: &Call, args: &DeliverArgs) -> anyhow::Result<SigningSecret> {
    if let Some(path) = &args.forward_secret {
        return Ok(read(path)?);
    }
    if let Some(text) = &call.settings.forward_secret {
        let why = |why| CliError::new(Exit::Usage, format!("$J2V_FORWARD_SECRET can't be used: {why}"));
        return Ok(SigningSecret::parse(text.expose_secret()).map_err(why)?);
    }
    let path = beside_ledger(call, SECRET)?;
    if !path.exists() {
        make(&path).with_context(|| format!("the signing secret {} can't be created", path.display()))?;
        call.out.note(&format!("a signing secret was made; receivers verify outcomes with it: {}", path.display()));
    }
    Ok(read(&path)?)
}

fn read(path: &Path) -> Result<SigningSecret, CliError> {
    let refused =
        |why: &dyn std::fmt::Display| CliError::new(Exit::Usage, format!("the signing secret {} can't be used: {why}", path.display()));
    let found = fs::metadata(path).map_err(|why| refused(&in_words(&why)))?;
    if is_exposed(&found) {
        return Err(refused(&"others can read it").then(format!("chmod 600 {}", path.display())));
    }
    let text = fs::read_to_string(path).map_err(|why| refused(&in_words(&why)))?;
    SigningSecret::parse(&text).map_err(|why| refused(&why))
}

fn in_words(why: &io::Error) -> String {
    match why.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => why.to_string(),
    }
}

#[cfg(unix)]
fn is_exposed(found: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_exposed(_: &fs::Metadata) -> bool {
    false
}

/// Two processes that make it at the same time agree on one.
fn make(path: &Path) -> io::Result<()> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    if let Some(folder) = path.parent() {
        create_private_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        file => file?.write_all(format!("{}\n", SigningSecret::spell(&bytes)).as_bytes()),
    }
}
