//! The movie: its document, language, checks and plan. Pure: no I/O, no async, no clock.
//!
//! A [`Document`] is a movie as it was written. [`compose`] applies flags to it, [`builder`] writes one from
//! Rust, and [`json`] is the tree that all of them share; it loses nothing of what was written. [`expr`] is
//! the language between `{{` and `}}`, [`expand`] resolves it, and
//! [`plan`] says what plays when, how large, and for how much.

pub mod builder;
pub mod check;
mod comment;
pub mod compose;
pub mod diagnostic;
mod difference;
mod document;
pub mod expand;
pub mod expr;
pub mod json;
mod local;
mod mention;
mod origin;
pub mod pattern;
pub mod plan;
pub mod schema;
pub mod spec;
mod token;
pub mod variables;
mod yaml;

pub use difference::{Difference, differences};
pub use document::{Document, MovieLine, Refused};
pub use local::{LocalReference, file_variables, is_local, local_references, path_of, with_urls};
pub use mention::{Mention, mention};
pub use token::{ClientData, NotAnObject};
