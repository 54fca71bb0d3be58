//! The account's templates, and the public gallery: `GET`, `POST` and `DELETE /templates`.

use reqwest::Method;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::account::{AccountError, Call};
use super::client::Client;

/// The resource of all templates.
const TEMPLATES: &str = "templates";

/// The largest movie that a template can hold, bytes: the documentation says "about 100 KB".
pub const LARGEST_MOVIE: usize = 100_000;

/// The longest name of a template, characters.
pub const LONGEST_NAME: usize = 100;

/// A template without its movie, as the list shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TemplateSummary {
    /// 20 letters and digits.
    pub id: String,
    /// A label, not unique.
    #[serde(default)]
    pub name: String,
    /// Its tags; empty when the service sends none.
    #[serde(default, deserialize_with = "or_none")]
    pub tags: Vec<String>,
    /// The time of creation, ISO 8601.
    #[serde(default)]
    pub created_at: Option<String>,
    /// The time of the last change, ISO 8601.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// The video of a template of the gallery.
    #[serde(default)]
    pub video_url: Option<String>,
}

/// A template with its movie.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Template {
    /// What the list shows of it.
    #[serde(flatten)]
    pub summary: TemplateSummary,
    /// The movie, in its stored bytes.
    #[serde(deserialize_with = "stored_movie")]
    pub movie: String,
}

/// One variable of a template, as its author described it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TemplateVariable {
    /// The key in `variables`.
    pub name: String,
    /// The author's label.
    #[serde(default)]
    pub label: Option<String>,
    /// `text`, `number`, `boolean`, `select`, `url`, `array`, `collection`, or another word, which means a text.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The default value, as a text whatever its type.
    #[serde(default)]
    pub default: Option<Value>,
    /// The author's description.
    #[serde(default)]
    pub help: Option<String>,
    /// Whether a value is required.
    #[serde(default)]
    pub required: Option<bool>,
    /// The values of a `select`.
    #[serde(default)]
    pub options: Option<Value>,
    /// The fields of a `collection`, or of an item of an `array`.
    #[serde(default)]
    pub spec: Option<Value>,
}

impl TemplateVariable {
    /// The default value; `None` for a list or an object, whose default arrives as a useless text.
    #[must_use]
    pub fn default_value(&self) -> Option<&Value> {
        self.default.as_ref().filter(|_| !matches!(self.kind.as_deref(), Some("array" | "collection")))
    }
}

/// Variables that the service gives to every template and that users do not fill.
const INJECTED: [&str; 2] = ["make_webhook_url", "client_data"];

/// The fields of a template to write; a field that is `None` stays unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateDraft {
    /// Its name.
    pub name: Option<String>,
    /// Its movie, in the bytes to store.
    pub movie: Option<String>,
    /// All of its tags.
    pub tags: Option<Vec<String>>,
}

impl TemplateDraft {
    fn to_body(&self) -> Value {
        let mut body = json!({});
        for (field, value) in
            [("name", self.name.as_ref().map(|name| json!(name))), ("movie", self.movie.as_ref().map(|movie| json!(movie)))]
        {
            if let Some(value) = value {
                body[field] = value;
            }
        }
        if let Some(tags) = &self.tags {
            body["tags"] = json!(tags);
        }
        body
    }
}

#[derive(Deserialize)]
struct Listed {
    templates: Vec<TemplateSummary>,
}

#[derive(Deserialize)]
struct One<T> {
    template: T,
}

#[derive(Deserialize)]
struct Described<T> {
    variables: T,
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "templateId")]
    template_id: String,
}

#[derive(Deserialize)]
struct Deleted {}

impl Client {
    /// All templates of the account, the last changed first.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    pub async fn templates(&self) -> Result<Vec<TemplateSummary>, AccountError> {
        Ok(self.account::<Listed>(&Call::get(TEMPLATES, &[])).await?.templates)
    }

    /// The public gallery: every published template, and any with one of the tags.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    pub async fn template_library(&self, tags: &[String]) -> Result<Vec<TemplateSummary>, AccountError> {
        let tags = tags.join(",");
        let query = [("tags", tags.as_str())];
        let query = if tags.is_empty() { &query[..0] } else { &query[..] };
        Ok(self.account::<Listed>(&Call::get("templates/library", query)).await?.templates)
    }

    /// One template with its movie.
    ///
    /// # Errors
    /// When no template has that id, or the service refuses or can't be reached.
    pub async fn template(&self, id: &str) -> Result<Template, AccountError> {
        Ok(self.account::<One<Template>>(&Call::get(TEMPLATES, &[("id", id)])).await?.template)
    }

    /// The variables of a template, in its author's order, without those that the service gives to every template.
    ///
    /// # Errors
    /// As [`Client::template`].
    pub async fn template_variables(&self, id: &str) -> Result<Vec<TemplateVariable>, AccountError> {
        let query = [("id", id), ("format", "make")];
        let call = Call::get(TEMPLATES, &query);
        let mut variables = self.account::<One<Described<Vec<TemplateVariable>>>>(&call).await?.template.variables;
        variables.retain(|variable| !INJECTED.contains(&variable.name.as_str()));
        Ok(variables)
    }

    /// The same as one JSON Schema.
    ///
    /// # Errors
    /// As [`Client::template`].
    pub async fn template_schema(&self, id: &str) -> Result<Value, AccountError> {
        let query = [("id", id), ("format", "jsonschema")];
        let call = Call::get(TEMPLATES, &query);
        Ok(self.account::<One<Described<Value>>>(&call).await?.template.variables)
    }

    /// Makes a template, once; returns its id.
    ///
    /// # Errors
    /// When the service refuses or can't be reached. [`AccountError::Lost`] when the template may have been made.
    pub async fn create_template(&self, draft: &TemplateDraft) -> Result<String, AccountError> {
        Ok(self.account::<Written>(&Call::once(Method::POST, TEMPLATES, &[], draft.to_body())).await?.template_id)
    }

    /// Changes a template.
    ///
    /// # Errors
    /// As [`Client::template`].
    pub async fn update_template(&self, id: &str, draft: &TemplateDraft) -> Result<(), AccountError> {
        let query = [("id", id)];
        let call = Call { query: &query, ..Call::change(Method::POST, TEMPLATES, draft.to_body()) };
        self.account::<Written>(&call).await.map(drop)
    }

    /// Copies a template, once, under a name if one is given; variables are merged into those of its movie. Returns the
    /// id of the copy.
    ///
    /// # Errors
    /// As [`Client::create_template`].
    pub async fn duplicate_template(&self, id: &str, name: Option<&str>, variables: Option<Value>) -> Result<String, AccountError> {
        let mut body = json!({});
        if let Some(name) = name {
            body["name"] = json!(name);
        }
        if let Some(variables) = variables {
            body["variables"] = variables;
        }
        let query = [("id", id), ("action", "duplicate")];
        Ok(self.account::<Written>(&Call::once(Method::POST, TEMPLATES, &query, body)).await?.template_id)
    }

    /// Deletes a template.
    ///
    /// # Errors
    /// As [`Client::template`].
    pub async fn delete_template(&self, id: &str) -> Result<(), AccountError> {
        let query = [("id", id)];
        let call = Call { method: Method::DELETE, ..Call::get(TEMPLATES, &query) };
        self.account::<Deleted>(&call).await.map(drop)
    }
}

fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(value: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(value).map(Option::unwrap_or_default)
}

/// The movie is a text, or an object, "depending on how it was stored"; either way its bytes are kept.
fn stored_movie<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(value)?;
    let text: Option<String> = serde_json::from_str(raw.get()).ok();
    Ok(text.unwrap_or_else(|| raw.get().to_owned()))
}
