//! The meaning of each answer, as pure functions of the result on the wire. Every row of `faults.md#submit` has a
//! test here. The content of an answer decides, never its status alone (`service.md#errors`).

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::render::identity::ProjectId;
use crate::render::outcome::{Reason, Refusal};

#[cfg(test)]
mod tests;

/// The result of one request on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum RequestResult {
    /// No connection was made: no byte of the request was sent.
    NotConnected(ConnectFault),
    /// The connection was made, and our own durable step failed: no byte of the request was sent.
    HookStopped(String),
    /// The request may have been sent; no head of an answer arrived.
    Lost(Loss),
    /// An answer arrived, whole or in part.
    Answered(Answer),
}

/// Why no connection was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectFault {
    /// The address refuses connections.
    Refused,
    /// The name can't be resolved.
    Dns,
    /// The addresses behind the name are private ones (downloads only, `faults.md` row 100).
    Private,
    /// TLS failed.
    Tls(TlsFault),
    /// It took too long.
    Timeout,
    /// The proxy refused to connect us.
    Proxy(String),
    /// Anything else, in the words of the system.
    Network(String),
}

/// Why TLS failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFault {
    /// The server's certificate is not to be trusted.
    Certificate(String),
    /// This machine has no CA certificates.
    NoRoots,
    /// The peer does not speak TLS, or no version that we speak.
    Handshake(String),
}

/// Why no answer arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// It took too long.
    Timeout,
    /// The connection broke, in the words of the system.
    Broken(String),
}

/// The head of an answer, and as much of its body as arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// How long the service asks us to wait, capped.
    pub retry_after: Option<Duration>,
    /// The host that a redirect points to.
    pub location_host: Option<String>,
    /// The body.
    pub body: Body,
}

/// A body, as far as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How it ended.
    pub end: BodyEnd,
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyEnd {
    /// The body is complete.
    #[default]
    Whole,
    /// The connection broke.
    Cut,
    /// The body did not arrive in time.
    TooSlow,
    /// The body is larger than the limit.
    TooLarge,
}

/// The meaning of the result of a POST. Only [`PostMeaning::Refused`], [`PostMeaning::Throttled`],
/// [`PostMeaning::NotSent`] and [`PostMeaning::Stopped`] prove that nothing was accepted.
#[derive(Debug, Clone, PartialEq)]
pub enum PostMeaning {
    /// The service accepted the movie and made a project.
    Accepted {
        /// The project's id.
        project: ProjectId,
    },
    /// The service refused the request.
    Refused(Refusal),
    /// The service asks for a wait; nothing was accepted.
    Throttled {
        /// The wait that the service asks for, if it named one.
        retry_after: Option<Duration>,
    },
    /// The request was never sent.
    NotSent {
        /// Why.
        fault: ConnectFault,
    },
    /// Our own durable step failed; the request was never sent.
    Stopped {
        /// Why.
        why: String,
    },
    /// It may have been accepted.
    Unknown {
        /// What arrived instead of a usable answer.
        why: String,
        /// The project that a broken answer names. A read has to confirm it.
        salvaged: Option<ProjectId>,
    },
}

/// The meaning of the result of a GET or a DELETE.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadMeaning<'a> {
    /// A whole answer whose body begins like JSON. The code that parses it decides whether it is valid.
    Body(&'a [u8]),
    /// A temporary failure: a later try may succeed.
    Retry {
        /// What went wrong.
        why: String,
        /// How long the service asks us to wait.
        after: Option<Duration>,
    },
    /// The service does not know this project, or has a fault of its own (`faults.md` rows 30 and 31).
    NoSuchProject {
        /// The service's message.
        message: String,
    },
    /// The service refused the request.
    Refused(Refusal),
    /// The answer is not from the API; another try won't help.
    Broken {
        /// What answered instead.
        why: String,
    },
}

/// Returns the meaning of the result of `POST /movies` (`faults.md#submit`).
#[must_use]
pub fn meaning_of_post(happened: &RequestResult) -> PostMeaning {
    match happened {
        RequestResult::NotConnected(fault) => PostMeaning::NotSent { fault: fault.clone() },
        RequestResult::HookStopped(why) => PostMeaning::Stopped { why: why.clone() },
        RequestResult::Lost(loss) => PostMeaning::Unknown { why: loss.to_string(), salvaged: None },
        RequestResult::Answered(answer) => posted(answer),
    }
}

fn posted(answer: &Answer) -> PostMeaning {
    let unknown = |salvaged| PostMeaning::Unknown { why: answer.describe(), salvaged };
    match answer.status {
        429 => PostMeaning::Throttled { retry_after: answer.retry_after },
        413 | 414 => PostMeaning::Refused(Refusal { reason: Reason::Request, message: answer.message() }),
        200..=299 => match answer.project() {
            Some(project) => PostMeaning::Accepted { project },
            None => unknown(salvage(&answer.body.bytes)),
        },
        // A proxy refused (407), or a server or a gateway gave up waiting (408, 425, 499): the POST may have been
        // accepted.
        407 | 408 | 425 | 499 => unknown(None),
        400..=499 if answer.is_from_the_api() => PostMeaning::Refused(answer.refusal()),
        _ => unknown(None),
    }
}

/// Returns the meaning of the result of a GET or a DELETE (`service.md#retries`,
/// `contract.md#talking-to-the-service`).
#[must_use]
pub fn meaning_of_read(happened: &RequestResult) -> ReadMeaning<'_> {
    match happened {
        RequestResult::NotConnected(fault) => ReadMeaning::Retry { why: fault.to_string(), after: None },
        RequestResult::HookStopped(why) => ReadMeaning::Broken { why: why.clone() },
        RequestResult::Lost(loss) => ReadMeaning::Retry { why: loss.to_string(), after: None },
        RequestResult::Answered(answer) => answered(answer),
    }
}

fn answered(answer: &Answer) -> ReadMeaning<'_> {
    let retry = || ReadMeaning::Retry { why: answer.describe(), after: answer.retry_after };
    match answer.status {
        200..=299 => match answer.body.end {
            BodyEnd::Whole if answer.body.looks_like_json() => ReadMeaning::Body(&answer.body.bytes),
            BodyEnd::TooLarge => ReadMeaning::Broken { why: answer.describe() },
            _ => retry(),
        },
        408 | 425 | 429 | 499 | 500.. => retry(),
        400..=499 if answer.is_from_the_api() => {
            let refusal = answer.refusal();
            if refusal.reason == Reason::Request && is_about_no_project(answer.status, &refusal.message) {
                return ReadMeaning::NoSuchProject { message: refusal.message };
            }
            ReadMeaning::Refused(refusal)
        }
        _ => ReadMeaning::Broken { why: answer.describe() },
    }
}

/// Whether the error is about an unknown project. The service answers an unknown id with status 400 and a leaked
/// error of its programming language (`service.md#errors`).
fn is_about_no_project(status: u16, message: &str) -> bool {
    let class = message.split(':').next().unwrap_or_default();
    let leaked = class.len() > "Error".len() && class.ends_with("Error") && class.bytes().all(|byte| byte.is_ascii_alphabetic());
    status == 404 || leaked || message.to_ascii_lowercase().contains("not found")
}

impl Answer {
    /// The project that a whole answer names. A broken answer is not a readable object, so it names none.
    fn project(&self) -> Option<ProjectId> {
        let answer: Value = serde_json::from_slice(&self.body.bytes).ok()?;
        ProjectId::parse(answer.as_object()?.get("project")?.as_str()?).ok()
    }

    /// Whether the body is a whole JSON object. The API answers with one; proxies and portals do not.
    fn is_from_the_api(&self) -> bool {
        self.body.end == BodyEnd::Whole && serde_json::from_slice::<Value>(&self.body.bytes).is_ok_and(|body| body.is_object())
    }

    fn is_a_web_page(&self) -> bool {
        let says_so = self.content_type.as_ref().is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
        says_so || self.body.bytes.trim_ascii_start().first() == Some(&b'<')
    }

    fn refusal(&self) -> Refusal {
        let message = self.message();
        Refusal { reason: reason(self.status, &message), message }
    }

    /// The service's message: `message`, else `error`, else the status. `success` carries no information
    /// (`service.md#errors`).
    #[must_use]
    pub fn message(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body.bytes).unwrap_or_default();
        let text = |name| body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        text("message").or_else(|| text("error")).map_or_else(|| status_line(self.status), str::to_owned)
    }

    /// A description of the answer for people. It never contains the body itself, which may be a page of HTML.
    #[must_use]
    pub fn describe(&self) -> String {
        let status = status_line(self.status);
        if let Some(host) = &self.location_host {
            return format!("{status}: a redirect to {host}, which is not followed");
        }
        if self.status >= 300 {
            return if self.is_a_web_page() { format!("{status}: a web page, not an answer of the API") } else { status };
        }
        match self.body.end {
            BodyEnd::Cut => format!("{status}, but the connection broke inside the answer"),
            BodyEnd::TooSlow => format!("{status}, but the answer did not arrive in time"),
            BodyEnd::TooLarge => format!("{status}, but the answer is too large to be one of the API"),
            BodyEnd::Whole if self.body.bytes.is_empty() => format!("{status} with an empty answer: the reply did not come from the API"),
            BodyEnd::Whole if self.body.looks_like_json() => format!("{status}, but the answer does not hold what was asked for"),
            BodyEnd::Whole => format!("{status} without JSON: the reply did not come from the API"),
        }
    }
}

impl Body {
    fn looks_like_json(&self) -> bool {
        self.bytes.trim_ascii_start().first() == Some(&b'{')
    }
}

/// The reason for a refusal. Messages are not stable identifiers, so this matches families of them
/// (`service.md#errors`).
fn reason(status: u16, message: &str) -> Reason {
    match status {
        // No source lists it; its meaning is the same everywhere, whatever the message says.
        402 => return Reason::Credits,
        400 | 401 | 403 => {}
        _ => return Reason::Request,
    }
    let lower = message.to_ascii_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let says = |words: &[&str]| words.iter().any(|word| letters.contains(word));
    if says(&["apikey", "insufficientpermissions"]) {
        return Reason::Key;
    }
    if says(&["insufficientcredits", "accountsuspended", "exceededthequota"]) || (status == 401 && says(&["quota"])) {
        return Reason::Credits;
    }
    if status != 400 && says(&["unauthorized", "forbidden", "invalidtoken", "missingauthenticationtoken"]) {
        return Reason::Key;
    }
    Reason::Request
}

/// The project that a broken answer of the API names, if its id arrived up to the closing quote.
fn salvage(bytes: &[u8]) -> Option<ProjectId> {
    const NAME: &[u8] = b"\"project\"";
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let at = bytes.windows(NAME.len()).position(|window| window == NAME)?;
    let value = bytes.get(at + NAME.len()..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let (id, rest) = value.split_at_checked(16)?;
    if rest.first() != Some(&b'"') || !id.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    ProjectId::parse(std::str::from_utf8(id).ok()?).ok()
}

fn status_line(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.map_or_else(|| format!("HTTP {status}"), |reason| format!("HTTP {status} {reason}"))
}

impl fmt::Display for ConnectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the connection was refused"),
            Self::Dns => f.write_str("the host name can't be resolved; is it spelled right, is there a network?"),
            Self::Private => f.write_str("the host is on a private network; `--allow-private` lets it pass"),
            Self::Tls(fault) => fault.fmt(f),
            Self::Timeout => f.write_str("no connection was made in time"),
            Self::Proxy(said) => write!(f, "the proxy did not connect us ({said})"),
            Self::Network(said) => write!(f, "no connection ({said})"),
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(said) => write!(f, "the server's certificate is not trusted ({said})"),
            Self::NoRoots => f.write_str("this machine has no CA certificates; install them, or name a bundle in SSL_CERT_FILE"),
            Self::Handshake(said) => write!(f, "TLS could not be agreed on ({said})"),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer came in time"),
            Self::Broken(said) => write!(f, "the connection broke before an answer came ({said})"),
        }
    }
}
