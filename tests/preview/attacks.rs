//! The server as other programs on this machine and other sites see it.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::browser::Browser;
use crate::served::Folder;

const MOVIE: &str = r#"{"resolution": "sd", "scenes": [{"duration": 4, "elements": [
    {"type": "image", "src": "./house.svg"}, {"type": "image", "src": "http://127.0.0.1:9/private.png"}]}]}"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("movie.json", MOVIE);
    folder.write("house.svg", crate::served::picture());
    folder.write("secret.txt", "secret");
    folder
}

#[test]
fn nobody_is_answered_without_the_secret_the_host_and_the_method() {
    let folder = folder();
    let served = folder.serve(&["movie.json"]);
    let (host, path) = (served.host().to_owned(), served.path());
    let status = |method: &str, path: &str, headers: &str| served.ask(method, path, headers).0.split(' ').nth(1).unwrap().to_owned();
    let ours = format!("Host: {host}\r\n");
    assert_eq!(status("GET", &path, &ours), "200");
    assert_eq!(status("GET", "/", &ours), "404");
    assert_eq!(status("GET", &format!("/{}/", "0".repeat(32)), &ours), "404");
    assert_eq!(status("POST", &path, &ours), "405");
    assert_eq!(status("GET", &path, "Host: evil.example\r\n"), "403", "a name of another site that leads here");
    for site in ["cross-site", "same-site"] {
        assert_eq!(status("GET", &path, &format!("{ours}Sec-Fetch-Site: {site}\r\n")), "403", "{site}");
    }
}

#[test]
fn every_answer_says_that_no_other_site_may_have_it() {
    let folder = folder();
    let served = folder.serve(&["movie.json"]);
    for path in ["", "media/0", "media/77", "nothing"] {
        let (head, _) = served.ask("GET", &format!("{}{path}", served.path()), &format!("Host: {}\r\n", served.host()));
        let head = head.to_lowercase();
        assert!(head.contains("cross-origin-resource-policy: same-origin") && head.contains("x-content-type-options: nosniff"), "{head}");
        assert!(head.contains("content-security-policy: default-src 'none'") && head.contains("frame-ancestors 'none'"), "{head}");
        assert!(!head.contains("access-control-allow-origin"), "{head}");
    }
}

#[test]
fn only_the_files_of_the_movie_can_be_had() {
    let folder = folder();
    let served = folder.serve(&["movie.json"]);
    let at = |path: &str| served.status(&format!("{}{path}", served.path()));
    assert_eq!(at("media/0"), 200);
    assert_eq!(at("media/2"), 404);
    for path in ["media/../secret.txt", "media/..%2fsecret.txt", "media/secret.txt", "media/-1", "media/99999999999999999999", "secret.txt"]
    {
        assert!(matches!(at(path), 400 | 404), "{path}");
    }
}

/// A movie that names a secret wherever a file can be named.
fn movie_of(secret: &str) -> String {
    serde_json::json!({"resolution": "sd", "scenes": [{"duration": 4, "elements": [
        {"type": "image", "src": "./house.svg", "mask": secret},
        {"type": "image", "src": secret},
        {"type": "video", "src": format!("file://{secret}")},
        {"type": "text", "text": "Hi", "settings": {"background-image": format!("url('{secret}')")}},
        {"type": "component", "component": "basic/120", "settings": {"image": {"src": secret}}},
        {"type": "subtitles", "captions": secret}]}]})
    .to_string()
}

/// The answers with the files of a page that were sent.
fn bodies(served: &crate::served::Served) -> Vec<String> {
    let ask = |number: usize| served.ask("GET", &format!("{}media/{number}", served.path()), &format!("Host: {}\r\n", served.host()));
    (0..8).map(ask).filter(|(head, _)| head.starts_with("HTTP/1.1 20")).map(|(_, body)| body).collect()
}

#[test]
fn a_file_that_is_no_media_is_neither_served_nor_embedded_whatever_its_name() {
    let folder = folder();
    let secret = "BM-KEY=tops3cret\n<!-- <svg> -->\n";
    for name in ["id_rsa", "photo.png", "photo.svg", "captions.srt"] {
        folder.write(name, secret);
        let path = folder.path(name).display().to_string();
        folder.write("movie.json", movie_of(&path));
        let served = folder.serve(&["movie.json", "--offline"]);
        let bodies = bodies(&served);
        assert!(bodies.iter().any(|body| body.contains("<svg")) && !bodies.concat().contains("tops3cret"), "{name}: {bodies:?}");
        let made = folder.command(&["preview", "movie.json", "--offline", "--out", "page.html"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let page = std::fs::read_to_string(folder.path("page.html")).unwrap();
        let embedded = page.matches(";base64,").count();
        assert!(embedded == 1 && !page.contains("tops3cret"), "{name}: {embedded} files are embedded");
        let told = folder.command(&["preview", "movie.json", "--offline", "--json"]).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let refused = |line: &&str| line.contains("\"not-shown\"") && line.contains("is not a media file");
        assert_eq!(told.lines().filter(refused).count(), 5, "{told}");
    }
}

#[test]
fn below_a_root_nothing_outside_is_read() {
    let (folder, outside) = (folder(), Folder::new());
    outside.write("photo.svg", crate::served::picture());
    outside.write("captions.srt", "1\n00:00:00,000 --> 00:00:02,000\noutside\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path("photo.svg"), folder.path("link.svg")).unwrap();
    let root = folder.path("").display().to_string();
    let mut names = vec![outside.path("photo.svg").display().to_string(), outside.path("captions.srt").display().to_string()];
    names.extend(cfg!(unix).then(|| "link.svg".to_owned()));
    for name in names {
        folder.write("movie.json", movie_of(&name));
        let served = folder.serve(&["movie.json", "--offline", "--root", &root]);
        assert_eq!(bodies(&served).len(), 1, "{name}: only the picture below the root");
        let (_, page) = served.ask("GET", &served.path(), &format!("Host: {}\r\n", served.host()));
        assert!(page.contains("is outside of") && !page.contains(r#""outside"]"#), "{name}");
    }
}

#[test]
fn a_private_address_is_not_asked_unless_that_is_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let folder = folder();
    folder.write("movie.json", MOVIE.replace(":9/", &format!(":{}/", listener.local_addr().unwrap().port())));
    let served = folder.serve(&["movie.json"]);
    let (head, body) = served.ask("GET", &format!("{}media/1", served.path()), &format!("Host: {}\r\n", served.host()));
    assert!(head.starts_with("HTTP/1.1 502") && body.contains("private network"), "{head}\n{body}");
    assert!(listener.accept().is_err(), "somebody has asked");
}

#[test]
fn offline_asks_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let folder = folder();
    folder.write("movie.json", MOVIE.replace(":9/", &format!(":{}/", listener.local_addr().unwrap().port())));
    let served = folder.serve(&["movie.json", "--offline", "--allow-private"]);
    assert_eq!(served.status(&format!("{}media/1", served.path())), 503);
    assert!(listener.accept().is_err(), "somebody has asked");
}

#[test]
fn a_part_of_a_file_is_answered_as_a_part() {
    let folder = folder();
    let served = folder.serve(&["movie.json"]);
    let (head, body) = served.ask("GET", &format!("{}media/0", served.path()), &format!("Host: {}\r\nRange: bytes=1-3\r\n", served.host()));
    assert!(head.starts_with("HTTP/1.1 206") && head.to_lowercase().contains("content-range: bytes 1-3/"), "{head}");
    assert_eq!(body, "svg");
}

#[tokio::test]
async fn a_snippet_of_html_reaches_nobody_whatever_it_tries() {
    let Some(browser) = Browser::open().await else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let out = format!("http://{}/out", listener.local_addr().unwrap());
    let tries = [
        format!("<img src='{out}'>"),
        format!("<link rel=stylesheet href='{out}'><link rel=preconnect href='{out}'><link rel=dns-prefetch href='{out}'>"),
        format!("<style>@import '{out}'; body {{ background: url({out}) }}</style>"),
        format!("<iframe src='{out}'></iframe><form action='{out}'></form>"),
        format!("<meta http-equiv=refresh content='0;url={out}'>"),
        format!("<script>fetch('{out}'); new Image().src = '{out}'; parent.document.title = 'taken'; document.title = 'ran'</script>"),
        format!("<script>location = '{out}'</script>"),
    ];
    for html in tries {
        let folder = Folder::new();
        let movie = serde_json::json!({"scenes": [{"duration": 4, "elements": [{"type": "html", "html": html}]}]});
        folder.write("movie.json", movie.to_string());
        for flags in [&["movie.json", "--allow-private"][..], &["movie.json", "--scripts", "--allow-private"][..]] {
            let served = folder.serve(flags);
            browser.client.goto(&served.url).await.unwrap();
            browser.until("return window.j2v && document.querySelector('iframe.html') !== null").await;
            browser.at(1.0).await;
            browser.at(2.0).await;
            let title = browser.run("return document.title").await;
            assert!(title.as_str().unwrap().starts_with("movie.json"), "{title}");
            let met = listener.accept();
            assert!(met.is_err() || flags.contains(&"--scripts"), "{html} has reached out");
            // With scripts a browser connects ahead to a snippet's targets, but sends nothing.
            assert_eq!(met.map_or_else(|_| String::new(), first_bytes), "", "{html} has sent a request with {flags:?}");
        }
    }
}

/// The bytes of a connection within its first half second.
fn first_bytes((mut stream, _): (TcpStream, SocketAddr)) -> String {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut head = [0; 600];
    let length = stream.read(&mut head).unwrap_or(0);
    String::from_utf8_lossy(&head[..length]).into_owned()
}
