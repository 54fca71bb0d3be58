//! Fetching from anybody, without the key: what an address must be, and the clients that ask there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reqwest::Url;

use super::address::is_public;
use super::answer::ConnectFault;
use super::client::{Timeouts, builder};
use super::endpoint::{ip_of, is_loopback};
use super::wire::{Names, connect_fault};

/// How many redirects are followed, each address checked anew.
pub(super) const MOST_HOPS: u32 = 5;

/// Whether a file may come from a private address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// `https` from public addresses; loopback, too, if the API is there.
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

/// What sets one client apart from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Route {
    tls: bool,
    loopback: bool,
    guarded: bool,
}

impl Keyless {
    pub(super) fn new(api_is_loopback: bool, timeouts: Timeouts) -> Self {
        Self { api_is_loopback, timeouts, clients: Mutex::default(), guarded: Names::guarded() }
    }

    /// Whether a file may be asked for at an address, before anything is connected to; why not, if it may not.
    /// From then on the address's name may lead to public addresses only.
    pub(super) fn trust(&self, url: &Url, hosts: Hosts) -> Result<(), &'static str> {
        match url.scheme() {
            "https" => {}
            "http" if hosts == Hosts::Any || is_loopback(url) => {}
            _ => return Err("it is not `https://`"),
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
        let route =
            Route { tls: url.scheme() == "https", loopback: is_loopback(url), guarded: hosts == Hosts::Public && !is_loopback(url) };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&route) {
            return Ok(client.clone());
        }
        let names = if route.guarded { self.guarded.clone() } else { Names::default() };
        let Timeouts { connect, request, .. } = self.timeouts;
        let builder = builder(route.tls, route.loopback).dns_resolver(names).connect_timeout(connect).read_timeout(request);
        let client = builder.build().map_err(|error| connect_fault(&error))?;
        clients.insert(route, client.clone());
        Ok(client)
    }
}
