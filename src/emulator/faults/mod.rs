//! Faults on demand: their names, their syntax, and when they occur.
//!
//! A fault is written `NAME[=ARGUMENT][*COUNT][%PERCENT]`: `post-reset`, `get-status=503*2`, `list-hang%10`.
//! COUNT: the largest number of times it occurs. PERCENT: how often it occurs in a hundred requests, by the emulator's seed.

pub mod catalogue;
pub(super) mod injector;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::near;

pub use catalogue::{FaultInfo, Place, Takes, catalogue};

/// One fault, as the user wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fault {
    info: &'static FaultInfo,
    argument: Argument,
    count: Option<u32>,
    percent: Option<u8>,
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    None,
    Number(u64),
    Time(Duration),
    Text(String),
}

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// No fault has this name.
    #[error("there is no fault '{name}'{}", near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default())]
    Unknown {
        /// The text.
        name: String,
        /// The most similar name.
        near: Option<&'static str>,
    },
    /// It requires an argument, accepts none, or accepts another kind.
    #[error("the fault '{name}' is written {usage}, not with '{argument}'")]
    Argument {
        /// The name of the fault.
        name: &'static str,
        /// Its usage.
        usage: String,
        /// The text instead of its argument.
        argument: String,
    },
}

impl Fault {
    /// Reads `NAME[=ARGUMENT][*COUNT][%PERCENT]`.
    ///
    /// # Errors
    /// When no fault has the name, or the argument isn't of its kind.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let (rest, count, percent) = without_limits(text.trim());
        let (name, argument) = rest.split_once('=').map_or((rest, None), |(name, argument)| (name, Some(argument)));
        let info = catalogue().iter().find(|info| info.name == name).ok_or_else(|| unknown(name))?;
        let argument = read(info.takes, argument).ok_or_else(|| FaultError::Argument {
            name: info.name,
            usage: info.usage(),
            argument: argument.unwrap_or_default().to_owned(),
        })?;
        Ok(Self { info, argument, count, percent })
    }

    /// Its entry in the catalogue.
    #[must_use]
    pub fn info(&self) -> &'static FaultInfo {
        self.info
    }

    /// Its number; 0 without one.
    pub(super) fn number(&self) -> u64 {
        if let Argument::Number(number) = self.argument { number } else { 0 }
    }

    /// Its number as a length in memory.
    pub(super) fn length(&self) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX)
    }

    /// Its time; zero without one.
    pub(super) fn time(&self) -> Duration {
        if let Argument::Time(time) = self.argument { time } else { Duration::ZERO }
    }

    /// Its text, if it was given one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Argument::Text(text) = &self.argument { Some(text) } else { None }
    }

    pub(super) fn count(&self) -> Option<u32> {
        self.count
    }

    pub(super) fn percent(&self) -> Option<u8> {
        self.percent
    }
}

/// Removes `*COUNT` and `%PERCENT` from the end, in either order.
fn without_limits(text: &str) -> (&str, Option<u32>, Option<u8>) {
    let (mut rest, mut count, mut percent) = (text, None, None);
    while let Some(mark) = rest.rfind(['*', '%']) {
        let digits = &rest[mark + 1..];
        match (rest.as_bytes()[mark], digits.parse::<u32>()) {
            (b'*', Ok(number)) if count.is_none() => count = Some(number),
            (b'%', Ok(number)) if percent.is_none() && number <= 100 => percent = u8::try_from(number).ok(),
            _ => break,
        }
        rest = &rest[..mark];
    }
    (rest, count, percent)
}

fn read(takes: Takes, argument: Option<&str>) -> Option<Argument> {
    match (takes, argument) {
        (Takes::Nothing | Takes::Seconds | Takes::Message | Takes::Address { needed: false }, None) => Some(Argument::None),
        (Takes::Nothing, Some(_)) | (_, None | Some("")) => None,
        (Takes::Bytes, Some(text)) => text.parse().ok().map(Argument::Number),
        (Takes::Status, Some(text)) => text.parse().ok().filter(|code| (200..=599).contains(code)).map(Argument::Number),
        (Takes::Time, Some(text)) => Duration::try_from(text.parse::<SignedDuration>().ok()?).ok().map(Argument::Time),
        (Takes::Seconds | Takes::Message | Takes::Word | Takes::Address { .. }, Some(text)) => Some(Argument::Text(text.to_owned())),
    }
}

fn unknown(name: &str) -> FaultError {
    FaultError::Unknown { name: name.to_owned(), near: near::nearest(name, catalogue().iter().map(|info| info.name)) }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Fault {
    type Error = FaultError;

    fn try_from(text: String) -> Result<Self, FaultError> {
        Self::parse(&text)
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info.name)?;
        match &self.argument {
            Argument::None => Ok(()),
            Argument::Number(number) => write!(f, "={number}"),
            Argument::Time(time) => write!(f, "={}ms", time.as_millis()),
            Argument::Text(text) => write!(f, "={text}"),
        }?;
        self.count.map_or(Ok(()), |count| write!(f, "*{count}"))?;
        self.percent.map_or(Ok(()), |percent| write!(f, "%{percent}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fault_is_read_with_argument_count_and_percent() {
        let fault = Fault::parse("get-status=503*2%40").unwrap();
        assert_eq!((fault.info().name, fault.number(), fault.count(), fault.percent()), ("get-status", 503, Some(2), Some(40)));
        assert_eq!(Fault::parse("get-status=503%40*2").unwrap(), fault);
        assert_eq!(Fault::parse("post-slow=1s 200ms").unwrap().time(), Duration::from_millis(1200));
    }

    #[test]
    fn an_escaped_address_stays_whole() {
        let fault = Fault::parse("post-redirect=http://127.0.0.1:1/a%20b").unwrap();
        assert_eq!(fault.text(), Some("http://127.0.0.1:1/a%20b"));
    }

    #[test]
    fn a_wrong_name_is_told_with_the_nearest_right_one() {
        let error = Fault::parse("post-rest").unwrap_err();
        assert_eq!(error.to_string(), "there is no fault 'post-rest', did you mean 'post-reset'?");
    }

    #[test]
    fn a_missing_or_wrong_argument_is_told_with_the_usage() {
        let error = Fault::parse("post-truncate=many").unwrap_err();
        assert_eq!(error.to_string(), "the fault 'post-truncate' is written post-truncate=BYTES, not with 'many'");
        assert!(Fault::parse("post-reset=1").is_err());
        assert!(Fault::parse("post-status").is_err());
    }

    proptest! {
        #[test]
        fn every_fault_is_read_back_as_it_is_written(which in 0..catalogue().len(), count: Option<u32>, percent in proptest::option::of(0u8..=100)) {
            let info = &catalogue()[which];
            let argument = match info.takes {
                Takes::Nothing => Argument::None,
                Takes::Bytes | Takes::Status => Argument::Number(500),
                Takes::Time => Argument::Time(Duration::from_millis(1500)),
                Takes::Seconds | Takes::Message | Takes::Word | Takes::Address { .. } => Argument::Text("a b".to_owned()),
            };
            let fault = Fault { info, argument, count, percent };
            prop_assert_eq!(Fault::parse(&fault.to_string()), Ok(fault));
        }

        #[test]
        fn reading_a_fault_never_panics(text: String) {
            let _ = Fault::parse(&text);
        }
    }
}
