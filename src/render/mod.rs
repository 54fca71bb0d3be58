//! What one paid render is: its identity, its states, its outcome. Pure: no I/O, no clock.
//!
//! `protocol.md` decides when two submissions are the same render; part 3 is the
//! protocol that [`state`] spells out.

pub mod event;
pub mod explanation;
pub mod identity;
pub mod line;
pub mod outcome;
pub mod schedule;
pub mod state;
pub mod token;
pub mod untrusted;
