//! The local preview: a page on loopback, the files that it may request, and the watch over the movie's files.

mod file;
mod local;
mod server;
mod shelf;
mod watch;

pub use file::{Folder, Media, Origin, PreviewFile, Unshown};
pub use server::{Rows, Served, serve};
pub use shelf::Shelf;
pub use watch::Watch;
