//! Signs forwarded callbacks according to Standard Webhooks
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>): the receiver can
//! verify that a callback comes from the holder of the secret and is not an old one. Pure.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::world::Timestamp;

/// The prefix of a secret's text.
const PREFIX: &str = "whsec_";

/// The length of a secret, bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a text is not a secret. The text itself is never part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is `whsec_` and 24 to 64 bytes in base64")]
pub struct NoSecret;

/// A secret shared by the signer and the receiver. `Debug` is redacted, the memory is wiped on drop.
pub struct SigningSecret(SecretSlice<u8>);

impl SigningSecret {
    /// Reads a secret as it is stored: white space around it is dropped.
    ///
    /// # Errors
    /// When it is not a secret.
    pub fn parse(text: &str) -> Result<Self, NoSecret> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(NoSecret)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| NoSecret)?;
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes.into())) } else { Err(NoSecret) }
    }

    /// The text of the secret made of these random bytes.
    #[must_use]
    pub fn spell(bytes: &[u8; 32]) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(bytes))
    }

    /// The value of `webhook-signature` for a body.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        // An HMAC accepts a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()) else { return String::new() };
        mac.update(format!("{id}.{}.{body}", seconds(at)).as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The value of `webhook-timestamp`.
#[must_use]
pub fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1000)
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_libraries_of_standard_webhooks() {
        // The example of the specification's reference libraries.
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", Timestamp(1_614_265_330_000), r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_made_is_read_and_nothing_of_it_is_shown() {
        let text = SigningSecret::spell(&[7; 32]);
        assert!(!format!("{:?}", SigningSecret::parse(&text).unwrap()).contains("Bwc"));
        for bad in ["", "whsec_", "whsec_MfKQ", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_canary-canary-canary-canary"] {
            assert!(!SigningSecret::parse(bad).unwrap_err().to_string().contains("canary"), "{bad}");
        }
    }
}
