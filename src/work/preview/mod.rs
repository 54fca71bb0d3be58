//! The preview on this machine: a page on loopback, the files that it may ask for, and the watch over what it is made of.

mod local;
mod server;
mod shelf;
mod watch;

pub use local::kind;
pub use server::{Rows, Served, serve};
pub use shelf::{Origin, Shelf};
pub use watch::Watch;
