//! The real binary, driven as a user drives it, against the emulator.

mod submit;
mod support;
