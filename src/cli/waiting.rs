//! The flags of every command that waits for renders or saves their videos (`contract.md`).

use std::time::Duration;

use clap::Args;

use super::parse::duration;

// Waiting.
#[derive(Debug, Clone, Args)]
pub(crate) struct WaitArgs {
    /// How often a render is polled (at least 5s unless the API is on loopback)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) interval: Option<Duration>,
    /// Stop waiting after this time; the render continues
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "20m")]
    pub(crate) timeout: Duration,
}

// Saving.
#[derive(Debug, Clone, Args)]
pub(crate) struct SaveArgs {
    /// Save each video: a folder (existing, or ending in `/`) or a file
    #[arg(long, aliases = ["output", "out"], value_name = "PLACE")]
    pub(crate) download: Option<String>,
    /// What may be done for that.
    #[command(flatten)]
    pub(crate) rules: SaveRules,
}

// How saved videos are named.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct NameArgs {
    /// Name the videos in a folder: text with {key}, {project}, {batch}, {source} or a member of client-data in it
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
}

// What may be done to save a video.
#[derive(Debug, Clone, Args)]
pub(crate) struct SaveRules {
    /// Overwrite an existing file
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Also fetch videos from private network addresses
    #[arg(long, hide_short_help = true)]
    pub(crate) allow_private: bool,
}
