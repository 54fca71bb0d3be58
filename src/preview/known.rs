//! The facts known besides the movie: about the files that it uses, and about its earlier renders.

use std::collections::HashMap;

use crate::movie::plan::{Asset, Assets};

/// The facts known besides the movie.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Files, by the addresses that the movie writes.
    pub assets: HashMap<String, Asset>,
    /// The texts of captions, by their addresses.
    pub captions: HashMap<String, String>,
    /// Files that are not shown, by their addresses, and why.
    pub refused: HashMap<String, String>,
    /// The length of an earlier render of the same movie, seconds.
    pub rendered: Option<f64>,
    /// Whether Google Fonts may be fetched.
    pub online: bool,
}

impl Assets for Known {
    fn asset(&self, url: &str) -> Option<Asset> {
        self.assets.asset(url)
    }
}
