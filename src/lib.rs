//! `j2v`: build JSON2Video movies, submit each exactly once, follow it to its end, get the video.
//!
//! A program begins with [`Client`]: it submits a [`Movie`] once, waits and saves the video. [`check`] finds what the
//! service would accept and fail, [`expand`] and [`plan`] show a movie's resolved form and its timeline, [`read_callback`]
//! reads what a webhook brings, and [`Emulator`] is the service on this machine, for tests.
//!
//! The rest of the library is the layers of the command line. Data flows one way, and so do the imports; a layer uses only
//! those above it in this list. Most are public for this repository's own tests and benchmarks, without a promise:
//!
//! - [`world`]: the clock and the random numbers, so that tests decide both.
//! - [`policy`]: the times and numbers of the protocol, each once.
//! - [`limits`]: the most that is taken of what others wrote; [`input`] reads no more.
//! - `near`: the name that a mistyped one probably means.
//! - `quantity`: a number and its noun.
//! - `draft`: the file that takes another one's place when it is whole.
//! - [`movie`]: what a movie is. Pure: no I/O, no clock.
//! - [`render`]: what one paid render is: its key, its token, its states. Pure.
//! - [`rows`]: a table, in whatever format, as rows for a movie.
//! - [`preview`]: a movie as pictures, and the page that shows them. Pure.
//! - [`service`]: the HTTP API, its answers and its files.
//! - [`ledger`]: what is remembered of every render.
//! - [`work`]: the use cases: send, poll, save, deliver, and those that feed them.
//! - [`client`]: what programs use.
//! - [`mod@emulator`]: the service on loopback. It knows nothing of `service`, `ledger` or `work`.
//!
//! The binary adds, in the same order: the exit codes (`exit`), what was typed (`cli`), what it means (`settings`), the only
//! place that writes to stdout and stderr (`output`), and the commands (`commands`).

#![forbid(unsafe_code)]

mod cli;
#[doc(hidden)]
pub mod client;
mod commands;
mod draft;
#[doc(hidden)]
pub mod emulator;
mod exit;
#[doc(hidden)]
pub mod input;
#[doc(hidden)]
pub mod ledger;
#[doc(hidden)]
pub mod limits;
#[doc(hidden)]
pub mod movie;
mod near;
mod output;
#[doc(hidden)]
pub mod policy;
#[doc(hidden)]
pub mod preview;
mod quantity;
#[doc(hidden)]
pub mod render;
#[doc(hidden)]
pub mod rows;
#[doc(hidden)]
pub mod service;
mod settings;
#[doc(hidden)]
pub mod work;
#[doc(hidden)]
pub mod world;

pub use client::{Client, Error, Rendering, Submission, Video};
#[doc(hidden)]
pub use commands::run;
pub use emulator::{Emulator, EmulatorError, Fault, Settings as EmulatorSettings};
pub use movie::Document;
pub use movie::builder::{Amount, Destination, Element, Export, Movie, Pan, Position, Quality, Resize, Resolution, Scene, Transition};
pub use movie::check::{Settings as CheckSettings, check};
pub use movie::diagnostic::{Diagnostic, Severity};
pub use movie::expand::{Expansion, Limits, expand};
pub use movie::json::Node;
pub use movie::plan::{Assets, NoAssets, Plan, plan};
pub use service::webhook::{Told as Callback, read as read_callback};
pub use world::World;
