//! See `address` in `properties.rs`.
#![no_main]

#[expect(dead_code, reason = "a target is for one property")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::address(bytes));
