//! The API behind TLS, with a certificate authority of this test: a certificate that has expired, is for another name, or
//! changes. The key is never sent to a server without a trusted certificate, and a movie is paid for once.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::peer::json as answer;
use crate::running::Running;
use crate::support::{CANARY, Run, World};

const HERE: &[u8] = include_bytes!("../fixtures/tls/here.crt.der");
const RENEWED: &[u8] = include_bytes!("../fixtures/tls/renewed.crt.der");
const EXPIRED: &[u8] = include_bytes!("../fixtures/tls/expired.crt.der");
const ELSEWHERE: &[u8] = include_bytes!("../fixtures/tls/elsewhere.crt.der");

/// The project of every POST.
const PROJECT: &str = "JkGxEoPRF9EgRb32";

/// An API behind TLS whose certificate can be changed.
struct Api {
    address: SocketAddr,
    certificate: Arc<Mutex<&'static [u8]>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Api {
    fn with(certificate: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = Self { address: listener.local_addr().unwrap(), certificate: Arc::new(Mutex::new(certificate)), heard: Arc::default() };
        let (certificate, heard) = (Arc::clone(&api.certificate), Arc::clone(&api.heard));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let config = config(*certificate.lock().unwrap());
                let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream.unwrap());
                let mut buffer = [0; 16 << 10];
                // A client that does not trust the certificate disconnects.
                let Ok(count) = tls.read(&mut buffer) else { continue };
                let request = String::from_utf8_lossy(&buffer[..count]).into_owned();
                let body = if request.starts_with("POST ") {
                    json!({"success": true, "project": PROJECT})
                } else {
                    json!({"success": true, "movies": [], "movie": {"project": PROJECT, "status": "done", "url": "https://a/v.mp4"}})
                };
                heard.lock().unwrap().push(request);
                tls.write_all(&answer("200 OK", &body)).ok();
                tls.conn.send_close_notify();
                tls.flush().ok();
            }
        });
        api
    }

    fn change(&self, certificate: &'static [u8]) {
        *self.certificate.lock().unwrap() = certificate;
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn world(&self) -> World {
        let world = World::at(&format!("https://{}/v2", self.address));
        world.write("ca.pem", include_bytes!("../fixtures/tls/ca.pem"));
        world.movie("a.json", &json!({}));
        world
    }
}

fn config(certificate: &[u8]) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("../fixtures/tls/server.key.der").to_vec()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate.to_vec().into()], key).unwrap())
}

fn run(world: &World, line: &str) -> Run {
    world.j2v_with(&[("SSL_CERT_FILE", &world.path("ca.pem").display().to_string())], line)
}

fn start(world: &World, line: &str) -> Running {
    let mut command = world.command(&line.split(' ').collect::<Vec<_>>());
    command.env("SSL_CERT_FILE", world.path("ca.pem"));
    Running::of(command)
}

#[test]
fn row_03_a_certificate_that_has_expired_or_is_of_another_name_gets_no_request() {
    crate::running::abreast([EXPIRED, ELSEWHERE], |certificate| {
        let api = Api::with(certificate);
        let world = api.world();
        let submitted = run(&world, "submit a.json --key k");
        assert!(submitted.stderr.contains("trying again"), "{}", submitted.stderr);
        submitted.exits(7).tells("certificate is not trusted").tells("nothing was accepted");
        assert_eq!(api.heard(), [""; 0], "nobody whose certificate is not trusted hears a word");
    });
}

#[test]
fn row_03_a_certificate_that_is_renewed_in_time_is_paid_for_once() {
    let api = Api::with(EXPIRED);
    let world = api.world();
    let submitting = start(&world, "submit a.json --key k");
    submitting.until_it_tells("trying again");
    api.change(HERE);
    submitting.end().exits(0).prints(&[PROJECT]);
    api.change(RENEWED);
    run(&world, "poll k").exits(0);
    assert_eq!(api.heard().iter().filter(|request| request.starts_with("POST ")).count(), 1);
    assert!(api.heard().iter().all(|request| request.contains(CANARY)), "the API itself gets the key");
}

#[test]
fn row_03_a_certificate_that_goes_bad_under_a_wait_gets_the_key_no_more() {
    let api = Api::with(HERE);
    let world = api.world();
    run(&world, "submit a.json --key k").exits(0);
    let before = api.heard().len();
    api.change(ELSEWHERE);
    run(&world, "poll k --timeout 1s").exits(11);
    assert_eq!(api.heard().len(), before);
    api.change(RENEWED);
    run(&world, "poll k").exits(0);
}
