//! `j2v check --probe`: checks that each file of a movie exists, and has the type that its element shows or plays.

use crate::commands::files::{Files, name};
use crate::commands::{Call, CliError, template_variables};
use crate::movie::Document;
use crate::movie::check::Resolved;
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::expand::{Limits, expand};
use crate::movie::plan::{AssetUse, uses_of};
use crate::service::probe::{Found, ProbeError};

/// Resolves a movie with the results of its files, and returns their faults.
///
/// # Errors
/// When the movies use more files than the limits allow.
pub(super) async fn resolve(call: &Call, files: &mut Files, movie: &Document) -> Result<(Resolved, Vec<Diagnostic>), CliError> {
    let expansion = expand(movie, &Limits::default());
    let looked = files.look_at(&call.out, &expansion).await?;
    // A user who allows requests for the files allows one for the template, too.
    if looked.is_some() {
        template_variables::compare_one(call, movie).await;
    }
    let uses = looked.unwrap_or_default();
    // The rules check a value that is not a URL without a request.
    let places = if uses.is_empty() { Vec::new() } else { uses_of(&expansion) };
    let addressed = places.iter().filter(|file| ["https://", "http://"].iter().any(|scheme| file.url.starts_with(scheme)));
    let found = addressed.filter_map(|file| judged(file, files.found(&file.url)?)).collect();
    for file in uses {
        call.out.progress(&files.shown(file).to_string());
    }
    Ok((Resolved::knowing(movie, expansion, files), found))
}

/// The fault of a file.
fn judged(file: &AssetUse, found: &Result<Found, ProbeError>) -> Option<Diagnostic> {
    let name = name(file);
    let finding = |code, message: String, help: &str| {
        Some(Diagnostic { help: Some(help.to_owned()), ..Diagnostic::of_rule(code, file.span, message) })
    };
    match found {
        Ok(found) => {
            let sent = found.content_type.as_deref()?;
            let severity = mismatch(&file.kind, sent)?;
            let message = format!("the server sends `{sent}`, which is not {}", wanted(&file.kind));
            let finding = finding("J2V114", message, "write the URL of the file itself, or let the server name its type")?;
            Some(Diagnostic { severity, ..finding })
        }
        Err(ProbeError::Page(host)) => {
            let message = format!("{host} sends a web page, which is not {}", wanted(&file.kind));
            finding("J2V114", message, "write the URL of the file itself, not of a page that shows it")
        }
        Err(error) if error.is_unasked() => {
            let finding = finding("J2V113", format!("the {name} was not looked at: {error}"), "write `https`, if the server has it")?;
            Some(Diagnostic { severity: Severity::Warning, ..finding })
        }
        Err(error @ ProbeError::Untrusted(_)) => {
            let help = "the service needs a public address; --allow-private looks into this network";
            finding("J2V113", format!("the {name} can't be had: {error}"), help)
        }
        Err(error) => finding("J2V113", format!("the {name} can't be had: {error}"), "open the URL without being logged in anywhere"),
    }
}

/// The types that an element accepts, in words.
fn wanted(kind: &str) -> &'static str {
    match kind {
        "image" => "an image",
        "video" => "a video",
        "audio" => "a sound",
        _ => "the file",
    }
}

/// The severity of a wrong type: a server that declares a file as plain text or bytes may not know better.
fn mismatch(kind: &str, content_type: &str) -> Option<Severity> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let main = essence.split('/').next().unwrap_or_default();
    let fits = match kind {
        "image" => main == "image",
        "video" => main == "video" || essence == "image/gif" || essence.ends_with("/ogg"),
        "audio" => main == "audio" || main == "video" || essence.ends_with("/ogg"),
        _ => true,
    };
    let is_another = matches!(main, "image" | "audio" | "video" | "text")
        || ["application/json", "application/pdf", "application/xml"].contains(&&*essence);
    match () {
        () if fits || !is_another => None,
        () if essence == "text/plain" => Some(Severity::Warning),
        () => Some(Severity::Error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_type_that_says_something_else_is_wrong() {
        for (kind, sent, severity) in [
            ("image", "image/png", None),
            ("image", "IMAGE/JPEG; charset=binary", None),
            ("image", "video/mp4", Some(Severity::Error)),
            ("image", "application/octet-stream", None),
            ("image", "application/json; charset=utf-8", Some(Severity::Error)),
            ("video", "image/gif", None),
            ("video", "image/png", Some(Severity::Error)),
            ("video", "application/ogg", None),
            ("video", "text/plain", Some(Severity::Warning)),
            ("audio", "video/mp4", None),
            ("audio", "image/png", Some(Severity::Error)),
            ("html", "text/html", None),
            ("", "text/html", None),
        ] {
            assert_eq!(mismatch(kind, sent), severity, "{kind} {sent}");
        }
    }
}
