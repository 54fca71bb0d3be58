//! `j2v mcp`: a server for agents on stdin and stdout. The SDK implements the protocol. A tool is a command of j2v that
//! runs as a process of its own: an agent gets what a person gets, and a call that ends the session ends no render.

mod call;
mod process;
mod tools;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult, ErrorCode, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool as ToolModel,
};
use rmcp::service::{RequestContext, RoleServer};
use tokio::sync::{Mutex, Semaphore};

use self::process::{Answer, Runner};
use self::tools::Tool;
use super::{Call, CliError};
use crate::cli::McpArgs;
use crate::exit::Exit;

/// The server's instructions for an agent; 700 characters at most, since they are in every context.
const INSTRUCTIONS: &str = "\
j2v renders JSON2Video movies; a render costs credits. Work in this order: check_movie until it has no errors, then render_movie \
with a key that names the wanted video, then wait_render again and again until the status is final. The same key is never paid \
for twice: when an answer was lost, call render_movie with the same key and movie again, and never with a new key. A failed \
render: explain it, fix the movie, use a new key. The service deletes videos after 7 days: give save_to to wait_render. \
`next` in an answer is the command line for a person.";

/// The methods of the protocol that this server has. The SDK takes one whose parameters it can't read for an unknown method.
const METHODS: [&str; 2] = ["tools/call", "tools/list"];

/// Commands that run at once; further calls wait for a place.
const ABREAST: usize = 8;

pub(super) async fn run(call: &Call, args: &McpArgs) -> anyhow::Result<Exit> {
    let root = args.root.canonicalize().map_err(|why| CliError::new(Exit::Usage, format!("--root {}: {why}", args.root.display())))?;
    let program = std::env::current_exe().context("the path of j2v itself can't be found")?;
    let server = Server {
        runner: Arc::new(Runner { program, flags: call.flags.clone(), places: Semaphore::new(ABREAST) }),
        root: Arc::new(root),
        reads_only: args.read_only,
        previews: Arc::default(),
    };
    let (input, output) = rmcp::transport::stdio();
    let ended = async {
        match rmcp::serve_server(server, (input, output)).await {
            Ok(session) => session.waiting().await.map(drop).map_err(anyhow::Error::from),
            // A client that leaves before its first message is not an error.
            Err(why) if why.to_string().contains("connection closed") => Ok(()),
            Err(why) => Err(anyhow::Error::from(why)),
        }
    };
    tokio::select! {
        ended = ended => ended.map(|()| Exit::Done),
        () = call.interrupt.cancelled() => Ok(Exit::Interrupted),
    }
}

/// The server: the state that its tools share.
#[derive(Clone)]
struct Server {
    runner: Arc<Runner>,
    root: Arc<PathBuf>,
    reads_only: bool,
    /// Previews that are being shown; they end with the session.
    previews: Arc<Mutex<Vec<tokio::process::Child>>>,
}

impl Server {
    fn offers(&self, tool: Tool) -> bool {
        !(self.reads_only && tool == Tool::RenderMovie)
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("j2v", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = Tool::ALL.into_iter().filter(|tool| self.offers(*tool)).map(Tool::model);
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    async fn on_custom_request(&self, request: CustomRequest, _context: RequestContext<RoleServer>) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, params, .. } = request;
        if !METHODS.contains(&method.as_str()) {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None));
        }
        let what = if params.is_none_or(|params| params.is_null()) { "are missing" } else { "can't be read" };
        Err(ErrorData::invalid_params(format!("the parameters of {method} {what}: `tools/list` shows what a tool takes"), None))
    }

    fn get_tool(&self, name: &str) -> Option<ToolModel> {
        Tool::of_name(name).filter(|tool| self.offers(*tool)).map(Tool::model)
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        let tool = Tool::of_name(&request.name).filter(|tool| self.offers(*tool));
        let tool = tool.ok_or_else(|| ErrorData::invalid_params(format!("there is no tool `{}`", request.name), None))?;
        let answer = self.call(tool, request.arguments.unwrap_or_default(), &context).await;
        Ok(result(&answer).into())
    }
}

fn result(answer: &Answer) -> CallToolResult {
    let content = vec![ContentBlock::text(answer.text.clone())];
    if answer.failed { CallToolResult::error(content) } else { CallToolResult::success(content) }
}
