//! The fields of what `--json` prints, by command: told by `--help` and by `j2v commands`; a test holds them to what
//! the commands print. Fields are only ever added (`contract.md#output`).

/// The fields of a render's outcome: `submit`, `poll`, `download`, `delete`, `settle`, `batch`.
const OUTCOME: &[&str] = &[
    "project",
    "status",
    "url",
    "file",
    "message",
    "duration",
    "size",
    "width",
    "height",
    "rendering_time",
    "client-data",
    "source",
    "key",
    "credits",
    "next",
];

/// The fields of a row of the ledger: `history`.
const ROW: &[&str] = &[
    "key",
    "generation",
    "scope",
    "batch",
    "account",
    "endpoint",
    "source",
    "state",
    "project",
    "attempts",
    "status",
    "url",
    "file",
    "message",
    "credits",
    "duration",
    "movie",
    "created_at",
    "posted_at",
    "bound_at",
    "ended_at",
    "kept_until",
];

/// The fields of each object that a command prints with `--json`; none for a command without it.
pub(super) fn of(command: &str) -> &'static [&'static str] {
    match command {
        "submit" | "poll" | "download" | "delete" | "settle" | "batch" => OUTCOME,
        "history" => ROW,
        "check" => &[
            "file",
            "line",
            "column",
            "severity",
            "code",
            "name",
            "evidence",
            "message",
            "flag",
            "used",
            "label",
            "help",
            "stops",
            "pointer",
            "end_line",
            "end_column",
            "fixable",
        ],
        "plan" => &["source", "duration", "width", "height", "scenes", "elements", "credits", "unknown", "files"],
        "explain" => &["message", "cause", "cure", "rule", "place", "next"],
        "doctor" => &["check", "status", "detail", "help", "next"],
        "templates list" | "templates library" => &["id", "name", "tags", "created_at", "updated_at", "video_url"],
        "templates vars" => &["name", "label", "type", "default", "help", "required", "options", "spec"],
        "media list" => &["path", "name", "folder", "type", "size", "url", "status", "temporary", "created_at", "files"],
        "media put" => &["file", "path", "url", "size", "content_type", "uploaded"],
        "media usage" => &["used_bytes", "free_bytes", "credits_per_week", "blocked"],
        "auth status" => &["profile", "key", "from", "tail", "api-url", "credits"],
        _ => &[],
    }
}
