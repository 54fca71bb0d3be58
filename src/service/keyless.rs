//! Requests to hosts other than the API, without the key: which addresses are allowed, and the clients for them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;

use super::address::is_public;
use super::answer::ConnectFault;
use super::builder::{Timeouts, builder};
use super::endpoint::{ip_of, is_loopback};
use super::wire::{Names, connect_fault};

/// How many redirects are followed. Each address is checked again.
pub(super) const MOST_HOPS: u32 = 5;

/// Why a file is not requested without encryption.
pub(super) const NOT_HTTPS: &str = "it is not `https://`";

/// Whether a file may come from a private address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// `https` from public addresses; also loopback, if the API runs there.
    Public,
    /// Any (`--allow-private`).
    Any,
}

/// Clients that never see the key, each built when it is first needed.
pub(super) struct Keyless {
    api_is_loopback: bool,
    timeouts: Timeouts,
    clients: Mutex<HashMap<Route, reqwest::Client>>,
    guarded: Names,
}

/// What distinguishes one client from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Route {
    tls: bool,
    loopback: bool,
    guarded: bool,
    /// The longest time without any bytes.
    silence: Option<Duration>,
}

impl Keyless {
    pub(super) fn new(api_is_loopback: bool, timeouts: Timeouts) -> Self {
        Self { api_is_loopback, timeouts, clients: Mutex::default(), guarded: Names::guarded() }
    }

    /// Checks, before any connection, whether a file may be requested from an address; the error says why not.
    /// From then on the address's name may resolve to public addresses only.
    pub(super) fn trust(&self, url: &Url, hosts: Hosts) -> Result<(), &'static str> {
        match url.scheme() {
            "https" => {}
            "http" if hosts == Hosts::Any || is_loopback(url) => {}
            _ => return Err(NOT_HTTPS),
        }
        if hosts == Hosts::Any || (is_loopback(url) && self.api_is_loopback) {
            return Ok(());
        }
        if is_loopback(url) || ip_of(url).is_some_and(|ip| !is_public(ip)) {
            return Err("it is on a private network");
        }
        self.guarded.guard(url.host_str().unwrap_or_default());
        Ok(())
    }

    /// A client for one hop.
    pub(super) fn client(&self, url: &Url, hosts: Hosts) -> Result<reqwest::Client, ConnectFault> {
        self.client_for(url, hosts, Some(self.timeouts.request))
    }

    /// A client that uploads the bytes of a file: nothing arrives while they are sent, so it has no read timeout.
    pub(super) fn uploader(&self, url: &Url) -> Result<reqwest::Client, ConnectFault> {
        self.client_for(url, Hosts::Any, None)
    }

    fn client_for(&self, url: &Url, hosts: Hosts, silence: Option<Duration>) -> Result<reqwest::Client, ConnectFault> {
        let (tls, loopback) = (url.scheme() == "https", is_loopback(url));
        let route = Route { tls, loopback, guarded: hosts == Hosts::Public && !loopback, silence };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&route) {
            return Ok(client.clone());
        }
        let names = if route.guarded { self.guarded.clone() } else { Names::default() };
        let builder = builder(route.tls, route.loopback).dns_resolver(names).connect_timeout(self.timeouts.connect);
        let builder = if let Some(silence) = silence { builder.read_timeout(silence) } else { builder };
        let client = builder.build().map_err(|error| connect_fault(&error))?;
        clients.insert(route, client.clone());
        Ok(client)
    }
}
