//! A number, or the expression that gives one when the service renders.

use crate::movie::json::Node;

/// A number, or an expression (`"{{ seconds }}"`) that gives one: the service takes either wherever a number
/// stands (`movie-format.md#naming`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount(Node);

impl From<Amount> for Node {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

macro_rules! amount_from {
    ($($source:ty),*) => {$(
        impl From<$source> for Amount {
            fn from(source: $source) -> Self {
                Self(source.into())
            }
        }
    )*};
}

amount_from!(f64, i32, u32, &str, String);
