//! A PostgreSQL server for tests: started in a temporary folder on a free port, where its binaries are installed, and
//! stopped when the process that started it ends, in whichever way.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Runs a server until its own stdin ends, which happens when the process at the other end has ended; then removes the
/// server's folder, in which it is started. A server that is killed keeps its folder. The watcher must be killed by a
/// signal that it doesn't ignore; otherwise it would mark the next server as finished.
const GUARD: &str = r#"trap "" TERM INT HUP
exec 3<&0 </dev/null
"$@" & server=$!
(cat <&3 >/dev/null; touch over; kill -QUIT $server) & watch=$!
wait $server
if [ -e over ]; then cd /; rm -rf "$OLDPWD"; else kill -KILL $watch; fi"#;

/// How a server treats its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// Without real syncs: for tests in which no server is killed.
    Fast,
    /// Like a real server.
    Honest,
}

/// A server, its folder and its databases.
pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    disk: Disk,
    guard: Option<(Child, ChildStdin)>,
    databases: AtomicU32,
}

/// The server that the tests of one binary share; `None`, with one message, where there are no binaries.
pub(crate) fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start(Disk::Fast, &[])).as_ref()
}

/// The folder of the server's programs: Debian's, or the one that `pg_config` names.
fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let named = Command::new("pg_config").arg("--bindir").output().ok();
    folders.extend(named.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())));
    folders.into_iter().rev().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// A program of the server, run as a user that the server accepts: it refuses to run as root.
pub(crate) fn program(name: &str) -> Option<Command> {
    let path = binaries()?.join(name);
    let Some((user, group)) = other_user() else { return Some(Command::new(path)) };
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]).arg(path);
    Some(command)
}

/// The user to run as instead of root.
fn other_user() -> Option<(u32, u32)> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0);
    let number = |flag: &str| {
        let output = Command::new("id").args([flag, "postgres"]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    if is_root { Some((number("-u").unwrap_or(65534), number("-g").unwrap_or(65534))) } else { None }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

impl Cluster {
    /// Makes a cluster and starts its server with these settings (`name=value`).
    pub(crate) fn start(disk: Disk, settings: &[&str]) -> Option<Self> {
        let Some(mut initdb) = program("initdb") else {
            // Not captured with the tests' output: it must appear in the log of a run.
            writeln!(std::io::stderr(), "SKIPPED: no PostgreSQL server is installed; its tests did nothing").ok();
            return None;
        };
        let folder = tempfile::Builder::new().prefix("j2v-postgres-").tempdir().unwrap().keep();
        own(&folder);
        let data = folder.join("data");
        run(initdb.args(["--no-sync", "-A", "trust", "-U", "j2v", "-E", "UTF8", "--locale=C", "-D"]).arg(&data).current_dir(&folder));
        let text = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        fs::write(data.join("postgresql.conf"), format!("{text}\n{}\n", settings.join("\n"))).unwrap();
        Some(Self::in_folder(folder, disk))
    }

    /// Starts the server of a folder that already has `data`.
    pub(crate) fn in_folder(folder: PathBuf, disk: Disk) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut cluster = Self { folder, port, disk, guard: None, databases: AtomicU32::new(0) };
        cluster.up();
        cluster
    }

    /// Starts the server (again).
    pub(crate) fn up(&mut self) {
        let until = Instant::now() + Duration::from_secs(30);
        while !self.try_up() {
            assert!(Instant::now() < until, "the server doesn't start: {}", fs::read_to_string(self.folder.join("log")).unwrap());
        }
    }

    fn try_up(&mut self) -> bool {
        let server = program("postgres").unwrap();
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard"]).arg(server.get_program()).args(server.get_args());
        guard.arg("-D").arg(self.folder.join("data")).args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"]);
        guard.args(["-c", &format!("port={}", self.port), "-c", &format!("unix_socket_directories={}", self.folder.display())]);
        guard.args(["-c", "shared_buffers=32MB"]);
        if self.disk == Disk::Fast {
            guard.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        }
        guard.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log).current_dir(&self.folder);
        let mut guard = guard.spawn().unwrap();
        let stdin = guard.stdin.take().unwrap();
        let is_up = loop {
            if self.psql_ok("postgres", "SELECT 1") {
                break true;
            }
            if guard.try_wait().unwrap().is_some() {
                break false;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        self.guard = Some((guard, stdin)).filter(|_| is_up);
        is_up
    }

    /// Kills the server as a power cut would, without a chance to write anything.
    pub(crate) fn kill(&mut self) {
        let pid = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        run(Command::new("kill").args(["-9", pid.lines().next().unwrap()]));
        if let Some((mut guard, _)) = self.guard.take() {
            guard.wait().unwrap();
        }
    }

    /// Changes the data of the server while the server is stopped.
    pub(crate) fn while_down(&mut self, change: impl FnOnce(&Path)) {
        self.kill();
        change(&self.folder.join("data"));
        fs::remove_file(self.folder.join("data/postmaster.pid")).ok();
        self.up();
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database; returns its URL.
    pub(crate) fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.url("j2v", &name)
    }

    /// The URL of a database for a role.
    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    /// Gives a new role the rights in `docs/postgresql.md` and no more; returns the address of the database for that role.
    pub(crate) fn with_least_rights(&self, database: &str) -> String {
        let page = include_str!("../../docs/postgresql.md");
        let granted = page.split("```sql").skip(1).find(|block| block.contains("j2v_worker")).unwrap().split("```").next().unwrap();
        let role = format!("worker_{database}");
        let granted = granted.replace("j2v_worker", &role).replace("PASSWORD '…'", "");
        self.psql(database, &granted.replace("DATABASE renders", &format!("DATABASE {database}")));
        self.url(&role, database)
    }

    /// Runs SQL as the superuser; returns its output.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        let output = self.psql_command(database, sql).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn psql_ok(&self, database: &str, sql: &str) -> bool {
        self.psql_command(database, sql).output().is_ok_and(|output| output.status.success())
    }

    /// `psql` with a statement, not started.
    pub(crate) fn psql_command(&self, database: &str, sql: &str) -> Command {
        let mut command = Command::new(binaries().unwrap().join("psql"));
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "j2v", "-h", "127.0.0.1", "-d", database, "-c", sql]);
        command.args(["-p", &self.port.to_string()]).env_clear();
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some((mut guard, stdin)) = self.guard.take() {
            drop(stdin);
            guard.wait().ok();
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Makes the server's user the owner of a folder.
pub(crate) fn own(folder: &Path) {
    if let Some((user, group)) = other_user() {
        chown(folder, Some(user), Some(group)).unwrap();
    }
}
