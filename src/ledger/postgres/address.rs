//! The address of a shared ledger, and the connection settings. The password enters here and is never shown.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// How long the server's answer to a new connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// After how long without an acknowledgement a server counts as gone.
const SILENCE: Duration = Duration::from_secs(10);

/// Why a text is not an address of a ledger. The error never contains the text itself: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It can't be parsed.
    #[error("{0}; it is written postgres://USER@HOST/DATABASE")]
    Unreadable(String),
    /// It has no host, and there is no default for it.
    #[error("it names no host; it is written postgres://USER@HOST/DATABASE")]
    NoHost,
    /// A character of the password ends the password early.
    #[error("its password holds a character that has to be written in percent-encoding (`@` as %40)")]
    Unescaped,
    /// TLS was declined for a server on another machine.
    #[error("sslmode={0} would send movies and password in the clear: only a server on this machine is reached without TLS")]
    Plain(String),
    /// An unknown TLS mode.
    #[error("sslmode is disable, prefer, require or verify-full")]
    Mode,
}

/// The server, database and user of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: String,
    /// The database.
    pub database: String,
    /// The user's name.
    pub user: String,
}

/// The address of a ledger on a `PostgreSQL` server.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    config: Box<Config>,
    roots: Option<PathBuf>,
    shown: String,
}

impl Address {
    /// Parses `postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS`, with the options of libpq that matter here.
    ///
    /// TLS is required, and the certificate checked, unless every host is on this machine.
    ///
    /// # Errors
    /// When it can't be parsed, or asks for plain text over a network.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let Options { url, mode, roots } = Options::take_from(text);
        let mut config: Config = url.parse().map_err(|error| AddressError::Unreadable(reason(&error)))?;
        let hosts = config.get_hosts();
        if hosts.is_empty() && config.get_hostaddrs().is_empty() {
            return Err(AddressError::NoHost);
        }
        if hosts.iter().any(|host| matches!(host, Host::Tcp(name) if name.contains('@'))) {
            return Err(AddressError::Unescaped);
        }
        config.ssl_mode(tls(&config, mode.as_deref())?);
        config.target_session_attrs(TargetSessionAttrs::ReadWrite).tcp_user_timeout(SILENCE);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("j2v");
        }
        let shown = shown(&config);
        Ok(Self { config: Box::new(config), roots, shown })
    }

    /// The same address with this password, unless it already has one.
    #[must_use]
    pub fn or_password(mut self, password: &str) -> Self {
        if !self.has_password() {
            self.config.password(password);
        }
        self
    }

    /// Whether it contains a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// The server, database and user, as a password file names them; the first of several hosts.
    #[must_use]
    pub fn target(&self) -> Target {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            // A socket of this machine, or an address without a host name.
            _ => "localhost".to_owned(),
        };
        let user = self.config.get_user().unwrap_or_default().to_owned();
        let database = self.config.get_dbname().map_or_else(|| user.clone(), str::to_owned);
        Target { host, port: self.config.get_ports().first().unwrap_or(&5432).to_string(), database, user }
    }

    /// A text of the server's; another text if it would repeat a secret value.
    pub(super) fn without_secrets(&self, text: String) -> String {
        let password = self.config.get_password().map(String::from_utf8_lossy);
        let options = self.config.get_options().unwrap_or_default();
        let secrets = password.as_deref().into_iter().chain(options.split_whitespace()).chain([options]);
        let repeats = secrets.flat_map(|secret| [Some(secret), secret.split_once('=').map(|(_, value)| value)]).flatten();
        if repeats.filter(|secret| !secret.is_empty()).any(|secret| text.contains(secret)) {
            return "the server refuses a value of the address; its words would repeat it".to_owned();
        }
        text
    }

    /// The configuration for the client crate.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// How long a new connection may take until the server answers: the time for one host, times the number of hosts.
    pub(super) fn patience(&self) -> Duration {
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len());
        let one = self.config.get_connect_timeout().copied().unwrap_or(CONNECT);
        one.saturating_mul(u32::try_from(hosts).unwrap_or(u32::MAX))
    }

    /// The certificates to trust instead of the system's.
    pub(super) fn roots(&self) -> Option<&PathBuf> {
        self.roots.as_ref()
    }
}

/// The URL without the password and the options.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}

/// The options that the client crate doesn't know, removed from the URL.
struct Options {
    url: String,
    mode: Option<String>,
    roots: Option<PathBuf>,
}

impl Options {
    fn take_from(text: &str) -> Self {
        // A question mark before the first `@` belongs to the password.
        let credentials = text.find('@').unwrap_or(0);
        let (start, query) = match text[credentials..].find('?') {
            Some(place) => (&text[..credentials + place], &text[credentials + place + 1..]),
            None => (text, ""),
        };
        let mut options = Self { url: String::new(), mode: None, roots: None };
        let mut rest = Vec::new();
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslmode", value)) => options.mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => options.roots = Some(PathBuf::from(unescaped(value))),
                _ => rest.push(option),
            }
        }
        options.url = if rest.is_empty() { start.to_owned() } else { format!("{start}?{}", rest.join("&")) };
        options
    }
}

/// A path with its percent-encoded bytes decoded; invalid encodings stay as they are.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let byte = after.get(..2).filter(|_| first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn reason(error: &tokio_postgres::Error) -> String {
    let error: &dyn std::error::Error = error;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

fn tls(config: &Config, mode: Option<&str>) -> Result<SslMode, AddressError> {
    match mode {
        None | Some("disable" | "allow" | "prefer") if is_here(config) => Ok(SslMode::Disable),
        None | Some("prefer" | "require" | "verify-ca" | "verify-full") => Ok(SslMode::Require),
        Some(mode @ ("disable" | "allow")) => Err(AddressError::Plain(mode.to_owned())),
        Some(_) => Err(AddressError::Mode),
    }
}

/// Whether no byte leaves this machine, whichever host answers.
fn is_here(config: &Config) -> bool {
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost") || name.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

fn shown(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |index: usize| ports.get(index).or(ports.first()).filter(|port| **port != 5432).map(|port| format!(":{port}"));
    let mut sockets = String::new();
    let mut hosts = Vec::new();
    for (index, host) in config.get_hosts().iter().enumerate() {
        match host {
            Host::Tcp(name) => hosts.push(format!("{name}{}", port(index).unwrap_or_default())),
            #[cfg(unix)]
            Host::Unix(folder) => {
                sockets = format!("?host={}", folder.display());
                sockets.extend(port(index).map(|port| format!("&port={}", &port[1..])));
            }
        }
    }
    let hosts = if hosts.is_empty() { config.get_hostaddrs().iter().map(ToString::to_string).collect() } else { hosts };
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    format!("postgres://{user}{}/{}{sockets}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> Result<SslMode, AddressError> {
        Address::parse(text).map(|address| address.config.get_ssl_mode())
    }

    #[test]
    fn a_server_elsewhere_is_reached_by_tls_only() {
        for demanding in
            ["postgres://db/j", "postgres://db/j?sslmode=prefer", "postgres://u:p@db/j?sslmode=verify-full", "postgres://10.0.0.1/j"]
        {
            assert_eq!(mode(demanding), Ok(SslMode::Require), "{demanding}");
        }
        for local in ["postgres://localhost/j", "postgres://127.0.0.1/j", "postgres://[::1]/j", "postgres:///j?host=/run/postgresql"] {
            assert_eq!(mode(local), Ok(SslMode::Disable), "{local}");
        }
        assert_eq!(mode("postgres://localhost,db/j"), Ok(SslMode::Require), "any of them may answer");
        assert_eq!(mode("postgres://localhost/j?sslmode=require"), Ok(SslMode::Require));
        assert_eq!(mode("postgres://localhost/j?hostaddr=10.0.0.1"), Ok(SslMode::Require));
        assert_eq!(mode("postgres://db/j?sslmode=disable"), Err(AddressError::Plain("disable".to_owned())));
        assert_eq!(mode("postgres://db/j?sslmode=maybe"), Err(AddressError::Mode));
    }

    #[test]
    fn a_password_is_used_and_never_shown() {
        let address = Address::parse("postgresql://me:se%40cret@db:6543/j2v?sslrootcert=/etc/my%20ca.pem&connect_timeout=3").unwrap();
        assert_eq!(address.config.get_password(), Some(b"se@cret".as_slice()));
        assert_eq!(address.roots, Some(PathBuf::from("/etc/my ca.pem")));
        assert_eq!(address.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(address.to_string(), "postgres://me@db:6543/j2v");
        assert_eq!(format!("{address:?}"), "Address(postgres://me@db:6543/j2v)");
        let mistakes =
            ["postgres://me:se@cret@db/j", "postgres://me:secret@db:secret/j", "postgres://me:secret@db/j?secret=1", "postgres://"];
        for mistake in mistakes {
            let error = Address::parse(mistake).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("cret@") && !error.to_string().contains(":secret"), "{error}");
        }
    }

    #[test]
    fn a_password_from_elsewhere_fills_a_gap_only() {
        let password = |text: &str| Address::parse(text).unwrap().or_password("given").config.get_password().map(<[u8]>::to_vec);
        assert_eq!(password("postgres://me@db/j"), Some(b"given".to_vec()));
        assert_eq!(password("postgres://me:own@db/j"), Some(b"own".to_vec()));
    }

    #[test]
    fn what_is_shown_leads_to_the_same_place() {
        for text in ["postgres://me@db/j", "postgres://db:1/j", "postgres:///j?host=/run/postgresql&port=5433", "postgres://a:1,b:2/j"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
    }
}
