//! watch_for_long
