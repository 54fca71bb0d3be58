//! The facts known besides the movie: about the files that it uses, and about its earlier renders.

use std::collections::HashMap;

use crate::movie::plan::{Asset, Assets};

/// What is known beside the movie.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Files, by their addresses as the movie writes them.
    pub assets: HashMap<String, Asset>,
    /// The texts of captions, by their addresses.
    pub captions: HashMap<String, String>,
    /// How long an earlier render of the same movie was, seconds.
    pub rendered: Option<f64>,
    /// Whether the fonts of Google may be fetched.
    pub online: bool,
}

impl Assets for Known {
    fn asset(&self, url: &str) -> Option<Asset> {
        self.assets.asset(url)
    }
}
