//! What can be typed about the ledger itself.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::ArgPredicate;
use clap::{Args, Subcommand};

use super::fields::FieldArgs;
use super::help;
use super::parse::duration;

// `j2v ledger`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
A ledger is a file, or a database that several machines share: postgres://USER@HOST/DATABASE, its
password in $PGPASSWORD or ~/.pgpass.

Examples:
  j2v ledger check
  j2v ledger copy ledger.db postgres://j2v@db.example/renders
  j2v ledger prune --older-than 90d", help::OFFLINE))]
pub(crate) struct LedgerArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

/// Manage the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Copy a ledger, between files and PostgreSQL, and compare both
    #[command(after_long_help = help::page("\
Everything is copied: renders, movies, histories, callbacks, deliveries, batches. The ledger to copy to
has to be empty; a copy that was interrupted is taken up by the same command. Nothing may run on either
meanwhile. Afterwards set J2V_LEDGER to the new one everywhere: with two ledgers in use a key could be
paid twice.

Examples:
  j2v ledger copy ledger.db postgres://j2v@db.example/renders
  j2v ledger copy postgres://j2v@db.example/renders backup.db", help::OFFLINE))]
    Copy(CopyArgs),
    /// Verify that all that the ledger holds is readable and consistent
    #[command(after_long_help = help::json_page("ledger check", "\
Examples:
  j2v ledger check                        exits 1 when something is wrong
  j2v ledger check --ledger backup.db", help::OFFLINE))]
    Check(LedgerCheckArgs),
    /// Remove movies, histories and callback bodies of renders that ended long ago
    #[command(after_long_help = help::page("\
A render with a key of yours keeps its row forever, so that the key is never paid for twice.
Its movie, its history and the bodies of its callbacks go. A render that never had such a key goes whole.
Whatever may still run, or may still be sent, stays as it is.

Examples:
  j2v ledger prune --older-than 90d", help::OFFLINE))]
    Prune(PruneArgs),
}

/// `j2v ledger copy`.
#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The ledger to copy: a file or postgres://…
    #[arg(value_name = "FROM")]
    pub(crate) from: PathBuf,
    /// The ledger to copy to: a file or postgres://…
    #[arg(value_name = "TO")]
    pub(crate) to: PathBuf,
}

/// `j2v ledger check`.
#[derive(Debug, Args)]
pub(crate) struct LedgerCheckArgs {
    /// One JSON object
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

/// `j2v ledger prune`.
#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    /// Remove what ended longer ago than this, at least 7 days
    #[arg(long, value_name = "TIME", value_parser = long_ago)]
    pub(crate) older_than: Duration,
}

/// The service keeps files for 7 days: what is younger may still be asked for.
const YOUNGEST: Duration = Duration::from_secs(7 * 24 * 3600);

fn long_ago(text: &str) -> Result<Duration, String> {
    duration(text).and_then(|age| if age < YOUNGEST { Err(format!("`{text}` is less than 7 days")) } else { Ok(age) })
}
