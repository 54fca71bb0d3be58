//! The output of a check: for people, as JSON, as annotations of a workflow, or as SARIF.

use crate::cli::CheckFormat;
use crate::commands::Call;
use crate::limits::FINDINGS;
use crate::movie::diagnostic::{Diagnostic, Source};
use crate::movie::json::{Node, Pointer};
use crate::output::annotations::Annotations;
use crate::output::sarif::Sarif;
use crate::output::{findings, snippet};
use crate::quantity::counted;

/// The longest pointer, in bytes; of a longer one the innermost place is shown that has one.
const LONGEST_POINTER: usize = 1000;

/// The movie that some findings belong to.
#[derive(Clone, Copy)]
pub(super) struct CheckedMovie<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The text that it was read from.
    pub(super) sources: &'a [Source],
    /// Its document, if it could be read.
    pub(super) root: Option<&'a Node>,
}

/// The report of one run. A format that can only be written whole is held until the end.
pub(super) enum FindingsReport {
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

impl FindingsReport {
    pub(super) fn new(format: CheckFormat, all: bool) -> Self {
        match format {
            CheckFormat::Human => Self::Human { all },
            CheckFormat::Json => Self::Json,
            CheckFormat::Github => Self::Github(Annotations::default()),
            CheckFormat::Sarif => Self::Sarif(Box::default()),
        }
    }

    /// Records the findings of one movie.
    pub(super) fn add(&mut self, call: &Call, checked: CheckedMovie<'_>, found: &[Diagnostic]) {
        let CheckedMovie { name, sources, root } = checked;
        let placed = findings::place(sources, found);
        let pointer = |finding: &Diagnostic| {
            let exact = root.map_or_else(Pointer::root, |root| root.pointer_to(finding.used.unwrap_or(finding.span)));
            exact.within(LONGEST_POINTER).to_string()
        };
        if let Self::Github(annotations) = self {
            // They are cut and counted when they are written.
            return placed.iter().for_each(|one| annotations.add(name, one));
        }
        let is_grouped = matches!(self, Self::Human { all: false });
        let mut mistakes = if is_grouped { findings::repeated(placed) } else { placed.into_iter().map(|one| vec![one]).collect() };
        let left_out = findings::leave_out(&mut mistakes);
        for (first, others) in mistakes.iter().filter_map(|places| places.split_first()) {
            match self {
                Self::Human { .. } => {
                    call.out.drawn(&format!("{}\n", snippet::render(name, first, others, call.settings.canvas)));
                }
                Self::Json => call.out.data(&findings::to_json(name, first, &pointer(first.finding))),
                Self::Sarif(sarif) => sarif.add(name, first, &pointer(first.finding)),
                Self::Github(_) => {}
            }
        }
        if left_out > 0 {
            call.out.note(&format!("{name}: {} not shown: {}", counted(left_out, "more finding"), FINDINGS.why));
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
