//! How connections are made and why they fail: name resolution, the TLS set-up for plain HTTP, and the
//! reading of the HTTP library's errors.

use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::{ClientConfig, RootCertStore};

use super::address::is_public;
use super::answer::{ConnectFault, TlsFault};
use super::first_byte::ConnectTimedOut;

/// Why a name could not be resolved. A separate type, so that it can be found inside the HTTP library's errors.
#[derive(Debug, thiserror::Error)]
enum NameFault {
    #[error("the name can't be resolved")]
    Unresolved(#[source] io::Error),
    #[error("the name leads to a private address")]
    Private,
}

/// Resolves names as the system does. With a guard, the guarded names may resolve to public addresses only. A proxy's
/// name is not guarded and may resolve to any address.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    guarded: Option<Arc<Mutex<HashSet<String>>>>,
}

impl Names {
    /// A resolver that refuses private addresses for every name given to [`Names::guard`].
    pub(super) fn guarded() -> Self {
        Self { guarded: Some(Arc::default()) }
    }

    /// From now on this name may resolve to public addresses only.
    pub(super) fn guard(&self, host: &str) {
        if let Some(names) = &self.guarded {
            names.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_ascii_lowercase());
        }
    }

    fn is_guarded(&self, host: &str) -> bool {
        let names = self.guarded.as_ref();
        names.is_some_and(|names| names.lock().unwrap_or_else(PoisonError::into_inner).contains(&host.to_ascii_lowercase()))
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let guarded = self.is_guarded(name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(NameFault::Unresolved)?.collect();
            if guarded && found.iter().any(|address| !is_public(address.ip())) {
                return Err(NameFault::Private.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Chooses the cryptography of the connections whose TLS the HTTP library sets up, unless this process has chosen already.
pub(super) fn choose_cryptography() {
    // An error means that other code chose first; any choice will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// TLS without root certificates, for clients of `http://` addresses: reading the system's roots takes longer than
/// a whole submission to loopback.
pub(super) fn tls_without_roots() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Why no connection was made.
pub(super) fn connect_fault(error: &reqwest::Error) -> ConnectFault {
    let causes = causes(error);
    if let Some(fault) = causes.iter().find_map(|cause| known_fault(*cause)) {
        return fault;
    }
    if error.is_timeout() { ConnectFault::Timeout } else { ConnectFault::Network(innermost(error)) }
}

fn known_fault(cause: &(dyn Error + 'static)) -> Option<ConnectFault> {
    if let Some(fault) = cause.downcast_ref::<NameFault>() {
        return Some(match fault {
            NameFault::Unresolved(_) => ConnectFault::Dns,
            NameFault::Private => ConnectFault::Private,
        });
    }
    if let Some(fault) = cause.downcast_ref::<rustls::Error>() {
        return Some(ConnectFault::Tls(tls_fault(fault)));
    }
    if cause.is::<ConnectTimedOut>() {
        return Some(ConnectFault::Timeout);
    }
    let text = cause.to_string();
    // The error of a proxy's tunnel has no public type.
    if text.starts_with("tunnel error: ") && !text.ends_with("underlying connection") {
        return Some(ConnectFault::Proxy(text));
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(ConnectFault::Refused),
        io::ErrorKind::TimedOut => Some(ConnectFault::Timeout),
        _ => None,
    }
}

fn tls_fault(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(why) => TlsFault::Certificate(why.to_string()),
        rustls::Error::General(said) if said.contains("CA cert") => TlsFault::NoRoots,
        other => TlsFault::Handshake(other.to_string()),
    }
}

/// The innermost cause of an error: the system's message. It never holds a URL.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let causes = causes(error);
    causes.last().map_or_else(|| "no cause given".to_owned(), ToString::to_string)
}

/// Every cause below the HTTP library's own error, outermost first. This includes the error inside an I/O error, which
/// `source` skips.
fn causes(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut found = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        found.push(cause);
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| cause.source());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(names: &Names, host: &str) -> Result<usize, String> {
        let found = names.resolve(host.parse().unwrap()).await;
        found.map(Iterator::count).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn row_100_a_guarded_name_must_not_lead_to_a_private_address() {
        let names = Names::guarded();
        assert!(resolve(&names, "localhost").await.is_ok_and(|found| found > 0), "a proxy's name may lead anywhere");
        names.guard("LocalHost");
        assert_eq!(resolve(&names, "localhost").await, Err("the name leads to a private address".to_owned()));
    }

    #[test]
    fn row_3_a_machine_without_roots_is_told_as_that() {
        let fault = tls_fault(&rustls::Error::General("No CA certificates were loaded from the system".to_owned()));
        assert_eq!(fault, TlsFault::NoRoots);
    }
}
