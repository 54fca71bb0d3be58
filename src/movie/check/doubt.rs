//! Finds what may not be there when the movie is rendered: scenes and elements whose condition is false, can't be decided
//! or was decided by an assumption; scenes without items; and everything beside a `template`.

use std::collections::HashSet;

use crate::movie::Document;
use crate::movie::expand::Expansion;
use crate::movie::json::{Node, Span};

/// The places of such scenes and elements, in the order of the document; none is inside another.
pub(super) fn doubtful(document: &Document, expansion: &Expansion) -> Vec<Span> {
    let root = &document.root;
    let assumed = Assumed::of(expansion);
    let mut places: Vec<Span> = if expansion.is_template() {
        ["scenes", "elements"].iter().filter_map(|name| Some(root.get(name)?.span)).collect()
    } else {
        let resolved = expansion.elements.iter().zip(items(&expansion.movie.root, "elements"));
        let mut places = in_scenes(root, expansion, &assumed);
        places.extend(elements(items(root, "elements"), resolved, &assumed));
        places
    };
    places.sort_by_key(|span| (span.source, span.start));
    places
}

fn in_scenes(root: &Node, expansion: &Expansion, assumed: &Assumed) -> Vec<Span> {
    let mut places = Vec::new();
    let mut resolved = expansion.scenes.iter().zip(items(&expansion.movie.root, "scenes")).peekable();
    for (source, scene) in items(root, "scenes").iter().enumerate() {
        let mut made = Vec::new();
        while let Some((origin, node)) = resolved.next_if(|(origin, _)| origin.source == source) {
            made.extend(is_certain(node).then_some((origin, node)));
        }
        if made.is_empty() || assumed.decided(scene) {
            places.push(scene.span);
        } else {
            let inside = made.into_iter().flat_map(|(origin, node)| origin.elements.iter().zip(items(node, "elements")));
            places.extend(elements(items(scene, "elements"), inside, assumed));
        }
    }
    places
}

/// The elements that are not certain in any of the resolved scenes.
fn elements<'a>(written: &[Node], resolved: impl Iterator<Item = (&'a usize, &'a Node)>, assumed: &Assumed) -> Vec<Span> {
    if written.iter().all(is_certain) {
        return Vec::new();
    }
    let certain: HashSet<usize> = resolved.filter(|(_, node)| is_certain(node)).map(|(source, _)| *source).collect();
    let is_doubtful = |(source, node): &(usize, &Node)| !certain.contains(source) || assumed.decided(node);
    written.iter().enumerate().filter(is_doubtful).map(|(_, node)| node.span).collect()
}

/// A decided condition was removed.
fn is_certain(node: &Node) -> bool {
    node.get("condition").is_none()
}

/// The places of assumptions, in order.
struct Assumed(Vec<(u16, u32)>);

impl Assumed {
    fn of(expansion: &Expansion) -> Self {
        let mut places: Vec<_> = expansion.assumptions.iter().map(|assumption| (assumption.span.source, assumption.span.start)).collect();
        places.sort_unstable();
        Self(places)
    }

    /// Whether an assumption decided the condition of a scene or an element.
    fn decided(&self, node: &Node) -> bool {
        node.get("condition").is_some_and(|condition| {
            let Span { source, start, end } = condition.span;
            let first = self.0.partition_point(|place| *place < (source, start));
            self.0.get(first).is_some_and(|place| *place < (source, end))
        })
    }
}

fn items<'a>(holder: &'a Node, name: &str) -> &'a [Node] {
    holder.get(name).and_then(Node::as_array).unwrap_or_default()
}
