//! Every fault that the emulator can produce, as data: `--help` and the README list these.

/// The place of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `POST /v2/movies`, while its body is read; never a fault of one movie.
    BeforeRead,
    /// `POST /v2/movies`, before anything is accepted.
    BeforeAccept,
    /// `POST /v2/movies`, after the movie was accepted (and charged).
    AfterAccept,
    /// `GET /v2/movies?project=`.
    Get,
    /// `GET /v2/movies` without a project.
    List,
    /// `DELETE /v2/movies?project=`.
    Delete,
    /// `GET /files/PROJECT.mp4`.
    File,
    /// The render itself, from its POST to its webhooks: a movie has it for life, and COUNT counts movies.
    Render,
    /// `POST /v2/templates`.
    Template,
    /// `GET /v2/media`: the storage in use.
    MediaUsage,
    /// `POST /v2/media/file`: the registration of a file.
    MediaRegister,
    /// `PUT` of a file's bytes, on the storage host.
    Upload,
    /// `PUT /v2/media/file`: a move.
    MediaMove,
}

impl Place {
    /// A heading for lists of faults.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::BeforeRead => "POST, while it is read",
            Self::BeforeAccept => "POST, nothing accepted",
            Self::AfterAccept => "POST, accepted",
            Self::Get => "status",
            Self::List => "list",
            Self::Delete => "delete",
            Self::File => "file",
            Self::Render => "render and webhooks",
            Self::Template => "templates, written",
            Self::MediaUsage => "media, usage",
            Self::MediaRegister => "media, registered",
            Self::Upload => "media, uploaded",
            Self::MediaMove => "media, moved",
        }
    }
}

/// The argument after the name of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A number of bytes.
    Bytes,
    /// An HTTP status.
    Status,
    /// A length of time: `200ms`, `2s`, `1m 30s`.
    Time,
    /// Optionally the value of `Retry-After`, whatever it is.
    Seconds,
    /// A word.
    Word,
    /// Optionally a message.
    Message,
    /// An address, optionally with a status before it: `301:http://…`.
    Address {
        /// Whether it is required.
        needed: bool,
    },
}

/// The effect of a fault on an answer, a list, a file or a render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum FaultKind {
    Hang,
    Reset,
    Close,
    Truncate,
    ResetAfter,
    Slow,
    Drip,
    Rate,
    Html,
    Empty,
    Redirect,
    Status,
    TooMany,
    Refuse { status: u16, message: &'static str },
    Huge,
    Deep,
    Big,
    Unread,
    NoProject,
    Strings,
    Nulls,
    Shuffle,
    Duplicate,
    RepeatCursor,
    Short,
    NoRange,
    NotSatisfiable,
    ChangingEtag,
    GetLag,
    ListLag,
    NoClientData,
    DropClientData,
    Word,
    Backwards,
    WithoutUrl,
    OtherUrl,
    Timeout,
    TimeoutThenDone,
    Error,
    ErrorThenDone,
    Hostile,
    ExpiredUrl,
    WebhookLate,
    WebhookDouble,
    WebhookMissing,
    WebhookFirst,
    WebhookForged,
    WebhookReorder,
    WebhookHuge,
    WebhookDrip,
    StorageBlocked,
    NoUploadUrl,
    StaysPending,
    UploadExpired,
    LoseOnMove,
}

/// One fault.
#[derive(Debug, PartialEq, Eq)]
pub struct FaultInfo {
    /// Its name.
    pub name: &'static str,
    /// Its place.
    pub place: Place,
    /// The argument after `=`.
    pub takes: Takes,
    /// One line for people.
    pub help: &'static str,
    pub(in crate::emulator) kind: FaultKind,
}

impl FaultInfo {
    /// Its usage: `post-truncate=BYTES`, `post-429[=SECONDS]`.
    #[must_use]
    pub fn usage(&self) -> String {
        let argument = match self.takes {
            Takes::Nothing => "",
            Takes::Bytes => "=BYTES",
            Takes::Status => "=STATUS",
            Takes::Time => "=TIME",
            Takes::Seconds => "[=SECONDS]",
            Takes::Word => "=WORD",
            Takes::Message => "[=MESSAGE]",
            Takes::Address { needed: true } => "=[STATUS:]URL",
            Takes::Address { needed: false } => "[=URL]",
        };
        format!("{}{argument}", self.name)
    }
}

/// All faults, by place.
#[must_use]
pub fn catalogue() -> &'static [FaultInfo] {
    CATALOGUE
}

const fn fault(place: Place, name: &'static str, takes: Takes, kind: FaultKind, help: &'static str) -> FaultInfo {
    FaultInfo { name, place, takes, help, kind }
}

const fn refusal(name: &'static str, status: u16, message: &'static str, help: &'static str) -> FaultInfo {
    fault(Place::BeforeAccept, name, Takes::Nothing, FaultKind::Refuse { status, message }, help)
}

const NO_PROJECT: &str = "TypeError: Cannot read properties of null (reading 'success')";
const URL: Takes = Takes::Address { needed: true };
const PERHAPS_URL: Takes = Takes::Address { needed: false };

#[rustfmt::skip]
const CATALOGUE: &[FaultInfo] = &[
    fault(Place::BeforeRead, "post-drop", Takes::Bytes, FaultKind::Unread, "reads BYTES of the body and resets the connection"),
    fault(Place::BeforeAccept, "post-hang-before", Takes::Nothing, FaultKind::Hang, "reads the request and says nothing"),
    fault(Place::BeforeAccept, "post-reset-before", Takes::Nothing, FaultKind::Reset, "reads the request and resets the connection"),
    fault(Place::BeforeAccept, "post-close-before", Takes::Nothing, FaultKind::Close, "reads the request and closes the connection"),
    fault(Place::BeforeAccept, "post-html-before", Takes::Nothing, FaultKind::Html, "answers 200 with an HTML page"),
    fault(Place::BeforeAccept, "post-status-before", Takes::Status, FaultKind::Status, "answers STATUS with an HTML page"),
    fault(Place::BeforeAccept, "post-429", Takes::Seconds, FaultKind::TooMany, "answers 429, with Retry-After if given"),
    fault(Place::BeforeAccept, "post-refuse", Takes::Message, FaultKind::Refuse { status: 400, message: "Bad request" }, "answers 400 with MESSAGE"),
    refusal("post-key", 400, "Error: Invalid API Key", "answers 400: the key is wrong"),
    refusal("post-quota", 401, "You exceeded the quota of movies in your plan. Please upgrade your plan to continue.", "answers 401: the plan's quota is used up"),
    refusal("post-credits", 400, "Insufficient credits", "answers 400: no credits are left"),
    refusal("post-plan", 401, "Movie is larger (1920x1080) than your plan allowance (1280x720)", "answers 401: larger than the plan allows"),
    refusal("post-suspended", 403, "account_suspended", "answers 403: the account is suspended"),
    refusal("post-permissions", 403, "Insufficient permissions", "answers 403: the key's role is too low"),
    refusal("post-413", 413, "Request Entity Too Large", "answers 413"),
    fault(Place::AfterAccept, "post-hang", Takes::Nothing, FaultKind::Hang, "never answers"),
    fault(Place::AfterAccept, "post-reset", Takes::Nothing, FaultKind::Reset, "resets the connection instead of answering"),
    fault(Place::AfterAccept, "post-close", Takes::Nothing, FaultKind::Close, "closes the connection instead of answering"),
    fault(Place::AfterAccept, "post-truncate", Takes::Bytes, FaultKind::Truncate, "closes after BYTES of the body"),
    fault(Place::AfterAccept, "post-slow", Takes::Time, FaultKind::Slow, "answers after TIME"),
    fault(Place::AfterAccept, "post-drip", Takes::Nothing, FaultKind::Drip, "answers at one byte a second"),
    fault(Place::AfterAccept, "post-html", Takes::Nothing, FaultKind::Html, "answers 200 with an HTML page"),
    fault(Place::AfterAccept, "post-empty", Takes::Nothing, FaultKind::Empty, "answers 200 with an empty body"),
    fault(Place::AfterAccept, "post-no-project", Takes::Nothing, FaultKind::NoProject, "leaves the project out of the answer"),
    fault(Place::AfterAccept, "post-redirect", URL, FaultKind::Redirect, "answers 307, or STATUS, to URL"),
    fault(Place::AfterAccept, "post-status", Takes::Status, FaultKind::Status, "answers STATUS with an HTML page"),
    fault(Place::AfterAccept, "post-huge", Takes::Nothing, FaultKind::Huge, "answers with more than 10 MB"),
    fault(Place::AfterAccept, "post-deep", Takes::Nothing, FaultKind::Deep, "answers with JSON nested 10,000 deep"),
    fault(Place::AfterAccept, "post-big", Takes::Nothing, FaultKind::Big, "answers rightly, in 200 kB"),
    fault(Place::Get, "get-hang", Takes::Nothing, FaultKind::Hang, "never answers"),
    fault(Place::Get, "get-reset", Takes::Nothing, FaultKind::Reset, "resets the connection instead of answering"),
    fault(Place::Get, "get-close", Takes::Nothing, FaultKind::Close, "closes the connection instead of answering"),
    fault(Place::Get, "get-truncate", Takes::Bytes, FaultKind::Truncate, "closes after BYTES of the body"),
    fault(Place::Get, "get-slow", Takes::Time, FaultKind::Slow, "answers after TIME"),
    fault(Place::Get, "get-status", Takes::Status, FaultKind::Status, "answers STATUS with an HTML page"),
    fault(Place::Get, "get-429", Takes::Seconds, FaultKind::TooMany, "answers 429, with Retry-After if given"),
    fault(Place::Get, "get-html", Takes::Nothing, FaultKind::Html, "answers 200 with an HTML page"),
    fault(Place::Get, "get-big", Takes::Nothing, FaultKind::Big, "answers rightly, in 200 kB"),
    fault(Place::Get, "get-typeerror", Takes::Nothing, FaultKind::Refuse { status: 400, message: NO_PROJECT }, "answers as if the project were unknown"),
    fault(Place::Get, "get-strings", Takes::Nothing, FaultKind::Strings, "writes numbers as strings"),
    fault(Place::Get, "get-nulls", Takes::Nothing, FaultKind::Nulls, "writes null for all that may be missing, and adds fields"),
    fault(Place::List, "list-hang", Takes::Nothing, FaultKind::Hang, "never answers"),
    fault(Place::List, "list-reset", Takes::Nothing, FaultKind::Reset, "resets the connection instead of answering"),
    fault(Place::List, "list-truncate", Takes::Bytes, FaultKind::Truncate, "closes after BYTES of the body"),
    fault(Place::List, "list-status", Takes::Status, FaultKind::Status, "answers STATUS with an HTML page"),
    fault(Place::List, "list-429", Takes::Seconds, FaultKind::TooMany, "answers 429, with Retry-After if given"),
    fault(Place::List, "list-html", Takes::Nothing, FaultKind::Html, "answers 200 with an HTML page"),
    fault(Place::List, "list-shuffle", Takes::Nothing, FaultKind::Shuffle, "lists a page in no order"),
    fault(Place::List, "list-duplicate", Takes::Nothing, FaultKind::Duplicate, "lists every movie of a page twice"),
    fault(Place::List, "list-repeat-cursor", Takes::Nothing, FaultKind::RepeatCursor, "hands out the cursor that it was given, forever"),
    fault(Place::List, "list-short", Takes::Nothing, FaultKind::Short, "lists pages of half the limit"),
    fault(Place::Delete, "delete-status", Takes::Status, FaultKind::Status, "answers STATUS with an HTML page, deletes nothing"),
    fault(Place::Delete, "delete-hang", Takes::Nothing, FaultKind::Hang, "never answers, deletes nothing"),
    fault(Place::Delete, "delete-reset", Takes::Nothing, FaultKind::Reset, "resets the connection, deletes nothing"),
    fault(Place::File, "file-hang", Takes::Nothing, FaultKind::Hang, "never answers"),
    fault(Place::File, "file-truncate", Takes::Bytes, FaultKind::Truncate, "closes after BYTES of the body"),
    fault(Place::File, "file-reset", Takes::Bytes, FaultKind::ResetAfter, "resets after BYTES of the body"),
    fault(Place::File, "file-slow", Takes::Bytes, FaultKind::Rate, "sends so many BYTES a second"),
    fault(Place::File, "file-status", Takes::Status, FaultKind::Status, "answers STATUS with an HTML page"),
    fault(Place::File, "file-html", Takes::Nothing, FaultKind::Html, "answers 200 with an HTML page"),
    fault(Place::File, "file-redirect", URL, FaultKind::Redirect, "answers 307, or STATUS, to URL"),
    fault(Place::File, "file-no-range", Takes::Nothing, FaultKind::NoRange, "answers 200 with the whole file to a range"),
    fault(Place::File, "file-416", Takes::Nothing, FaultKind::NotSatisfiable, "answers 416 to a range"),
    fault(Place::File, "file-etag", Takes::Nothing, FaultKind::ChangingEtag, "another ETag each time"),
    fault(Place::Render, "get-lag", Takes::Time, FaultKind::GetLag, "unknown to the status for TIME after the POST"),
    fault(Place::Render, "list-lag", Takes::Time, FaultKind::ListLag, "missing in the list for TIME after the POST"),
    fault(Place::Render, "list-no-client-data", Takes::Nothing, FaultKind::NoClientData, "client-data is listed inside json only"),
    fault(Place::Render, "list-drop-client-data", Takes::Nothing, FaultKind::DropClientData, "client-data isn't listed at all"),
    fault(Place::Render, "get-word", Takes::Word, FaultKind::Word, "its status is WORD while it runs"),
    fault(Place::Render, "get-backwards", Takes::Nothing, FaultKind::Backwards, "done, then running, then pending, then done"),
    fault(Place::Render, "done-without-url", Takes::Nothing, FaultKind::WithoutUrl, "done, but without a url"),
    fault(Place::Render, "done-with-url", URL, FaultKind::OtherUrl, "done, with URL instead of the file's"),
    fault(Place::Render, "timeout", Takes::Nothing, FaultKind::Timeout, "ends in timeout"),
    fault(Place::Render, "timeout-then-done", Takes::Time, FaultKind::TimeoutThenDone, "ends in timeout, and TIME later in done"),
    fault(Place::Render, "error", Takes::Message, FaultKind::Error, "ends in error, with MESSAGE"),
    fault(Place::Render, "error-then-done", Takes::Time, FaultKind::ErrorThenDone, "ends in error, and TIME later in done"),
    fault(Place::Render, "hostile", Takes::Nothing, FaultKind::Hostile, "its message holds terminal escapes, its names hold ../"),
    fault(Place::Render, "file-expired", Takes::Nothing, FaultKind::ExpiredUrl, "the first url is 403, a new look at the project tells another"),
    fault(Place::Render, "webhook-late", Takes::Time, FaultKind::WebhookLate, "calls back TIME after the end"),
    fault(Place::Render, "webhook-double", Takes::Nothing, FaultKind::WebhookDouble, "calls back twice"),
    fault(Place::Render, "webhook-missing", Takes::Nothing, FaultKind::WebhookMissing, "never calls back"),
    fault(Place::Render, "webhook-first", Takes::Nothing, FaultKind::WebhookFirst, "calls back before the POST is answered"),
    fault(Place::Render, "webhook-forged", PERHAPS_URL, FaultKind::WebhookForged, "calls back once more, with URL or another wrong one"),
    fault(Place::Render, "webhook-reorder", Takes::Nothing, FaultKind::WebhookReorder, "calls the last destination first"),
    fault(Place::Render, "webhook-huge", Takes::Nothing, FaultKind::WebhookHuge, "calls back with more than 1 MiB"),
    fault(Place::Render, "webhook-drip", Takes::Nothing, FaultKind::WebhookDrip, "calls back at one byte a second"),
    fault(Place::Template, "template-lost", Takes::Nothing, FaultKind::Reset, "stores it, and resets the connection instead of answering"),
    fault(Place::Template, "template-hang", Takes::Nothing, FaultKind::Hang, "stores it, and never answers"),
    fault(Place::Template, "template-status", Takes::Status, FaultKind::Status, "answers STATUS with an HTML page, stores nothing"),
    fault(Place::MediaUsage, "usage-blocked", Takes::Nothing, FaultKind::StorageBlocked, "shows a storage that is blocked until it is paid for"),
    fault(Place::MediaRegister, "media-lost", Takes::Nothing, FaultKind::Reset, "registers it, and resets the connection instead of answering"),
    fault(Place::MediaRegister, "media-hang", Takes::Nothing, FaultKind::Hang, "registers it, and never answers"),
    fault(Place::MediaRegister, "media-status", Takes::Status, FaultKind::Status, "answers STATUS with an HTML page, registers nothing"),
    fault(Place::MediaRegister, "media-blocked", Takes::Nothing, FaultKind::Refuse { status: 403, message: "Your storage is blocked" }, "answers 403: the storage is blocked"),
    fault(Place::MediaRegister, "media-role", Takes::Nothing, FaultKind::Refuse { status: 403, message: "Insufficient permissions" }, "answers 403: the key's role is too low"),
    fault(Place::MediaRegister, "media-no-url", Takes::Nothing, FaultKind::NoUploadUrl, "registers it, and tells no URL for its bytes"),
    fault(Place::MediaRegister, "media-stuck", Takes::Nothing, FaultKind::StaysPending, "the file stays `pending` for ever"),
    fault(Place::Upload, "upload-drop", Takes::Bytes, FaultKind::Unread, "reads BYTES of the file and resets the connection"),
    fault(Place::Upload, "upload-lost", Takes::Nothing, FaultKind::Reset, "keeps the file, and resets the connection instead of answering"),
    fault(Place::Upload, "upload-hang", Takes::Nothing, FaultKind::Hang, "keeps the file, and never answers"),
    fault(Place::Upload, "upload-status", Takes::Status, FaultKind::Status, "answers STATUS, keeps nothing"),
    fault(Place::Upload, "upload-expired", Takes::Nothing, FaultKind::UploadExpired, "answers 403: the signed URL has expired"),
    fault(Place::MediaMove, "move-lost", Takes::Nothing, FaultKind::Reset, "moves it, and resets the connection instead of answering"),
    fault(Place::MediaMove, "move-loses", Takes::Nothing, FaultKind::LoseOnMove, "answers rightly, and loses a file that was still `pending`"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_faults_share_a_name() {
        let names: HashSet<&str> = catalogue().iter().map(|info| info.name).collect();
        assert_eq!(names.len(), catalogue().len());
    }

    #[test]
    fn the_catalogue_is_sorted_by_place() {
        assert!(catalogue().is_sorted_by_key(|info| info.place));
    }
}
