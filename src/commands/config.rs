//! `j2v config`: the settings, the origin of each, and the file that contains them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{Call, CliError};
use crate::cli::ConfigCommand;
use crate::exit::Exit;
use crate::output::table;
use crate::settings::{Origin, Project, Shown, folder, stored};

/// What a new file says.
const TEMPLATE: &str = "\
# Settings of j2v, one profile for each account. `j2v config show` prints what is in effect.

[profiles.default]
# key-command = \"pass show json2video\"      # prints the key; run without a shell
# resolution = \"full-hd\"                    # for movies that have no size
# webhook = \"https://app.example/callback\"  # for movies that have no exports
# download = \"~/Videos/\"                    # where `j2v download` saves
# ledger = \"~/.local/state/j2v/ledger.db\"
# concurrency = 4                             # movies that are submitted at once
# api-url = \"https://api.json2video.com/v2\"
";

pub(super) fn run(call: &Call, command: &ConfigCommand) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Show { json, .. } => show(call, *json),
        ConfigCommand::Path => {
            call.out.data(&file(call)?.display().to_string());
            Ok(Exit::Done)
        }
        ConfigCommand::Edit => edit(call),
    }
}

fn file(call: &Call) -> Result<PathBuf, CliError> {
    let folder = call.settings.folder.as_deref();
    folder.map(folder::config_file).ok_or_else(|| CliError::new(Exit::Usage, "there is no home folder for a config file"))
}

fn show(call: &Call, json: bool) -> anyhow::Result<Exit> {
    if let Some(fault) = &call.settings.config_fault {
        return Err(CliError::new(Exit::Usage, fault).then("j2v config edit").into());
    }
    let shown: Vec<_> = call.settings.shown.iter().cloned().chain([project()?]).collect();
    if json {
        for setting in &shown {
            call.out.data(&json!({"name": setting.name, "value": setting.value, "from": setting.origin.to_string()}).to_string());
        }
        return Ok(Exit::Done);
    }
    let row = |setting: &Shown| {
        let value = setting.value.clone().unwrap_or_else(|| "-".to_owned());
        vec![setting.name.to_owned(), value, setting.origin.to_string()]
    };
    for line in table::lay_out(&shown.iter().map(row).collect::<Vec<_>>()) {
        call.out.data(&line);
    }
    Ok(Exit::Done)
}

/// The file of the project that the working folder belongs to.
fn project() -> Result<Shown, CliError> {
    let project = Project::of(Path::new(".")).map_err(|why| CliError::new(Exit::Usage, why.to_string()))?;
    let path = project.map(|project| project.path);
    let origin = path.clone().map_or(Origin::Default, Origin::File);
    Ok(Shown { name: "project", value: path.map(|path| path.display().to_string()), origin })
}

/// Opens the file in the user's editor, and checks it afterwards.
fn edit(call: &Call) -> anyhow::Result<Exit> {
    let path = file(call)?;
    make(&path).map_err(|why| CliError::new(Exit::Internal, format!("{} can't be made: {why}", path.display())))?;
    let Some(editor) = &call.settings.editor else {
        return Err(CliError::new(Exit::Usage, format!("$VISUAL and $EDITOR are not set: open {} yourself", path.display())).into());
    };
    let words = shlex::split(editor).unwrap_or_default();
    let [program, arguments @ ..] = words.as_slice() else {
        return Err(CliError::new(Exit::Usage, format!("`{editor}` is not a command line")).into());
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(&path);
    for name in &call.settings.withheld {
        command.env_remove(name);
    }
    let ended = command.status().map_err(|why| CliError::new(Exit::Usage, format!("`{editor}` can't be started: {why}")))?;
    if !ended.success() {
        return Err(CliError::new(Exit::Internal, format!("`{editor}` failed; {} may be half written", path.display())).into());
    }
    let folder = path.parent().unwrap_or(&path);
    folder::check_config(folder).map_err(|fault| CliError::new(Exit::Usage, fault.to_string()).then("j2v config edit"))?;
    Ok(Exit::Done)
}

/// Makes the file with every setting as a comment, unless it is there.
fn make(path: &Path) -> std::io::Result<()> {
    match fs::metadata(path) {
        Err(why) if why.kind() == ErrorKind::NotFound => stored::keep(path, TEMPLATE),
        found => found.map(drop),
    }
}
