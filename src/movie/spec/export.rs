//! Exports and their destinations (`service.md#exports`).

use super::words::{CONTENT_TYPE, DESTINATION as TYPES};
use super::{Items, Property, Range, Shape, Table};

static PORT: Range = Range { is_whole: true, ..Range::new(1.0, 65535.0, "J2V089", "a port, from 1 to 65535") };

/// An item of `exports`.
pub static EXPORT: Table = Table {
    name: "an export",
    properties: &[Property::new("destinations", Shape::Array(Items::Destinations), "where to, in this order").required()],
};

/// A destination of any type.
pub static DESTINATION: Table = Table {
    name: "a destination",
    properties: &[
        Property::new("content-type", Shape::Words(&CONTENT_TYPE), "how a webhook's body is written, as a full MIME type")
            .default("\"application/json\""),
        Property::new("endpoint", Shape::Text, "the public HTTPS URL of a webhook"),
        Property::new("file", Shape::Text, "the name of the file on the server; macros such as `__random__` are filled in"),
        Property::new("host", Shape::Text, "the server of an upload"),
        Property::new("id", Shape::Text, "a connection of the account's dashboard"),
        Property::new("message", Shape::Scalar, "the text of an email; macros such as `__video_url__` are filled in"),
        Property::new("password", Shape::Scalar, "better kept in a connection"),
        Property::new("port", Shape::Number(&PORT), "21 for FTP, 22 for SFTP, or another"),
        Property::new("remote-path", Shape::Text, "the folder on the server").default("\"./\""),
        Property::new("subject", Shape::Scalar, "the subject of an email"),
        Property::new("to", Shape::Any, "who gets the email"),
        Property::new("type", Shape::Words(&TYPES), "the kind of destination"),
        Property::new("username", Shape::Scalar, "better kept in a connection"),
    ],
};

/// The members that a type of destination must have, unless `id` names a connection.
pub const REQUIRED: &[(&str, &[&str])] = &[
    ("webhook", &["endpoint"]),
    ("ftp", &["host", "port", "username", "password"]),
    ("sftp", &["host", "port", "username", "password"]),
    ("email", &["to", "subject", "message"]),
];

/// What `file`, `remote-path`, `subject` and `message` may hold between double underscores.
pub const MACROS: &[&str] =
    &["yyyy", "mm", "dd", "hh", "nn", "ss", "random", "filename", "filename_without_extension", "filename_extension", "video_url"];
