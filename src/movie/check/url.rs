//! Splits an address as far as a rule needs: its scheme, its host, its path. No request is made.

use std::net::IpAddr;

/// The parts of an address that has a scheme and a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Url<'u> {
    pub(super) scheme: &'u str,
    pub(super) host: &'u str,
    /// From the first slash on, without the fragment.
    pub(super) rest: &'u str,
}

impl<'u> Url<'u> {
    pub(super) fn parse(text: &'u str) -> Option<Self> {
        let (scheme, after) = text.split_once(':')?;
        let after = after.strip_prefix("//")?;
        let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((inner, _)) => inner,
            None => host.split_once(':').map_or(host, |(name, _)| name),
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        (is_scheme && !host.is_empty()).then_some(Self { scheme, host, rest })
    }

    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// Whether the host is this one, or a subdomain of it.
    pub(super) fn is_at(&self, host: &str) -> bool {
        let ours = self.host.len().checked_sub(host.len()).and_then(|start| self.host.get(start..));
        let is_same = ours.is_some_and(|ours| ours.eq_ignore_ascii_case(host));
        is_same && (self.host.len() == host.len() || self.host[..self.host.len() - host.len()].ends_with('.'))
    }

    /// This machine.
    pub(super) fn is_loopback(&self) -> bool {
        let by_number = self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        by_number || self.host.eq_ignore_ascii_case("localhost") || self.is_at("localhost")
    }

    /// An address that only this machine or its own network reaches.
    pub(super) fn is_private(&self) -> bool {
        let by_number = match self.host.parse() {
            Ok(IpAddr::V4(v4)) => v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
            Ok(IpAddr::V6(v6)) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
            Err(_) => false,
        };
        by_number || self.is_loopback() || self.is_at("local") || self.is_at("internal") || self.is_at("lan")
    }

    /// The extension of the file, in small letters.
    pub(super) fn extension(&self) -> Option<String> {
        let path = self.rest.split_once('?').map_or(self.rest, |(path, _)| path);
        let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
        let is_extension = (1..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_extension.then(|| extension.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_parts_of_an_address_are_told_apart() {
        let url = Url::parse("HTTPS://user:secret@cdn.Example.com:8443/a/b.tar.MP4?x=1.2#end").unwrap();
        assert_eq!((url.host, url.rest), ("cdn.Example.com", "/a/b.tar.MP4?x=1.2"));
        assert!(url.is("https") && url.is_at("example.com") && !url.is_at("ample.com"));
        assert_eq!(url.extension().as_deref(), Some("mp4"));
        assert_eq!(Url::parse("http://[::1]:3000/").unwrap().host, "::1");
        assert!(["image.jpg", "/a/b", "data:image/png;base64,AA", "https://", "C:\\a"].iter().all(|text| Url::parse(text).is_none()));
    }

    #[test]
    fn a_host_that_nobody_else_reaches_is_private() {
        for host in ["localhost", "127.0.0.1", "10.1.2.3", "192.168.0.9", "172.20.0.1", "169.254.1.1", "[::1]", "[fd00::1]", "nas.local"] {
            assert!(Url::parse(&format!("http://{host}:80/a")).unwrap().is_private(), "{host}");
        }
        assert!(!Url::parse("https://8.8.8.8/a").unwrap().is_private());
        assert!(!Url::parse("https://localhost.example.com/a").unwrap().is_private());
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at(text: String) {
            if let Some(url) = Url::parse(&text) {
                let _ = (url.is_private(), url.extension(), url.is_at("a.b"));
            }
        }
    }
}
