//! What can be typed about programs that drive j2v: the server for agents, the skill and its set-up, the list of commands.

use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::{Args, Subcommand, ValueEnum};

use super::fields::FieldArgs;
use super::help;

// `j2v mcp`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Speaks the Model Context Protocol on stdin and stdout. Each tool is a command of j2v:
check_movie, explain, describe_movie_format, preview_movie, render_movie, wait_render,
list_renders, account. A render needs a key, and max_credits or confirm: the same key is never
paid for twice. The API key comes from the environment or from `j2v auth login`, never from a call.

Examples:
  j2v mcp --emulate                       to try it: no key, no network, no cost
  j2v mcp --read-only --root movies       may look and check, may not render
  j2v agent setup --mcp                   adds it to the project's .mcp.json", help::OFFLINE))]
pub(crate) struct McpArgs {
    /// Read movies from this folder and below only
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) root: PathBuf,
    /// Offer no tool that renders
    #[arg(long)]
    pub(crate) read_only: bool,
}

// `j2v agent`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Examples:
  j2v agent setup --mcp                   the skill and the server, for this project
  j2v agent skill                         what the skill says", help::OFFLINE))]
pub(crate) struct AgentArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: AgentCommand,
}

/// Set up agents.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Print the skill: how an agent uses j2v
    #[command(after_long_help = help::page("\
Examples:
  j2v agent skill                         the page itself
  j2v agent skill --reference movies      three whole movies to start from", help::OFFLINE))]
    Skill(SkillArgs),
    /// Write the skill where an agent finds it and add the server to its settings
    #[command(after_long_help = help::page("\
Writes nothing that is there already in the same words, keeps all other entries of a settings
file, and refuses a settings file that it can't read.

Examples:
  j2v agent setup                         .claude/skills/j2v in this project
  j2v agent setup --mcp                   and the server in .mcp.json
  j2v agent setup --client cursor --scope user --mcp --dry-run", help::OFFLINE))]
    Setup(SetupArgs),
}

/// The skill to print.
#[derive(Debug, Args)]
pub(crate) struct SkillArgs {
    /// Print this reference of the skill instead
    #[arg(long, value_name = "NAME")]
    pub(crate) reference: Option<String>,
}

/// Where the skill goes.
#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// The agent
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub(crate) client: Client,
    /// For this project, or for all of yours
    #[arg(long, value_enum, value_name = "SCOPE", default_value_t)]
    pub(crate) scope: Scope,
    /// Add `j2v mcp` to the agent's servers, too
    #[arg(long)]
    pub(crate) mcp: bool,
    /// Show what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A program in which an agent runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Client {
    /// Claude Code.
    #[default]
    Claude,
    /// Cursor.
    Cursor,
}

/// Whom a set-up serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Scope {
    /// This folder.
    #[default]
    Project,
    /// The user's home folder.
    User,
}

// `j2v commands`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("commands", "\
Examples:
  j2v commands                            one line for each command
  j2v commands --json | jq '.[] | select(.name == \"submit\")'", help::OFFLINE))]
pub(crate) struct CommandsArgs {
    /// One JSON array: every command with its arguments, flags, exit codes and output fields
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}
