//! What every page of `--help` ends with: examples, then the exit codes that the command can come to.

use crate::exit::Exit;

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

/// The end of a page: what the command has to say for itself, and how it may end.
pub(super) fn page(text: &str, exits: &[Exit]) -> String {
    format!("{text}\n\n{}", exit_codes(exits))
}

/// The table of some exit codes.
pub(super) fn exit_codes(exits: &[Exit]) -> String {
    let lines = exits.iter().map(|exit| format!("\n  {:<4} {}", *exit as u8, exit.meaning()));
    std::iter::once("Exit codes:".to_owned()).chain(lines).collect()
}
