//! The output of a check: for people, as JSON, as annotations of a workflow, or as SARIF.

use crate::cli::CheckFormat;
use crate::commands::Call;
use crate::movie::diagnostic::{Diagnostic, Source};
use crate::movie::json::{Node, Pointer};
use crate::output::annotations::Annotations;
use crate::output::sarif::Sarif;
use crate::output::{findings, snippet};

/// The movie that some findings belong to.
#[derive(Clone, Copy)]
pub(super) struct Checked<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The text that it was read from.
    pub(super) sources: &'a [Source],
    /// Its document, if it could be read.
    pub(super) root: Option<&'a Node>,
}

/// The report of one run. A format that can only be written whole is held until the end.
pub(super) enum Report {
    /// Each finding with its line, or a mistake with all of its places.
    Human {
        /// Whether every place of a mistake is a line of its own.
        all: bool,
    },
    /// An object a line.
    Json,
    /// Annotations.
    Github(Annotations),
    /// One document.
    Sarif(Box<Sarif>),
}

impl Report {
    pub(super) fn new(format: CheckFormat, all: bool) -> Self {
        match format {
            CheckFormat::Human => Self::Human { all },
            CheckFormat::Json => Self::Json,
            CheckFormat::Github => Self::Github(Annotations::default()),
            CheckFormat::Sarif => Self::Sarif(Box::default()),
        }
    }

    /// Records the findings of one movie.
    pub(super) fn add(&mut self, call: &Call, checked: Checked<'_>, found: &[Diagnostic]) {
        let Checked { name, sources, root } = checked;
        let placed = findings::place(sources, found);
        let pointer = |finding: &Diagnostic| {
            root.map_or_else(Pointer::root, |root| root.pointer_to(finding.used.unwrap_or(finding.span))).to_string()
        };
        match self {
            Self::Json => placed.iter().for_each(|one| call.out.data(&findings::to_json(name, one, &pointer(one.finding)))),
            Self::Github(annotations) => placed.iter().for_each(|one| annotations.add(name, one)),
            Self::Sarif(sarif) => placed.iter().for_each(|one| sarif.add(name, one, &pointer(one.finding))),
            Self::Human { all } => {
                let color = call.settings.canvas.color;
                let mistakes = if *all { placed.into_iter().map(|one| vec![one]).collect() } else { findings::repeated(placed) };
                for places in mistakes {
                    if let Some((first, others)) = places.split_first() {
                        call.out.drawn(&format!("{}\n", snippet::render(name, first, others, color)));
                    }
                }
            }
        }
    }

    /// Writes what was held until the end.
    pub(super) fn finish(self, call: &Call) {
        match self {
            Self::Github(annotations) => annotations.lines().iter().for_each(|line| call.out.data(line)),
            Self::Sarif(sarif) => call.out.drawn(&format!("{:#}", sarif.finish())),
            Self::Human { .. } | Self::Json => {}
        }
    }
}
