//! The guarantees of every store ([`suite`], [`batches`], [`mail`], [`sharing`], [`recovery`], [`handles`], [`model`]), and
//! the further ones of the embedded store ([`sqlite`]).

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

mod batches;
#[cfg(all(unix, feature = "postgres"))]
#[expect(dead_code, reason = "the tests of shared ledgers use all of it")]
#[path = "../cluster/mod.rs"]
mod cluster;
mod fixture;
mod handles;
mod mail;
mod model;
#[cfg(all(unix, feature = "postgres"))]
mod postgres;
mod recovery;
mod sharing;
#[cfg(unix)]
mod sqlite;
mod suite;
