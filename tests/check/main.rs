//! The rules: each against its own examples, all against movies that users have written and against nonsensical movies,
//! and the JSON Schema against the rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod behind;
mod corpus;
mod grades;
mod names;
mod resolved;
mod rules;
mod sample;
mod schema;
mod support;
