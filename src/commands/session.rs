//! Opens what a command needs: the service or its emulator, and the ledger.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::{Call, CliError};
use crate::emulator::{self, Emulator};
use crate::exit::Exit;
use crate::ledger::mark::Marks;
#[cfg(feature = "postgres")]
use crate::ledger::postgres::Postgres;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::{LedgerError, Space, Store};
use crate::render::schedule::Locality;
use crate::service::client::{self, Client, Timeouts};
use crate::service::endpoint::ApiUrl;
use crate::service::read::ReadError;
use crate::service::secret::ApiKey;
use crate::settings::{Api, LedgerPlace, Settings, SettingsError};
use crate::work::{CommandLine, Context, DEFAULT_ACCOUNT, quoted, search};
use crate::world::World;

/// How long a render takes in the emulator of `--emulate`: long enough to be seen, short enough not to delay.
const EMULATED_RENDER: Duration = Duration::from_secs(2);

/// The name of the in-process emulator in the ledger: its port changes with every process, but its renders stay.
const EMULATOR_SPACE: &str = "emulator";

/// How long the search for lost answers may delay a command with another purpose.
const CATCH_UP: Duration = Duration::from_secs(10);

/// Where this machine records its claims, beside its other state.
const MARKS: &str = "claimed";

/// An open service and an open ledger.
pub(super) struct Session {
    /// The context of the use cases.
    pub(super) context: Context,
    emulator: Option<Emulator>,
}

impl Session {
    /// Opens both, and settles the open submissions of earlier commands.
    pub(super) async fn open(call: &Call) -> anyhow::Result<Self> {
        let session = Self::without_past(call).await?;
        session.catch_up(call).await?;
        Ok(session)
    }

    /// The same for a command that only changes what a ledger already holds: where there is no ledger, it creates none.
    pub(super) async fn of_what_is_there(call: &Call) -> anyhow::Result<Self> {
        let session = Self::to_look(call).await?;
        session.catch_up(call).await?;
        Ok(session)
    }

    /// Opens both without settling earlier commands, and creates no ledger.
    pub(super) async fn to_look(call: &Call) -> anyhow::Result<Self> {
        Self::on(call, store_as_it_is(call)).await
    }

    /// Looks for the answers that earlier commands lost.
    pub(super) async fn catch_up(&self, call: &Call) -> anyhow::Result<()> {
        if call.settings.ledger != LedgerPlace::Nowhere {
            let caught_up = tokio::time::timeout(CATCH_UP, search::catch_up(&self.context)).await;
            caught_up.unwrap_or(Ok(())).map_err(ledger_failed)?;
        }
        Ok(())
    }

    /// Opens both without settling earlier commands: a movie whose answer was lost is recognized by being unsettled.
    pub(super) async fn without_past(call: &Call) -> anyhow::Result<Self> {
        Self::on(call, store(call)).await
    }

    /// The ledger is opened after the key is there: without one nothing is created.
    async fn on(call: &Call, store: impl Future<Output = anyhow::Result<Arc<dyn Store>>>) -> anyhow::Result<Self> {
        let settings = &call.settings;
        let key = key(settings)?;
        let store = store.await?;
        let Reached { client, emulator } = reach(settings, key).await?;
        let locality = if client.url().is_loopback() { Locality::Loopback } else { Locality::Remote };
        let context = Context {
            store,
            client: Arc::new(client),
            space: space(call),
            locality,
            world: World::real(),
            listener: Arc::clone(&call.out) as _,
            interrupt: call.interrupt.clone(),
            leave: call.leave.clone(),
            remembers: settings.ledger != LedgerPlace::Nowhere,
            command: CommandLine::with_flags(call.flags.clone()),
        };
        Ok(Self { context, emulator })
    }

    /// Closes everything that was opened.
    pub(super) async fn close(self) {
        if let Some(emulator) = self.emulator {
            emulator.stop().await;
        }
    }
}

/// The service or its emulator, without a ledger.
pub(super) struct Reached {
    /// The client of the API.
    pub(super) client: Client,
    emulator: Option<Emulator>,
}

impl Reached {
    /// Closes everything that was opened.
    pub(super) async fn close(self) {
        if let Some(emulator) = self.emulator {
            emulator.stop().await;
        }
    }
}

/// A client for the API of the settings. Starts the emulator where the settings name it. Makes no request.
pub(super) async fn reach(settings: &Settings, key: ApiKey) -> anyhow::Result<Reached> {
    let (emulator, url) = match &settings.api {
        Api::Url(url) => (None, url.clone()),
        Api::Emulator(folder) => {
            let emulator = emulate(folder).await?;
            let url = ApiUrl::parse(&emulator.api_url()).context("the emulator's address can't be used")?;
            (Some(emulator), url)
        }
    };
    let timeouts = Timeouts { request: settings.request_timeout, ..Timeouts::default() };
    Ok(Reached { client: Client::new(client::Settings { url, key, timeouts, world: World::real() }), emulator })
}

/// A command for the user to type next.
pub(super) fn spell(call: &Call, words: &[&str]) -> String {
    spelling(call).spell(words)
}

/// The spelling of the next commands: it includes this command's global flags.
pub(super) fn spelling(call: &Call) -> CommandLine {
    CommandLine::with_flags(call.flags.clone())
}

async fn emulate(folder: &std::path::Path) -> anyhow::Result<Emulator> {
    let settings =
        emulator::Settings { render_time: EMULATED_RENDER, folder: Some(folder.to_path_buf()), ..emulator::Settings::new(World::real()) };
    Emulator::start(settings).await.context("the emulator can't start")
}

/// The key, fetched from its source.
///
/// # Errors
/// When there is none, or it can't be fetched.
pub(super) fn key(settings: &Settings) -> Result<ApiKey, CliError> {
    let found = settings.key.obtain().map_err(|fault| CliError::new(Exit::Key, fault.to_string()));
    found?.ok_or_else(|| no_key(&settings.account))
}

fn no_key(account: &str) -> CliError {
    if account == DEFAULT_ACCOUNT {
        let why = "there is no API key: store yours with `j2v auth login`, set J2V_API_KEY, or try the emulator with --emulate";
        return CliError::new(Exit::Key, why).then("j2v auth login");
    }
    CliError::new(Exit::Key, format!("the profile {account} has no API key")).then(format!("j2v auth login --profile {account}"))
}

/// The API's name in the ledger.
pub(super) fn endpoint(api: &Api) -> String {
    match api {
        Api::Url(url) => url.as_str().to_owned(),
        Api::Emulator(_) => EMULATOR_SPACE.to_owned(),
    }
}

/// The account and its API as one text, under which this machine files its notes about templates and media.
pub(super) fn account_space(settings: &Settings) -> String {
    format!("{}\n{}", settings.account, endpoint(&settings.api))
}

/// The account whose renders a command without a service is about.
pub(super) fn space(call: &Call) -> Space {
    Space { account: call.settings.account.clone(), endpoint: endpoint(&call.settings.api) }
}

/// Opens the ledger alone, for the commands that need no service.
pub(super) async fn store(call: &Call) -> anyhow::Result<Arc<dyn Store>> {
    let marks = call.settings.state.as_ref().map(|state| Marks::in_folder(state.join(MARKS)));
    match &call.settings.ledger {
        LedgerPlace::File(path) => Ok(Arc::new(Sqlite::open_marked(path, &World::real(), marks.as_ref()).map_err(ledger_failed)?)),
        #[cfg(feature = "postgres")]
        LedgerPlace::Server(address) => {
            let opened = Box::pin(Postgres::open_marked(address.clone(), World::real(), marks)).await;
            Ok(Arc::new(opened.map_err(ledger_failed)?))
        }
        LedgerPlace::Nowhere => in_memory(),
        LedgerPlace::Homeless => Err(homeless().into()),
    }
}

fn in_memory() -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(Sqlite::in_memory(&World::real()).map_err(ledger_failed)?))
}

/// The failure when no setting names a ledger and there is no folder for one.
pub(super) fn homeless() -> CliError {
    CliError::new(Exit::Usage, SettingsError::Homeless.to_string())
}

/// The ledger for a command that creates none; an empty one if it does not exist.
pub(super) async fn store_as_it_is(call: &Call) -> anyhow::Result<Arc<dyn Store>> {
    if is_there(&call.settings.ledger).await? { store(call).await } else { in_memory() }
}

/// Whether there is a ledger. Creates none.
pub(super) async fn is_there(place: &LedgerPlace) -> Result<bool, CliError> {
    match place {
        #[cfg(feature = "postgres")]
        LedgerPlace::Server(address) => Box::pin(Postgres::is_there(address.clone(), World::real())).await.map_err(ledger_failed),
        place => Ok(place.is_there()),
    }
}

/// Opens the ledger for a command that only shows its content. Creates none. Reads the known part of a ledger of a newer
/// `j2v`, and reads one that can't be written as it is.
pub(super) async fn store_to_read(call: &Call) -> anyhow::Result<Arc<dyn Store>> {
    if let LedgerPlace::File(path) = &call.settings.ledger
        && path.exists()
        && let Err(error) = Sqlite::open(path, &World::real())
    {
        match &error {
            LedgerError::Newer { .. } => call.out.warning(&format!("{error}; it is only read")),
            LedgerError::Open { .. } => {}
            _ => return Err(ledger_failed(error).into()),
        }
        let read = Sqlite::open_to_read(path, &World::real());
        return Ok(Arc::new(read.map_err(|_| ledger_failed(error))?));
    }
    store_as_it_is(call).await
}

/// The message and exit code for a ledger failure.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn ledger_failed(error: LedgerError) -> CliError {
    let exit = if matches!(error, LedgerError::Unreachable { .. }) { Exit::Unreachable } else { Exit::Internal };
    let passes = matches!(error, LedgerError::Unreachable { .. } | LedgerError::Busy { .. } | LedgerError::PutBack);
    let stop = CliError { help: way_out(&error).map(str::to_owned), passes, ..CliError::new(exit, error.to_string()) };
    match &error {
        LedgerError::Exposed { path, .. } => stop.then(format!("chmod 600 {}", quoted(&path.to_string_lossy()))),
        LedgerError::Corrupt { path, .. } => {
            stop.then(CommandLine::default().spell(&["reconcile", "--fix", "--ledger", &path.to_string_lossy()]))
        }
        _ => stop,
    }
}

fn way_out(error: &LedgerError) -> Option<&'static str> {
    match error {
        LedgerError::Open { .. } => Some("name another file with --ledger or J2V_LEDGER"),
        LedgerError::Denied { fix, .. } => Some(fix),
        LedgerError::Newer { .. } => Some("update j2v, or name another ledger with --ledger; `j2v history` reads this one"),
        LedgerError::Unreachable { .. } => Some("try again when its server answers; nothing is sent without a ledger"),
        LedgerError::Full { .. } => Some("free some space on the device, or use another place with --ledger"),
        LedgerError::Busy { .. } => Some("try again when the other process has ended"),
        LedgerError::PutBack => Some("run the command again: it first looks for what was already sent"),
        LedgerError::Gone { .. } => Some("restore it with its `-wal` file; a new ledger would pay again for keys already paid for"),
        LedgerError::Corrupt { .. } => Some(
            "`reconcile --fix` keeps it under another name and rebuilds it from the server's list; otherwise a key submitted again is paid again",
        ),
        LedgerError::Exposed { .. } | LedgerError::Engine { .. } | LedgerError::Closed => None,
    }
}

/// The same for the read of one project, with the next command: the list where the project is unknown, else what ails
/// the access to the service.
pub(super) fn unreadable_project(command: &CommandLine, project: &str, error: &ReadError) -> CliError {
    let stop = unreadable(error);
    let next: &[&str] = match stop.exit {
        Exit::Refused => &["list"],
        Exit::Key => &["auth", "status"],
        _ => &["doctor"],
    };
    CliError { message: format!("{project}: {}", stop.message), ..stop }.then(command.spell(next))
}

/// The message and exit code for a failed read of the service.
pub(super) fn unreadable(error: &ReadError) -> CliError {
    match error {
        ReadError::Refused(refusal) => CliError::new(Exit::of_refusal(refusal.reason), error.to_string()),
        // The service's text for an unknown project is a program's error message (`service.md#errors`).
        ReadError::NoSuchProject { .. } => CliError::new(Exit::Refused, "the service does not know this project"),
        ReadError::Unreachable { .. } | ReadError::Broken { .. } => CliError::new(Exit::Unreachable, error.to_string()),
    }
}
