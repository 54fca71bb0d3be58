//! What a movie is. Pure: no I/O, no async, no clock.
