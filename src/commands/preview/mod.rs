//! `j2v preview`: a movie as pictures before it is paid for, as a page that updates when its files change, or as a file.

mod known;
mod rows;
mod show;

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::show::{Maker, ReadMovie, in_a_line, source};
use super::replacing::{self, Input};
use super::{Call, CliError};
use crate::cli::PreviewArgs;
use crate::draft;
use crate::exit::Exit;
use crate::preview::Known;
use crate::preview::page::{Mode, Page, State};
use crate::quantity::counted;
use crate::render::identity::hex;
use crate::service::relay::Relay;
use crate::work::preview::{Origin, Rows, Served, Shelf, Unshown, Watch, serve};
use crate::work::source_words;

/// Bytes of the secret in the page's path.
const SECRET: usize = 16;

/// The largest local file that is embedded in a page, and the largest total of all of them, bytes.
const EMBEDDED: (u64, u64) = (8 << 20, 24 << 20);

/// The address of nothing.
const NOTHING: &str = "data:,";

pub(super) async fn run(call: &Call, args: PreviewArgs) -> anyhow::Result<Exit> {
    refuse_what_is_not_ours(&args)?;
    let maker = Arc::new(Maker::new(call, args)?);
    let made = maker.read()?;
    let (errors, warnings) = made.counts();
    if errors + warnings > 0 {
        call.out.progress(&format!("the check finds {}; the page shows them", findings(errors, warnings)));
    }
    if maker.args.json || maker.args.out.is_some() || maker.args.storyboard.is_some() {
        return write(call, &maker, &made).await;
    }
    follow(call, maker, made).await
}

/// Refuses an output file that is an input or not a page of an earlier run, before either file is written.
fn refuse_what_is_not_ours(args: &PreviewArgs) -> Result<(), CliError> {
    let inputs = [replacing::inputs_of_movie(&args.movie), replacing::inputs_of_table(&args.table)].concat();
    let refuse = |flag, file: &Option<PathBuf>, inputs: &[Input<'_>]| {
        let file = file.as_deref();
        file.map_or(Ok(()), |file| replacing::refuse((flag, "written"), file, inputs, Page::is_begun_by))
    };
    refuse("--out", &args.out, &inputs)?;
    let page = replacing::other_output("the page of --out", args.out.as_deref());
    refuse("--storyboard", &args.storyboard, &[inputs, page.into_iter().collect()].concat())
}

fn findings(errors: usize, warnings: usize) -> String {
    let told = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, word)| counted(count, word)).collect::<Vec<_>>().join(" and ")
}

/// Writes the output files, and the list for programs.
async fn write(call: &Call, maker: &Maker, made: &ReadMovie) -> anyhow::Result<Exit> {
    let args = &maker.args;
    let relay = (!args.offline).then(|| known::relay(call, args.allow_private));
    let known = known::found(call, relay.as_ref(), &made.movie, &made.expansion).await;
    if args.json {
        for entry in maker.state(made, &known, str::to_owned).entries {
            call.out.data(&serde_json::to_string(&entry)?);
        }
    }
    let pages = [(&args.out, Mode::File), (&args.storyboard, Mode::Storyboard)];
    for (file, mode) in pages.into_iter().filter_map(|(file, mode)| Some((file.as_deref()?, mode))) {
        let mut left = EMBEDDED.1;
        let mut unembedded = Vec::new();
        let state = maker.state(made, &known, |_| String::new());
        let hrefs = state.preview.media.iter().map(|media| embedded(&media.url, maker, &mut left, &mut unembedded)).collect();
        let state = State { hrefs, ..state };
        for path in unembedded {
            call.out.warning(&format!("{path}: the page links to this file but does not contain it; it shows on this machine only"));
        }
        let page = Page { mode, name: name(args), state: &state, has_rows: false, online: args.online };
        draft::replace(file, page.to_html().as_bytes())
            .map_err(|why| CliError::new(Exit::Usage, format!("{} can't be written: {why}", file.display())))?;
        if !args.json {
            call.out.data(&file.display().to_string());
        }
    }
    Ok(Exit::Done)
}

/// The place of a movie's file for a page in a file: its own URL, or the page itself for a file of this machine. A file that
/// may not be shown has no place.
fn embedded(address: &str, maker: &Maker, left: &mut u64, unembedded: &mut Vec<String>) -> String {
    let file = match maker.folder.origin(address) {
        Origin::Local(file) => file,
        Origin::Remote(url) => return url,
    };
    let linked = std::path::absolute(file.path()).unwrap_or_else(|_| file.path().to_path_buf()).display().to_string();
    let media = match file.open() {
        Ok(media) => media,
        Err(Unshown::Unreadable(_)) => return linked,
        Err(Unshown::NotMedia | Unshown::Outside) => return NOTHING.to_owned(),
    };
    let most = EMBEDDED.0.min(*left);
    let mut bytes = Vec::new();
    if media.length <= most && media.file.take(most).read_to_end(&mut bytes).is_ok() {
        *left -= bytes.len() as u64;
        return format!("data:{};base64,{}", media.kind, base64::engine::general_purpose::STANDARD.encode(bytes));
    }
    unembedded.push(file.path().display().to_string());
    linked
}

fn name(args: &PreviewArgs) -> &str {
    let source = source(args);
    Path::new(source).file_name().and_then(|name| name.to_str()).unwrap_or(source)
}

/// Serves the page until Ctrl-C.
async fn follow(call: &Call, maker: Arc<Maker>, made: ReadMovie) -> anyhow::Result<Exit> {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, maker.args.port));
    let listener = TcpListener::bind(bind).await.map_err(|why| not_bound(call, &maker.args, bind, &why))?;
    let address = listener.local_addr()?;
    let shelf = Arc::new(Shelf::default());
    let first = State { version: 1, ..maker.served(&made, &Known::default(), &shelf) };
    let (sender, states) = watch::channel(Arc::new(first));
    let token = token()?;
    let table = if maker.args.table.rows.is_some() {
        Some(Arc::new(rows::Table::new(rows::read(call, &maker, made.movie.clone(), &shelf).await?)))
    } else {
        None
    };
    let relay = || (!maker.args.offline).then(|| known::relay(call, maker.args.allow_private));
    let served = Served {
        name: name(&maker.args).to_owned(),
        token: token.clone(),
        states,
        shelf: Arc::clone(&shelf),
        relay: relay(),
        rows: table.clone().map(|table| table as Arc<dyn Rows>),
        online: maker.args.online,
        address,
    };
    let url = format!("http://{address}/{token}/");
    call.out.data(&url);
    call.out.progress("the page updates when the movie changes; Ctrl-C ends it");
    if !maker.args.no_open
        && call.settings.has_screen
        && let Err(why) = opener::open_browser(&url)
    {
        call.out.warning(&format!("no browser could be opened ({why}); open the URL yourself"));
    }
    let relay = relay();
    let stop = call.interrupt.clone();
    let kept = Kept { call, maker: &maker, shelf: &shelf, relay: relay.as_ref(), table: table.as_deref(), sender: &sender };
    tokio::select! {
        ended = serve(served, listener, stop.clone()) => ended?,
        () = keep_up(&kept, made) => {}
        () = stop.cancelled() => {}
    }
    Ok(Exit::Done)
}

/// The state that is kept up to date.
struct Kept<'a> {
    call: &'a Call,
    maker: &'a Arc<Maker>,
    shelf: &'a Arc<Shelf>,
    relay: Option<&'a Relay>,
    table: Option<&'a rows::Table>,
    sender: &'a watch::Sender<Arc<State>>,
}

/// Makes a new state whenever a file has changed, and another when more facts about the movie's files are known.
async fn keep_up(kept: &Kept<'_>, mut made: ReadMovie) {
    let mut watch = Watch::new(kept.maker.files().chain(rows::files(kept.maker)).collect());
    let mut known = Known::default();
    let mut is_new = true;
    loop {
        let learn = async {
            if is_new {
                let found = known::found(kept.call, kept.relay, &made.movie, &made.expansion).await;
                if found != known {
                    known = found;
                    kept.publish(kept.maker.served(&made, &known, kept.shelf));
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = learn => {}
            () = watch.changed() => {}
        }
        is_new = match kept.read().await {
            Ok(read) => {
                let is_other = read.expansion.movie != made.expansion.movie;
                made = read;
                if is_other || kept.table.is_some() || kept.sender.borrow().broken.is_some() {
                    kept.publish(kept.maker.served(&made, &known, kept.shelf));
                }
                is_other
            }
            Err(stop) => {
                let last = State::clone(&kept.sender.borrow());
                kept.publish(State { broken: Some(in_a_line(&stop)), ..last });
                false
            }
        };
    }
}

impl Kept<'_> {
    /// Reads the movie and the table again.
    async fn read(&self) -> Result<ReadMovie, CliError> {
        let made = self.maker.read()?;
        if let Some(table) = self.table {
            table.replace(rows::read(self.call, self.maker, made.movie.clone(), self.shelf).await?);
        }
        Ok(made)
    }

    /// Stores the next state; the page asks for it by its number.
    fn publish(&self, state: State) {
        let version = self.sender.borrow().version + 1;
        self.sender.send_replace(Arc::new(State { version, ..state }));
    }
}

fn token() -> std::io::Result<String> {
    let mut bytes = [0; SECRET];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(hex(&bytes))
}

fn not_bound(call: &Call, args: &PreviewArgs, bind: SocketAddr, why: &std::io::Error) -> CliError {
    let why = if why.kind() == std::io::ErrorKind::AddrInUse { "the address is already in use".to_owned() } else { why.to_string() };
    let source = args.movie.template_for_movie().unwrap_or_else(|| source(args).to_owned());
    let words: Vec<String> = ["preview".to_owned()].into_iter().chain(source_words(&source)).chain(args.movie.to_flags()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--port", "0"]).collect();
    CliError::new(Exit::Usage, format!("the page can't be served on {bind}: {why}")).then(super::session::spell(call, &words))
}
