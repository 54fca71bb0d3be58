//! The tools: their names, what an agent reads of them, and the plain schemas of their arguments. All of it is in every
//! context of an agent, so it is short: `tools/list` stays below 6 kB, which a test counts.

use std::sync::Arc;

use rmcp::model::{Tool as Model, ToolAnnotations};
use serde_json::{Map, Value, json};

/// The longest that one call of `wait_render` waits, in seconds: clients give up at about a minute.
pub(super) const LONGEST_WAIT: u64 = 50;

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// `j2v check` and `j2v plan`.
    CheckMovie,
    /// `j2v explain`, `j2v check --explain`.
    Explain,
    /// `j2v schema`, in parts.
    DescribeMovieFormat,
    /// `j2v preview --no-open`.
    PreviewMovie,
    /// `j2v submit`.
    RenderMovie,
    /// `j2v poll`.
    WaitRender,
    /// `j2v history`.
    ListRenders,
    /// `j2v auth status`.
    Account,
}

impl Tool {
    /// All of them, in the order of the work.
    pub(super) const ALL: [Self; 8] = [
        Self::CheckMovie,
        Self::Explain,
        Self::DescribeMovieFormat,
        Self::PreviewMovie,
        Self::RenderMovie,
        Self::WaitRender,
        Self::ListRenders,
        Self::Account,
    ];

    /// Its name in the protocol.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CheckMovie => "check_movie",
            Self::Explain => "explain",
            Self::DescribeMovieFormat => "describe_movie_format",
            Self::PreviewMovie => "preview_movie",
            Self::RenderMovie => "render_movie",
            Self::WaitRender => "wait_render",
            Self::ListRenders => "list_renders",
            Self::Account => "account",
        }
    }

    /// The tool of a name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// The tool as the protocol shows it.
    pub(super) fn model(self) -> Model {
        let schema = match self.schema() {
            Value::Object(schema) => schema,
            _ => Map::new(),
        };
        let mut model = Model::new(self.name(), self.description(), Arc::new(schema));
        let renders = self == Self::RenderMovie;
        model.annotations = Some(ToolAnnotations::new().read_only(!renders).destructive(renders).idempotent(true));
        model
    }

    fn description(self) -> &'static str {
        match self {
            Self::CheckMovie => {
                "Check a movie offline, free of charge: findings with line, rule code and fix, then length, size and estimated credits. Always call it before render_movie."
            }
            Self::Explain => "Explain a rule code (J2V064), a message of the service, or why the render of a key or project failed.",
            Self::DescribeMovieFormat => {
                "Describe a part of the movie format as JSON Schema: movie, scene, transition, export, destination, or an element type such as text, image, video, voice. Without a topic: all topics."
            }
            Self::PreviewMovie => {
                "Show a movie in the browser before paying: returns a URL on this machine, valid while the session lasts."
            }
            Self::RenderMovie => {
                "Render a movie. COSTS CREDITS. Idempotent by key: the same key and movie is never paid for twice, so call it again with the same key when an answer was lost. Needs max_credits, or confirm:true once the user has agreed. Returns at once; then call wait_render."
            }
            Self::WaitRender => {
                "Wait up to 50 s for a render and return its status and URL. `call_again: true` means that it still runs: call again."
            }
            Self::ListRenders => "List renders of the ledger, newest first, with those whose outcome is unknown and how to settle them.",
            Self::Account => "Show the account's profile and the credits that are left.",
        }
    }

    fn schema(self) -> Value {
        let text = |about: &str| json!({"type": "string", "description": about});
        let (properties, required) = match self {
            Self::CheckMovie | Self::PreviewMovie => (movie(), json!([])),
            Self::Explain => (json!({"what": text("a rule code, a message, a key or a project")}), json!(["what"])),
            Self::DescribeMovieFormat => (json!({"topic": text("such as `scene` or `text`")}), json!([])),
            Self::RenderMovie => {
                let mut properties = movie();
                properties["key"] = text("your name for this video, for example `listing-4821`; the same key is never paid for twice");
                properties["max_credits"] = json!({"type": "integer", "description": "refuse a movie that may cost more"});
                properties["confirm"] = json!({"type": "boolean", "description": "the user has agreed to pay whatever it costs"});
                (properties, json!(["key"]))
            }
            Self::WaitRender => (
                json!({
                    "render": text("a key or a project"),
                    "seconds": {"type": "integer", "description": "how long to wait, 50 at most (default 45)"},
                    "save_to": text("a folder below the start folder into which the video is saved"),
                }),
                json!(["render"]),
            ),
            Self::ListRenders => (
                json!({"state": text("only those in this state, for example `error` or `held`"), "limit": {"type": "integer", "description": "default 20"}}),
                json!([]),
            ),
            Self::Account => (json!({}), json!([])),
        };
        json!({"type": "object", "properties": properties, "required": required})
    }
}

/// The arguments that name a movie.
fn movie() -> Value {
    json!({
        "movie": {"type": "object", "description": "the movie itself"},
        "path": {"type": "string", "description": "or its file, below the start folder"},
        "variables": {"type": "object", "description": "values for the movie's variables"},
    })
}
