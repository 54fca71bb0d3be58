//! Where the values of an expanded movie come from: each was written somewhere, and is used somewhere else.

use super::json::Span;

/// A value that an expansion filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::movie) struct Origin {
    /// Where it is used: the text with the `{{ }}`.
    pub used: Span,
    /// Where it was written.
    pub written: Written,
}

/// Where a filled-in value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::movie) enum Written {
    /// The place of its use: it is made of several values, or of none.
    #[default]
    Here,
    /// The place of the one value that it is made of, together with the text around it or a calculation.
    With(Span),
    /// The place that has all of it.
    There(Span),
}

/// The values that an expansion filled in: the n-th value belongs to the n-th place of that kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::movie) struct Origins(Vec<Origin>);

impl Origins {
    /// Records a value. Returns its place in the expanded movie.
    pub(in crate::movie) fn note(&mut self, origin: Origin) -> Span {
        self.0.push(origin);
        Span::filled(self.0.len() - 1)
    }

    /// Where a value comes from, if it was filled in.
    pub(in crate::movie) fn get(&self, span: Span) -> Option<Origin> {
        self.0.get(span.as_filled()?).copied()
    }

    /// Whether nothing was filled in.
    pub(in crate::movie) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a value is used.
    pub(in crate::movie) fn used(&self, span: Span) -> Span {
        self.get(span).map_or(span, |origin| origin.used)
    }

    /// Where a value was written, as far as one place can say it.
    pub(in crate::movie) fn written(&self, span: Span) -> Span {
        self.get(span).map_or(span, Origin::place)
    }
}

impl Origin {
    /// Where it was written. For a value of several parts that is the place where they are put together, unless one part is
    /// a cell of a table: then it is the cell, since only the cell shows which row it is.
    #[must_use]
    pub(in crate::movie) fn place(self) -> Span {
        match self.written {
            Written::There(span) if span.is_some() || span.as_cell().is_some() => span,
            Written::With(span) if span.as_cell().is_some() => span,
            _ => self.used,
        }
    }
}

/// The values that a text used while it was filled in.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::movie) struct UsedValues {
    first: Option<Span>,
    /// Whether more values followed.
    is_several: bool,
    /// Whether the text is only a name, so that the value is the variable's value unchanged.
    pub(in crate::movie) is_as_it_is: bool,
}

impl UsedValues {
    /// Records a value.
    pub(in crate::movie) fn note(&mut self, value: Span) {
        self.is_several |= self.first.is_some_and(|first| first != value);
        self.first.get_or_insert(value);
    }

    /// Where the text's value was written.
    pub(in crate::movie) fn written(self) -> Written {
        match self.first.filter(|_| !self.is_several) {
            Some(value) if self.is_as_it_is => Written::There(value),
            Some(value) => Written::With(value),
            None => Written::Here,
        }
    }
}
