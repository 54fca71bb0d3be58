//! Compares the variables that a movie sets with those of its template. The service accepts any variable: a doubtful one
//! is reported before it is paid for, and stops nothing.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::{Call, session};
use crate::movie::Document;
use crate::movie::json::Node;
use crate::near::suggestion;
use crate::service::client::Client;
use crate::service::templates::TemplateVariable;

/// How long the request to the service may take: a paid render does not wait longer for a remark.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most remarks that are shown.
const MOST_TOLD: usize = 20;

/// Compares the variables of movies with those of their templates, as far as these can be read.
pub(super) async fn compare(call: &Call, client: &Client, movies: impl Iterator<Item = &Document>) {
    let mut templates: HashMap<String, Option<Vec<TemplateVariable>>> = HashMap::new();
    let mut told = HashSet::new();
    for movie in movies {
        let Some(id) = movie.root.get("template").and_then(Node::as_text).map(|id| id.decoded().into_owned()) else { continue };
        if !templates.contains_key(&id) {
            let asked = tokio::time::timeout(PATIENCE, client.template_variables(&id)).await;
            templates.insert(id.clone(), asked.ok().and_then(Result::ok));
        }
        let Some(Some(variables)) = templates.get(&id) else { continue };
        for (kind, remark) in remarks(&id, variables, &given(movie)) {
            if told.len() < MOST_TOLD && told.insert(remark.clone()) {
                match kind {
                    Certainty::Doubt => call.out.warning(&remark),
                    Certainty::Fact => call.out.progress(&remark),
                }
            }
        }
    }
}

/// The same for one movie of a command that talks to the service later; without a key it sends no request.
pub(super) async fn compare_one(call: &Call, movie: &Document) {
    if movie.root.get("template").is_none() {
        return;
    }
    let Ok(key) = session::key(&call.settings) else { return };
    if let Ok(reached) = session::reach(&call.settings, key).await {
        compare(call, &reached.client, std::iter::once(movie)).await;
        reached.close().await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Certainty {
    /// Probably a mistake.
    Doubt,
    /// Worth knowing.
    Fact,
}

/// The names that a movie sets; `@name` and `?name` describe a variable, and are not variables.
fn given(movie: &Document) -> Vec<String> {
    let members = movie.root.get("variables").and_then(Node::as_object).unwrap_or_default();
    let names = members.iter().map(|member| member.key.decoded().into_owned());
    names.filter(|name| !name.starts_with(['@', '?'])).collect()
}

fn remarks(id: &str, variables: &[TemplateVariable], given: &[String]) -> Vec<(Certainty, String)> {
    let mut remarks = Vec::new();
    let names = || variables.iter().map(|variable| variable.name.as_str());
    for name in given.iter().filter(|name| !names().any(|known| known == *name)) {
        remarks.push((Certainty::Doubt, format!("template {id} has no variable `{name}`{}", suggestion(name, names()))));
    }
    let (required, other): (Vec<&TemplateVariable>, Vec<_>) =
        variables.iter().filter(|variable| !given.contains(&variable.name)).partition(|variable| variable.required == Some(true));
    let listed =
        |variables: &[&TemplateVariable]| variables.iter().map(|variable| format!("`{}`", variable.name)).collect::<Vec<_>>().join(", ");
    if !required.is_empty() {
        remarks.push((Certainty::Doubt, format!("template {id} requires {}, which the movie does not set", listed(&required))));
    }
    if !other.is_empty() {
        remarks.push((Certainty::Fact, format!("template {id} keeps its own {}", listed(&other))));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_get_the_near_one_and_what_is_not_given_is_told() {
        let variable = |name: &str, required: bool| {
            serde_json::from_value::<TemplateVariable>(serde_json::json!({ "name": name, "required": required })).unwrap()
        };
        let has = [variable("city", false), variable("price", true), variable("rooms", false)];
        let told = remarks("T", &has, &["citty".to_owned()]);
        assert_eq!(
            told,
            [
                (Certainty::Doubt, "template T has no variable `citty`; did you mean `city`?".to_owned()),
                (Certainty::Doubt, "template T requires `price`, which the movie does not set".to_owned()),
                (Certainty::Fact, "template T keeps its own `city`, `rooms`".to_owned()),
            ]
        );
        assert_eq!(remarks("T", &has, &["city".to_owned(), "price".to_owned(), "rooms".to_owned()]), []);
    }
}
