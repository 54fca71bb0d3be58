//! Callbacks per second: `j2v listen`, which stores each on disk before it answers, compared with the receivers of the
//! service's own tutorial, which store nothing: Express (npm) and Flask (`PyPI`). All get the same load, in turns:
//! `cargo bench --bench listen`. Nothing passes or fails here.
#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod load;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use load::{Figures, load};

const J2V: &str = env!("CARGO_BIN_EXE_j2v");

/// How often each receiver is measured, in turns.
const ROUNDS: usize = 3;

/// The receivers of the tutorial (`15-webhooks`, step 4), unchanged except for the port.
const EXPRESS: &str = r#"
import express from "express";
const app = express();
app.use(express.json());
app.post("/json2video-callback", (req, res) => {
  const { project, status, url, "client-data": cd } = req.body;
  if (status === "done") {
    console.log(`Listing ${cd.listing_id} video ready: ${url}`);
  } else {
    console.error(`Listing ${cd.listing_id} failed: ${req.body.message}`);
  }
  res.status(200).send("ok");
});
app.listen(process.env.PORT);
"#;

const FLASK: &str = r#"
from flask import Flask, request
app = Flask(__name__)
@app.post("/json2video-callback")
def callback():
    body = request.get_json()
    cd = body.get("client-data", {})
    if body.get("status") == "done":
        print(f"Listing {cd.get('listing_id')} ready: {body['url']}")
    else:
        print(f"Listing {cd.get('listing_id')} failed: {body.get('message')}")
    return "ok", 200
"#;

/// Starts a receiver.
type Start<'a> = Box<dyn Fn() -> Receiver + 'a>;

/// A receiver that runs until it is dropped.
struct Receiver {
    child: Child,
    address: SocketAddr,
    path: String,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the run");
    let mut contestants: Vec<(&str, Start<'_>)> = vec![
        ("j2v listen (kept, the service is silent)", Box::new(|| j2v(folder.path(), &[]))),
        ("j2v listen --trust (kept and handed on)", Box::new(|| j2v(folder.path(), &["--trust"]))),
    ];
    if install(folder.path(), "npm", &["install", "--silent", "express@5"]) {
        contestants.push(("the tutorial's Express", Box::new(|| express(folder.path()))));
    }
    if install(folder.path(), "python3", &["-m", "pip", "install", "--quiet", "--target", "flask", "flask==3.*"]) {
        contestants.push(("the tutorial's Flask", Box::new(|| flask(folder.path()))));
    }
    let mut figures: Vec<Vec<Figures>> = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for ((_, start), figures) in contestants.iter().zip(&mut figures) {
            let receiver = start();
            figures.push(load(receiver.address, &receiver.path));
        }
    }
    report(&contestants.iter().map(|(name, _)| *name).collect::<Vec<_>>(), figures);
}

fn report(names: &[&str], figures: Vec<Vec<Figures>>) {
    println!("\ncallbacks answered a second over {} connections (median of {ROUNDS}), ratio to Express, latency", load::CONNECTIONS);
    let medians: Vec<Figures> = figures.into_iter().map(median).collect();
    let base = names.iter().position(|name| name.contains("Express")).map(|place| medians[place].a_second);
    for (name, Figures { a_second, middle, slowest }) in names.iter().zip(medians) {
        let ratio = base.map_or_else(String::new, |base| format!("{:>6.2}", a_second / base));
        println!("  {name:<42} {a_second:>8.0} /s {ratio}   p50 {middle:>6.2} ms   p99 {slowest:>6.2} ms");
    }
}

fn median(mut rounds: Vec<Figures>) -> Figures {
    rounds.sort_by(|one, other| one.a_second.total_cmp(&other.a_second));
    rounds[rounds.len() / 2]
}

/// Installs a library for the benchmark; false where its program is missing.
fn install(folder: &Path, program: &str, arguments: &[&str]) -> bool {
    let installed = Command::new(program).args(arguments).current_dir(folder).output().is_ok_and(|output| output.status.success());
    if !installed {
        println!("  ({program} could not install {}: left out)", arguments.last().unwrap_or(&""));
    }
    installed
}

/// A new ledger each time; the API is an address without a listener.
fn j2v(folder: &Path, flags: &[&str]) -> Receiver {
    let nobody = free_address();
    let ledger = folder.join(format!("ledger-{}.db", nobody.port()));
    let mut command = Command::new(J2V);
    command.args(["listen", "--bind", "127.0.0.1:0", "--path", "/json2video-callback", "--ledger"]).arg(ledger).args(flags);
    command.env("J2V_API_KEY", "bench").env("J2V_API_URL", format!("http://{nobody}/v2")).env("XDG_STATE_HOME", folder);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("j2v starts");
    let mut told = BufReader::new(child.stderr.take().expect("its stderr is piped")).lines().map_while(Result::ok);
    let address = told.find_map(|line| line.strip_prefix("listening on ")?.split(';').next()?.parse().ok()).expect("it tells its address");
    // An unread pipe would fill up and stop it.
    thread::spawn(move || told.for_each(drop));
    Receiver { child, address, path: "/json2video-callback".to_owned() }
}

fn express(folder: &Path) -> Receiver {
    fs::write(folder.join("server.mjs"), EXPRESS).expect("the server is written");
    let address = free_address();
    let mut command = Command::new("node");
    command.arg("server.mjs").current_dir(folder).env("PORT", address.port().to_string()).env("NODE_ENV", "production");
    started(command, address)
}

fn flask(folder: &Path) -> Receiver {
    fs::write(folder.join("server.py"), FLASK).expect("the server is written");
    let address = free_address();
    let mut command = Command::new("python3");
    command.args(["-m", "flask", "--app", "server", "run", "--port", &address.port().to_string()]);
    command.current_dir(folder).env("PYTHONPATH", folder.join("flask"));
    started(command, address)
}

fn started(mut command: Command, address: SocketAddr) -> Receiver {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the receiver starts");
    while TcpStream::connect(address).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
    Receiver { child, address, path: "/json2video-callback".to_owned() }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port on loopback")
}
