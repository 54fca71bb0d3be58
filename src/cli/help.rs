//! What every page of `--help` ends with: examples, then the exit codes that the command can come to.

use std::fmt::Write as _;

use crate::exit::Exit;

/// The commands by what they are for, in the order in which a user meets them.
const GROUPS: [(&str, &[&str]); 8] = [
    ("Make a movie", &["init", "build", "check", "expand", "plan", "preview", "schema"]),
    ("Render", &["submit", "batch"]),
    ("Watch", &["poll", "history", "show", "list", "download", "delete"]),
    ("The account", &["templates", "media"]),
    ("Webhooks", &["listen", "webhook"]),
    ("Repair", &["settle", "reconcile", "explain", "doctor", "ledger"]),
    ("Set up", &["auth", "config", "emulator", "completions", "man"]),
    ("Agents and programs", &["agent", "mcp", "commands"]),
];

/// The help of `j2v` itself: its commands in groups, instead of one long list.
pub(super) fn template(root: &clap::Command) -> String {
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (heading, names) in GROUPS {
        // Writing to a `String` can't fail.
        let _ = write!(text, "\n{heading}:\n");
        for command in names.iter().filter_map(|name| root.find_subcommand(name)) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {:<12} {about}", command.get_name());
        }
    }
    text + "\n`j2v COMMAND --help` shows what a command takes.\n\nOptions:\n{options}{after-help}"
}

/// A command that stays on this machine.
pub(super) const OFFLINE: &[Exit] = &[Exit::Done, Exit::Internal, Exit::Usage];

/// A command that reads or changes movies and sends nothing.
pub(super) const MOVIES: &[Exit] = &[Exit::Done, Exit::Internal, Exit::Usage, Exit::Invalid, Exit::Mixed];

/// A command that asks the service.
pub(super) const SERVICE: &[Exit] =
    &[Exit::Done, Exit::Internal, Exit::Usage, Exit::Key, Exit::Refused, Exit::Unreachable, Exit::Mixed, Exit::Interrupted];

/// A command that follows renders and saves their videos.
pub(super) const RENDERS: &[Exit] = &[
    Exit::Done,
    Exit::Internal,
    Exit::Usage,
    Exit::Key,
    Exit::Refused,
    Exit::Unreachable,
    Exit::Unknown,
    Exit::Error,
    Exit::Timeout,
    Exit::Waiting,
    Exit::Mixed,
    Exit::Unsaved,
    Exit::Interrupted,
];

/// A command that may come to any end.
pub(super) const ANY: &[Exit] = &Exit::ALL;

/// The longest line of a page.
const WIDTH: usize = 98;

/// The end of a page: what the command has to say for itself, and how it may end.
pub(super) fn page(text: &str, exits: &[Exit]) -> String {
    format!("{text}\n\n{}", exit_codes(exits))
}

/// The end of a page of a command that prints JSON: the fields of it, too.
pub(super) fn json_page(command: &str, text: &str, exits: &[Exit]) -> String {
    let mut lines = vec![String::from(" ")];
    for field in super::fields::of(command) {
        let word = format!(" {field},");
        match lines.last_mut().filter(|line| line.len() + word.len() <= WIDTH) {
            Some(line) => line.push_str(&word),
            None => lines.push(format!(" {word}")),
        }
    }
    let fields = lines.join("\n");
    page(&format!("{text}\n\nFields of --json (--field NAME prints one):\n{}", fields.trim_end_matches(',')), exits)
}

/// The table of some exit codes.
pub(super) fn exit_codes(exits: &[Exit]) -> String {
    let lines = exits.iter().map(|exit| format!("\n  {:<4} {}", *exit as u8, exit.meaning()));
    std::iter::once("Exit codes:".to_owned()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let root = crate::cli::Cli::command();
        let mut known: Vec<&str> = root.get_subcommands().filter(|each| !each.is_hide_set()).map(clap::Command::get_name).collect();
        grouped.sort_unstable();
        known.sort_unstable();
        assert_eq!(grouped, known);
    }
}
