//! The rules: each against its own examples, all against movies that people have written and against movies that
//! nobody would write.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod corpus;
mod grades;
mod names;
mod resolved;
mod rules;
mod support;
