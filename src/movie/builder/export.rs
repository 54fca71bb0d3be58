//! Builds exports: the destinations of a finished video.

use super::{object_of_the_movie, push};
use crate::movie::json::Node;

/// An export: a list of destinations, served in order (`service.md#exports`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Export(Node);

object_of_the_movie!(Export);

impl Default for Export {
    fn default() -> Self {
        Self::new()
    }
}

impl Export {
    /// An export without destinations.
    pub fn new() -> Self {
        Self(Node::object().with("destinations", Node::array([])))
    }

    /// Appends a destination.
    pub fn destination(mut self, destination: Destination) -> Self {
        push(&mut self.0, "destinations", destination.into());
        self
    }
}

/// One destination that is notified of the video, or receives it (`service.md#exports`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Destination(Node);

object_of_the_movie!(Destination);

impl Destination {
    /// A POST of JSON to a public HTTPS address when the render ends. A failed delivery is not repeated; a successful
    /// one may arrive twice (`service.md#callbacks`).
    pub fn webhook(endpoint: &str) -> Self {
        Self::of("webhook").set("endpoint", endpoint).set("content-type", "application/json")
    }

    /// A connection of the account's dashboard, which keeps the secrets out of the movie.
    pub fn connection(id: &str) -> Self {
        Self(Node::object()).set("id", id)
    }

    /// An upload by FTP, port 21. The movie holds the password then: prefer [`Destination::connection`].
    pub fn ftp(host: &str, username: &str, password: &str) -> Self {
        Self::upload("ftp", host, username, password).port(21)
    }

    /// An upload by SFTP, port 22. The movie holds the password then: prefer [`Destination::connection`].
    pub fn sftp(host: &str, username: &str, password: &str) -> Self {
        Self::upload("sftp", host, username, password).port(22)
    }

    /// A mail. `__video_url__` in the message becomes the video's address.
    pub fn email(to: &str, subject: &str, message: &str) -> Self {
        Self::of("email").set("to", to).set("subject", subject).set("message", message)
    }

    /// Another port of an upload.
    pub fn port(self, port: u16) -> Self {
        self.set("port", u32::from(port))
    }

    /// The folder of an upload.
    pub fn remote_path(self, path: &str) -> Self {
        self.set("remote-path", path)
    }

    /// The name of the uploaded file.
    pub fn file(self, name: &str) -> Self {
        self.set("file", name)
    }

    fn of(kind: &str) -> Self {
        Self(Node::object()).set("type", kind)
    }

    fn upload(kind: &str, host: &str, username: &str, password: &str) -> Self {
        Self::of(kind).set("host", host).set("username", username).set("password", password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(destination: Destination) -> String {
        Node::from(destination).to_compact()
    }

    #[test]
    fn destinations_are_written_as_the_service_reads_them() {
        assert_eq!(
            spelled(Destination::webhook("https://a.example/")),
            r#"{"type":"webhook","endpoint":"https://a.example/","content-type":"application/json"}"#
        );
        assert_eq!(spelled(Destination::connection("app").file("a.mp4")), r#"{"id":"app","file":"a.mp4"}"#);
        assert_eq!(spelled(Destination::ftp("h", "u", "p")), r#"{"type":"ftp","host":"h","username":"u","password":"p","port":21}"#);
        assert_eq!(
            spelled(Destination::sftp("h", "u", "p").port(2222).remote_path("in/")),
            r#"{"type":"sftp","host":"h","username":"u","password":"p","port":2222,"remote-path":"in/"}"#
        );
        assert_eq!(
            spelled(Destination::email("a@b.example", "Done", "__video_url__")),
            r#"{"type":"email","to":"a@b.example","subject":"Done","message":"__video_url__"}"#
        );
    }
}
