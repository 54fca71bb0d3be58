//! Decides which findings of a movie count: the flags first, then the file of its project.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::CheckArgs;
use crate::commands::movie_files::{self, MovieFile};
use crate::commands::{Call, CliError};
use crate::exit::Exit;
use crate::movie::check::Settings;
use crate::movie::diagnostic::Diagnostic;
use crate::settings::Projects;

/// The flags and the projects of one run.
pub(super) struct Policy<'a> {
    args: &'a CheckArgs,
    projects: Projects,
    /// The rules that a project leaves out although they stop a submission, by the path of the project's file.
    kept: BTreeMap<&'static str, String>,
}

/// The rules for one movie.
pub(super) struct Judgement<'a> {
    allow: &'a [String],
    waived: Vec<String>,
    deny: Vec<String>,
    project: String,
}

impl<'a> Policy<'a> {
    pub(super) fn new(args: &'a CheckArgs) -> Self {
        Self { args, projects: Projects::default(), kept: BTreeMap::new() }
    }

    /// The movies that were named, without those of folders that their project excludes. A file that is named itself stays.
    ///
    /// # Errors
    /// When a folder can't be read, or the file of a project can't be used.
    pub(super) fn files(&mut self, names: &[String]) -> Result<Vec<MovieFile>, CliError> {
        let mut files = Vec::new();
        for file in movie_files::named(names)? {
            let project = self.projects.of(&file.name).map_err(|why| CliError::new(Exit::Usage, why.to_string()))?;
            let is_excluded = file.stem.is_some() && project.is_some_and(|project| project.excludes(Path::new(&file.name)));
            if !is_excluded {
                files.push(file);
            }
        }
        Ok(files)
    }

    /// The rules for a movie. Where a flag and the project both name a rule, the flag decides.
    ///
    /// # Errors
    /// When the file of its project can't be used.
    pub(super) fn of(&mut self, movie: &str) -> Result<Judgement<'a>, CliError> {
        let CheckArgs { allow, deny, .. } = self.args;
        let project = self.projects.of(movie).map_err(|why| CliError::new(Exit::Usage, why.to_string()))?;
        let Some(project) = project else {
            return Ok(Judgement { allow, waived: Vec::new(), deny: deny.clone(), project: String::new() });
        };
        let waived = project.allow.iter().filter(|rule| !deny.contains(rule)).cloned().collect();
        let deny = deny.iter().chain(&project.deny).cloned().collect();
        Ok(Judgement { allow, waived, deny, project: project.path.display().to_string() })
    }

    /// Records the rules that the project leaves out but can't.
    pub(super) fn count(&mut self, judgement: &Judgement<'_>, found: &[Diagnostic]) {
        let kept = found.iter().filter(|finding| judgement.waived.iter().any(|rule| rule == finding.code));
        self.kept.extend(kept.map(|finding| (finding.code, judgement.project.clone())));
    }

    /// Explains why findings are shown that a project leaves out.
    pub(super) fn tell(&self, call: &Call) {
        for (code, project) in &self.kept {
            call.out.note(&format!("{project} allows {code}, but here it stops the render: fix it, or give --allow {code}"));
        }
    }
}

impl Judgement<'_> {
    /// The settings of the check.
    pub(super) fn settings(&self) -> Settings<'_> {
        Settings { allow: self.allow, waived: &self.waived, deny: &self.deny, ..Settings::default() }
    }
}
