//! What can be typed: clap types, and `parse`, which ends the process where the command line is wrong or asks for help.
//! Nothing else here acts; [`crate::settings`] says what it means.

mod agents;
mod batch;
mod check;
mod deliver;
mod emulator;
pub(crate) mod fields;
mod global;
mod help;
mod ledger;
mod listen;
mod lost;
mod media;
mod movie;
mod parse;
mod preview;
mod reconcile;
mod renders;
mod resolve;
mod set_up;
mod submit;
mod templates;
mod tools;
mod waiting;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub(crate) use agents::{AgentArgs, AgentCommand, Client, CommandsArgs, McpArgs, Scope, SetupArgs, SkillArgs};
pub(crate) use batch::{BatchArgs, TableArgs};
pub(crate) use check::{CheckArgs, CheckFormat, GateArgs, InitArgs, Starter};
pub(crate) use deliver::DeliverArgs;
pub(crate) use emulator::EmulatorArgs;
pub(crate) use global::{GlobalArgs, When};
pub(crate) use ledger::{CopyArgs, LedgerArgs, LedgerCheckArgs, LedgerCommand, PruneArgs};
pub(crate) use listen::{ListenArgs, ParseArgs, ReplayArgs, SendArgs, WebhookArgs, WebhookCommand};
pub(crate) use lost::OnUnknownArg;
pub(crate) use media::{
    MediaArgs, MediaCommand, MediaDeleteArgs, MediaGetArgs, MediaListArgs, MediaMkdirArgs, MediaMoveArgs, MediaPruneArgs, MediaPutArgs,
    MediaType, MediaUsageArgs,
};
pub(crate) use movie::{MovieArgs, MovieDefaults, OWN_RECEIVER};
pub(crate) use parse::{rule, rule_or_warnings};
pub(crate) use preview::PreviewArgs;
pub(crate) use reconcile::ReconcileArgs;
pub(crate) use renders::{DeleteArgs, DownloadArgs, HistoryArgs, ListArgs, PollArgs, SettleArgs, ShowArgs};
pub(crate) use resolve::{BuildArgs, ExpandArgs, PlanArgs};
pub(crate) use set_up::{AuthArgs, AuthCommand, ConfigArgs, ConfigCommand, DoctorArgs};
pub(crate) use submit::SubmitArgs;
pub(crate) use templates::{
    TemplateDeleteArgs, TemplateDiffArgs, TemplateDuplicateArgs, TemplateIdArgs, TemplateListArgs, TemplatePullArgs, TemplatePushArgs,
    TemplateVarsArgs, TemplatesArgs, TemplatesCommand,
};
pub(crate) use tools::{CompletionsArgs, ExplainArgs, ManArgs};
pub(crate) use waiting::{NameArgs, SaveArgs, SaveRules, WaitArgs};

/// What was typed: the command, and the fields that are to be printed of its JSON.
pub(crate) struct Typed {
    /// The command.
    pub(crate) cli: Cli,
    /// The fields, as `--field` names them; all of them when it names none.
    pub(crate) fields: Vec<String>,
}

/// Reads the command line of the process. Where it is wrong the process ends with what is wrong with it.
pub(crate) fn parse() -> Typed {
    try_parse().unwrap_or_else(|error| misplaced_key(&error).unwrap_or_else(|| with_next(in_groups(error))).exit())
}

fn try_parse() -> Result<Typed, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let fields = fields::wanted(&matches).map_err(|why| command.error(ErrorKind::InvalidValue, why))?;
    Ok(Typed { cli: Cli::from_arg_matches(&matches)?, fields })
}

/// The help of `j2v` itself with its commands in groups. It is laid out only when help is asked for.
fn in_groups(error: clap::Error) -> clap::Error {
    if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        return error;
    }
    let command = Cli::command();
    let template = help::template(&command);
    command.help_template(template).try_get_matches().err().unwrap_or(error)
}

/// What clap says of the flag for help, after an error.
const HELP: &str = "For more information, try '--help'.";

/// The same error; its last line is the next command to type, as after every other error.
fn with_next(error: clap::Error) -> clap::Error {
    let text = error.to_string();
    let Some(text) = text.strip_prefix("error: ").filter(|text| error.use_stderr() && text.contains(HELP)) else { return error };
    let command = match text.lines().find_map(|line| line.strip_prefix("Usage: ")) {
        // `Usage: j2v submit --json <MOVIE>...`: the command ends where its arguments begin.
        Some(usage) => {
            let is_word = |word: &&str| word.starts_with(|first: char| first.is_ascii_alphanumeric());
            usage.split(' ').take_while(is_word).map(str::to_owned).collect()
        }
        // Clap shows no usage where the value of an argument is wrong.
        None => command_of(std::env::args().skip(1)),
    };
    // Clap shows an argument that a flag may replace as optional, also where neither is there.
    let text = text.replace("provided:\n  [MOVIE]...", "provided:\n  <MOVIE>...");
    clap::Error::raw(error.kind(), text.replace(HELP, &format!("next: {} --help", command.join(" "))))
}

/// The command that a command line names, such as `j2v auth login`.
fn command_of(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let (mut command, mut words) = (Cli::command(), vec!["j2v".to_owned()]);
    command.build();
    for word in arguments {
        if let Some(sub) = command.find_subcommand(&word).cloned() {
            command = sub;
            words.push(word);
        }
    }
    words
}

/// What is said of a word too many behind `auth`, instead of repeating it: it may be a key.
fn misplaced_key(error: &clap::Error) -> Option<clap::Error> {
    let typed = error.get(ContextKind::InvalidArg).or_else(|| error.get(ContextKind::InvalidSubcommand));
    let is_word = matches!(typed, Some(ContextValue::String(word)) if !word.starts_with('-'));
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let is_of_auth = usage.contains("j2v auth");
    if !is_word || !is_of_auth || !matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand) {
        return None;
    }
    let what = "`auth` takes login, status or logout. A key is not an argument, because others could see it: `j2v auth login` asks for it";
    Some(clap::Error::raw(error.kind(), format!("{what}\n\n{usage}\n")))
}

const ENVIRONMENT: &str = "\
Environment:
  J2V_API_KEY  the key (or JSON2VIDEO_API_KEY)
  J2V_API_URL  the API, by default https://api.json2video.com/v2
  J2V_LEDGER   the ledger: a file, by default in the platform's state folder, or postgres://…
  J2V_PROFILE  the account's name, by which keys of renders are told apart
  J2V_FORWARD_SECRET  what `listen --forward` signs with
  NO_COLOR     no colours (--color overrides it)";

const FIRST_STEPS: &str = "\
Examples:
  j2v init                                        write listing.json, a movie to start from
  j2v submit listing.json --emulate --wait        try it: no key, no network, no cost
  j2v submit listing.json --wait --download .     render it and save the video";

fn help_page() -> String {
    format!("{}\n\n{ENVIRONMENT}", help::page(FIRST_STEPS, help::ANY))
}

/// Build JSON2Video movies, submit each exactly once, follow it to its end, get the video.
#[derive(Debug, Parser)]
#[command(name = "j2v", version, after_long_help = help_page(), max_term_width = 100)]
pub(crate) struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands that are built. Their arguments are described when one of them is asked for. What a command does
/// stands here and nowhere else: clap would take a doc comment on its arguments for a better description.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Write a starter movie to edit
    Init(InitArgs),
    /// Compose a movie from files and flags and print it
    Build(BuildArgs),
    /// Check movies offline: every mistake with its place and a fix
    Check(Box<CheckArgs>),
    /// Print a movie with its variables and iterations resolved
    Expand(ExpandArgs),
    /// Show a movie's timeline, length and estimated cost
    Plan(PlanArgs),
    /// Show a movie in the browser before paying for it
    Preview(Box<PreviewArgs>),
    /// Submit movies, each exactly once; --wait follows them
    Submit(Box<SubmitArgs>),
    /// Render a table, one video per row, each exactly once
    Batch(Box<BatchArgs>),
    /// Follow renders until they end and print the videos' URLs
    Poll(PollArgs),
    /// Receive webhooks, deliver outcomes to a program or a URL
    Listen(Box<ListenArgs>),
    /// Test webhooks: send, replay or read a callback
    Webhook(WebhookArgs),
    /// List the renders on the server
    List(ListArgs),
    /// Decide about a submission whose outcome is unknown
    Settle(SettleArgs),
    /// List the renders in the ledger
    History(HistoryArgs),
    /// Show everything known about a render
    Show(ShowArgs),
    /// Save finished videos, verified, never over another file
    Download(DownloadArgs),
    /// Delete rendered files on the server
    Delete(DeleteArgs),
    /// Compare the ledger with the server; --fix repairs it
    Reconcile(Box<ReconcileArgs>),
    /// Store movies as templates, compare and copy them
    Templates(TemplatesArgs),
    /// Upload files to the account's media, and manage them
    Media(MediaArgs),
    /// Print the JSON Schema of a movie, for editors
    #[command(after_long_help = help::page(check::SCHEMA, help::OFFLINE))]
    Schema,
    /// Run an emulator of the service on this machine
    Emulator(EmulatorArgs),
    /// Manage the API key
    Auth(AuthArgs),
    /// Manage the ledger: copy, check, prune
    Ledger(LedgerArgs),
    /// Show the settings and where each comes from
    Config(ConfigArgs),
    /// Check the setup and show what to fix
    Doctor(DoctorArgs),
    /// Explain an error message and show the line that caused it
    Explain(ExplainArgs),
    /// Print a shell completion script
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
    /// Serve agents over the Model Context Protocol
    #[cfg(feature = "mcp")]
    Mcp(McpArgs),
    /// Show agents how to use j2v, and set them up
    Agent(AgentArgs),
    /// List every command (as JSON for programs)
    Commands(CommandsArgs),
}

impl Command {
    /// The arguments that compose a movie, of a command that has them.
    pub(crate) fn movie_mut(&mut self) -> Option<&mut MovieArgs> {
        match self {
            Self::Build(args) => Some(&mut args.movie),
            Self::Check(args) => Some(&mut args.movie),
            Self::Expand(args) => Some(&mut args.movie),
            Self::Plan(args) => Some(&mut args.movie),
            Self::Preview(args) => Some(&mut args.movie),
            Self::Submit(args) => Some(&mut args.movie),
            Self::Batch(args) => Some(&mut args.movie),
            _ => None,
        }
    }
}
