//! Reads a time from a movie: a number, or a text that spells one (`movie-format.md#naming`).

use super::{Reason, Seconds};
use crate::movie::expr::read_number;
use crate::movie::expr::template::is_open;
use crate::movie::json::{Node, Value};

/// The time in a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// It isn't there.
    Absent,
    /// This number of seconds. Negative numbers have meanings of their own.
    Time(Seconds),
    /// It isn't known.
    Unreadable(Reason),
}

/// The service's word for "its own" (`duration`) and "after what came before" (`start`).
pub(super) fn minus_one() -> Seconds {
    Seconds::ZERO - Seconds::whole(1)
}

/// The service's word for "as long as what it is in".
pub(super) fn minus_two() -> Seconds {
    Seconds::ZERO - Seconds::whole(2)
}

/// Reads a property.
pub(super) fn read(holder: &Node, name: &str) -> Reading {
    let Some(node) = holder.get(name) else { return Reading::Absent };
    let time = match &node.value {
        Value::Null => return Reading::Absent,
        Value::Number(number) => Seconds::of(number),
        Value::String(text) if is_open(text) => return Reading::Unreadable(Reason::Unresolved),
        Value::String(text) => read_number(&text.decoded()).and_then(|number| Seconds::of(&number)),
        _ => None,
    };
    time.map_or(Reading::Unreadable(Reason::NoTime), Reading::Time)
}
