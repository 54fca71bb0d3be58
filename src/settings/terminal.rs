//! The properties of stdout and stderr: whether they are terminals, how wide, and whether they show
//! colours.

use std::io::IsTerminal;

use super::Environment;
use crate::cli::When;

/// The properties of stdout and stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Whether stdout is a terminal.
    pub(crate) stdout: bool,
    /// Whether stderr is a terminal that moves its cursor.
    pub(crate) stderr: bool,
    /// Whether stderr gets colours.
    pub(crate) color: bool,
}

/// The space for a chart on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canvas {
    /// Columns.
    pub(crate) width: usize,
    /// All columns of the terminal, for output without a scale; `None` where stdout is not a terminal.
    pub(crate) terminal: Option<usize>,
    /// Whether it gets colours.
    pub(crate) color: bool,
}

/// The largest width of a chart, and its width where the terminal's is unknown.
const WIDTHS: (usize, usize) = (100, 80);

/// The properties of the process's streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    pub(super) stdout: bool,
    pub(super) stderr: bool,
    /// The columns of stdout's terminal.
    pub(super) columns: Option<usize>,
}

impl Streams {
    pub(super) fn of_process() -> Self {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let columns = terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0)).filter(|columns| *columns > 0);
        Self { stdout: stdout.is_terminal(), stderr: stderr.is_terminal(), columns }
    }
}

pub(super) fn terminal(when: When, environment: &Environment<'_>, streams: Streams) -> Terminal {
    let stderr = streams.stderr && !is_dumb(environment);
    Terminal { stdout: streams.stdout, stderr, color: has_colors(when, environment, streams.stderr) }
}

pub(super) fn canvas(when: When, environment: &Environment<'_>, streams: Streams) -> Canvas {
    let (most, default) = WIDTHS;
    let color = has_colors(when, environment, streams.stdout);
    Canvas { width: streams.columns.unwrap_or(default).min(most), terminal: streams.columns.filter(|_| streams.stdout), color }
}

/// `--color`, then `NO_COLOR`, then `CLICOLOR_FORCE` and `FORCE_COLOR`, then what the terminal can do.
fn has_colors(when: When, environment: &Environment<'_>, is_terminal: bool) -> bool {
    let is_forced = ["CLICOLOR_FORCE", "FORCE_COLOR"].iter().any(|name| environment(name).is_some_and(|value| value != "0"));
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if environment("NO_COLOR").is_some() => false,
        When::Auto => is_forced || (is_terminal && !is_dumb(environment)),
    }
}

fn is_dumb(environment: &Environment<'_>) -> bool {
    environment("TERM").is_some_and(|name| name == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_as_wide_as_the_terminal_up_to_a_hundred_columns() {
        let canvas = |columns: Option<usize>, environment: &Environment<'_>| {
            canvas(When::Auto, environment, Streams { stdout: columns.is_some(), stderr: true, columns })
        };
        assert_eq!([60, 300].map(|columns| canvas(Some(columns), &|_| None).width), [60, 100]);
        let file = Canvas { width: 80, terminal: None, color: false };
        assert_eq!(canvas(None, &|_| None), file, "that stderr is a terminal is no reason to colour a file");
        assert!(!canvas(Some(60), &|name| (name == "NO_COLOR").then(|| "1".to_owned())).color);
    }
}
