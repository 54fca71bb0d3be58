//! `j2v listen`: the receiver, until it is stopped. Its stdout holds outcomes, a line of JSON each, and nothing else.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use super::delivering::{self, ABREAST};
use super::receiver::{EMULATED, url_of};
use super::session::{Session, ledger_failed};
use super::{Call, CliError};
use crate::cli::ListenArgs;
use crate::exit::Exit;
use crate::ledger::outbox::{Keeping, Receiver};
use crate::render::schedule::PollInterval;
use crate::service::webhook_client::Address;
use crate::settings::{Api, LedgerPlace};
use crate::work::Context;
use crate::work::deliver::{Deliverer, Notification, SinkResult, function};
use crate::work::listen::{ListenError, Listening, Trust, listen, secret_path};

/// The path that reports the receiver's health.
const HEALTH: &str = "/health";

/// Outcomes that are accepted at once for printing.
const LINES: usize = 256;

/// A receiver that ends within this time after an interruption needs no explanation.
const AT_ONCE: Duration = Duration::from_millis(500);

pub(super) async fn run(call: &Call, args: &ListenArgs) -> anyhow::Result<Exit> {
    if call.settings.ledger == LedgerPlace::Nowhere {
        return Err(delivering::needs_ledger().into());
    }
    check(args)?;
    let sink = delivering::sink(call, &args.deliver)?;
    let prints = args.json || sink.is_none();
    let session = Session::open(call).await?;
    let context = &session.context;
    let listener = TcpListener::bind(args.bind).await.map_err(|why| not_bound(args.bind, &why))?;
    let address = listener.local_addr()?;
    let receiver = keep(context, args, address).await?;
    tell(call, context, args, address, &receiver);
    let listening = listening(call, context, args, &receiver);
    let abreast = if sink.is_some() { ABREAST } else { LINES };
    let deliverer = Deliverer::new(context.clone(), sink.unwrap_or_else(|| function("stdout", |_| SinkResult::Over)), abreast);
    let print = |notification: &Notification| {
        if prints {
            call.out.data(&notification.line);
        }
    };
    let stop = call.interrupt.clone();
    let out_of_time = async {
        match args.timeout {
            Some(limit) => tokio::time::sleep(limit).await,
            None => pending().await,
        }
        stop.cancel();
        pending().await
    };
    let ended = tokio::select! {
        ended = listen(context, listener, &listening, &deliverer, print, stop.clone()) => ended,
        never = out_of_time => never,
        never = tell_of_waiting(call) => never,
    };
    let tally = ended.map_err(failed)?;
    call.out.progress(&format!("stopped; {} delivered, {} failed", tally.delivered, tally.failed));
    session.close().await;
    Ok(Exit::Done)
}

/// Says after an interruption why the receiver has not ended yet: a user's program still runs. Never returns.
async fn tell_of_waiting<T>(call: &Call) -> T {
    call.interrupt.cancelled().await;
    tokio::time::sleep(AT_ONCE).await;
    call.out.note("no more callbacks are taken; waiting for the deliveries under way (interrupt again to leave at once)");
    pending().await
}

fn check(args: &ListenArgs) -> Result<(), CliError> {
    let usage = |why: String| Err(CliError::new(Exit::Usage, why));
    if let Some(path) = &args.path {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
        if !path.starts_with('/') || !path.chars().all(is_plain) || path == HEALTH {
            return usage(format!(
                "--path: `{path}` is none: it begins with `/`, holds letters, digits and -._~ only, and is not {HEALTH}"
            ));
        }
    }
    if let Some(url) = &args.public_url
        && let Err(why) = Address::parse(url)
    {
        return usage(format!("--public-url: {why}"));
    }
    Ok(())
}

fn not_bound(bind: SocketAddr, why: &std::io::Error) -> CliError {
    let why = match why.kind() {
        std::io::ErrorKind::AddrInUse => "the address is already in use".to_owned(),
        std::io::ErrorKind::PermissionDenied => "this user may not listen on that port".to_owned(),
        std::io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => why.to_string(),
    };
    CliError::new(Exit::Usage, format!("can't listen on {bind}: {why}")).then("j2v listen --bind 127.0.0.1:0")
}

/// Stores the receiver's address in the ledger from now on. A service on this machine reaches the receiver directly, unless the
/// user has named another public URL before.
async fn keep(context: &Context, args: &ListenArgs, address: SocketAddr) -> anyhow::Result<Receiver> {
    let known = context.store.receiver(context.space.clone()).await.map_err(ledger_failed)?.and_then(|receiver| receiver.public_url);
    let is_told = known.is_some_and(|url| Address::parse(&url).is_ok_and(|url| !url.is_this_machine()));
    let itself = || (context.client.url().is_loopback() && !is_told).then(|| format!("http://{address}"));
    let keeping =
        Keeping { path: args.path.clone(), path_if_none: Some(secret_path()?), public_url: args.public_url.clone().or_else(itself) };
    Ok(context.store.keep_receiver(context.space.clone(), keeping, context.world.now()).await.map_err(ledger_failed)?)
}

fn tell(call: &Call, context: &Context, args: &ListenArgs, address: SocketAddr, receiver: &Receiver) {
    call.out.note(&format!("listening on {address}; Ctrl-C ends it"));
    if matches!(call.settings.api, Api::Emulator(_)) {
        call.out.warning(EMULATED);
    }
    if !address.ip().is_loopback() {
        call.out.warning("others on the network can reach it: put an HTTPS proxy in front");
    }
    let Some(url) = url_of(receiver) else {
        let listen = context.command.spell(&["listen", "--public-url", "https://…"]);
        call.out
            .warning("the service can't reach it yet: put a tunnel or a proxy in front and pass its URL with --public-url; until then renders are polled");
        call.out.hint(&listen);
        return;
    };
    call.out.note(&format!("the service is to call {url}"));
    let is_encrypted = Address::parse(&url).is_ok_and(|url| url.is_encrypted());
    if !is_encrypted && !context.client.url().is_loopback() {
        call.out.warning("the service calls https:// only");
    }
    call.out.hint(&context.command.spell(&["submit", "MOVIE", "--webhook", "@listen"]));
    if args.trust {
        call.out.warning("--trust: anyone who knows that URL can report how a render ended");
    }
}

fn listening(call: &Call, context: &Context, args: &ListenArgs, receiver: &Receiver) -> Listening {
    if PollInterval::raises(context.locality, args.interval) {
        call.out.warning("--interval is raised to 5s: the service asks not to be polled more often");
    }
    Listening {
        path: receiver.path.clone().unwrap_or_default(),
        trust: if args.trust { Trust::Believe } else { Trust::AskFirst },
        poll_after: args.poll_after,
        poll_interval: PollInterval::new(context.locality, args.interval),
        grace: args.grace,
    }
}

fn failed(error: ListenError) -> anyhow::Error {
    match error {
        ListenError::Ledger(error) => ledger_failed(error).into(),
        ListenError::Server(_) => error.into(),
    }
}
