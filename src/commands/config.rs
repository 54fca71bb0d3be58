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
use crate::settings::{self, EditError, Origin, Project, SettingName, Shown, folder, stored};

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
        ConfigCommand::Get { name } => get(call, name),
        ConfigCommand::Set { name, value } => set(call, name, Some(value)),
        ConfigCommand::Unset { name } => set(call, name, None),
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

/// A broken file sets nothing, so no value is in effect that could be shown.
fn refuse_broken_file(call: &Call) -> Result<(), CliError> {
    let fault = call.settings.config_fault.as_ref();
    fault.map_or(Ok(()), |fault| Err(CliError::new(Exit::Usage, fault).then("j2v config edit")))
}

fn show(call: &Call, json: bool) -> anyhow::Result<Exit> {
    refuse_broken_file(call)?;
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

/// Prints a setting as it is in effect.
fn get(call: &Call, name: &str) -> anyhow::Result<Exit> {
    let name = setting(name, "j2v auth status")?;
    refuse_broken_file(call)?;
    call.out.data(shown(call, name).and_then(|setting| setting.value.as_deref()).unwrap_or_default());
    Ok(Exit::Done)
}

/// The setting that a name means. The key has commands of its own, which never print it.
fn setting(name: &str, of_key: &str) -> Result<SettingName, CliError> {
    if name == "key" || name == "api-key" {
        return Err(
            CliError::new(Exit::Usage, "the API key is not a setting: it is never printed, and never on a command line").then(of_key)
        );
    }
    SettingName::parse(name).map_err(|why| CliError::new(Exit::Usage, why))
}

fn shown(call: &Call, name: SettingName) -> Option<&Shown> {
    // What `config show` calls the key is, in the file, the program that prints it.
    let name = if name.as_str() == "key-command" { "key" } else { name.as_str() };
    call.settings.shown.iter().find(|setting| setting.name == name)
}

/// Writes or removes a setting of the profile.
fn set(call: &Call, name: &str, value: Option<&str>) -> anyhow::Result<Exit> {
    let setting_name = setting(name, "j2v auth login")?;
    if let (Some(place), "ledger") = (value, setting_name.as_str()) {
        // Every user of the machine can read an argument: a password in it is refused.
        call.settings.ledger_at(Path::new(place)).map_err(|why| CliError::new(Exit::Usage, why.to_string()))?;
    }
    let profile = &call.settings.account;
    let path = file(call)?;
    let is_changed = settings::edit(&path, profile, setting_name, value).map_err(|error| refused(&error))?;
    let path = path.display();
    let of = if name == "profile" { String::new() } else { format!(" of the profile {profile}") };
    let what = match (value, is_changed) {
        (Some(_), true) => "is set",
        (Some(_), false) => "was already so",
        (None, true) => "was removed",
        (None, false) => "is not set",
    };
    call.out.note(&format!("{path}: {name}{of} {what}"));
    if let (Some(_), Some(Shown { origin: origin @ Origin::Variable(_), .. })) = (value, shown(call, setting_name)) {
        call.out.warning(&format!("{origin} overrides it"));
    }
    Ok(Exit::Done)
}

fn refused(error: &EditError) -> CliError {
    match error {
        EditError::Unwritable { .. } => CliError::new(Exit::Internal, error.to_string()),
        EditError::Value { .. } => CliError::new(Exit::Usage, error.to_string()),
        EditError::Broken(_) | EditError::Form { .. } => CliError::new(Exit::Usage, error.to_string()).then("j2v config edit"),
    }
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
        Err(why) if why.kind() == ErrorKind::NotFound => stored::replace(path, TEMPLATE),
        found => found.map(drop),
    }
}
