//! Repairs answers that are JSON, but not for every reader: half an emoji cut out of a title (`\ud83d`), a
//! document nested too deep. Unreadable values become `null`; they must not hide a paid render.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::movie::json::{Node, Value, parse};

/// The deepest nesting that the reader of answers follows; deeper values become `null`.
const DEEPEST: u32 = 100;

/// The bytes of an answer as readable JSON; unchanged when they are readable already, or can't be repaired.
pub(super) fn mended(bytes: &[u8]) -> Cow<'_, [u8]> {
    if is_readable(bytes) {
        return Cow::Borrowed(bytes);
    }
    let parsed = std::str::from_utf8(bytes).ok().and_then(|text| parse(text, 0).ok()).filter(|parsed| parsed.leniences.is_empty());
    let Some(mut parsed) = parsed else { return Cow::Borrowed(bytes) };
    blank_below(&mut parsed.root, DEEPEST);
    Cow::Owned(parsed.root.to_serde().to_string().into_bytes())
}

/// Whether a strict reader accepts the bytes. Large pages are not parsed twice for this: only suspicious bytes are.
fn is_readable(bytes: &[u8]) -> bool {
    if !has_surrogate(bytes) && !is_deep(bytes) {
        return serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
    }
    serde_json::from_slice::<serde_json::Value>(bytes).is_ok()
}

fn has_surrogate(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|three| matches!(three, [b'\\', b'u', b'd' | b'D']))
}

/// Counts brackets inside strings, too: a page that only looks deep is merely read twice.
fn is_deep(bytes: &[u8]) -> bool {
    let mut depth = 0_u32;
    bytes.iter().any(|byte| {
        depth = match byte {
            b'[' | b'{' => depth + 1,
            b']' | b'}' => depth.saturating_sub(1),
            _ => depth,
        };
        depth > DEEPEST
    })
}

fn blank_below(node: &mut Node, depth: u32) {
    if depth == 0 {
        *node = Node::null();
        return;
    }
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| blank_below(item, depth - 1)),
        Value::Object(members) => members.iter_mut().for_each(|member| blank_below(&mut member.value, depth - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> serde_json::Value {
        serde_json::from_slice(&mended(text.as_bytes())).unwrap()
    }

    #[test]
    fn half_an_emoji_and_an_endless_number_hide_nothing() {
        let mended = read(r#"{"movie":{"project":"p","title":"half \ud83d","duration":1e999}}"#);
        assert_eq!((&mended["movie"]["project"], &mended["movie"]["title"]), (&"p".into(), &"half \u{fffd}".into()));
    }

    #[test]
    fn what_lies_too_deep_is_blanked_and_what_stands_above_it_stays() {
        let deep = format!(r#"{{"project":"p","client-data":{}1{}}}"#, "[".repeat(300), "]".repeat(300));
        assert_eq!(read(&deep)["project"], "p");
    }

    #[test]
    fn what_can_be_read_and_what_is_no_json_stay_as_they_came() {
        for text in [r#"{"a":1.50}"#, "<html>", r#"{"project":"p""#, "{\"a\":1,}"] {
            assert_eq!(*mended(text.as_bytes()), *text.as_bytes());
        }
    }
}
