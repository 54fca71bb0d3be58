//! The local preview: a page on loopback, the files that it may request, and the watch over the movie's files.

mod local;
mod server;
mod shelf;
mod watch;

pub use local::kind;
pub use server::{Rows, Served, serve};
pub use shelf::{Origin, Shelf};
pub use watch::Watch;
