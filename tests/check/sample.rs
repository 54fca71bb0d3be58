//! Documents made from the printed schema: from its properties, its words and its ranges, with random values that it does
//! not allow.

use serde_json::{Map, Value, json};

/// Random numbers that are the same for the same seed (splitmix64).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides.max(1)).unwrap()).unwrap()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }
}

/// Makes documents from a schema.
pub(crate) struct Sampler<'s> {
    pub(crate) schema: &'s Value,
    pub(crate) dice: Rng,
    /// One value in `wild` is of any kind; 0 for none.
    pub(crate) wild: usize,
}

impl Sampler<'_> {
    pub(crate) fn document(&mut self) -> Value {
        let root = self.schema.clone();
        self.value(&root, 0)
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if self.wild > 0 && depth > 0 && self.dice.one_in(self.wild) {
            return self.anything();
        }
        if let Some(name) = schema["$ref"].as_str() {
            let schema = self.schema["$defs"][name.trim_start_matches("#/$defs/")].clone();
            return self.value(&schema, depth);
        }
        if schema["properties"]["type"].is_object() && schema["allOf"][0]["if"].is_object() && !schema["properties"]["endpoint"].is_object()
        {
            return self.element(schema, depth);
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, depth),
            Some("array") => self.array(schema, depth),
            None if schema["properties"].is_object() => self.object(schema, depth),
            None if schema["minimum"].is_number() => json!(self.inside(schema)),
            _ => self.scalar(schema, depth),
        }
    }

    /// An element: the `then` of the chosen type.
    fn element(&mut self, schema: &Value, depth: usize) -> Value {
        let kinds = schema["allOf"].as_array().unwrap();
        let kind = &kinds[self.dice.below(kinds.len() - 1)];
        let mut element = self.value(&kind["then"], depth);
        if !(self.wild > 0 && self.dice.one_in(12)) && element.is_object() {
            let is_removed = self.wild > 0 && self.dice.one_in(30);
            element["type"] = if is_removed { "template".into() } else { kind["if"]["properties"]["type"]["const"].clone() };
        }
        element
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut object = Map::new();
        let mut wanted: Vec<String> = Vec::new();
        let names =
            |list: &Value| list.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>();
        wanted.extend(names(&schema["required"]));
        for part in schema["allOf"].as_array().into_iter().flatten() {
            wanted.extend(names(&part["required"]));
            if let Some(choices) = part["anyOf"].as_array() {
                wanted.extend(names(&choices[self.dice.below(choices.len())]["required"]));
            }
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            wanted.extend(names(&choices[self.dice.below(choices.len())]["required"]));
        }
        wanted.retain(|_| self.wild == 0 || !self.dice.one_in(12));
        let is_alone = schema["properties"].as_object().is_some_and(|properties| properties.len() == 1);
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if is_alone || wanted.contains(name) || self.dice.one_in(if depth > 6 { 20 } else { 5 }) {
                object.insert(name.clone(), self.value(property, depth + 1));
            }
        }
        let is_closed = schema["additionalProperties"] == json!(false);
        if self.dice.one_in(20) && (self.wild > 0 || !is_closed) {
            object.insert("made-up".to_owned(), self.anything());
        }
        self.mend(&mut object);
        object.into()
    }

    /// Makes the object satisfy `if` and `not` of the schema, unless wild values are allowed.
    fn mend(&mut self, object: &mut Map<String, Value>) {
        if self.wild > 0 {
            return;
        }
        if object.get("resolution").is_some_and(|it| it == "custom") {
            object.insert("width".to_owned(), json!(640));
            object.insert("height".to_owned(), json!(360));
        }
        if ["webhook", "ftp", "sftp", "email"].iter().any(|kind| object.get("type").is_some_and(|it| it == kind)) {
            object.insert("id".to_owned(), json!("my-connection"));
        }
        for name in ["src", "prompt", "text", "html", "component", "voice"] {
            if object.get(name).is_some_and(|text| text == "") {
                object.insert(name.to_owned(), json!("something"));
            }
        }
    }

    fn array(&mut self, schema: &Value, depth: usize) -> Value {
        let length = if depth > 6 { 0 } else { self.dice.below(4) };
        (0..length).map(|_| if schema["items"].is_object() { self.value(&schema["items"], depth + 1) } else { self.anything() }).collect()
    }

    fn scalar(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(words) = schema["enum"].as_array() {
            return words[self.dice.below(words.len())].clone();
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            let choice = choices[self.dice.below(choices.len())].clone();
            return self.value(&choice, depth);
        }
        let pattern = schema["pattern"].as_str();
        let kind = match &schema["type"] {
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => kinds[self.dice.below(kinds.len())].as_str().unwrap().to_owned(),
            _ => return self.anything(),
        };
        match kind.as_str() {
            "boolean" => self.dice.one_in(2).into(),
            "integer" => json!(self.inside(schema).round()),
            "number" => json!(self.inside(schema)),
            _ if pattern.is_some_and(|pattern| pattern.contains('{')) => "{{ name }}".into(),
            _ if pattern.is_some() => ["1080", "-1.5", "0", "2e1"][self.dice.below(4)].into(),
            _ => ["https://example.com/a.mp4", "Hello", "", "basic/000", "#fff"][self.dice.below(5)].into(),
        }
    }

    fn inside(&mut self, schema: &Value) -> f64 {
        let least = schema["minimum"].as_f64().or(schema["exclusiveMinimum"].as_f64().map(|least| least + 0.5)).unwrap_or(-500.0);
        let most = schema["maximum"].as_f64().unwrap_or(least.max(0.0) + 500.0);
        let is_outside = self.wild > 0 && self.dice.one_in(self.wild);
        let share = if is_outside { [-0.5, 1.5][self.dice.below(2)] } else { [0.0, 0.25, 0.5, 1.0][self.dice.below(4)] };
        least + (most - least) * share
    }

    fn anything(&mut self) -> Value {
        let values = [
            json!(null),
            json!(true),
            json!("true"),
            json!(-3),
            json!(-2),
            json!(-1),
            json!(0),
            json!(0.5),
            json!(1),
            json!(1.5),
            json!(7),
            json!(400),
            json!(4000),
            json!(""),
            json!("word"),
            json!("12"),
            json!("-7"),
            json!("10vw"),
            json!("{{ name }}"),
            json!("fade"),
            json!("Fade"),
            json!("full-hd"),
            json!("webhook"),
            json!("template"),
            json!([]),
            json!({}),
            json!([1]),
            json!({"type": "text"}),
            json!({"angle": 1}),
            json!("instagram-portrait"),
            json!("custom"),
            json!({"voice_settings": {"speed": 3}}),
        ];
        values[self.dice.below(values.len())].clone()
    }
}
