//! `j2v.toml`: the findings that a project's checks leave out or treat as errors. The search goes from a movie's folder upwards;
//! only the nearest file applies. It can't hide a fault that certainly stops a render, so a file from any source is safe to read.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use glob::{MatchOptions, Pattern};
use toml::Spanned;
use toml::de::DeValue;

use super::toml_file::{TomlError, TomlFile};
use crate::cli;

/// The name of the file.
const NAME: &str = "j2v.toml";

/// The settings that it may contain.
const SETTINGS: [&str; 3] = ["allow", "deny", "exclude"];

/// `*` stays within a folder, as in a shell.
const MATCHING: MatchOptions = MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// The settings of a project.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// The file that contains them.
    pub(crate) path: PathBuf,
    /// The codes of rules whose findings are left out.
    pub(crate) allow: Vec<String>,
    /// The codes of rules whose findings are errors; `warnings` for all.
    pub(crate) deny: Vec<String>,
    exclude: Vec<Exclusion>,
}

impl Project {
    /// The project of a folder.
    ///
    /// # Errors
    /// When its file can't be used.
    pub(crate) fn of(folder: &Path) -> Result<Option<Self>, TomlError> {
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let mut files = folder.ancestors().map(|folder| folder.join(NAME));
        files.find(|path| path.is_file()).map_or(Ok(None), |path| Self::read(&path))
    }

    fn read(path: &Path) -> Result<Option<Self>, TomlError> {
        TomlFile::read(path)?.map(|file| Self::parse(path, &file)).transpose()
    }

    fn parse(path: &Path, file: &TomlFile) -> Result<Self, TomlError> {
        let mut project = Self { path: path.to_owned(), allow: Vec::new(), deny: Vec::new(), exclude: Vec::new() };
        for (name, value) in &file.table()? {
            match name.get_ref().as_ref() {
                "allow" => project.allow = texts(file, value, cli::rule)?,
                "deny" => project.deny = texts(file, value, cli::rule_or_warnings)?,
                "exclude" => project.exclude = texts(file, value, Exclusion::parse)?,
                other => return Err(file.unknown(name.span().start, other, &SETTINGS)),
            }
        }
        Ok(project)
    }

    /// Whether a file, or a folder that it is in, is excluded.
    #[must_use]
    pub(crate) fn excludes(&self, movie: &Path) -> bool {
        let movie = fs::canonicalize(movie).unwrap_or_else(|_| movie.to_owned());
        let Some(inside) = self.path.parent().and_then(|folder| movie.strip_prefix(folder).ok()) else { return false };
        let mut paths = inside.ancestors().filter(|path| !path.as_os_str().is_empty());
        paths.any(|path| self.exclude.iter().any(|exclusion| exclusion.matches(path)))
    }
}

/// A pattern of `exclude`.
#[derive(Debug, Clone)]
enum Exclusion {
    /// A name at any depth.
    Name(Pattern),
    /// A path from the project's folder on.
    Path(Pattern),
}

impl Exclusion {
    /// A pattern without `/` is a name; a `/` at its end, which marks a folder, doesn't count.
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches('/');
        let path = text.strip_prefix("./").unwrap_or(text);
        let pattern =
            Pattern::new(path.trim_start_matches('/')).map_err(|why| format!("`{text}` is not a pattern for files: {}", why.msg))?;
        Ok(if text.contains('/') { Self::Path(pattern) } else { Self::Name(pattern) })
    }

    fn matches(&self, path: &Path) -> bool {
        match self {
            Self::Name(pattern) => pattern.matches_with(&path.file_name().unwrap_or_default().to_string_lossy(), MATCHING),
            Self::Path(pattern) => {
                let spelled = path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
                pattern.matches_with(&spelled, MATCHING)
            }
        }
    }
}

fn texts<T>(file: &TomlFile, value: &Spanned<DeValue<'_>>, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, TomlError> {
    let wanted = |at: usize| file.wrong(at, "this must be a list of texts: `[\"…\", \"…\"]`".to_owned());
    let items = value.get_ref().as_array().ok_or_else(|| wanted(value.span().start))?;
    let read = |item: &Spanned<DeValue<'_>>| {
        let at = item.span().start;
        let text = item.get_ref().as_str().ok_or_else(|| wanted(at))?;
        parse(text).map_err(|why| file.wrong(at, why))
    };
    items.iter().map(read).collect()
}

/// The projects of several movies: the file of each folder is read once.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    known: HashMap<PathBuf, Option<Rc<Project>>>,
}

impl Projects {
    /// The project of a movie by the name of its file; `-` belongs to the working folder.
    ///
    /// # Errors
    /// When the project's file can't be used.
    pub(crate) fn of(&mut self, movie: &str) -> Result<Option<Rc<Project>>, TomlError> {
        let folder = Path::new(movie).parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Some(known) = self.known.get(folder) {
            return Ok(known.clone());
        }
        let project = Project::of(folder)?.map(Rc::new);
        self.known.insert(folder.to_owned(), project.clone());
        Ok(project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Project, String> {
        let path = Path::new("/p/j2v.toml");
        Project::parse(path, &TomlFile::new(path, text.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place_and_the_likely_name() {
        for (text, told) in [
            ("alow = [\"J2V086\"]", "/p/j2v.toml:1:1: unknown setting `alow`; did you mean `allow`?"),
            ("\ndeny = [\"src-misssing\"]", "/p/j2v.toml:2:9: there is no such rule; did you mean J2V064 (src-missing)?"),
            ("allow = [\"warnings\"]", "/p/j2v.toml:1:10: there is no such rule"),
            ("allow = \"J2V086\"", "/p/j2v.toml:1:9: this must be a list of texts"),
            ("exclude = [1]", "/p/j2v.toml:1:12: this must be a list of texts"),
            ("exclude = [\"a***\"]", "/p/j2v.toml:1:12: `a***` is not a pattern for files"),
            ("allow = [", "/p/j2v.toml:1:"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(told), "{error}");
        }
    }

    #[test]
    fn patterns_are_names_at_any_depth_or_paths_from_the_projects_folder() {
        let project = parse("exclude = [\"drafts/\", \"*.part.json\", \"ads/**/old\", \"ads/*.yaml\", \"/top.json\"]").unwrap();
        for (path, is_excluded) in [
            ("/p/drafts/a.json", true),
            ("/p/ads/drafts/b/c.json", true),
            ("/p/ads/x.part.json", true),
            ("/p/ads/2025/1/old/x.json", true),
            ("/p/ads/x.yaml", true),
            ("/p/ads/2025/x.yaml", false),
            ("/p/ads/x.json", false),
            ("/p/top.json", true),
            ("/p/ads/top.json", false),
            ("/elsewhere/drafts/a.json", false),
        ] {
            assert_eq!(project.excludes(Path::new(path)), is_excluded, "{path}");
        }
    }
}
