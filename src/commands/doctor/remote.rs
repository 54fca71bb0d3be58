//! The checks of the connection to the service: proxy, DNS, TLS, the API, the clock.

use std::time::Duration;

use super::CheckResult;
use crate::commands::{Call, session};
use crate::exit::Exit;
use crate::quantity::counted;
use crate::service::answer::{ConnectFault, ReadMeaning, RequestResult, TlsFault, meaning_of_read};
use crate::service::client::Client;
use crate::service::endpoint::{ApiUrl, without_userinfo};
use crate::service::page::{Window, read_page};
use crate::service::secret::ApiKey;
use crate::settings::Api;
use crate::world::World;

/// The key for the request where there is none: the service's answer shows that it is reachable.
const NO_KEY: &str = "no-key";

/// A clock that is off by more than this makes times on the screen wrong, milliseconds.
const OFF: i64 = 60_000;

/// How long the lookup of a name may take.
const FINDING: Duration = Duration::from_secs(5);

/// The connection to the service, step by step. The emulator needs none.
pub(super) async fn look(call: &Call, key: Option<ApiKey>) -> anyhow::Result<Vec<CheckResult>> {
    let Api::Url(url) = &call.settings.api else {
        return Ok(vec![CheckResult::ok("api", "the emulator in this process")]);
    };
    let mut results = vec![proxy(call, url)];
    results.extend(dns(call, url).await);
    let has_key = key.is_some();
    let key = match key {
        Some(key) => key,
        None => ApiKey::parse(NO_KEY)?,
    };
    let reached = session::reach(&call.settings, key).await?;
    let now = World::real().now();
    let happened = reached.client.greet(Window { from: now.minus(Duration::from_secs(60)), to: now }).await;
    results.extend(tls(url, &happened));
    results.push(api(url, &happened, has_key));
    results.extend(clock(&reached.client));
    reached.close().await;
    Ok(results)
}

fn proxy(call: &Call, url: &ApiUrl) -> CheckResult {
    match &call.settings.proxy {
        Some((name, _)) if url.is_loopback() => CheckResult::ok("proxy", format!("${name} is set; loopback is never proxied")),
        Some((name, value)) => CheckResult::ok("proxy", format!("{} (${name})", without_userinfo(value))),
        None => CheckResult::ok("proxy", "none in the environment"),
    }
}

/// Behind a proxy, the proxy looks up the name.
async fn dns(call: &Call, url: &ApiUrl) -> Option<CheckResult> {
    if url.is_loopback() || call.settings.proxy.is_some() {
        return None;
    }
    let host = url.host();
    let found = tokio::time::timeout(FINDING, tokio::net::lookup_host((host, 443))).await;
    Some(match found {
        Ok(Ok(mut addresses)) => match addresses.next() {
            Some(address) => CheckResult::ok("dns", format!("{host} is {}", address.ip())),
            None => CheckResult::fail("dns", Exit::Unreachable, format!("{host} has no address")).help("check the API URL and the network"),
        },
        Ok(Err(_)) => CheckResult::fail("dns", Exit::Unreachable, format!("the name {host} can't be resolved"))
            .help("check the network, and the API URL (`j2v config show`)"),
        Err(_) => {
            CheckResult::fail("dns", Exit::Unreachable, format!("no answer about the name {host}")).help("check the network's name server")
        }
    })
}

fn tls(url: &ApiUrl, happened: &RequestResult) -> Option<CheckResult> {
    if url.is_loopback() {
        return None;
    }
    match happened {
        RequestResult::NotConnected(ConnectFault::Tls(fault)) => {
            Some(CheckResult::fail("tls", Exit::Unreachable, fault.to_string()).help(match fault {
                TlsFault::NoRoots => {
                    "install the CA certificates (Debian: apt install ca-certificates), or name a bundle with SSL_CERT_FILE"
                }
                TlsFault::Certificate(_) => "is there a proxy that opens TLS? name its CA with SSL_CERT_FILE; and check the clock",
                TlsFault::Handshake(_) => "check the API URL: something there does not speak TLS",
            }))
        }
        RequestResult::NotConnected(_) => None,
        _ => Some(CheckResult::ok("tls", "the certificate is trusted")),
    }
}

fn api(url: &ApiUrl, happened: &RequestResult, has_key: bool) -> CheckResult {
    match meaning_of_read(happened) {
        ReadMeaning::Body(body) => match read_page(body) {
            Some(page) => match page.remaining_credits {
                Some(credits) if credits <= 0.0 => {
                    CheckResult::fail("api", Exit::Credits, format!("{url} takes the key, but no credits are left"))
                        .help("top up the account")
                }
                Some(credits) => CheckResult::ok("api", format!("{url} takes the key; {} left", counted(credits, "credit"))),
                None => CheckResult::ok("api", format!("{url} takes the key")),
            },
            None => CheckResult::fail("api", Exit::Unreachable, format!("{url} does not answer as the API does")).help("check the API URL"),
        },
        ReadMeaning::Refused(_) if !has_key => CheckResult::ok("api", format!("{url} answers; without a key nothing more can be checked")),
        ReadMeaning::Refused(refusal) => {
            let result = CheckResult::fail("api", Exit::of_refusal(refusal.reason), format!("{url} refuses the key: {}", refusal.message));
            result.help("copy the key from the dashboard again").then("j2v auth login")
        }
        ReadMeaning::Retry { why, .. } | ReadMeaning::Broken { why } | ReadMeaning::NoSuchProject { message: why } => {
            CheckResult::fail("api", Exit::Unreachable, format!("{url} can't be reached: {why}"))
                .help("check the network, the proxy and the API URL")
        }
    }
}

/// Compares two clocks: this machine's, and the one in the service's answers.
fn clock(client: &Client) -> Option<CheckResult> {
    let ahead = client.server_offset()?;
    let seconds = (ahead.unsigned_abs() + 500) / 1000;
    if ahead.abs() <= OFF {
        return Some(CheckResult::ok("clock", format!("{seconds} s from the service's")));
    }
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    Some(CheckResult::warn("clock", format!("{seconds} s {way} the service's")).help("set this machine's clock (timedatectl set-ntp true)"))
}
