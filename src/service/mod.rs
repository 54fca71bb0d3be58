//! The HTTP API: the only builder of HTTP clients, the only holder of the key.
//!
//! [`answer`], [`retry`], [`page`], [`filename`] and [`place`] are pure and decide; [`client`], [`read`] and
//! [`download`] move bytes and ask them. [`wire`] and [`first_byte`] are how connections are made.

pub mod address;
pub mod answer;
pub mod client;
pub mod endpoint;
pub mod first_byte;
pub mod page;
pub mod read;
pub mod retry;
pub mod secret;
pub mod wire;
