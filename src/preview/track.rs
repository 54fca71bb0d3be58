//! How a property changes over time. The page turns each track into a paused browser animation and sets its time, so that
//! a picture depends on the time alone.

use serde::Serialize;

/// One property and its values at some times; the browser interpolates between them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Track {
    /// The CSS property, in the spelling of scripts: `clipPath`.
    pub of: &'static str,
    /// Times in seconds and values, in order. The first value also holds before its time, the last one after it.
    pub at: Vec<(f64, String)>,
    /// The easing from each value to the next.
    pub easing: &'static str,
}

/// An even pace.
pub(super) const LINEAR: &str = "linear";

/// Fast first, then very slow: what the service's documentation calls `easeOutExpo`.
pub(super) const OUT_EXPO: &str = "cubic-bezier(0.16, 1, 0.3, 1)";

/// Past the target, and back.
pub(super) const OUT_BACK: &str = "cubic-bezier(0.34, 1.56, 0.64, 1)";

impl Track {
    /// From one value to another, at an even pace.
    pub(super) fn new(of: &'static str, (from, to): (f64, f64), values: (impl Into<String>, impl Into<String>)) -> Self {
        Self { of, at: vec![(from, values.0.into()), (to, values.1.into())], easing: LINEAR }
    }

    /// Through several values, spread evenly.
    pub(super) fn through(of: &'static str, (from, to): (f64, f64), values: &[&str]) -> Self {
        let steps = f64::from(u32::try_from(values.len().saturating_sub(1)).unwrap_or(u32::MAX)).max(1.0);
        let times = (0_u32..).map(|step| from + (to - from) * f64::from(step) / steps);
        Self { of, at: times.zip(values.iter().map(|value| (*value).to_owned())).collect(), easing: LINEAR }
    }

    /// The same with another easing.
    pub(super) fn eased(mut self, easing: &'static str) -> Self {
        self.easing = easing;
        self
    }
}

/// The fade in and out of an element that is visible from `start` to `end`: one track, so that both apply.
pub(super) fn fades((start, end): (f64, f64), fade_in: f64, fade_out: f64) -> Option<Track> {
    let length = (end - start).max(0.0);
    let (fade_in, fade_out) = (fade_in.clamp(0.0, length), fade_out.clamp(0.0, length));
    let mut at = Vec::new();
    if fade_in > 0.0 {
        at.extend([(start, "0".to_owned()), (start + fade_in, "1".to_owned())]);
    }
    if fade_out > 0.0 {
        // Fades that meet: the fade-out begins when the fade-in has ended.
        at.extend([((end - fade_out).max(start + fade_in), "1".to_owned()), (end, "0".to_owned())]);
    }
    at.dedup();
    (!at.is_empty()).then_some(Track { of: "opacity", at, easing: LINEAR })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(track: Option<Track>) -> String {
        let at = track.into_iter().flat_map(|track| track.at).map(|(time, value)| format!("{time}:{value}"));
        at.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn fades_are_one_track_and_never_longer_than_what_fades() {
        assert_eq!(spelled(fades((1.0, 5.0), 0.5, 0.0)), "1:0 1.5:1");
        assert_eq!(spelled(fades((1.0, 5.0), 0.5, 1.0)), "1:0 1.5:1 4:1 5:0");
        assert_eq!(spelled(fades((0.0, 1.0), 3.0, 3.0)), "0:0 1:1 1:1 1:0".replace("1:1 1:1", "1:1"));
        assert_eq!(spelled(fades((0.0, 1.0), 0.0, 0.0)), "");
    }

    #[test]
    fn values_are_spread_evenly() {
        let track = Track::through("opacity", (2.0, 4.0), &["0", "1", "0"]);
        assert_eq!(spelled(Some(track)), "2:0 3:1 4:0");
    }
}
