//! The place where a value was written: in a text, in a cell of a table, or nowhere. A value that an expansion filled in has a
//! place of its own; the expanded document knows where it was written and where it is used.

/// A range of bytes in one of a document's sources, or a place of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source, as an index into the document's list.
    pub source: u16,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

/// A cell of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellPlace {
    /// The table: 0 is the one whose rows become movies; the tables that are joined to it follow.
    pub table: u16,
    /// The number of its row.
    pub row: u32,
    /// Its column, from 0.
    pub column: u32,
}

/// The largest number of texts in a document. The numbers above it are places of other kinds.
const TEXTS: u16 = u16::MAX - 1024;

/// A value that an expansion filled in; `start` is its number.
const FILLED: u16 = u16::MAX - 1;

/// The first table; the tables after it have smaller numbers.
const TABLE: u16 = u16::MAX - 2;

impl Span {
    /// The place of a value that was never written: a program made it.
    pub const NONE: Self = Self { source: u16::MAX, start: 0, end: 0 };

    /// Some bytes of a text whose length was checked.
    pub(super) fn of_bytes(source: u16, start: usize, end: usize) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { source, start: offset(start), end: offset(end) }
    }

    /// Whether it is a place in a text.
    #[must_use]
    pub fn is_some(self) -> bool {
        self.source < TEXTS
    }

    /// Whether it is written in a text. A value of a flag has a place, but not in a text.
    #[must_use]
    pub fn is_written(self) -> bool {
        self.is_some() && self.start < self.end
    }

    /// Whether it contains another place of the same text.
    #[must_use]
    pub fn holds(self, inner: Self) -> bool {
        self.is_written() && self.source == inner.source && self.start <= inner.start && inner.end <= self.end
    }

    /// The whole of a source; nowhere, if the document has more sources than can be numbered.
    pub(crate) fn whole(source: usize) -> Self {
        u16::try_from(source).ok().filter(|source| *source < TEXTS).map_or(Self::NONE, |source| Self { source, start: 0, end: 0 })
    }

    /// A cell of a table.
    #[must_use]
    pub fn cell(cell: CellPlace) -> Self {
        let source = TABLE.checked_sub(cell.table).filter(|source| *source >= TEXTS);
        source.map_or(Self::NONE, |source| Self { source, start: cell.row, end: cell.column })
    }

    /// The cell, if it is one.
    #[must_use]
    pub fn as_cell(self) -> Option<CellPlace> {
        let is_cell = (TEXTS..=TABLE).contains(&self.source);
        is_cell.then(|| CellPlace { table: TABLE - self.source, row: self.start, column: self.end })
    }

    /// The n-th value that an expansion filled in.
    pub(in crate::movie) fn filled(number: usize) -> Self {
        u32::try_from(number).map_or(Self::NONE, |number| Self { source: FILLED, start: number, end: number })
    }

    /// Its number, if an expansion filled it in.
    pub(in crate::movie) fn as_filled(self) -> Option<usize> {
        if self.source == FILLED { usize::try_from(self.start).ok() } else { None }
    }

    /// The same place after this span's list of sources was put at the end of another list.
    pub(crate) fn moved(self, sources: u16) -> Self {
        if self.is_some() { Self { source: self.source.saturating_add(sources), ..self } } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_found_again_and_is_no_place_in_a_text() {
        let cell = CellPlace { table: 3, row: 4_000_000_000, column: 17 };
        assert_eq!(Span::cell(cell).as_cell(), Some(cell));
        assert!(!Span::cell(cell).is_some() && Span::cell(cell).moved(2) == Span::cell(cell));
        assert_eq!(Span::cell(CellPlace { table: 2000, ..cell }), Span::NONE, "so many tables can't be told apart");
    }

    #[test]
    fn the_kinds_of_places_are_told_apart() {
        let text = Span { source: 0, start: 1, end: 2 };
        assert!(Span::whole(3).is_some() && !Span::whole(3).is_written() && text.is_written());
        assert!(text.is_some() && text.as_cell().is_none() && text.as_filled().is_none());
        assert!(Span::filled(7).as_filled() == Some(7) && Span::filled(7).as_cell().is_none());
        assert!(!Span::NONE.is_some() && Span::NONE.as_cell().is_none() && Span::NONE.as_filled().is_none());
    }
}
