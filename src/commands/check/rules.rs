//! The output of `check --explain` and `check --rules`.

use std::path::Path;

use serde_json::{Value, json};

use crate::commands::{Call, CliError};
use crate::exit::Exit;
use crate::movie::check::Rule;
use crate::settings::Project;

/// Lists the rules, and their settings in the project of the working folder.
///
/// # Errors
/// When the file of the project can't be used.
pub(super) fn list(call: &Call, json: bool) -> Result<Exit, CliError> {
    let project = Project::of(Path::new(".")).map_err(|why| CliError::new(Exit::Usage, why.to_string()))?;
    for rule in Rule::all() {
        let verdict = project.as_ref().and_then(|project| Some((verdict(project, rule)?, project.path.display())));
        let line = if json {
            let mut described = to_json(rule);
            described["project"] = json!(verdict.map(|(word, _)| word));
            described.to_string()
        } else {
            let by = verdict.map(|(word, path)| format!("; {word} by {path}")).unwrap_or_default();
            format!("{}{by}", named(rule))
        };
        call.out.data(&line);
    }
    if let Some(project) = project {
        call.out.note(&format!("project: {}", project.path.display()));
    }
    Ok(Exit::Done)
}

/// The project's setting for a rule.
fn verdict(project: &Project, rule: &Rule) -> Option<&'static str> {
    let names = |list: &[String]| list.iter().any(|code| code == rule.code);
    if names(&project.allow) { Some("allowed") } else { names(&project.deny).then_some("denied") }
}

/// `J2V064 src-missing: error; it may stop a submission`.
fn named(rule: &Rule) -> String {
    let stops = if rule.may_stop() { "; it may stop a submission" } else { "" };
    format!("{} {}: {}{stops}", rule.code, rule.name, rule.severity)
}

/// A rule for people.
pub(super) fn explanation(rule: &Rule) -> String {
    let Rule { evidence, why, wrong, right, source, .. } = rule;
    let indented = |text: &str| text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n");
    format!(
        "{}\n\n{why}\n\nWrong:\n{}\n\nRight:\n{}\n\nEvidence: {evidence}\nSource: {source}",
        named(rule),
        indented(wrong),
        indented(right)
    )
}

/// A rule for programs.
pub(super) fn to_json(rule: &Rule) -> Value {
    json!({
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.to_string(),
        "evidence": rule.evidence.to_string(),
        "stops": rule.may_stop(),
        "why": rule.why,
        "wrong": rule.wrong,
        "right": rule.right,
        "source": rule.source,
    })
}
