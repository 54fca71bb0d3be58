//! The address of the API: where the key may go.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// The address of the service (`service.md#common`).
pub const SERVICE: &str = "https://api.json2video.com/v2";

/// Why a text is not an API address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiUrlError {
    /// It can't be read as a URL.
    #[error("the API address is not a URL ({0})")]
    NoUrl(String),
    /// It would send the key in the clear.
    #[error("the API address must start with `https://`; `http://` is taken for a loopback address only")]
    Insecure,
    /// It contains a user name or a password, which would end up in messages.
    #[error("the API address must not hold a user name or a password")]
    Credentials,
    /// It has a query or a fragment.
    #[error("the API address must end with its path: no `?` and no `#`")]
    Tail,
}

/// The API's address, without a trailing slash: `https`, or `http` on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl {
    base: String,
    movies: Url,
}

impl ApiUrl {
    /// Parses an address from a user.
    ///
    /// # Errors
    /// When it is not a URL, would send the key unencrypted, or holds more than origin and path.
    pub fn parse(text: &str) -> Result<Self, ApiUrlError> {
        let url = Url::parse(text.trim()).map_err(|error| ApiUrlError::NoUrl(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ApiUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ApiUrlError::Tail);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            _ => return Err(ApiUrlError::Insecure),
        }
        let base = url.as_str().trim_end_matches('/').to_owned();
        let movies = Url::parse(&format!("{base}/movies")).map_err(|error| ApiUrlError::NoUrl(error.to_string()))?;
        Ok(Self { base, movies })
    }

    /// The address as the ledger stores it: without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// Whether the API runs on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.movies)
    }

    /// The resource of all renders.
    #[must_use]
    pub fn movies(&self) -> &Url {
        &self.movies
    }

    /// Another resource of the API, by its path below the API's address.
    #[must_use]
    pub fn resource(&self, path: &str) -> Url {
        let mut url = self.movies.clone();
        let base = url.path().trim_end_matches("movies").to_owned();
        url.set_path(&format!("{base}{path}"));
        url
    }

    /// The host, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.movies.host_str().unwrap_or_default()
    }

    /// Whether `url` has the API's scheme, host and port: the only place the key may go.
    #[must_use]
    pub fn same_origin(&self, url: &Url) -> bool {
        self.movies.origin() == url.origin()
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl FromStr for ApiUrl {
    type Err = ApiUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// An address without the user and the password before its `@`: the part that may be shown.
#[must_use]
pub fn without_userinfo(address: &str) -> String {
    let begin = address.find("://").map_or(0, |scheme| scheme + "://".len());
    let end = address[begin..].find(['/', '?', '#', '\\']).map_or(address.len(), |path| begin + path);
    match address[begin..end].rfind('@') {
        Some(at) => format!("{}[redacted]{}", &address[..begin], &address[begin + at..]),
        None => address.to_owned(),
    }
}

/// Whether a URL names this machine: `localhost`, or a loopback address in any spelling.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match ip_of(url) {
        Some(ip) => ip.to_canonical().is_loopback(),
        // No other name: some systems send `x.localhost` to a name server.
        None => host == "localhost",
    }
}

/// The IP address that a URL contains instead of a name. The URL parser has already normalized decimal, octal and
/// hexadecimal spellings.
pub(super) fn ip_of(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trailing_slash_is_dropped() {
        let url = ApiUrl::parse("https://api.json2video.com/v2/").unwrap();
        assert_eq!((url.as_str(), url.movies().as_str()), ("https://api.json2video.com/v2", "https://api.json2video.com/v2/movies"));
        assert!(!url.is_loopback());
    }

    #[test]
    fn the_key_goes_in_the_clear_to_loopback_only() {
        for local in ["http://127.0.0.1:8080/v2", "http://localhost:1/v2", "http://[::1]:9", "http://2130706433/v2"] {
            assert!(ApiUrl::parse(local).unwrap().is_loopback(), "{local}");
        }
        for clear in
            ["http://api.json2video.com/v2", "http://localhost.example.com", "http://x.localhost", "http://192.168.0.1", "ftp://127.0.0.1"]
        {
            assert_eq!(ApiUrl::parse(clear).unwrap_err(), ApiUrlError::Insecure, "{clear}");
        }
    }

    #[test]
    fn an_address_holds_no_secrets_and_no_query() {
        let error = ApiUrl::parse("https://user:canary@host/v2").unwrap_err();
        assert_eq!(error, ApiUrlError::Credentials);
        assert_eq!(ApiUrl::parse("https://host/v2?a=1").unwrap_err(), ApiUrlError::Tail);
        assert!(matches!(ApiUrl::parse("host/v2").unwrap_err(), ApiUrlError::NoUrl(_)));
    }

    #[test]
    fn a_password_is_not_shown_and_what_only_looks_like_one_is() {
        assert_eq!(without_userinfo("https://me:se@cret@host:1/a?b#c"), "https://[redacted]@host:1/a?b#c");
        assert_eq!(without_userinfo("me:secret@proxy"), "[redacted]@proxy");
        for plain in ["https://host/a@b", "https://host?a=b@c", "http://proxy:3128", ""] {
            assert_eq!(without_userinfo(plain), plain);
        }
    }

    #[test]
    fn another_port_is_another_origin() {
        let api = ApiUrl::parse("http://127.0.0.1:8080/v2").unwrap();
        assert!(api.same_origin(&Url::parse("http://127.0.0.1:8080/else").unwrap()));
        for other in ["http://127.0.0.1:8081/v2", "https://127.0.0.1:8080/v2", "http://localhost:8080/v2"] {
            assert!(!api.same_origin(&Url::parse(other).unwrap()), "{other}");
        }
    }
}
