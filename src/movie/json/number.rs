//! A number in the spelling in which it was written.

use std::fmt;

use ecow::EcoString;

/// A JSON number in its spelling: `1.50`, `1e3` and a 23-digit integer keep theirs.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(EcoString);

impl Number {
    /// Accepts a text that is a number by the rules of JSON.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (length(text.as_bytes()) == Ok(text.len())).then(|| Self(text.into()))
    }

    /// Accepts a spelling that the parser found to be valid.
    pub(super) fn from_raw(raw: &str) -> Self {
        Self(raw.into())
    }

    /// The spelling of a finite number; `None` for an infinity or a NaN, which JSON doesn't have.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Self> {
        let is_plain = number == 0.0 || (1e-6..1e17).contains(&number.abs());
        let raw = if is_plain { number.to_string() } else { format!("{number:e}") };
        number.is_finite().then(|| Self(raw.into()))
    }

    /// The spelling.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The nearest `f64`; `1e999` is infinite.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// One spelling for all equal numbers: the digits without zeros at either end, and the power of ten.
    /// The digits stay digits, so `1e999999999` costs no memory.
    pub(super) fn canonical(&self) -> String {
        let (sign, unsigned) = self.0.strip_prefix('-').map_or(("", &*self.0), |rest| ("-", rest));
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return "0".to_owned();
        }
        let shift = i128::try_from(digits.len() - significant.len()).unwrap_or(0) - i128::try_from(fraction.len()).unwrap_or(0);
        match exponent.parse::<i128>().ok().and_then(|power| power.checked_add(shift)) {
            Some(power) => format!("{sign}{significant}e{power}"),
            // An exponent of 38 or more digits: only the same spelling counts as the same number.
            None => self.0.as_str().to_ascii_lowercase(),
        }
    }
}

/// The length in bytes of the number at the start.
///
/// # Errors
/// When the text does not start with a number. The error is the length up to which it could be one.
pub(super) fn length(bytes: &[u8]) -> Result<usize, usize> {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes[at] == b'0') {
        return Err(at + whole);
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        at += 1 + fraction;
        if fraction == 0 {
            return Err(at);
        }
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let power = digits(at + 1 + sign);
        at += 1 + sign + power;
        if power == 0 {
            return Err(at);
        }
    }
    if bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+')) { Err(at) } else { Ok(at) }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        Number::parse(text).unwrap().canonical()
    }

    #[test]
    fn spellings_of_one_number_are_one() {
        for text in ["1.5", "1.50", "15e-1", "0.15E+1", "150e-2", "1500000e-6"] {
            assert_eq!(canonical(text), "15e-1", "{text}");
        }
        for text in ["0", "-0", "0.000", "0e99", "-0.0E-5"] {
            assert_eq!(canonical(text), "0", "{text}");
        }
        assert_eq!(canonical("100"), canonical("1e2"));
        assert_ne!(canonical("1"), canonical("-1"));
    }

    #[test]
    fn a_long_integer_stays_exact() {
        assert_ne!(canonical("12345678901234567890123"), canonical("12345678901234567890124"));
    }

    #[test]
    fn a_huge_exponent_costs_nothing() {
        assert_eq!(canonical("10e999999999998"), "1e999999999999");
        let beyond = format!("1e{}", "9".repeat(60));
        assert_eq!(canonical(&beyond), beyond);
    }

    #[test]
    fn what_json_has_no_number_for_is_none() {
        for text in ["", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x10", "1_000", "1.2.3", "Infinity", "12 "] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert_eq!(Number::from_f64(f64::NAN), None);
        assert_eq!(Number::from_f64(4.0).unwrap().raw(), "4");
    }

    proptest! {
        #[test]
        fn a_float_is_spelled_so_that_it_is_read_back(number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL) {
            let spelled = Number::from_f64(number).unwrap();
            prop_assert_eq!(Number::parse(spelled.raw()), Some(spelled.clone()));
            prop_assert!(spelled.as_f64().total_cmp(&number).is_eq());
        }
    }
}
