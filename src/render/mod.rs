//! What one paid render is: its identity, its states, its outcome. Pure: no I/O, no clock.
//!
//! `protocol.md#cases` decides when two submissions are the same render; [`state`] is the machine of `protocol.md#states`.

pub mod event;
pub mod explanation;
pub mod identity;
pub mod line;
pub mod outcome;
pub mod schedule;
pub mod state;
pub mod token;
pub mod untrusted;
