//! The fields of what `--json` prints, by command: told by `--help` and by `j2v commands`; a test holds them to what
//! the commands print. Fields are only ever added (`contract.md#output`).

use clap::{ArgMatches, Args};

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

/// The fields of a finding: `check`.
const FINDING: &[&str] = &[
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
];

/// The fields of what was found on both sides: `reconcile`.
const SURVEYED: &[&str] = &[
    "finding",
    "project",
    "key",
    "generation",
    "scope",
    "ledger",
    "source",
    "state",
    "kept",
    "status",
    "url",
    "file",
    "credits",
    "created_at",
    "kept_until",
    "client-data",
    "message",
    "next",
    "mended",
];

/// The fields of each object that a command prints with `--json`; none for a command without it.
pub(crate) fn of(command: &str) -> Vec<&'static str> {
    let parts: &[&[&str]] = match command {
        "submit" | "poll" | "download" | "delete" | "settle" | "batch" | "listen" => &[OUTCOME],
        "list" => &[OUTCOME, &["created_at", "ended_at", "kept_until"]],
        "history" => &[ROW],
        "show" => &[ROW, &["token", "report", "story", "callbacks", "deliveries", "body"]],
        "reconcile" => &[SURVEYED],
        "check" => &[FINDING],
        "plan" => &[&["source", "duration", "width", "height", "scenes", "elements", "credits", "unknown", "files"]],
        "preview" => &[&["level", "what", "pointer", "file", "line", "reason"]],
        "explain" => &[&["message", "cause", "cure", "rule", "place", "next"]],
        "doctor" => &[&["check", "status", "detail", "help", "next"]],
        "templates list" | "templates library" => &[&["id", "name", "tags", "created_at", "updated_at", "video_url"]],
        "templates vars" => &[&["name", "label", "type", "default", "help", "required", "options", "spec"]],
        "media list" => &[&["path", "name", "folder", "type", "size", "url", "status", "temporary", "created_at", "files"]],
        "media put" => &[&["file", "path", "url", "size", "content_type", "uploaded"]],
        "media usage" => &[&["used_bytes", "free_bytes", "credits_per_week", "blocked"]],
        "auth status" => &[&["profile", "key", "from", "tail", "api-url", "credits"]],
        "config show" => &[&["name", "value", "from"]],
        "ledger check" => &[&["ledger", "sound", "faults"]],
        "commands" => &[&["name", "about", "arguments", "flags", "exit_codes", "output"]],
        _ => &[],
    };
    parts.concat()
}

/// The fields of what a command prints with `--json` and another flag: a dry run, the rules, a sum.
fn otherwise(command: &str) -> &'static [&'static str] {
    match command {
        "submit" => &["method", "url", "headers", "body"],
        "batch" => &[
            "movie",
            "table",
            "rows",
            "columns",
            "unfilled",
            "to_send",
            "anew",
            "changed",
            "invalid",
            "credits_at_least",
            "credits_at_most",
            "budget",
            "faults",
            "warnings",
            "account",
            "endpoint",
            "queued",
            "unknown",
            "rendering",
            "done",
            "failed",
            "states",
            "renders",
            "credits_estimated",
            "max_renders",
            "max_credits",
            "created_at",
            "ended_at",
            "workers",
        ],
        "history" => &["renders", "unknown"],
        "check" => &["why", "wrong", "right", "source", "project"],
        _ => &[],
    }
}

// What of an object is printed.
#[derive(Debug, Clone, Args)]
pub(crate) struct FieldArgs {
    /// Print this field of each JSON object, on a line of its own; repeatable
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) field: Vec<String>,
}

impl FieldArgs {
    /// The flags as they were typed.
    pub(super) fn to_flags(&self) -> impl Iterator<Item = String> {
        self.field.iter().flat_map(|name| ["--field".to_owned(), name.clone()])
    }
}

/// The fields that were typed, whatever the command.
///
/// # Errors
/// When the command has no such field: which was meant, and which there are. Nothing has been done by then.
pub(super) fn wanted(matches: &ArgMatches) -> Result<Vec<String>, String> {
    let (mut name, mut matches) = (String::new(), matches);
    while let Some((inner, of_inner)) = matches.subcommand() {
        name = if name.is_empty() { inner.to_owned() } else { format!("{name} {inner}") };
        matches = of_inner;
    }
    let wanted: Vec<String> = matches.try_get_many("field").ok().flatten().into_iter().flatten().cloned().collect();
    let known = || of(&name).into_iter().chain(otherwise(&name).iter().copied());
    match wanted.iter().find(|field| !known().any(|known| known == **field)) {
        Some(field) => Err(format!("`j2v {name}` has no field `{field}`; it has {}", of(&name).join(", "))),
        None => Ok(wanted),
    }
}
