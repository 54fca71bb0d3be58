//! Whole commands, from fork to exit: `j2v` compared with `/bin/true`, `curl` and a script with the service's own SDK.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{figure, heading, median, server};

const J2V: &str = env!("CARGO_BIN_EXE_j2v");
const LISTING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/listing.json");
const ROUNDS: usize = 100;

/// The service's SDK speaks TLS to port 443 only: this sends it to the loopback server in plain HTTP, which is
/// less work for it than the real service.
const SDK_SCRIPT: &str = r"
const http = require('http'), https = require('https');
https.request = (options, answer) => http.request({ ...options, hostname: '127.0.0.1', port: process.env.PORT }, answer);
const { Movie } = require('json2video-sdk');
const movie = new Movie();
movie.setAPIKey('bench');
movie.object = JSON.parse(require('fs').readFileSync(process.env.LISTING, 'utf8'));
movie.render().then(answer => console.log(answer.project));
";

/// The start-up alone.
pub(crate) fn start_up() {
    heading("start-up (median of 100, ratio to /bin/true)");
    let mut commands = [("/bin/true", Command::new("/bin/true")), ("j2v --version", j2v(&["--version"])), ("j2v --help", j2v(&["--help"]))];
    report(&mut commands);
    let size = fs::metadata(J2V).map_or(0, |file| file.len());
    println!("  size of the binary: {size} bytes");
}

/// One paid POST.
pub(crate) fn submit() {
    let address = server::start();
    let folder = tempfile::tempdir().expect("a folder for the ledger");
    let url = format!("http://{address}/v2");
    let mut curl = Command::new("curl");
    curl.args(["-s", "-H", "x-api-key: bench", "-H", "content-type: application/json", "--data-binary", &format!("@{LISTING}")]);
    curl.arg(format!("{url}/movies"));
    let submit = |more: &[&str]| {
        let mut command = j2v(&[&["submit", LISTING, "--quiet"], more].concat());
        command.env("J2V_API_KEY", "bench").env("J2V_API_URL", &url).env("J2V_LEDGER", folder.path().join("ledger.db"));
        command
    };
    let mut commands = vec![("curl", curl), ("j2v submit", submit(&[])), ("j2v submit --no-ledger", submit(&["--no-ledger"]))];
    commands.extend(sdk(folder.path(), address).map(|script| ("node with json2video-sdk", script)));
    heading("submit one movie to a loopback server (median of 100, ratio to curl)");
    report(&mut commands);
}

fn j2v(arguments: &[&str]) -> Command {
    let mut command = Command::new(J2V);
    command.args(arguments);
    command
}

/// Installs the SDK into a folder of its own; `None` where there is no npm.
fn sdk(folder: &Path, address: SocketAddr) -> Option<Command> {
    fs::write(folder.join("render.js"), SDK_SCRIPT).ok()?;
    let install = Command::new("npm").args(["install", "--silent", "json2video-sdk@2"]).current_dir(folder).output();
    if !install.is_ok_and(|output| output.status.success()) {
        println!("  (the SDK is left out: npm could not install it)");
        return None;
    }
    let mut node = Command::new("node");
    node.arg("render.js").current_dir(folder).env("PORT", address.port().to_string()).env("LISTING", LISTING);
    Some(node)
}

/// Runs the commands in turns, so that other load on the machine affects all of them equally.
fn report(commands: &mut [(&str, Command)]) {
    let mut times = vec![Vec::with_capacity(ROUNDS); commands.len()];
    for _ in 0..ROUNDS {
        for ((name, command), times) in commands.iter_mut().zip(&mut times) {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let start = Instant::now();
            let status = command.status().unwrap_or_else(|why| panic!("{name}: {why}"));
            times.push(start.elapsed().as_secs_f64() * 1e3);
            assert!(status.success(), "{name}: {status}");
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    for ((name, _), time) in commands.iter().zip(&medians) {
        figure(name, *time, medians[0]);
    }
}
