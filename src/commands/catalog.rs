//! `j2v commands`: every command with its arguments, flags, exit codes and output fields, read off what `--help` shows.

use clap::{Arg, ArgAction, Command, CommandFactory};
use serde_json::{Value, json};

use super::Call;
use crate::cli::{self, Cli, CommandsArgs};
use crate::exit::Exit;

pub(super) fn run(call: &Call, args: &CommandsArgs) -> anyhow::Result<Exit> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root = root.mut_subcommands(|inner| inner.disable_help_subcommand(true));
    root.build();
    let mut commands = Vec::new();
    collect(&root, "", &mut commands);
    if args.json {
        let described: Vec<Value> = commands.iter().map(|(name, command)| describe(name, command)).collect();
        call.out.data(&serde_json::to_string_pretty(&described)?);
    } else {
        let widest = commands.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, command) in commands {
            call.out.data(format!("{name:<widest$}  {}", about(command)).trim_end());
        }
    }
    Ok(Exit::Done)
}

/// The commands that do something. A group is only the first word of its commands' names.
fn collect<'c>(command: &'c Command, before: &str, found: &mut Vec<(String, &'c Command)>) {
    for inner in command.get_subcommands() {
        let name = format!("{before}{}", inner.get_name());
        if inner.has_subcommands() {
            collect(inner, &format!("{name} "), found);
        } else {
            found.push((name, inner));
        }
    }
}

fn describe(name: &str, command: &Command) -> Value {
    let (arguments, flags): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(|arg| arg.get_id() != "help" && !arg.is_hide_set()).partition(|arg| arg.is_positional());
    json!({
        "name": name,
        "about": about(command),
        "arguments": arguments.into_iter().map(argument).collect::<Vec<_>>(),
        "flags": flags.into_iter().map(flag).collect::<Vec<_>>(),
        "exit_codes": exit_codes(command),
        "output": cli::fields::of(name),
    })
}

fn argument(arg: &Arg) -> Value {
    json!({
        "name": value_name(arg),
        "required": arg.is_required_set(),
        "repeatable": arg.get_num_args().is_some_and(|count| count.max_values() > 1),
        "help": help(arg),
    })
}

fn flag(arg: &Arg) -> Value {
    let takes_value = arg.get_action().takes_values();
    let choices: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let defaults: Vec<String> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    json!({
        "name": arg.get_long().map(|long| format!("--{long}")),
        "short": arg.get_short().map(|short| format!("-{short}")),
        "value": takes_value.then(|| value_name(arg)),
        "choices": (takes_value && !choices.is_empty()).then_some(choices),
        "default": (takes_value && !defaults.is_empty()).then(|| defaults.join(",")),
        "repeatable": matches!(arg.get_action(), ArgAction::Append),
        "global": arg.is_global_set(),
        "help": help(arg),
    })
}

fn value_name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string);
    names.collect::<Vec<_>>().join(" ")
}

fn help(arg: &Arg) -> String {
    arg.get_help().map(ToString::to_string).unwrap_or_default()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The codes that the command's page lists; each page ends with them.
fn exit_codes(command: &Command) -> Vec<Value> {
    let page = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let table = page.split("Exit codes:").nth(1).unwrap_or_default();
    let codes = table.lines().filter_map(|line| line.split_whitespace().next()?.parse::<u8>().ok());
    let known = |code: u8| Exit::ALL.into_iter().find(|exit| *exit as u8 == code);
    codes.filter_map(known).map(|exit| json!({"code": exit as u8, "meaning": exit.meaning()})).collect()
}
