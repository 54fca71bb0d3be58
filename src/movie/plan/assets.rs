//! The known facts about the files that a movie uses.

use std::collections::{HashMap, HashSet};

use super::{Seconds, items};
use crate::movie::expand::Expansion;
use crate::movie::expr::template::is_template;
use crate::movie::json::Span;

/// The known facts about one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asset {
    /// Its length.
    pub length: Option<Seconds>,
    /// Its width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
}

/// A source of known facts about files.
pub trait Assets {
    /// The known facts about the file at a URL.
    fn asset(&self, url: &str) -> Option<Asset>;
}

/// No file is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAssets;

impl Assets for NoAssets {
    fn asset(&self, _url: &str) -> Option<Asset> {
        None
    }
}

impl<S: std::hash::BuildHasher> Assets for HashMap<String, Asset, S> {
    fn asset(&self, url: &str) -> Option<Asset> {
        self.get(url).copied()
    }
}

/// A file that a movie uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetUse {
    /// Its URL.
    pub url: String,
    /// The type of the element that uses it.
    pub kind: String,
    /// Where its URL is written.
    pub span: Span,
}

/// The files that a movie uses by `src`, each once, in the order of the movie.
#[must_use]
pub fn assets_of(expansion: &Expansion) -> Vec<AssetUse> {
    let mut seen = HashSet::new();
    uses_of(expansion).into_iter().filter(|file| seen.insert(file.url.clone())).collect()
}

/// Each place at which a movie uses a file by `src`, in the order of the movie.
#[must_use]
pub fn uses_of(expansion: &Expansion) -> Vec<AssetUse> {
    let root = &expansion.movie.root;
    let in_scenes = items(root, "scenes").iter().flat_map(|scene| items(scene, "elements"));
    let elements = in_scenes.chain(items(root, "elements"));
    let uses = elements.filter_map(|element| {
        let source = element.get("src")?;
        let url = source.as_text()?.decoded().into_owned();
        let is_known = !url.is_empty() && !is_template(&url);
        is_known.then(|| AssetUse {
            url,
            kind: super::text_of(element, "type").map(|kind| kind.to_string()).unwrap_or_default(),
            span: source.span,
        })
    });
    uses.collect()
}
