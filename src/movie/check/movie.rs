//! Rules about the movie as a whole: its required members, its size, and objects around it.

use super::checked_element::ElementContainer;
use super::fields::Fields;
use super::known::{is_open, text};
use super::wrapper::{self, WrappedMovie};
use super::{Checker, cost, element, exports, lengths, opening, scene, subtitles, variables};
use crate::movie::diagnostic::{Evidence, Fix, Severity};
use crate::movie::json::{Member, Node, Span};
use crate::movie::spec::movie::MOVIE;
use crate::movie::spec::near::{WEBHOOKS, WRAPPERS};
use crate::movie::spec::words::{DEFAULT_SIZE, Resolution};

const CLIENT_DATA: usize = MOVIE.at("client-data");
const ELEMENTS: usize = MOVIE.at("elements");
const EXPORTS: usize = MOVIE.at("exports");
const HEIGHT: usize = MOVIE.at("height");
const RESOLUTION: usize = MOVIE.at("resolution");
const SCENES: usize = MOVIE.at("scenes");
const TEMPLATE: usize = MOVIE.at("template");
const WIDTH: usize = MOVIE.at("width");

/// The largest template, in bytes (`service.md#templates`).
const LARGEST_TEMPLATE: usize = 100 * 1024;

pub(super) fn check<'d>(checker: &mut Checker<'d>, root: &'d Node) {
    let Some(members) = root.as_object() else {
        checker.add("J2V002", opening(root.span), format!("a movie is an object, this is {}", root.kind()));
        return;
    };
    if is_wrapped(checker, root, members) {
        return;
    }
    let fields = checker.fields(&MOVIE, members);
    size(checker, &fields);
    template(checker, &fields, root);
    parts(checker, &fields, root);
    checker.repeated_ids();
    if !fields.has(TEMPLATE) {
        variables::unused(checker);
    }
    if let Some(node) = fields.get(EXPORTS) {
        exports::check(checker, node, fields.is_told(CLIENT_DATA) || fields.is_meant(CLIENT_DATA));
    }
    if checker.settings.as_template {
        template_size(checker, root);
    }
}

/// The scenes, and the elements over them.
fn parts<'d>(checker: &mut Checker<'d>, fields: &Fields<'d>, root: &'d Node) {
    let elements = fields.get(ELEMENTS).and_then(Node::as_array).unwrap_or_default();
    let scenes = fields.get(SCENES).and_then(Node::as_array).unwrap_or_default();
    let over = element::all(checker, elements, ElementContainer::movie(checker.frame));
    checker.is_carried = lengths::carry(&over);
    let heard = checker.has_sound;
    let ids = scene::ids(scenes);
    let mut before = None;
    for (index, node) in scenes.iter().enumerate() {
        before = scene::check(checker, node, &scene::Around { index, before, ids: &ids, is_movie_heard: heard });
    }
    subtitles::over(checker, elements);
    element::unheard(checker, elements, checker.has_sound);
    cost::drawn(checker, opening(root.span));
    if fields.get(SCENES).is_some_and(|node| node.as_array().is_some()) && !fields.has(TEMPLATE) {
        lengths::movie(checker, opening(root.span), scenes, &over);
    }
}

/// J2V010: the movie is one level deeper.
fn is_wrapped(checker: &mut Checker<'_>, root: &Node, members: &[Member]) -> bool {
    let is_movie = |node: &Node| node.get("scenes").is_some() || node.get("template").is_some();
    if is_movie(root) {
        return false;
    }
    let found = members.iter().find_map(|member| {
        let is_template = WRAPPERS.contains(&member.key.raw()) && is_movie(&member.value);
        let inside = if is_template { Some(WrappedMovie::default()) } else { wrapper::find(&member.value) };
        Some((member, inside?))
    });
    let Some((member, inside)) = found else { return false };
    let path = format!(".{}{}", member.key, inside.path);
    let take =
        if inside.is_text { format!("it is a text there: `jq -r '{path}'` takes it out") } else { format!("`jq '{path}'` takes it out") };
    let message = format!("the movie is inside `{}`", path.trim_start_matches('.'));
    checker.add("J2V010", member.key_span, message).helped(format!("send that alone: {take}"));
    true
}

/// J2V003, J2V011, J2V012, J2V013: scenes, a template, or both.
fn template(checker: &mut Checker<'_>, fields: &Fields<'_>, root: &Node) {
    let Some(template) = fields.member(TEMPLATE) else {
        let misnamed = root.as_object().unwrap_or_default().iter().any(|member| is_template_id(member.key.raw()));
        let message = "the movie has neither `scenes` nor a `template`";
        if !fields.has(SCENES) && !misnamed && !checker.is_misspelled(fields, &[SCENES, TEMPLATE], "J2V003", message) {
            checker.add("J2V003", opening(root.span), message).helped("add `\"scenes\": [ … ]`");
        }
        return;
    };
    for index in [SCENES, ELEMENTS] {
        let has_items = fields.get(index).and_then(Node::as_array).is_some_and(|items| !items.is_empty());
        if let Some(member) = fields.member(index).filter(|_| has_items) {
            let message = format!("`{}` is ignored beside `template`", member.key);
            checker.add("J2V011", member.key_span, message).helped("leave one of them out");
        }
    }
    let id = fields.text(TEMPLATE);
    if id.is_some_and(|id| id.len() != 20 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        let message = "a template's id has 20 letters and digits";
        checker.add("J2V013", template.value.span, message).helped("take it from the address of the template in the dashboard");
    }
}

fn is_template_id(name: &str) -> bool {
    matches!(name, "templateId" | "template_id" | "template-id" | "templateID")
}

/// J2V020 to J2V027: the size of the frame.
fn size(checker: &mut Checker<'_>, fields: &Fields<'_>) {
    let resolution = fields.text(RESOLUTION);
    let (width, height) = (fields.number(WIDTH), fields.number(HEIGHT));
    let is_resolution_open = fields.get(RESOLUTION).is_some_and(is_open);
    let preset = resolution.as_deref().and_then(Resolution::find);
    let fixed = preset.and_then(|preset| preset.size);
    if let (Some(preset), Some((wide, high))) = (preset, fixed) {
        let (wide, high) = (f64::from(wide), f64::from(high));
        checker.frame = Some((wide, high));
        for (index, told, real) in [(WIDTH, width, wide), (HEIGHT, height, high)] {
            let fits = told.is_none() || told == Some(real);
            ignored_size(checker, fields, index, preset.name, fits);
        }
        return;
    }
    if preset.is_some() {
        custom_size(checker, fields);
    }
    if is_resolution_open || fields.has(TEMPLATE) {
        return;
    }
    if let Some(first) = fields.member(SCENES)
        && ![WIDTH, HEIGHT, RESOLUTION].iter().any(|index| fields.has(*index) || fields.is_meant(*index))
    {
        checker
            .add("J2V027", first.key_span, "nothing says how large the movie is: it will be 640×360")
            .helped("add `\"resolution\": \"full-hd\"`");
    }
    let or_default = |index: usize, size: Option<f64>, default: u32| if fields.has(index) { size } else { Some(f64::from(default)) };
    checker.frame = or_default(WIDTH, width, DEFAULT_SIZE.0).zip(or_default(HEIGHT, height, DEFAULT_SIZE.1));
    for (index, size) in [(WIDTH, width), (HEIGHT, height)] {
        odd(checker, fields, index, size);
    }
    cost::size(checker, fields.get(WIDTH).map(|node| node.span));
}

/// J2V022, and J2V023 where it doesn't matter.
fn ignored_size(checker: &mut Checker<'_>, fields: &Fields<'_>, index: usize, preset: &str, fits: bool) {
    let Some(member) = fields.member(index) else { return };
    let span = member.value.span;
    // A size out of range that has no effect does not stop a submission.
    for finding in checker.found.iter_mut().filter(|finding| finding.code == "J2V023" && finding.span == span) {
        finding.evidence = Evidence::Advice;
    }
    if !fits {
        let message = format!("`{}` is ignored: the resolution is `{preset}`", member.key);
        checker.add("J2V022", span, message).helped("write `\"resolution\": \"custom\"` for a size of your own, or leave it out");
    }
}

/// J2V021: `custom` takes its size from the movie.
fn custom_size(checker: &mut Checker<'_>, fields: &Fields<'_>) {
    let missing: Vec<_> =
        [(WIDTH, "`width`"), (HEIGHT, "`height`")].iter().filter(|(index, _)| !fields.has(*index)).map(|(_, name)| *name).collect();
    let Some(resolution) = fields.get(RESOLUTION).filter(|_| !missing.is_empty()) else { return };
    let message = format!("the resolution `custom` needs {}", missing.join(" and "));
    checker.add("J2V021", resolution.span, message).helped("add `\"width\"` and `\"height\"`, from 50 to 3840 pixels");
}

/// J2V024: most players need an even number of pixels.
fn odd(checker: &mut Checker<'_>, fields: &Fields<'_>, index: usize, size: Option<f64>) {
    let Some(node) = fields.get(index) else { return };
    if size.map(|size| size % 2.0) == Some(1.0) {
        checker.add("J2V024", node.span, "an odd number of pixels").helped("H.264 stores even sizes: take one pixel more or less");
    }
}

/// J2V032: the size of a template is limited.
fn template_size(checker: &mut Checker<'_>, root: &Node) {
    let size = root.to_compact().len();
    if size > LARGEST_TEMPLATE {
        let message = format!("the movie has {size} bytes: as a template it may have about {LARGEST_TEMPLATE}");
        checker.add("J2V032", opening(root.span), message).helped("leave long texts and captions to `variables`, or to files");
    }
}

impl<'d> Checker<'d> {
    /// Names at the root that have a rule of their own.
    pub(super) fn movie_speaks_of(&mut self, name: &str, member: &Member) -> bool {
        if WEBHOOKS.contains(&name) {
            let help =
                "write `\"exports\": [{\"destinations\": [{\"type\": \"webhook\", \"endpoint\": \"https://…\"}]}]`, or use `--webhook URL`";
            self.add("J2V029", member.key_span, format!("the service does not read `{name}`: no callback would come")).helped(help);
            self.fix_webhook(member);
            return true;
        }
        if is_template_id(name) {
            let severity = if self.has_scenes_or_template { Severity::Warning } else { Severity::Error };
            let finding = self.add("J2V012", member.key_span, format!("`{name}` is not read: the key is `template`"));
            finding.helped("write `template`").fixed_by("\"template\"").severity = severity;
            return true;
        }
        false
    }

    /// A webhook at the root becomes a destination if its value is an address and the movie has no exports.
    fn fix_webhook(&mut self, member: &Member) {
        let is_address = text(&member.value).is_some_and(|address| address.starts_with("https://"));
        if is_address && !self.has_exports && member.key_span.source == member.value.span.source {
            let span = Span { end: member.value.span.end, ..member.key_span };
            let endpoint = member.value.to_compact();
            let text = format!("\"exports\": [{{\"destinations\": [{{\"type\": \"webhook\", \"endpoint\": {endpoint}}}]}}]");
            if let Some(finding) = self.found.last_mut() {
                finding.fix = Some(Fix { span, text });
            }
        }
    }

    /// Records the id of a scene or an element.
    pub(super) fn note_id(&mut self, node: Option<&'d Node>) {
        if let Some(node) = node
            && let Some(id) = text(node).filter(|id| !id.is_empty())
        {
            self.ids.push((id, node.span));
        }
    }
}
