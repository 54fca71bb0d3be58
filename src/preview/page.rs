//! The page: one HTML file with its styles and scripts. Its Content-Security-Policy lets no other script run and nothing be
//! fetched except the movie's own media.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Entry, PlacedFinding, Preview};

const STYLE: &str = include_str!("page/page.css");

/// The scripts, in the order in which they build on each other.
const SCRIPTS: [&str; 7] = [
    include_str!("page/draw.js"),
    include_str!("page/media.js"),
    include_str!("page/clock.js"),
    include_str!("page/timeline.js"),
    include_str!("page/panel.js"),
    include_str!("page/live.js"),
    include_str!("page/main.js"),
];

/// The use of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Served: it follows the changes of the movie.
    Live,
    /// A file to send to other people.
    File,
    /// The middle of each scene as a still.
    Storyboard,
}

/// A state of the movie as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub struct State {
    /// The number of the state.
    pub version: u64,
    /// The row of the table that it shows.
    pub row: Option<String>,
    /// The pictures.
    pub preview: Preview,
    /// How exact they are.
    pub entries: Vec<Entry>,
    /// The findings of `check`.
    pub findings: Vec<PlacedFinding>,
    /// The cost of the render, in words.
    pub credits: String,
    /// The address of each of the preview's media.
    pub hrefs: Vec<String>,
    /// The address of each snippet of HTML that may run scripts; empty when none may.
    pub pages: Vec<String>,
    /// Why the movie can't be read at present; the pictures are the previous ones.
    pub broken: Option<String>,
}

/// The page around a state.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Its use.
    pub mode: Mode,
    /// The movie's name.
    pub name: &'a str,
    /// The state.
    pub state: &'a State,
    /// Whether there is a table of rows.
    pub has_rows: bool,
    /// Whether Google Fonts are fetched.
    pub online: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    mode: Mode,
    name: &'a str,
    state: &'a State,
    rows: bool,
}

/// How every page begins.
const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\"";

/// How the title of every page ends.
const TITLE: &str = " · j2v preview</title>\n<style>";

impl Page<'_> {
    /// Whether a file that begins so is such a page, of this version or an earlier one.
    #[must_use]
    pub fn is_begun_by(bytes: &[u8]) -> bool {
        bytes.starts_with(HEAD.as_bytes()) && memchr::memmem::find(bytes, TITLE.as_bytes()).is_some()
    }

    /// The whole page.
    #[must_use]
    pub fn to_html(&self) -> String {
        let data = Data { mode: self.mode, name: self.name, state: self.state, rows: self.has_rows };
        let data = serde_json::to_string(&data).unwrap_or_default();
        let fonts = if self.online { self.fonts() } else { String::new() };
        let script = SCRIPTS.concat();
        format!(
            "{HEAD} content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <link rel=\"icon\" href=\"data:,\">\n{fonts}<title>{title}{TITLE}{STYLE}</style>\n</head>\n<body>\n\
             <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{script}</script>\n</body>\n</html>\n",
            policy = self.policy(),
            title = escaped(self.name),
            data = in_a_script(&data),
        )
    }

    /// The Content-Security-Policy: run the page's own script, and show the movie's own media.
    #[must_use]
    pub fn policy(&self) -> String {
        let hash = STANDARD.encode(Sha256::digest(SCRIPTS.concat().as_bytes()));
        let media = match self.mode {
            Mode::Live => "'self' data: blob:".to_owned(),
            Mode::File | Mode::Storyboard => self.origins(),
        };
        let (styles, fonts) = if self.online { (" https://fonts.googleapis.com", " https://fonts.gstatic.com") } else { ("", "") };
        format!(
            "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'{styles}; font-src data:{fonts}; img-src {media}; \
             media-src {media}; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
        )
    }

    /// The hosts of the movie's media. A file beside the page has no host.
    fn origins(&self) -> String {
        let mut origins = vec!["data:".to_owned()];
        for href in &self.state.hrefs {
            let origin = match href.split_once("://") {
                Some((scheme @ ("http" | "https"), rest)) => {
                    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
                    if is_plain { format!("{scheme}://{host}") } else { continue }
                }
                _ => "file:".to_owned(),
            };
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        origins.join(" ")
    }

    /// The stylesheet of the texts' font families, from Google Fonts.
    fn fonts(&self) -> String {
        let families = self.state.preview.families();
        let family = |name: &String| format!("family={}:wght@400;700;800", name.replace(' ', "+"));
        let query = families.iter().map(family).collect::<Vec<_>>().join("&amp;");
        if query.is_empty() {
            return query;
        }
        format!("<link rel=\"stylesheet\" href=\"https://fonts.googleapis.com/css2?{query}&amp;display=swap\">\n")
    }
}

/// JSON that can't end the script that contains it.
fn in_a_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_movie_ends_the_script_that_holds_it() {
        assert_eq!(in_a_script("\"</script><!--\""), "\"\\u003c/script>\\u003c!--\"");
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }

    #[test]
    fn the_scripts_and_styles_of_the_page_stay_small() {
        let bytes = SCRIPTS.concat().len() + STYLE.len();
        assert!(bytes < 80_000, "{bytes}");
        assert!(!SCRIPTS.concat().contains("</script"));
    }
}
