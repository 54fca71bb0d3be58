//! What is said of a failed call about the account's templates or media, and the exit code.

use super::CliError;
use crate::exit::Exit;
use crate::service::account::AccountError;

/// The message and exit code for a failed call about templates or media.
pub(super) fn failed(error: &AccountError) -> CliError {
    let stop = |exit| CliError::new(exit, error.to_string());
    match error {
        AccountError::NotFound { .. } | AccountError::Conflict { .. } => stop(Exit::Refused),
        AccountError::Blocked { .. } => CliError {
            help: Some("the storage is blocked until it is paid for: buy credits, or delete files".to_owned()),
            ..stop(Exit::Credits)
        },
        AccountError::Refused(refusal) => {
            let is_role = refusal.message.to_ascii_lowercase().contains("permission");
            let help = "the key's role is too low: media need `render` or higher, changing templates needs `editor`, `manager` or `admin`";
            CliError { help: is_role.then(|| help.to_owned()), ..stop(Exit::of_refusal(refusal.reason)) }
        }
        AccountError::Lost { .. } => stop(Exit::Unknown),
        AccountError::Unreachable { .. } | AccountError::Broken { .. } => stop(Exit::Unreachable),
    }
}
