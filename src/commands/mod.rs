//! A file or a folder for each command, and files for what several share: arguments and settings in, work done, output and
//! exit code out.

mod account_failure;
mod agent;
mod auth;
mod batch;
mod build;
mod catalog;
mod check;
mod completions;
mod config;
mod delete;
mod delivering;
mod doctor;
mod download;
mod dry_run;
mod emulator;
mod expand;
mod explain;
mod files;
mod history;
mod init;
mod ledger;
mod list;
mod listen;
mod man;
#[cfg(feature = "mcp")]
mod mcp;
mod media;
mod movie_files;
mod movies;
mod new_file;
mod plan;
mod poll;
mod preview;
mod receiver;
mod reconcile;
mod renders;
mod replacing;
mod resolve;
mod schema;
mod session;
mod session_group;
mod settle;
mod show;
mod submit;
mod submit_check;
mod template_variables;
mod templates;
mod token_place;
mod uploads;
mod waiting;
mod webhook;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind};
use tokio_util::sync::CancellationToken;

use crate::cli::{self, AuthCommand, Cli, Command, ConfigCommand, Typed};
use crate::exit::Exit;
use crate::movie::Refused;
use crate::output::Out;
use crate::settings::{self, Purpose, Settings, SettingsError, Terminal};
use crate::work::CommandLine;

/// The context of every command.
#[derive(Clone)]
struct Call {
    settings: Settings,
    out: Arc<Out>,
    /// Cancelled at the first Ctrl-C.
    interrupt: CancellationToken,
    /// Cancelled at the second.
    leave: CancellationToken,
    flags: Vec<String>,
}

/// A command that ends with a message, the next command to type, and an exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct CliError {
    exit: Exit,
    message: String,
    help: Option<String>,
    next: Vec<String>,
    /// Whether the same command may succeed later.
    passes: bool,
    /// The file that can't be read as JSON, if that is the reason.
    refused: Option<Box<Refused>>,
}

impl CliError {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None, next: Vec::new(), passes: false, refused: None }
    }

    fn then(mut self, command: impl Into<String>) -> Self {
        self.next.push(command.into());
        self
    }

    /// Prints the reason and the fix.
    fn tell(&self, out: &Out) {
        out.error(&self.message);
        self.tell_ways_out(out);
    }

    fn tell_ways_out(&self, out: &Out) {
        if let Some(help) = &self.help {
            out.help(help);
        }
        for command in self.next_commands() {
            out.hint(&command);
        }
    }

    /// The commands that lead on: the same one again where that may help.
    fn next_commands(&self) -> Vec<String> {
        if self.passes && self.next.is_empty() { vec![typed()] } else { self.next.clone() }
    }
}

/// Runs the command line of the process and returns its exit code: the whole of the binary.
#[must_use]
pub fn run() -> ExitCode {
    match completions::answer(std::env::args_os().collect()) {
        Ok(true) => ExitCode::SUCCESS,
        // The user is in the middle of typing a line, so nothing is printed.
        Err(_) => ExitCode::FAILURE,
        Ok(false) => {
            let Typed { cli, fields } = cli::parse();
            call(cli, fields).into()
        }
    }
}

fn call(mut cli: Cli, fields: Vec<String>) -> Exit {
    let settings = match Settings::from_process(&cli.global, purpose(&cli.command)) {
        Ok(settings) => settings,
        Err(error) => return refuse_settings(&error),
    };
    let out = Arc::new(Out::new(&settings).of_fields(fields));
    for warning in &settings.warnings {
        out.warning(warning);
    }
    if let Some(movie) = cli.command.movie_mut() {
        movie.defaults.clone_from(&settings.movie);
        movie.environment = movie.inherited_names().filter_map(|name| Some((name.to_owned(), settings::variable(name)?))).collect();
    }
    let flags = cli.global.to_flags();
    let call = Call { settings, out: Arc::clone(&out), interrupt: CancellationToken::new(), leave: CancellationToken::new(), flags };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the asynchronous runtime can't start");
    let ended = runtime.and_then(|runtime| {
        let ended = runtime.block_on(until_interrupted(&call, cli.command));
        runtime.shutdown_background();
        ended
    });
    let exit = ended.unwrap_or_else(|error| fail(&out, &error));
    if exit == Exit::Done && out.lost().is_some() { Exit::Internal } else { exit }
}

/// How a command uses its settings.
fn purpose(command: &Command) -> Purpose {
    match command {
        Command::Doctor(_) => Purpose::Look,
        Command::Auth(args) if matches!(args.command, AuthCommand::Status { .. }) => Purpose::Look,
        Command::Config(args) if matches!(args.command, ConfigCommand::Show { .. } | ConfigCommand::Get { .. }) => Purpose::Look,
        Command::Auth(_) | Command::Config(_) => Purpose::SetUp,
        _ => Purpose::Work,
    }
}

fn refuse_settings(error: &SettingsError) -> Exit {
    let plain = Terminal { stdout: false, stderr: false, color: false };
    let out = Out::plain(plain, false);
    out.error(&error.to_string());
    error.next().iter().for_each(|command| out.hint(command));
    if matches!(error, SettingsError::Key { .. }) { Exit::Key } else { Exit::Usage }
}

/// The one place where an error becomes a message and an exit code.
fn fail(out: &Out, error: &anyhow::Error) -> Exit {
    if let Some(stop) = error.downcast_ref::<CliError>() {
        stop.tell(out);
        return stop.exit;
    }
    out.error(&format!("{error:#}"));
    Exit::Internal
}

/// The command as it was typed.
fn typed() -> String {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    CommandLine::default().spell(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// How long a command has after the second Ctrl-C to record what it leaves behind and to print its lines: a render that may be
/// paid for always has one.
const LEAVING: Duration = Duration::from_millis(500);

/// The first Ctrl-C (or SIGTERM, or SIGHUP) asks the command to finish; the second ends the process as soon as its lines are
/// printed. A command with nothing open ends at the first.
async fn until_interrupted(call: &Call, command: Command) -> anyhow::Result<Exit> {
    tokio::spawn(listen_for_signals(call.interrupt.clone(), call.leave.clone()));
    let wraps_up = matches!(
        command,
        Command::Submit(_)
            | Command::Batch(_)
            | Command::Poll(_)
            | Command::Reconcile(_)
            | Command::Download(_)
            | Command::Settle(_)
            | Command::Emulator(_)
            | Command::Listen(_)
            | Command::Media(_)
            | Command::Preview(_)
    );
    tokio::select! {
        ended = dispatch(call, command) => ended,
        () = left(&call.leave) => Ok(Exit::Interrupted),
        () = call.interrupt.cancelled(), if !wraps_up => Ok(Exit::Interrupted),
    }
}

async fn left(leave: &CancellationToken) {
    leave.cancelled().await;
    tokio::time::sleep(LEAVING).await;
}

async fn listen_for_signals(first: CancellationToken, second: CancellationToken) {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate()).ok();
    #[cfg(unix)]
    let mut hang_up = ends_at_hang_up().then(|| tokio::signal::unix::signal(SignalKind::hangup()).ok()).flatten();
    loop {
        #[cfg(unix)]
        let terminated = async {
            tokio::select! {
                () = arrived(&mut terminate) => {}
                () = arrived(&mut hang_up) => {}
            }
        };
        #[cfg(not(unix))]
        let terminated = std::future::pending::<()>();
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => if pressed.is_err() { return },
            () = terminated => {}
        }
        if first.is_cancelled() {
            second.cancel();
        }
        first.cancel();
    }
}

#[cfg(unix)]
async fn arrived(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether the end of the terminal ends this process. Not where `nohup` makes it ignore the signal, which only Linux reports.
/// Elsewhere the system decides, and ends the process without a message.
#[cfg(unix)]
fn ends_at_hang_up() -> bool {
    const HANG_UP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored & HANG_UP == 0)
}

async fn dispatch(call: &Call, mut command: Command) -> anyhow::Result<Exit> {
    if let Some(movie) = command.movie_mut() {
        receiver::fill_in(call, movie).await?;
    }
    match command {
        Command::Init(args) => init::run(call, &args).await,
        Command::Build(args) => build::run(call, &args).await,
        Command::Check(args) => check::run(call, &args).await,
        Command::Expand(args) => expand::run(call, &args),
        Command::Plan(args) => plan::run(call, &args).await,
        Command::Preview(args) => Box::pin(preview::run(call, *args)).await,
        Command::Submit(args) => submit::run(call, &args).await,
        Command::Batch(args) => Box::pin(batch::run(call, &args)).await,
        Command::Poll(args) => poll::run(call, &args).await,
        Command::Listen(args) => Box::pin(listen::run(call, &args)).await,
        Command::Webhook(args) => webhook::run(call, &args).await,
        Command::List(args) => list::run(call, &args).await,
        Command::Settle(args) => Box::pin(settle::run(call, &args)).await,
        Command::History(args) => history::run(call, &args).await,
        Command::Show(args) => show::run(call, &args).await,
        Command::Download(args) => download::run(call, &args).await,
        Command::Delete(args) => delete::run(call, &args).await,
        Command::Reconcile(args) => reconcile::run(call, &args).await,
        Command::Templates(args) => templates::run(call, &args.command).await,
        Command::Media(args) => Box::pin(media::run(call, &args.command)).await,
        Command::Schema => schema::run(call),
        Command::Emulator(args) => emulator::run(call, args).await,
        Command::Auth(args) => auth::run(call, &args.command).await,
        Command::Ledger(args) => ledger::run(call, &args).await,
        Command::Config(args) => config::run(call, &args.command),
        Command::Doctor(args) => doctor::run(call, &args).await,
        Command::Explain(args) => explain::run(call, &args).await,
        Command::Completions(args) => completions::run(call, &args),
        Command::Man(args) => man::run(call, &args),
        #[cfg(feature = "mcp")]
        Command::Mcp(args) => mcp::run(call, &args).await,
        Command::Agent(args) => agent::run(call, &args.command),
        Command::Commands(args) => catalog::run(call, &args),
    }
}
