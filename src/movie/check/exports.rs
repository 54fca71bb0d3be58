//! Rules about exports, webhooks and secrets.

use memchr::memchr_iter;

use super::fields::Fields;
use super::known::is_open;
use super::url::Url;
use super::{Checker, cost, opening, shown, suggest};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::json::{Node, Span, Text};
use crate::movie::spec::export::{DESTINATION, EXPORT, MACROS, REQUIRED};
use crate::movie::spec::words::DESTINATION as TYPES;

const DESTINATIONS: usize = EXPORT.at("destinations");
const ENDPOINT: usize = DESTINATION.at("endpoint");
const ID: usize = DESTINATION.at("id");
const PASSWORD: usize = DESTINATION.at("password");
const TYPE: usize = DESTINATION.at("type");
const MACROED: [usize; 4] = [DESTINATION.at("file"), DESTINATION.at("remote-path"), DESTINATION.at("subject"), DESTINATION.at("message")];

/// The prefix of a service's keys, and the least length of such a key.
const KEYS: [(&str, usize); 6] = [("sk-", 20), ("sk_", 20), ("xi-", 20), ("AKIA", 20), ("ghp_", 30), ("xoxb-", 20)];

/// The endings of member names whose values are secrets, spelled with hyphens.
const SECRET_NAMES: [&str; 7] = ["api-key", "apikey", "authorization", "access-token", "auth-token", "secret-key", "client-secret"];

/// The last letters of those endings.
const LAST_LETTERS: [u8; 3] = *b"ynt";

/// The prefix of Google's keys, anywhere in a text, and the least number of letters that follow.
const GOOGLE: (&str, usize) = ("AIza", 35);

/// Checks the exports of a movie, which may have `client-data` for them.
pub(super) fn check<'d>(checker: &mut Checker<'d>, node: &'d Node, has_client_data: bool) {
    let Some(exports) = node.as_array() else { return };
    if let Some(second) = exports.get(1) {
        let message = "some documentation allows one export only";
        checker.add("J2V301", opening(second.span), message).helped("put all destinations into the first: they run in their order");
    }
    let mut webhooks = 0;
    for export in exports {
        webhooks += one(checker, export);
    }
    if webhooks > 0 && !has_client_data {
        cost::no_client_data(checker, opening(node.span));
    }
}

/// Checks one export. Returns its number of webhooks.
fn one<'d>(checker: &mut Checker<'d>, export: &'d Node) -> usize {
    let Some(members) = export.as_object() else {
        let message = format!("an export is an object with `destinations`, not {}", export.kind());
        checker.add("J2V300", export.span, message).helped("write `{\"destinations\": [{\"type\": \"webhook\", …}]}`");
        return 0;
    };
    let fields = checker.fields(&EXPORT, members);
    let Some(list) = fields.get(DESTINATIONS) else {
        if fields.is_meant(DESTINATIONS) {
            return 0;
        }
        let help = "write `{\"destinations\": [{\"type\": \"webhook\", …}]}`";
        let finding = checker.add("J2V300", opening(export.span), "the export has no `destinations`").helped(help);
        finding.graded(Severity::Warning, Evidence::Advice);
        return 0;
    };
    let destinations = list.as_array().unwrap_or_default();
    let mut before: Option<Span> = None;
    let mut webhooks = 0;
    for node in destinations {
        let kind = destination(checker, node);
        match kind {
            Some("webhook") => {
                webhooks += 1;
                before = before.or(node.get("type").map(|named| named.span));
            }
            Some("ftp" | "sftp") => {
                if let Some(span) = before.take() {
                    let message = "the webhook is called before the upload";
                    checker.add("J2V311", span, message).helped("put it last, if its receiver needs the file");
                }
            }
            _ => {}
        }
    }
    webhooks
}

/// Checks one destination. Returns its type, if known.
fn destination<'d>(checker: &mut Checker<'d>, node: &'d Node) -> Option<&'static str> {
    let Some(members) = node.as_object() else {
        let message = format!("a destination is an object, not {}", node.kind());
        checker.add("J2V300", node.span, message).helped("write `{\"type\": \"webhook\", \"endpoint\": \"https://…\"}`");
        return None;
    };
    let fields = checker.fields(&DESTINATION, members);
    connection(checker, &fields);
    let kind = fields.text(TYPE);
    let known = kind.as_deref().and_then(|kind| TYPES.known.iter().find(|known| **known == kind)).copied();
    if !fields.has(ID) {
        required(checker, node, &fields, known);
    }
    endpoint(checker, &fields);
    macros(checker, &fields);
    if let Some(node) = fields.get(PASSWORD).filter(|node| node.as_text().is_some_and(|text| !text.raw().is_empty()) && !is_open(node)) {
        let message = "a password in the movie: everybody who can read the movie has it";
        checker.add("J2V306", node.span, message).helped("make a connection in the dashboard, and name it: `{\"id\": \"my-ftp\"}`");
    }
    known
}

/// J2V303: the members that a destination must have.
fn required(checker: &mut Checker<'_>, node: &Node, fields: &Fields<'_>, known: Option<&str>) {
    let Some(named) = fields.get(TYPE) else {
        let message = "a destination has a `type`, or the `id` of a connection";
        if checker.is_misspelled(fields, &[TYPE, ID], "J2V303", message) {
            return;
        }
        checker.add("J2V303", opening(node.span), message).helped("write `\"type\": \"webhook\"` and its `endpoint`");
        return;
    };
    let needs = REQUIRED.iter().find(|(kind, _)| Some(*kind) == known).map_or(&[][..], |(_, needs)| *needs);
    let is_missing = |index: &usize| !fields.is_told(*index);
    let missing: Vec<usize> = needs.iter().filter_map(|name| DESTINATION.index(name)).filter(is_missing).collect();
    let list = missing.iter().map(|index| format!("`{}`", DESTINATION.properties[*index].name)).collect::<Vec<_>>().join(", ");
    let message = format!("this destination has no {list}");
    if !missing.is_empty() && !checker.is_misspelled(fields, &missing, "J2V303", &message) {
        checker.add("J2V303", named.span, message).helped(format!("add {list}, or name a connection by its `id`"));
    }
}

/// J2V304: where a callback can be sent.
fn endpoint(checker: &mut Checker<'_>, fields: &Fields<'_>) {
    let Some((node, endpoint)) = fields.get(ENDPOINT).and_then(|node| Some((node, super::known::text(node)?))) else { return };
    if endpoint.is_empty() {
        return;
    }
    let url = Url::parse(&endpoint);
    let is_local = url.is_some_and(|url| url.is_loopback());
    if is_local && checker.settings.loopback || url.is_some_and(|url| url.is("https") && !url.is_private()) {
        return;
    }
    let message = match url {
        Some(url) if url.is_private() => format!("the service can't reach `{}`", shown(url.host)),
        Some(url) if url.is("http") => "a webhook is called over HTTPS only".to_owned(),
        _ => "a webhook's `endpoint` is an `https://` address".to_owned(),
    };
    checker.add("J2V304", node.span, message).helped("give a public `https://` address with a certificate that browsers accept");
}

/// J2V309, J2V310: a connection by its id.
fn connection(checker: &mut Checker<'_>, fields: &Fields<'_>) {
    let Some(member) = fields.member(ID) else { return };
    if fields.text(ID).is_some_and(|id| id.chars().any(|letter| letter.is_uppercase() || letter.is_whitespace())) {
        checker
            .add("J2V309", member.value.span, "the id of a connection has small letters and no spaces")
            .helped("copy it from the dashboard");
    }
    if let Some(named) = fields.member(TYPE) {
        checker.add("J2V310", named.key_span, "the connection decides the `type`").helped("leave `type` out");
    }
}

/// J2V308: macros that the service doesn't fill in.
fn macros(checker: &mut Checker<'_>, fields: &Fields<'_>) {
    for node in MACROED.iter().filter_map(|index| fields.get(*index)) {
        let Some(text) = node.as_text() else { continue };
        let mut pieces = text.raw().split("__").skip(1);
        while let (Some(name), Some(_)) = (pieces.next(), pieces.clone().next()) {
            let is_macro = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if is_macro && !MACROS.contains(&name) {
                let known = MACROS.iter().map(|name| format!("__{name}__")).collect::<Vec<_>>().join(" ");
                checker.add("J2V308", node.span, format!("`__{}__` is not filled in", shown(name))).helped(format!("known are: {known}"));
            }
            if is_macro {
                pieces.next();
            }
        }
    }
}

/// Whether a member of this name holds a secret: `x-api-key`, `xi_api_key`, `Authorization`.
fn is_secret_name(name: &str) -> bool {
    // Most names end in another letter, and need not be spelled anew.
    if !name.bytes().last().is_some_and(|letter| LAST_LETTERS.contains(&letter.to_ascii_lowercase())) {
        return false;
    }
    let spelled = suggest::kebab(name);
    SECRET_NAMES.iter().any(|ending| spelled.ends_with(ending))
}

/// J2V307: a text that looks like a secret.
pub(super) fn secret(checker: &mut Checker<'_>, key: &str, node: &Node, text: &Text) {
    let raw = text.raw();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_key = raw.len() >= 20
        && raw.bytes().all(|byte| is_letter(&byte))
        && KEYS.iter().any(|(start, least)| raw.len() >= *least && raw.starts_with(start));
    let is_named = !key.is_empty() && raw.len() >= 8 && is_secret_name(key) && !is_open(node);
    let is_google = |from: &str| from.strip_prefix(GOOGLE.0).is_some_and(|rest| rest.bytes().take_while(is_letter).count() >= GOOGLE.1);
    let of_google = raw.len() >= GOOGLE.0.len() + GOOGLE.1 && memchr_iter(b'A', raw.as_bytes()).any(|at| is_google(&raw[at..]));
    if is_key || is_named {
        let help = "keep it out of the movie: the service's own key is a header (`j2v auth login`), others belong into a connection";
        checker.add("J2V307", node.span, "this looks like a secret").helped(help);
    } else if of_google {
        let finding = checker.add("J2V307", node.span, "this holds a key of Google, which each status call gives back");
        finding.helped("restrict the key to this use, or save the file and write its own URL").severity = Severity::Warning;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_each_of_its_names_in_any_style() {
        for ending in SECRET_NAMES {
            assert!(is_secret_name(ending) && is_secret_name(&format!("my_{}", ending.replace('-', "_"))), "{ending}");
        }
        assert!(is_secret_name("xApiKey") && is_secret_name("Authorization") && !is_secret_name("text") && !is_secret_name(""));
    }
}
