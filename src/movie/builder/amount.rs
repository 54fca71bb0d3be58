//! A number, or an expression that the service evaluates to a number when it renders.

use crate::movie::json::Node;

/// A number, or an expression (`"{{ seconds }}"`) for one. The service accepts either in place of any number
/// (`movie-format.md#naming`).
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
