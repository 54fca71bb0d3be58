//! The action of each tool: its arguments become the words of a command.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rmcp::model::ProgressNotificationParam;
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value, json};

use super::Server;
use super::process::{Answer, Ran};
use super::tools::{LONGEST_WAIT, Tool};
use crate::exit::Exit;
use crate::movie::check::Rule;
use crate::movie::schema::schema;

/// How long a call of `wait_render` waits by default, in seconds.
const USUAL_WAIT: u64 = 45;

/// How often a waiting client gets a sign that the server is still running.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// Previews that are shown at once; the oldest is closed for a new one.
const PREVIEWS: usize = 4;

/// Renders that are listed by default.
const LISTED: usize = 20;

type Arguments = Map<String, Value>;

/// The movie of a call: the words that name it, and the text for stdin.
struct Named {
    words: Vec<String>,
    input: Option<String>,
}

impl Server {
    pub(super) async fn call(&self, tool: Tool, arguments: Arguments, context: &RequestContext<RoleServer>) -> Answer {
        let answered = match tool {
            Tool::CheckMovie => self.check(&arguments).await,
            Tool::Explain => self.explain(&arguments).await,
            Tool::DescribeMovieFormat => Ok(describe(&arguments)),
            Tool::PreviewMovie => self.preview(&arguments).await,
            Tool::RenderMovie => self.render(&arguments).await,
            Tool::WaitRender => self.wait(&arguments, context).await,
            Tool::ListRenders => self.list(&arguments).await,
            Tool::Account => self.simple(&["auth", "status", "--json"]).await,
        };
        answered.unwrap_or_else(|why| Answer::refused(format!("{why:#}")))
    }

    async fn check(&self, arguments: &Arguments) -> anyhow::Result<Answer> {
        let Named { words, input } = self.movie(arguments)?;
        let with = |command: &str| [vec![command.to_owned()], words.clone(), vec!["--json".to_owned()]].concat();
        let (checked, planned) =
            tokio::try_join!(self.runner.run(with("check"), input.clone(), false), self.runner.run(with("plan"), input.clone(), false))?;
        let plan = planned.results.into_iter().next().map(|mut plan| {
            // The timeline is for people; length, size and cost are what an agent decides by.
            let parts = ["scenes", "elements", "files", "source"];
            if let Some(plan) = plan.as_object_mut() {
                for part in parts {
                    plan.remove(part);
                }
            }
            plan
        });
        Ok(checked.answer(&[Exit::Done, Exit::Invalid], &[("plan", json!(plan))]))
    }

    async fn explain(&self, arguments: &Arguments) -> anyhow::Result<Answer> {
        let what = text(arguments, "what")?;
        if Rule::find(&what.to_ascii_uppercase()).is_some() {
            let ran = self.runner.run(words(&["check", "--explain", what]), None, false).await?;
            return Ok(if ran.exit == Exit::Done as u8 { Answer::plain(ran.printed) } else { ran.answer(&[Exit::Done], &[]) });
        }
        self.simple(&["explain", "--json", "--", what]).await
    }

    async fn preview(&self, arguments: &Arguments) -> anyhow::Result<Answer> {
        let Named { words: movie, input } = self.movie(arguments)?;
        let words = [words(&["preview", "--no-open", "--root", &self.root.display().to_string()]), movie].concat();
        match self.runner.start(words, input).await? {
            Ok((url, child)) => {
                let mut previews = self.previews.lock().await;
                previews.push(child);
                if previews.len() > PREVIEWS {
                    previews.remove(0);
                }
                Ok(Answer::plain(json!({"ok": true, "url": url}).to_string()))
            }
            Err(ran) => Ok(ran.answer(&[Exit::Done], &[])),
        }
    }

    /// A paid render. It needs a limit or a confirmation, and a lost call doesn't lose the render.
    async fn render(&self, arguments: &Arguments) -> anyhow::Result<Answer> {
        let key = text(arguments, "key")?;
        let is_agreed = arguments.get("confirm").and_then(Value::as_bool).unwrap_or_default();
        let limit = arguments.get("max_credits").and_then(Value::as_u64);
        let limit = match limit {
            _ if is_agreed => Vec::new(),
            Some(most) => words(&["--max-credits", &most.to_string()]),
            None => anyhow::bail!("give max_credits, or confirm:true once the user has agreed; nothing was sent"),
        };
        let Named { words: movie, input } = self.movie(arguments)?;
        let words = [words(&["submit"]), movie, words(&["--json", "--key", key]), limit].concat();
        let ran = self.runner.run(words, input, true).await?;
        Ok(ran.answer(&[Exit::Done], &[]))
    }

    async fn wait(&self, arguments: &Arguments, context: &RequestContext<RoleServer>) -> anyhow::Result<Answer> {
        let render = text(arguments, "render")?;
        let seconds = arguments.get("seconds").and_then(Value::as_u64).unwrap_or(USUAL_WAIT).clamp(1, LONGEST_WAIT);
        let mut words = words(&["poll", "--json", "--timeout", &format!("{seconds}s")]);
        if let Some(folder) = arguments.get("save_to").and_then(Value::as_str) {
            words.extend(["--download".to_owned(), format!("{}/", self.below_root(folder)?.display())]);
        }
        words.extend(["--".to_owned(), render.to_owned()]);
        let polled = self.runner.run(words, None, false);
        let ran = tokio::select! {
            ran = polled => ran?,
            () = show_progress(context, seconds) => anyhow::bail!("the client is gone"),
            () = context.ct.cancelled() => anyhow::bail!("cancelled; the render continues, and its key finds it again"),
        };
        let runs = ran.exit == Exit::Waiting as u8;
        Ok(ran.answer(&[Exit::Done, Exit::Waiting], &[("call_again", json!(runs))]))
    }

    async fn list(&self, arguments: &Arguments) -> anyhow::Result<Answer> {
        // The command knows the states, and names them when it is given another word.
        let state = match arguments.get("state") {
            None | Some(Value::Null) => None,
            Some(Value::String(state)) => Some(format!("--state={state}")),
            Some(other) => Some(format!("--state={other}")),
        };
        let words = [words(&["history", "--json"]), state.into_iter().collect()].concat();
        let mut ran: Ran = self.runner.run(words, None, false).await?;
        let newest = |render: &Value| std::cmp::Reverse(render["created_at"].as_str().map(str::to_owned));
        ran.results.sort_by_cached_key(newest);
        let limit = arguments.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LISTED);
        ran.results.truncate(limit);
        Ok(ran.answer(&[Exit::Done], &[]))
    }

    async fn simple(&self, command: &[&str]) -> anyhow::Result<Answer> {
        Ok(self.runner.run(words(command), None, false).await?.answer(&[Exit::Done], &[]))
    }

    /// The movie of a call and its variables.
    fn movie(&self, arguments: &Arguments) -> anyhow::Result<Named> {
        let (place, input) = match (arguments.get("movie"), arguments.get("path").and_then(Value::as_str)) {
            (Some(Value::Object(movie)), None) => ("-".to_owned(), Some(Value::Object(movie.clone()).to_string())),
            // Some agents send the document as a string.
            (Some(Value::String(movie)), None) => ("-".to_owned(), Some(movie.clone())),
            (None, Some(path)) => (self.movie_file(path)?.display().to_string(), None),
            _ => anyhow::bail!("give either `movie`, the document itself, or `path`, its file"),
        };
        let mut words = vec![place];
        for (name, value) in arguments.get("variables").and_then(Value::as_object).into_iter().flatten() {
            words.extend(["--var".to_owned(), format!("{name}:={value}")]);
        }
        Ok(Named { words, input })
    }

    /// The file of a movie. A folder is refused: its entries may be links that lead outside the start folder.
    fn movie_file(&self, path: &str) -> anyhow::Result<PathBuf> {
        let file = self.below_root(path)?;
        let about = std::fs::metadata(&file).map_err(|why| anyhow::anyhow!("`path` {path}: {why}"))?;
        match (path, about.is_file()) {
            ("", _) => anyhow::bail!("`path` is empty: name one movie's file"),
            (_, true) => Ok(file),
            _ if about.is_dir() => anyhow::bail!("`path` {path} is a folder: name one movie's file in it"),
            _ => anyhow::bail!("`path` {path} is not a regular file: name one movie's file"),
        }
    }

    /// A path of a call: resolved through every link, and refused outside the start folder.
    fn below_root(&self, path: &str) -> anyhow::Result<PathBuf> {
        let wanted = self.root.join(path);
        // A path that doesn't exist yet, such as a folder to save into, is judged by the folder that will contain it.
        let there = wanted.ancestors().find_map(|folder| folder.canonicalize().ok()).unwrap_or_default();
        let climbs = Path::new(path).components().any(|part| part == std::path::Component::ParentDir);
        if climbs || !there.starts_with(self.root.as_path()) {
            anyhow::bail!("{path} is outside of the start folder; `j2v mcp --root DIR` names another one");
        }
        Ok(wanted)
    }
}

/// Reports to a waiting client how long it has waited; ends only with the client.
async fn show_progress(context: &RequestContext<RoleServer>, seconds: u64) {
    let Some(token) = context.meta.get_progress_token() else { return std::future::pending().await };
    let began = tokio::time::Instant::now();
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    loop {
        ticks.tick().await;
        let progress = ProgressNotificationParam::new(token.clone(), began.elapsed().as_secs_f64())
            .with_total(Duration::from_secs(seconds).as_secs_f64())
            .with_message("waiting for the render");
        if context.peer.notify_progress(progress).await.is_err() {
            return;
        }
    }
}

/// A part of the format as the schema has it.
fn describe(arguments: &Arguments) -> Answer {
    let schema = schema();
    let topics = || {
        let parts = schema["$defs"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        std::iter::once("movie").chain(parts).collect::<Vec<_>>().join(", ")
    };
    match arguments.get("topic").and_then(Value::as_str) {
        None => Answer::plain(json!({"topics": topics()}).to_string()),
        Some("movie") => Answer::plain(schema["properties"].to_string()),
        Some(topic) => match schema["$defs"].get(topic) {
            Some(part) => Answer::plain(part.to_string()),
            None => Answer::refused(format!("there is no topic `{topic}`; topics: {}", topics())),
        },
    }
}

fn text<'a>(arguments: &'a Arguments, name: &str) -> anyhow::Result<&'a str> {
    let text = arguments.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| anyhow::anyhow!("`{name}` is missing"))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}
