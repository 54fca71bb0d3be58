//! Completions: the script that a shell sources, and the answers to it at each Tab. None of it creates a ledger, uses the
//! network or writes to stderr: the user is in the middle of a line.

use std::ffi::OsString;

use clap::{Arg, CommandFactory, Parser};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter};
use clap_complete::env::{CompleteEnv, Shells};

use super::{Call, CliError};
use crate::cli::{Cli, CompletionsArgs};
use crate::emulator::catalogue;
use crate::exit::Exit;
use crate::input;
use crate::ledger::batch::Batches;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::{Render, RenderQuery, Store};
use crate::limits::MOVIE;
use crate::movie::Document;
use crate::movie::check::Rule;
use crate::movie::spec::words::RESOLUTION;
use crate::movie::variables::Asked;
use crate::rows::{Source, Table};
use crate::settings::{LedgerPlace, Purpose, Settings};
use crate::world::World;

/// The variable by which a shell asks.
const VARIABLE: &str = "J2V_COMPLETE";

/// The number of renders that are offered: the newest.
const OFFERED: u32 = 200;

/// Global flags that decide what is offered, and whether a value follows.
const DECIDING: [(&str, bool); 4] = [("--emulate", false), ("--no-ledger", false), ("--ledger", true), ("--profile", true)];

pub(super) fn run(call: &Call, args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let shells = Shells::builtins();
    let name = args.shell.as_str();
    let shell = shells.completer(name).ok_or_else(|| CliError::new(Exit::Internal, format!("there are no completions for {name}")))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "j2v", "j2v", "j2v", &mut script)?;
    call.out.drawn(String::from_utf8(script)?.trim_end());
    Ok(Exit::Done)
}

/// Answers a shell, if it is one that asks.
///
/// # Errors
/// When the shell is unknown, or no longer reads.
pub(super) fn answer(words: Vec<OsString>) -> Result<bool, clap::Error> {
    let typed: Vec<String> = words.iter().filter_map(|word| word.to_str()).map(str::to_owned).collect();
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(|| command(&typed)).var(VARIABLE).try_complete(words, here.as_deref())
}

/// The command line with what its values may be.
fn command(typed: &[String]) -> clap::Command {
    let mut command = Cli::command();
    // The arguments of a command are described when it is asked for: here all are.
    command.build();
    with_candidates(command, typed)
}

fn with_candidates(command: clap::Command, typed: &[String]) -> clap::Command {
    let command = command.mut_args(|arg| {
        let typed = typed.to_vec();
        match Completed::of(&arg) {
            Some(Completed::File) => arg.add(ArgValueCompleter::new(PathCompleter::any())),
            Some(kind) => arg.add(ArgValueCandidates::new(move || kind.candidates(&typed))),
            None => arg,
        }
    });
    command.mut_subcommands(|inner| with_candidates(inner, typed))
}

/// The kind of a value, by the name that the help gives it.
#[derive(Debug, Clone, Copy)]
enum Completed {
    Render,
    Key,
    Rule,
    Profile,
    Batch,
    /// A file or a folder.
    File,
    /// A column of the table that the line names.
    Column,
    /// The same, to be given another name.
    Mapped,
    /// A variable of the movie that the line names.
    Variable,
    Resolution,
    Fault,
}

impl Completed {
    fn of(arg: &Arg) -> Option<Self> {
        let name = arg.get_value_names().and_then(|names| names.first()).map(clap::builder::Str::as_str)?;
        match (arg.get_id().as_str(), name) {
            ("profile", _) => Some(Self::Profile),
            (_, "PROJECT|KEY" | "PROJECT|KEY|TEXT" | "PROJECT") => Some(Self::Render),
            ("key", "KEY") => Some(Self::Key),
            (_, "CODE" | "CODE|warnings") => Some(Self::Rule),
            ("batch" | "status", "NAME") => Some(Self::Batch),
            ("resolution", _) => Some(Self::Resolution),
            ("fault", _) => Some(Self::Fault),
            ("var", _) => Some(Self::Variable),
            (_, "COLUMN" | "COLUMN,…") => Some(Self::Column),
            (_, "COLUMN=NAME") => Some(Self::Mapped),
            (_, "MOVIE" | "TABLE" | "FILE" | "PLACE" | "DIR" | "FOLDER" | "PATH") => Some(Self::File),
            _ => None,
        }
    }

    fn candidates(self, typed: &[String]) -> Vec<CompletionCandidate> {
        let globals = &globals(typed);
        match self {
            Self::File => Vec::new(),
            Self::Column => columns(typed).iter().map(|column| candidate(column, "a column")).collect(),
            Self::Mapped => columns(typed).iter().map(|column| candidate(&format!("{column}="), "a column")).collect(),
            Self::Variable => variables(typed).iter().map(|name| candidate(&format!("{name}="), "a variable of the movie")).collect(),
            Self::Resolution => RESOLUTION.known.iter().map(|name| candidate(name, "a resolution")).collect(),
            Self::Fault => catalogue().iter().map(|fault| candidate(fault.name, fault.help)).collect(),
            Self::Rule => Rule::all().map(|rule| candidate(rule.code, rule.name)).collect(),
            Self::Profile => settings(globals).map(|settings| profiles(&settings)).unwrap_or_default(),
            Self::Render => renders(globals).iter().flat_map(|render| named(render, true)).collect(),
            Self::Key => renders(globals).iter().flat_map(|render| named(render, false)).collect(),
            Self::Batch => batches(globals).unwrap_or_default(),
        }
    }
}

/// The columns of the table that `--rows` names so far.
fn columns(typed: &[String]) -> Vec<String> {
    let table = typed.iter().zip(typed.iter().skip(1)).find_map(|(flag, value)| (flag == "--rows").then_some(value.as_str()));
    let table = table.or_else(|| typed.iter().find_map(|word| word.strip_prefix("--rows=")));
    let Some(table) = table.filter(|table| *table != input::STDIN).and_then(|table| Table::open(&Source::new(table)).ok()) else {
        return Vec::new();
    };
    if let Some(columns) = table.columns() {
        return columns.iter().filter(|column| !column.is_empty()).map(ToString::to_string).collect();
    }
    let first = table.rows().ok().and_then(|mut rows| rows.next()?.ok());
    first.iter().flat_map(|row| &row.cells).map(|cell| cell.column.to_string()).collect()
}

/// The variables that the movie named so far asks for.
fn variables(typed: &[String]) -> Vec<String> {
    let movie = typed
        .iter()
        .skip(1)
        .find(|word| !word.starts_with('-') && std::path::Path::new(word).extension().is_some_and(|ending| ending == "json"));
    let bytes = movie.and_then(|movie| input::read(movie, MOVIE).ok());
    let movie = bytes.and_then(|bytes| Document::read("movie", bytes).ok());
    movie.map(|movie| Asked::by(&movie.root).names).unwrap_or_default()
}

fn candidate(value: &str, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(help.to_owned().into()))
}

/// The global flags typed so far that decide what is offered.
fn globals(typed: &[String]) -> Vec<String> {
    let mut globals = Vec::new();
    let mut words = typed.iter();
    while let Some(word) = words.next() {
        let flag = word.split('=').next().unwrap_or(word);
        let Some((_, takes_value)) = DECIDING.iter().find(|(name, _)| *name == flag) else { continue };
        globals.push(word.clone());
        if *takes_value && !word.contains('=') {
            match words.next() {
                Some(value) if !value.is_empty() => globals.push(value.clone()),
                _ => drop(globals.pop()),
            }
        }
    }
    globals
}

fn settings(globals: &[String]) -> Option<Settings> {
    let words = ["j2v".to_owned()].into_iter().chain(globals.iter().cloned()).chain(["history".to_owned()]);
    let cli = Cli::try_parse_from(words).ok()?;
    Settings::from_process(&cli.global, Purpose::SetUp).ok()
}

fn profiles(settings: &Settings) -> Vec<CompletionCandidate> {
    settings.profiles().iter().map(|name| candidate(name, "a profile")).collect()
}

/// Runs a query on the ledger's file, if there is one.
fn asked<T>(globals: &[String], question: impl AsyncFnOnce(&Sqlite) -> Option<T>) -> Option<T> {
    let LedgerPlace::File(path) = settings(globals)?.ledger else { return None };
    if !path.is_file() {
        return None;
    }
    let ledger = Sqlite::open(&path, &World::real()).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
    runtime.block_on(question(&ledger))
}

fn renders(globals: &[String]) -> Vec<Render> {
    asked(globals, async |ledger| ledger.find(None, RenderQuery::All(OFFERED)).await.ok()).unwrap_or_default()
}

fn named(render: &Render, by_project: bool) -> Vec<CompletionCandidate> {
    let about = format!("{}, {}", render.submission.state.as_str(), render.source);
    let project = render.submission.project.as_ref().filter(|_| by_project).map(|project| candidate(project.as_str(), &about));
    let key = render.named.then(|| candidate(render.key.as_str(), &about));
    project.into_iter().chain(key).collect()
}

fn batches(globals: &[String]) -> Option<Vec<CompletionCandidate>> {
    let found = asked(globals, async |ledger| ledger.batches(None, None).await.ok())?;
    Some(found.iter().map(|standing| candidate(&standing.batch.name, &standing.batch.source)).collect())
}
