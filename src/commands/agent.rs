//! `j2v agent`: the skill that teaches an agent to use j2v, and the place where it is installed.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{Call, CliError};
use crate::cli::{AgentCommand, Client, Scope, SetupArgs, SkillArgs};
use crate::draft;
use crate::exit::Exit;

/// The skill's page.
const SKILL: &str = include_str!("../../skills/j2v/SKILL.md");

/// The skill's references: their names and pages. That of spellings is made of the table that `check` suggests from.
const REFERENCES: [(&str, &str); 3] = [
    ("movies", include_str!("../../skills/j2v/references/movies.md")),
    ("spellings", include_str!("../../skills/j2v/references/spellings.md")),
    ("answers", include_str!("../../skills/j2v/references/answers.md")),
];

/// The member of a settings file that lists the servers.
const SERVERS: &str = "mcpServers";

pub(super) fn run(call: &Call, command: &AgentCommand) -> anyhow::Result<Exit> {
    match command {
        AgentCommand::Skill(args) => skill(call, args),
        AgentCommand::Setup(args) => set_up(call, args),
    }
}

fn skill(call: &Call, args: &SkillArgs) -> anyhow::Result<Exit> {
    let page = match &args.reference {
        None => SKILL,
        Some(wanted) => REFERENCES.iter().find(|(name, _)| name == wanted).map(|(_, page)| *page).ok_or_else(|| {
            let names = REFERENCES.map(|(name, _)| name).join(", ");
            CliError::new(Exit::Usage, format!("the skill has no reference `{wanted}`; it has {names}"))
        })?,
    };
    call.out.drawn(page.trim_end());
    Ok(Exit::Done)
}

fn set_up(call: &Call, args: &SetupArgs) -> anyhow::Result<Exit> {
    let base = match args.scope {
        Scope::Project => PathBuf::new(),
        Scope::User => etcetera::home_dir().map_err(|_| CliError::new(Exit::Usage, "there is no home folder: use --scope project"))?,
    };
    let folder = base.join(args.client.folder()).join("skills/j2v");
    let references = REFERENCES.iter().map(|(name, page)| (folder.join(format!("references/{name}.md")), (*page).to_owned()));
    let mut files: Vec<(PathBuf, String)> = std::iter::once((folder.join("SKILL.md"), SKILL.to_owned())).chain(references).collect();
    if args.mcp {
        let settings = base.join(args.client.settings(args.scope));
        // All is decided before the first file is written: a broken settings file leaves everything as it was.
        let merged = with_server(&settings)?;
        files.push((settings, merged));
    }
    for (path, text) in files {
        let change = write(&path, &text, args.dry_run)?;
        call.out.data(&format!("{change}{} {}", if args.dry_run { " (dry run)" } else { "" }, path.display()));
    }
    Ok(Exit::Done)
}

impl Client {
    /// The agent's own folder, in a project and in a home folder.
    fn folder(self) -> &'static str {
        match self {
            Self::Claude => ".claude",
            Self::Cursor => ".cursor",
        }
    }

    /// The file that lists the agent's servers.
    fn settings(self, scope: Scope) -> &'static str {
        match (self, scope) {
            (Self::Claude, Scope::Project) => ".mcp.json",
            (Self::Claude, Scope::User) => ".claude.json",
            (Self::Cursor, _) => ".cursor/mcp.json",
        }
    }
}

/// The result for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Created,
    Updated,
    Unchanged,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        })
    }
}

/// The settings file with our server added, and everything else unchanged.
fn with_server(path: &Path) -> Result<String, CliError> {
    let refused = |why: String| CliError {
        help: Some("fix the file, or move it away; nothing was written".to_owned()),
        ..CliError::new(Exit::Usage, format!("{}: {why}", path.display()))
    };
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(why) => return Err(refused(format!("it can't be read: {why}"))),
    };
    let mut settings: Map<String, Value> = if before.trim().is_empty() {
        Map::new()
    } else {
        serde_json::from_str(&before).map_err(|why| refused(format!("it is not a JSON object: {why}")))?
    };
    let servers = settings.entry(SERVERS).or_insert_with(|| json!({}));
    let servers = servers.as_object_mut().ok_or_else(|| refused(format!("`{SERVERS}` is not an object")))?;
    let ours = json!({"command": "j2v", "args": ["mcp"]});
    if servers.get("j2v") == Some(&ours) {
        return Ok(before);
    }
    servers.insert("j2v".to_owned(), ours);
    serde_json::to_string_pretty(&settings).map(|text| text + "\n").map_err(|why| refused(why.to_string()))
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str, dry_run: bool) -> anyhow::Result<Change> {
    let before = fs::read_to_string(path).ok();
    let change = match before {
        Some(before) if before == text => return Ok(Change::Unchanged),
        Some(_) => Change::Updated,
        None => Change::Created,
    };
    if dry_run {
        return Ok(change);
    }
    let failed = |why: std::io::Error| CliError::new(Exit::Internal, format!("{} can't be written: {why}", path.display()));
    let folder = draft::folder_of(path);
    fs::create_dir_all(folder).map_err(failed)?;
    draft::replace(path, text.as_bytes()).map_err(failed)?;
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::spec::near::{INSTEAD, NAMES};

    /// The page of names that people write, as the table has them now.
    fn spellings() -> String {
        let mut page = "# What people write, and what the service wants\n\n`j2v check` suggests these; `j2v check --fix` writes those that are certain.\n\n| written | meant |\n| --- | --- |\n".to_owned();
        for (wrong, right) in NAMES {
            let right: Vec<String> = right.iter().map(|name| format!("`{name}`")).collect();
            page.extend(["| `", wrong, "` | ", &right.join(" or "), " |\n"]);
        }
        for (wrong, instead) in INSTEAD {
            page.extend(["| `", wrong, "` | ", instead, " |\n"]);
        }
        page
    }

    #[test]
    fn the_page_of_spellings_is_the_table_that_check_suggests_from() {
        let (_, page) = REFERENCES[1];
        assert_eq!(page, spellings(), "write this into skills/j2v/references/spellings.md");
    }
}
