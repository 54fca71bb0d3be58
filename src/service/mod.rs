//! The HTTP API: the only builder of HTTP clients, the only holder of the key.
//!
//! [`client::Client::post_movie`] POSTs a movie, after the durable step of [`first_byte`]. [`forward`] passes on what others
//! send, a POST included, for the recording proxy only. No other request starts a render.
//!
//! [`answer`], [`retry`], [`page`], [`address`], [`filename`] and [`webhook`] are pure and decide; [`client`], [`read`],
//! [`templates`], [`media`], [`upload`], [`download`], [`forward`], [`probe`], [`relay`] and [`webhook_client`] do the input
//! and output and call them.

pub mod account;
pub mod address;
pub mod answer;
mod builder;
pub mod client;
pub(crate) mod copies;
pub mod download;
pub mod endpoint;
pub mod filename;
pub mod first_byte;
pub mod forward;
pub mod keyless;
mod length;
pub mod media;
mod mend;
pub mod page;
mod partial;
mod persist;
pub mod place;
pub mod probe;
pub mod read;
pub mod relay;
pub mod retry;
mod save_error;
pub mod secret;
pub mod signature;
mod spelling;
pub mod templates;
pub mod upload;
pub mod webhook;
pub mod webhook_client;
mod wire;
