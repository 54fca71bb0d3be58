//! Readings of the language that no source confirms.

use std::fmt;

/// One guess about the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guess {
    /// An operator that the sources don't name: `&&`, `||`, `!`, `%`.
    Operator(&'static str),
    /// A function that the sources don't name.
    Function(&'static str),
    /// `true`, `false` or `null` written out.
    Word(&'static str),
    /// `list[0]`, `table[key]` or `list.0`.
    Index,
    /// A backslash inside a text.
    Escape,
    /// A calculation used a text that spells a number.
    TextAsNumber,
    /// `+` joined a number, a boolean or null to a text.
    JoinedWithText,
    /// Values of two types were compared.
    ComparedAcrossKinds,
    /// Texts were compared by their order.
    OrderedTexts,
    /// A value that is not a boolean was used as a condition.
    Truth,
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(operator) => write!(f, "the operator `{operator}` is not documented: it is taken as in JavaScript"),
            Self::Function(name) => write!(f, "the function `{name}` is not documented: it is taken as in mathematics"),
            Self::Word(word) => write!(f, "`{word}` as a literal is not documented: it is taken as in JSON"),
            Self::Index => f.write_str("picking an item by index or by a key in brackets is not documented: it is taken as in JavaScript"),
            Self::Escape => f.write_str("a backslash in a text is not documented: it is taken as an escape"),
            Self::TextAsNumber => f.write_str("calculating with a text is not documented: its number is taken"),
            Self::JoinedWithText => f.write_str("adding a text and something else is not documented: they are joined as text"),
            Self::ComparedAcrossKinds => {
                f.write_str("comparing values of two kinds is not documented: a text that spells the same counts as equal")
            }
            Self::OrderedTexts => f.write_str("putting texts in order is not documented: they are compared letter by letter"),
            Self::Truth => {
                f.write_str("what counts as true is documented for booleans and the empty text only: 0 and null are taken as false")
            }
        }
    }
}
