//! One bar of the chart: what certainly plays, what may play, and where the end is unknown.

use anstyle::{AnsiColor, Style};

use crate::settings::Canvas;

/// The signs of a bar; the chart's last line explains those that occur.
const SCENE: char = '█';
const ELEMENT: char = '━';
pub(super) const OVERLAP: char = '▒';
pub(super) const MAYBE: char = '·';
pub(super) const OPEN: char = '…';
pub(super) const BEYOND: char = '›';

const STRONG: Style = AnsiColor::Cyan.on_default();
const DOUBT: Style = AnsiColor::Yellow.on_default();

/// The kind of item that a bar belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    Scene,
    Element,
}

/// When an item plays, in seconds of the movie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bar {
    pub(super) rank: Rank,
    pub(super) start: f64,
    /// The end of its overlap with the item before it.
    pub(super) overlap: f64,
    /// The time until which it certainly plays.
    pub(super) sure: f64,
    /// The time until which it may play; `None` when it is unbounded.
    pub(super) most: Option<f64>,
    /// The end of its container, which cuts it.
    pub(super) cut: Option<f64>,
}

/// The columns that bars are drawn in, and the seconds that they represent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) columns: usize,
    pub(super) horizon: f64,
}

impl Scale {
    fn column(self, time: f64) -> usize {
        // The last column is kept free, for the sign of an item that continues.
        let last = self.columns.saturating_sub(1);
        if self.horizon <= 0.0 {
            return 0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a terminal has few columns")]
        let column = (time / self.horizon * last as f64).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is rounded and clamped to the columns")]
        let column = column.clamp(0.0, f64::from(u16::MAX)) as usize;
        column.min(last)
    }
}

impl Bar {
    /// The columns of the bar, each with its sign; spaces up to its start.
    pub(super) fn cells(&self, scale: Scale) -> Vec<char> {
        let cut = |time: f64| self.cut.map_or(time, |cut| time.min(cut)).max(self.start);
        let (from, overlap) = (scale.column(self.start), scale.column(self.overlap));
        let sure = end(from, scale.column(cut(self.sure)), cut(self.sure) > self.start);
        let mut cells = vec![' '; from];
        let (early, body) = if self.rank == Rank::Scene { (OVERLAP, SCENE) } else { (ELEMENT, ELEMENT) };
        cells.extend((from..sure).map(|column| if column < overlap { early } else { body }));
        match self.most {
            _ if self.sure > self.cut.unwrap_or(scale.horizon) => cells.push(BEYOND),
            None => cells.push(OPEN),
            Some(most) if cut(most) > cut(self.sure) => {
                let most = end(sure, scale.column(cut(most)), true);
                cells.extend((sure..most).map(|_| MAYBE));
            }
            Some(_) => {}
        }
        if cells.len() > scale.columns {
            let mark = cells.pop();
            cells.truncate(scale.columns.saturating_sub(1));
            cells.extend(mark);
        }
        cells
    }
}

/// An item that plays at all gets at least one visible cell.
fn end(from: usize, to: usize, plays: bool) -> usize {
    if plays { to.max(from + 1) } else { from }
}

/// The cells as text, coloured where colours are on.
pub(super) fn paint(cells: &[char], canvas: Canvas) -> String {
    let plain = |run: &[char]| run.iter().collect::<String>();
    if !canvas.color {
        return plain(cells);
    }
    let painted = cells.chunk_by(|one, other| style(*one) == style(*other)).map(|run| {
        let style = style(run[0]);
        format!("{style}{}{style:#}", plain(run))
    });
    painted.collect()
}

fn style(cell: char) -> Style {
    match cell {
        SCENE | OVERLAP => STRONG,
        MAYBE | OPEN | BEYOND => DOUBT,
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ELEMENT_OF_4: Bar = Bar { rank: Rank::Element, start: 2.0, overlap: 2.0, sure: 6.0, most: Some(6.0), cut: None };

    fn drawn(bar: Bar) -> String {
        bar.cells(Scale { columns: 11, horizon: 10.0 }).into_iter().collect()
    }

    #[test]
    fn a_bar_shows_what_is_sure_and_marks_what_is_not() {
        assert_eq!(drawn(ELEMENT_OF_4), "  ━━━━");
        assert_eq!(drawn(Bar { rank: Rank::Scene, overlap: 3.0, ..ELEMENT_OF_4 }), "  ▒███");
        assert_eq!(drawn(Bar { most: Some(8.0), ..ELEMENT_OF_4 }), "  ━━━━··");
        assert_eq!(drawn(Bar { most: None, ..ELEMENT_OF_4 }), "  ━━━━…");
        assert_eq!(drawn(Bar { most: None, sure: 2.0, ..ELEMENT_OF_4 }), "  …");
        assert_eq!(drawn(Bar { cut: Some(4.0), ..ELEMENT_OF_4 }), "  ━━›");
        assert_eq!(drawn(Bar { sure: 30.0, most: None, ..ELEMENT_OF_4 }), "  ━━━━━━━━›");
        assert_eq!(drawn(Bar { cut: Some(7.0), most: Some(9.0), ..ELEMENT_OF_4 }), "  ━━━━·");
        assert_eq!(drawn(Bar { sure: 2.01, most: Some(2.01), ..ELEMENT_OF_4 }), "  ━", "a blink is seen");
        assert_eq!(drawn(Bar { sure: 2.0, most: Some(2.0), ..ELEMENT_OF_4 }), "  ");
    }

    proptest! {
        #[test]
        fn no_bar_is_wider_than_its_columns(
            times in proptest::array::uniform5(0.0..1e9_f64), open: bool, is_cut: bool, columns in 1..200_usize, horizon in 0.0..1e9_f64,
        ) {
            let [start, overlap, sure, most, cut] = times;
            let (most, cut) = ((!open).then_some(sure + most), is_cut.then_some(cut));
            for rank in [Rank::Scene, Rank::Element] {
                let bar = Bar { rank, start, overlap, sure: start + sure, most, cut };
                let drawn = bar.cells(Scale { columns, horizon });
                prop_assert!(drawn.len() <= columns);
            }
        }
    }
}
