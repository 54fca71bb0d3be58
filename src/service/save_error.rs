//! Why a video is not saved, and whether a file that has its name already is a reason.

use std::io;
use std::path::PathBuf;

use crate::render::identity::ProjectId;

/// Whether to replace another file of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and saving fails.
    No,
    /// It is replaced.
    Yes,
}

/// Why a video was not saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The address has expired, or the file is deleted. Another read of the project gives a fresh address, or shows
    /// the deletion.
    #[error("the video of `{project}` is no longer at its address (HTTP {status}); files are kept for 7 days")]
    Gone {
        /// The project of the video.
        project: ProjectId,
        /// The server's status.
        status: u16,
    },
    /// The address is not allowed for a download.
    #[error("the video's address is not trusted: {why}")]
    Untrusted {
        /// What is wrong with it.
        why: String,
    },
    /// The address is allowed only where private networks are.
    #[error("the video's address is not trusted: {why}; --allow-private accepts it")]
    Private {
        /// What is wrong with it.
        why: String,
    },
    /// Another file has the name.
    #[error("`{}` already exists; remove it or choose another place", path.display())]
    InTheWay {
        /// The path of the file.
        path: PathBuf,
    },
    /// Another process is saving this video.
    #[error("another process is saving `{}`", path.display())]
    Busy {
        /// The path of the file.
        path: PathBuf,
    },
    /// The bytes are not an MP4.
    #[error("the server did not send a video ({why})")]
    NotAVideo {
        /// What arrived.
        why: String,
    },
    /// The size differs from the size that the service reported.
    #[error("the video is damaged: {found} bytes came, {expected} were promised")]
    Damaged {
        /// Bytes promised.
        expected: u64,
        /// Bytes received.
        found: u64,
    },
    /// Every try failed until the patience ended.
    #[error("the video could not be fetched from {host}: {last}")]
    Unreachable {
        /// The host of the video.
        host: String,
        /// The last failure.
        last: String,
    },
    /// A disk operation failed.
    #[error("`{}` could not be written", path.display())]
    Disk {
        /// The path of the file.
        path: PathBuf,
        /// The system's message.
        #[source]
        source: io::Error,
    },
}
