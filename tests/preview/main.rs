//! `j2v preview` in a real browser, and its server as an attacker sees it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod attacks;
mod browser;
mod files;
mod page;
mod pictures;
mod served;
