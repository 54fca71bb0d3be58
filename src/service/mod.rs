//! The HTTP API: the only builder of HTTP clients, the only holder of the key.
//!
//! [`answer`], [`retry`], [`page`], [`address`], [`filename`] and [`webhook`] are pure and decide; [`client`], [`read`],
//! [`download`], [`forward`], [`probe`] and [`relay`] do the input and output and call them. [`first_byte`] makes a
//! submission durable.

pub mod account;
pub mod address;
pub mod answer;
pub mod client;
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
pub mod secret;
pub mod signature;
mod spelling;
pub mod templates;
pub mod upload;
pub mod webhook;
pub mod webhook_client;
mod wire;
