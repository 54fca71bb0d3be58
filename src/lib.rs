//! `j2v`: build JSON2Video movies, submit each exactly once, follow it to its end, get the video.
//!
//! Data flows one way, and so do the imports; a layer uses only those above it in this list:
//!
//! - [`world`]: the clock and the dice, so that tests decide both.
//! - [`limits`]: the most that is taken of what others wrote; [`input`] reads no more.
//! - [`movie`]: what a movie is. Pure: no I/O, no clock.
//! - [`preview`]: a movie as pictures, and the page that shows them. Pure.
//! - [`render`]: what one paid render is: its key, its token, its states. Pure.
//! - [`rows`]: a table, in whatever format, as rows for a movie.
//! - [`service`]: the HTTP API, its answers and its files.
//! - [`ledger`]: what is remembered of every render.
//! - [`work`]: the use cases, which put the edges together: submit, watch, settle, save.
//! - [`emulator`]: the service on loopback. It knows nothing of `service`, `ledger` or `work`.
//! - `output`: the only place that writes to stdout and stderr.
//!
//! The binary adds what was typed (`cli`), what it means (`settings`), one file a command
//! (`commands`) and the exit codes (`exit`).

#![forbid(unsafe_code)]

mod cli;
mod commands;
pub mod emulator;
mod exit;
pub mod input;
pub mod ledger;
pub mod limits;
pub mod movie;
mod output;
pub mod preview;
pub mod render;
pub mod rows;
pub mod service;
mod settings;
pub mod work;
pub mod world;

pub use commands::run;
