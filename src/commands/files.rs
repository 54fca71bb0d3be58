//! The files that movies use. Each is probed once, however many movies use it.

use std::collections::HashMap;

use super::CliError;
use crate::exit::Exit;
use crate::limits::FILES;
use crate::movie::expand::Expansion;
use crate::movie::plan::{Asset, AssetUse, Assets, Seconds, assets_of};
use crate::output::Out;
use crate::output::timeline::File;
use crate::quantity::counted;
use crate::service::client::Timeouts;
use crate::service::keyless::Hosts;
use crate::service::probe::{Found, Probe, ProbeError, Wanted};
use crate::settings::Settings;

/// The facts known about files.
pub(super) struct Files {
    probe: Option<Probe>,
    seen: HashMap<String, Result<Found, ProbeError>>,
}

impl Files {
    /// No facts, and no requests.
    pub(super) fn unseen() -> Self {
        Self { probe: None, seen: HashMap::new() }
    }

    /// Probes each file when a movie uses it; files of private networks with `Hosts::Any` only.
    pub(super) fn to_probe(settings: &Settings, hosts: Hosts) -> Self {
        let timeouts = Timeouts { request: settings.request_timeout, ..Timeouts::default() };
        Self { probe: Some(Probe::new(settings.is_loopback(), hosts, timeouts)), seen: HashMap::new() }
    }

    /// Probes the files of a movie that no earlier movie uses; `None` when no request may be made.
    ///
    /// # Errors
    /// When the command's movies use more files than the limits allow.
    pub(super) async fn look_at(&mut self, out: &Out, expansion: &Expansion) -> Result<Option<Vec<AssetUse>>, CliError> {
        let Some(probe) = self.probe.as_ref() else { return Ok(None) };
        let uses = assets_of(expansion);
        let new: Vec<(&str, Wanted)> = uses.iter().filter(|file| !self.seen.contains_key(&file.url)).map(wanted).collect();
        if FILES.is_passed_by(self.seen.len() + new.len()) {
            return Err(CliError::new(Exit::Invalid, format!("these movies take in {}: not all were looked at", FILES.passed())));
        }
        if !new.is_empty() {
            out.progress(&format!("looking at {}", counted(new.len(), "file")));
        }
        let found = probe.all(&new).await;
        self.seen.extend(new.iter().map(|(url, _)| (*url).to_owned()).zip(found));
        Ok(Some(uses))
    }

    /// The result for a file that was probed.
    pub(super) fn found(&self, url: &str) -> Option<&Result<Found, ProbeError>> {
        self.seen.get(url)
    }

    /// A file as it is shown.
    pub(super) fn shown(&self, file: AssetUse) -> File {
        let (found, fault) = match self.seen.get(&file.url) {
            Some(Ok(found)) => (found.clone(), None),
            Some(Err(error)) => (Found::default(), Some(error.to_string())),
            None => (Found::default(), None),
        };
        let length = seconds(&found);
        File { url: file.url, kind: file.kind, content_type: found.content_type, bytes: found.bytes, length, fault }
    }
}

impl Assets for Files {
    fn asset(&self, url: &str) -> Option<Asset> {
        let found = self.seen.get(url)?.as_ref().ok()?;
        Some(Asset { length: seconds(found), size: None, bytes: found.bytes })
    }
}

fn wanted(file: &AssetUse) -> (&str, Wanted) {
    let wanted = match file.kind.as_str() {
        "video" | "audio" => Wanted::Recording,
        "html" => Wanted::Page,
        _ => Wanted::Still,
    };
    (&file.url, wanted)
}

/// The word for a file: the type of the element that uses it.
pub(super) fn name(file: &AssetUse) -> &str {
    if file.kind.is_empty() { "file" } else { &file.kind }
}

fn seconds(found: &Found) -> Option<Seconds> {
    found.length.and_then(|length| Seconds::from_f64(length.as_secs_f64()))
}
