//! One line of story a change.
