//! Generates the JSON Schema (2020-12) of a movie from [`super::spec`], so that an editor completes and checks while
//! the author types. It covers the errors of `check` about types, words, ranges and required members. It also refuses
//! names that the service doesn't know: an editor helps most with misspelled names.

use serde_json::{Map, Value, json};

use super::spec::element::ELEMENT;
use super::spec::export::{DESTINATION, EXPORT, REQUIRED};
use super::spec::model::{self, Makes};
use super::spec::movie::{MOVIE, SCENE, TRANSITION};
use super::spec::subtitles;
use super::spec::words::{ELEMENT_TYPE, SUBTITLES_MODEL};
use super::spec::{Items, Property, Range, Shape, Standing, TABLES, Table, Types, Words, component, text};
use crate::movie::diagnostic::Severity;

/// The rules of `check` whose errors the schema also reports.
pub const RULES: &[&str] = &[
    "J2V002", "J2V003", "J2V004", "J2V008", "J2V010", "J2V012", "J2V020", "J2V021", "J2V023", "J2V025", "J2V042", "J2V043", "J2V060",
    "J2V061", "J2V062", "J2V064", "J2V069", "J2V071", "J2V072", "J2V075", "J2V077", "J2V078", "J2V080", "J2V081", "J2V082", "J2V087",
    "J2V089", "J2V101", "J2V111", "J2V120", "J2V130", "J2V132", "J2V140", "J2V150", "J2V153", "J2V171", "J2V300", "J2V302", "J2V303",
];

/// The rules of `check` about names that are unknown or in the wrong place. The schema refuses those names, too.
pub const NAMES: &[&str] = &["J2V006", "J2V007", "J2V012", "J2V029", "J2V063", "J2V085", "J2V210"];

/// A number as JSON spells it.
const NUMERIC: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$";

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let mut root = object_of(&MOVIE, Types::NONE, &[]);
    root.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    root.insert("title".to_owned(), "A JSON2Video movie".into());
    root.insert("anyOf".to_owned(), json!([{"required": ["scenes"]}, {"required": ["template"]}]));
    root.insert("if".to_owned(), json!({"properties": {"resolution": {"const": "custom"}}, "required": ["resolution"]}));
    root.insert("then".to_owned(), json!({"required": ["width", "height"]}));
    root.insert("$defs".to_owned(), definitions().into());
    root.into()
}

fn definitions() -> Map<String, Value> {
    let mut definitions = Map::new();
    let placeholder = json!({"type": "string", "pattern": r"\{\{", "description": "a placeholder, `{{ name }}`"});
    let numeric = json!({"type": "string", "pattern": NUMERIC, "description": "a number in a string"});
    definitions.insert("placeholder".to_owned(), placeholder);
    definitions.insert("numeric".to_owned(), numeric);
    definitions.insert("scene".to_owned(), object_of(&SCENE, Types::NONE, &[]).into());
    definitions.insert("transition".to_owned(), object_of(&TRANSITION, Types::NONE, &[]).into());
    definitions.insert("element".to_owned(), element());
    definitions.insert("any-element".to_owned(), object_of(&ELEMENT, Types::ALL, &["type"]).into());
    for (name, types) in Types::NAMED {
        definitions.insert((*name).to_owned(), element_of(*types));
    }
    definitions.insert("export".to_owned(), object_of(&EXPORT, Types::NONE, &[]).into());
    definitions.insert("destination".to_owned(), destination());
    for table in TABLES.iter().filter(|table| is_inner(table)) {
        let required: Vec<_> = table.properties.iter().filter(|property| property.is_required).map(|property| property.name).collect();
        definitions.insert(definition(table), object_of(table, Types::NONE, &required).into());
    }
    definitions
}

/// The tables of the objects inside an element.
fn is_inner(table: &Table) -> bool {
    ![MOVIE.name, SCENE.name, TRANSITION.name, ELEMENT.name, EXPORT.name, DESTINATION.name].contains(&table.name)
}

/// The name of a table among the definitions.
fn definition(table: &Table) -> String {
    let words = table.name.trim_start_matches("a ").trim_start_matches("the ");
    words.replace('`', "").replace(' ', "-")
}

/// An object with the members of a table; of the table of elements, those of some types.
fn object_of(table: &Table, types: Types, required: &[&str]) -> Map<String, Value> {
    let is_here = |property: &&Property| types == Types::NONE || property.on.meets(types);
    let properties: Map<_, _> = table.properties.iter().filter(is_here).map(|it| (it.name.to_owned(), property(it, types))).collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), "object".into());
    object.insert("properties".to_owned(), properties.into());
    object.insert("patternProperties".to_owned(), json!({r"^(__|\$)": {}}));
    object.insert("additionalProperties".to_owned(), false.into());
    if !required.is_empty() {
        object.insert("required".to_owned(), required.into());
    }
    object
}

fn property(property: &Property, types: Types) -> Value {
    let mut schema = shape(property, types);
    if let Value::Object(members) = &mut schema {
        let note = match property.standing {
            Standing::Legacy(note) | Standing::Disputed(note) => format!("{} ({note})", property.about),
            Standing::Current | Standing::Private => property.about.to_owned(),
        };
        members.insert("description".to_owned(), note.into());
        if let Some(default) = property.default.and_then(|default| serde_json::from_str(default).ok()) {
            members.insert("default".to_owned(), default);
        }
        if matches!(property.standing, Standing::Legacy(_)) {
            members.insert("deprecated".to_owned(), true.into());
        }
        let examples = examples(property.name, types);
        if !examples.is_empty() {
            members.insert("examples".to_owned(), examples.into());
        }
    }
    schema
}

/// Values to offer where any other value may be right, too.
fn examples(name: &str, types: Types) -> Vec<&'static str> {
    match (name, types) {
        ("component", Types::COMPONENT) => component::COMPONENTS.iter().map(|component| component.id).collect(),
        ("style", Types::TEXT) => text::STYLES.iter().map(|style| style.id).collect(),
        ("model", Types::IMAGE) => model::names(Makes::Image).collect(),
        ("model", Types::VIDEO) => model::names(Makes::Video).collect(),
        ("model", Types::VOICE) => model::names(Makes::Voice).collect(),
        _ => Vec::new(),
    }
}

fn shape(property: &Property, types: Types) -> Value {
    match (property.shape, property.name, types) {
        (_, "model", Types::SUBTITLES) => words(&SUBTITLES_MODEL),
        (_, "settings", Types::TEXT) => {
            let known: Map<_, _> = text::SETTINGS.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
            json!({"type": "object", "properties": known})
        }
        (_, "settings", Types::SUBTITLES) => reference(&definition(&subtitles::SETTINGS)),
        (_, "model-settings", Types::VOICE) => json!({
            "type": "object",
            "properties": {"voice_settings": {"properties": {"speed": {"minimum": 0.7, "maximum": 1.2}}}}
        }),
        // Another type of value is only a warning in `check`.
        (_, "client-data", _) | (Shape::Any, ..) => json!({}),
        (Shape::Scalar, ..) => json!({"type": ["string", "number", "boolean"]}),
        (Shape::Text, ..) => json!({"type": "string"}),
        (Shape::Flag, ..) => json!({"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/placeholder"}]}),
        (Shape::Number(range), ..) => number(range),
        (Shape::Words(list), ..) => words(list),
        (Shape::Object(table), ..) => reference(&definition(table)),
        (Shape::Free, ..) => json!({"type": "object"}),
        (Shape::Array(items), ..) => array(items),
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn array(items: Items) -> Value {
    match items {
        Items::Any | Items::Texts => json!({"type": "array"}),
        Items::Scenes => json!({"type": "array", "items": reference("scene")}),
        Items::Elements => json!({"type": "array", "items": reference("element")}),
        Items::Exports => json!({"type": "array", "items": reference("export")}),
        Items::Destinations => json!({"type": "array", "items": reference("destination")}),
    }
}

fn number(range: &Range) -> Value {
    let mut inside = Map::new();
    let is_strict = range.severity == Severity::Error;
    // What the sources leave open is only a warning.
    let (least, most) = range.surely;
    inside.insert("type".to_owned(), "number".into());
    if is_strict && least.is_finite() {
        inside.insert("minimum".to_owned(), least.into());
    }
    if is_strict && most.is_finite() {
        inside.insert("maximum".to_owned(), most.into());
    }
    let mut choices = vec![inside.into()];
    if !range.besides.is_empty() {
        choices.push(json!({"enum": range.besides}));
    }
    if range.takes_texts {
        choices.push(json!({"type": "string"}));
    } else {
        choices.extend([reference("numeric"), reference("placeholder")]);
    }
    json!({"anyOf": choices})
}

fn words(words: &Words) -> Value {
    let list: Vec<_> = words.known.iter().chain(words.disputed).collect();
    if words.severity == Severity::Error {
        json!({"anyOf": [{"enum": list}, {"$ref": "#/$defs/placeholder"}]})
    } else {
        json!({"anyOf": [{"enum": list}, {"type": "string"}]})
    }
}

/// An element of any type: its members depend on its `type`.
fn element() -> Value {
    let of_type = |(name, _): &(&str, Types)| {
        let is_it = json!({"properties": {"type": {"const": name}}, "required": ["type"]});
        json!({"if": is_it, "then": reference(name)})
    };
    let is_known = json!({"properties": {"type": {"enum": ELEMENT_TYPE.known}}, "required": ["type"]});
    let otherwise = json!({"if": is_known, "else": reference("any-element")});
    let choices: Vec<_> = Types::NAMED.iter().map(of_type).chain([otherwise]).collect();
    let kind = ELEMENT.get("type").map_or_else(|| json!({}), |it| property(it, Types::NONE));
    json!({"type": "object", "required": ["type"], "properties": {"type": kind}, "allOf": choices})
}

fn element_of(types: Types) -> Value {
    let mut object = object_of(&ELEMENT, types, &["type"]);
    let any = |names: &[&str]| json!({"anyOf": names.iter().map(|name| told(name)).collect::<Vec<_>>()});
    let needs = match types {
        Types::IMAGE | Types::VIDEO => vec![any(&["src", "prompt"])],
        Types::AUDIO => vec![told("src")],
        Types::TEXT | Types::VOICE => vec![told("text")],
        Types::HTML => vec![any(&["html", "src"])],
        Types::COMPONENT => vec![told("component")],
        _ => Vec::new(),
    };
    if !needs.is_empty() {
        object.insert("allOf".to_owned(), needs.into());
    }
    object.into()
}

/// A member that is there, and says something.
fn told(name: &str) -> Value {
    json!({"required": [name], "properties": {name: {"not": {"enum": ["", null]}}}})
}

/// A destination: a connection by its `id`, or what its type needs.
fn destination() -> Value {
    let mut object = object_of(&DESTINATION, Types::NONE, &[]);
    let of_type = |(name, needs): &(&str, &[&str])| {
        let is_it = json!({"properties": {"type": {"const": name}}, "required": ["type"], "not": {"required": ["id"]}});
        json!({"if": is_it, "then": {"allOf": needs.iter().map(|need| told(need)).collect::<Vec<_>>()}})
    };
    object.insert("anyOf".to_owned(), json!([{"required": ["id"]}, {"required": ["type"]}]));
    object.insert("allOf".to_owned(), REQUIRED.iter().map(of_type).collect());
    object.into()
}
