//! `j2v preview` as a process with its page, in its own folder.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A folder with a movie.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A command in this folder, not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_j2v"));
        command.args(arguments).current_dir(self.0.path()).env_clear().env("HOME", self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Serves a movie of this folder.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Served {
        let mut process = self.command(&[&["preview", "--no-open"], arguments].concat()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Served { process, url: url.trim_end().to_owned() }
    }
}

/// A picture of one colour.
pub(crate) fn picture() -> Vec<u8> {
    let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200"><rect width="400" height="200" fill="#4cc38a"/></svg>"##;
    svg.as_bytes().to_vec()
}

/// A page that is served until this is dropped.
pub(crate) struct Served {
    process: Child,
    pub(crate) url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    /// Its host and port.
    pub(crate) fn host(&self) -> &str {
        self.url.trim_start_matches("http://").split('/').next().unwrap()
    }

    /// The path of its page.
    pub(crate) fn path(&self) -> String {
        let (_, path) = self.url.trim_start_matches("http://").split_once('/').unwrap();
        format!("/{path}")
    }

    /// The answer to a request with these headers, each with its line break: the head and the body.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.host()).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// The status of the answer to a request of its own page.
    pub(crate) fn status(&self, path: &str) -> u16 {
        let (head, _) = self.ask("GET", path, &format!("Host: {}\r\n", self.host()));
        head.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

/// The movies written by others; empty where they are not available.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/movies");
    let Ok(files) = std::fs::read_dir(folder) else {
        eprintln!("skipped: the movies of others are not at hand");
        return Vec::new();
    };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    files.sort();
    files
}
