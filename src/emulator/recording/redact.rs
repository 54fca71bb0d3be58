//! Removes secrets from a body: the queries of URLs, which may be signatures, the passwords in URLs, and the values of
//! members whose names mean a secret. Pure. The callers that know the API key remove it.

use crate::movie::json::{self, Node, Span, Value};

const REDACTED: &str = "[redacted]";

/// The names of members whose values are secret.
const SECRET: [&str; 8] = ["password", "passwd", "secret", "api-key", "apikey", "authorization", "credential", "signature"];

/// A body without its secrets.
pub(super) fn without_secrets(body: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else { return body.to_vec() };
    without_urls(&without_members(text)).into_bytes()
}

fn without_members(text: &str) -> String {
    let Ok(parsed) = json::parse(text, 0) else { return text.to_owned() };
    let mut found = Vec::new();
    secrets(&parsed.root, &mut found);
    let mut text = text.to_owned();
    for span in found.into_iter().rev() {
        text.replace_range(span.start as usize..span.end as usize, &format!("\"{REDACTED}\""));
    }
    text
}

fn secrets(node: &Node, found: &mut Vec<Span>) {
    match &node.value {
        Value::Array(items) => items.iter().for_each(|item| secrets(item, found)),
        Value::Object(members) => {
            for member in members {
                let name = member.key.decoded().to_lowercase().replace('_', "-");
                if SECRET.iter().any(|secret| name.contains(secret)) {
                    found.push(member.value.span);
                } else {
                    secrets(&member.value, found);
                }
            }
        }
        _ => {}
    }
}

/// Each URL without its user and its query.
fn without_urls(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("http") {
        let (before, from) = rest.split_at(at);
        clean.push_str(before);
        let length = length(from);
        let (url, after) = from.split_at(length);
        clean.push_str(&without_query(url));
        rest = after;
    }
    clean + rest
}

/// The length of the URL at the start of the text, bytes; the length of `http` where there is none.
fn length(text: &str) -> usize {
    let scheme = ["http://", "https://", "http:\\/\\/", "https:\\/\\/"].into_iter().find(|scheme| text.starts_with(scheme));
    let Some(scheme) = scheme else { return "http".len() };
    let bytes = text.as_bytes();
    let ends = |at: usize| match bytes[at] {
        b'"' | b'<' | b'>' | ..=b' ' => true,
        // Slashes and letters may be escaped inside JSON.
        b'\\' => !matches!(bytes.get(at + 1), Some(b'/' | b'u')),
        _ => false,
    };
    (scheme.len()..bytes.len()).find(|at| ends(*at)).unwrap_or(bytes.len())
}

fn without_query(url: &str) -> String {
    let (path, query) = url.split_once('?').map_or((url, ""), |(path, _)| (path, "?redacted"));
    let start = path.find("//").or_else(|| path.find("\\/\\/").map(|at| at + 2)).map_or(path.len(), |at| at + 2);
    let host_end = path[start..].find(['/', '\\']).map_or(path.len(), |end| start + end);
    let host = path[start..host_end].rsplit('@').next().unwrap_or_default();
    format!("{}{host}{}{query}", &path[..start], &path[host_end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_and_passwords_are_gone_and_all_else_is_as_it_was() {
        let cases = [
            (
                r#"{"url": "https://a.example/v.mp4?X-Amz-Signature=abc&b=1", "n": 1.50}"#,
                r#"{"url": "https://a.example/v.mp4?redacted", "n": 1.50}"#,
            ),
            (r#"{"url":"https:\/\/a.example\/v.mp4?sig=\u0026x"}"#, r#"{"url":"https:\/\/a.example\/v.mp4?redacted"}"#),
            (r#"["see https://me:pw@a.example/x?y=1 \"there\""]"#, r#"["see https://a.example/x?redacted \"there\""]"#),
            (
                r#"{"exports":[{"password":"hunter2","Secret_Key":{"a":1},"username":"me"}]}"#,
                r#"{"exports":[{"password":"[redacted]","Secret_Key":"[redacted]","username":"me"}]}"#,
            ),
            ("http is no URL, https://a.example is", "http is no URL, https://a.example is"),
            ("<a href=https://a.example/?k=1>", "<a href=https://a.example/?redacted>"),
            ("", ""),
        ];
        for (body, expected) in cases {
            assert_eq!(String::from_utf8(without_secrets(body.as_bytes())).unwrap(), expected);
        }
        assert_eq!(without_secrets(b"\xff?"), b"\xff?");
    }
}
