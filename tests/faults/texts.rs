//! Rows 96 and 97: text from outside never moves the cursor, whichever command shows it. The key, in any spelling, is in no
//! text of an answer, on no stream and in no file.

use serde_json::json;

use crate::peer::{Peer, answer};
use crate::running::abreast;
use crate::support::{CANARY, Run, World};

/// Sequences that a terminal obeys: a title set by OSC, colours by C0 and C1, DEL, overrides of the writing direction.
const EVIL: &str = "Scene #1: \u{1b}]0;owned\u{7}\u{9b}31m\u{7f}\u{202e}txt\u{2066}\u{200f}\u{feff}\u{2028}\nfix:     nothing";

#[track_caller]
fn assert_harmless(text: &str) {
    let obeyed = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200f}\u{feff}\u{2028}".contains(c);
    assert!(!text.chars().any(obeyed), "{text:?}");
}

#[test]
fn row_96_what_the_service_says_moves_no_cursor_whatever_shows_it() {
    let world = World::new();
    world.movie("a.json", &json!({"outcome": "error", "message": EVIL}));
    let run = world.j2v("submit a.json --key k --wait --json").exits(9);
    assert_eq!(run.json()["message"], EVIL, "a line of JSON means what the service said");
    assert_harmless(&run.stdout);
    world.j2v("submit a.json --key k --again --dry-run").exits(0);
    for line in
        ["explain k", "explain k --json", "show k", "show k --json", "history", "history --json", "list", "list --json", "poll k --json"]
    {
        let run = world.j2v(line);
        assert_harmless(&run.stdout);
        assert_harmless(&run.stderr);
        assert!(!run.stdout.is_empty(), "{line}");
        assert!(!run.stdout.lines().any(|line| line == "fix:     nothing"), "a message made a line of its own: {}", run.stdout);
    }
    assert!(world.j2v("show k --json").json()["report"].to_string().contains("owned"));
}

#[test]
fn row_96_a_movie_goes_through_a_pipe_as_it_was_written() {
    let world = World::new();
    world.write("a.json", "{\"comment\":\"\u{200f}שלום\u{7f}\",\"scenes\":[{\"duration\":2}]}");
    assert!(world.j2v("build a.json --compact").exits(0).stdout.contains("\"\u{200f}שלום\u{7f}\""));
}

/// The spellings of the canary.
fn spellings() -> Vec<String> {
    let each = |how: &dyn Fn(char) -> String| CANARY.chars().map(how).collect::<String>();
    vec![
        CANARY.to_owned(),
        CANARY.to_ascii_uppercase(),
        each(&|c| format!("\\u{:04x}", u32::from(c))),
        each(&|c| format!("\\\\u{:04X}", u32::from(c))),
        each(&|c| format!("%{:02X}", u32::from(c))),
        each(&|c| format!("%25{:02x}", u32::from(c))),
        each(&|c| format!("&#{};", u32::from(c))),
        each(&|c| format!("{c}\\u202e")),
        each(&|c| format!("{c}\u{9b}")),
        CANARY.replace('-', "\\u002d"),
        CANARY.replace('-', "%2D"),
    ]
}

/// Whether a text contains the canary once its encodings are decoded.
fn shows_the_key(text: &str) -> bool {
    let undone = text.replace("\\\\u", "\\u").replace("%25", "%").to_ascii_lowercase();
    let letters = |how: &dyn Fn(char) -> String| CANARY.chars().map(how).collect::<String>();
    let codes = [
        letters(&|c| format!("\\u{:04x}", u32::from(c))),
        letters(&|c| format!("%{:02x}", u32::from(c))),
        letters(&|c| format!("&#{};", u32::from(c))),
    ];
    let shown: String = undone.replace("\\u002d", "-").replace("%2d", "-").replace("\\u202e", "").replace("\\u009b", "");
    let shown: String = shown.chars().filter(char::is_ascii_graphic).collect();
    shown.contains(CANARY) || codes.iter().any(|code| undone.contains(code.as_str()))
}

#[track_caller]
fn hides_the_key(world: &World, run: &Run, spelling: &str) {
    assert!(!shows_the_key(&run.stdout) && !shows_the_key(&run.stderr), "{spelling}: {run:?}");
    for file in ["ledger.db", "ledger.db-wal"].into_iter().filter(|file| world.has(file)) {
        assert!(!shows_the_key(&String::from_utf8_lossy(&world.read(file))), "{spelling} is in {file}");
    }
}

#[test]
fn row_97_a_service_that_repeats_the_key_in_any_spelling_has_it_in_no_output_and_no_file() {
    abreast(spellings(), |spelling| {
        let body = format!(r#"{{"success":false,"message":"no: {spelling}; \/{spelling}","error":"{spelling}"}}"#);
        let refuses = Peer::answering({
            let body = body.clone();
            move |_| answer("400 Bad Request", "Content-Type: application/json\r\n", &body)
        });
        let world = World::at(&format!("http://{}/v2", refuses.address()));
        world.movie("a.json", &json!({}));
        for line in [
            "submit a.json --key k",
            "history",
            "history --json",
            "show k",
            "show k --json",
            "doctor",
            "doctor --json",
            "auth status",
            "list",
            "explain k",
        ] {
            hides_the_key(&world, &world.j2v(line), &spelling);
        }
    });
}

#[test]
fn row_97_a_render_whose_every_text_is_the_key_shows_it_nowhere() {
    abreast(spellings(), |spelling| {
        let project = "JkGxEoPRF9EgRb32";
        let movie = format!(
            r#"{{"project":"{project}","status":"error","message":"{spelling}","title":"{spelling}","client-data":{{"{spelling}":"{spelling}"}},
            "json":"{{\"comment\":\"{spelling}\"}}","created_at":"2026-01-01T00:00:00Z"}}"#
        );
        let tells = Peer::answering(move |request| {
            let body = if request.starts_with("POST ") {
                json!({"success": true, "project": project}).to_string()
            } else if request.contains("project=") {
                format!(r#"{{"success":true,"movie":{movie}}}"#)
            } else {
                format!(r#"{{"success":true,"movies":[{movie}],"has_next":false}}"#)
            };
            answer("200 OK", &format!("Content-Type: application/json\r\nX-Note: {CANARY}\r\n"), &body)
        });
        let world = World::at(&format!("http://{}/v2", tells.address()));
        world.movie("a.json", &json!({}));
        for line in [
            "submit a.json --key k --wait",
            "show k --json",
            "show k",
            "list --json",
            "list",
            "history --json",
            "explain k",
            "poll k --json",
            "reconcile --json",
        ] {
            hides_the_key(&world, &world.j2v(line), &spelling);
        }
    });
}

#[test]
fn row_97_the_key_is_in_no_word_about_a_head_either() {
    let host = CANARY.to_ascii_lowercase();
    let heads = [
        answer("302 Found", &format!("Location: https://{host}.example/\r\n"), ""),
        answer("200 OK", &format!("Content-Type: {CANARY}\r\n"), "no JSON"),
        answer("500 Oops", &format!("Content-Type: text/html; {CANARY}\r\n"), &format!("<html>{CANARY}")),
    ];
    abreast(heads, |head| {
        let peer = Peer::answering(move |_| head.clone());
        let world = World::at(&format!("http://{}/v2", peer.address()));
        for line in ["list --timeout 100ms", "poll JkGxEoPRF9EgRb32 --timeout 100ms", "doctor"] {
            hides_the_key(&world, &world.j2v(line), "a head");
        }
    });
}

#[test]
fn row_97_a_key_that_is_typed_as_an_argument_is_refused_and_not_repeated() {
    let world = World::new();
    for line in ["auth login SECRET-7d1f", "auth SECRET-7d1f", "auth status SECRET-7d1f", "auth login --profile work SECRET-7d1f"] {
        world.j2v(line).exits(2).hides("SECRET").tells("j2v auth login");
    }
    world.j2v("auth login --key=SECRET-7d1f").exits(2).hides("SECRET");
    world.j2v("auth login --nonsense").exits(2).tells("--nonsense");
}

#[test]
fn row_97_the_passwords_of_urls_are_not_shown() {
    let world = World::new();
    world.write("a.json", r#"{"scenes":[{"duration":2,"elements":[{"type":"image","src":"https:\/\/me:hunter2@example.com/a.png"}]}]}"#);
    let webhook = "https://me:hunter2@hooks.example.com/callback";
    for line in ["submit a.json --dry-run", "submit a.json --dry-run --json"] {
        let run = world.j2v(&format!("{line} --webhook {webhook}")).exits(0);
        assert!(!run.stdout.contains("hunter2") && run.stdout.contains("https://[redacted]@hooks.example.com/callback"), "{}", run.stdout);
    }
    std::fs::create_dir_all(world.path(".config/j2v")).unwrap();
    world.write(".config/j2v/config.toml", format!("[profiles.default]\nwebhook = \"{webhook}\"\n"));
    for line in ["config show", "config show --json", "doctor"] {
        assert!(!world.j2v(line).stdout.contains("hunter2"), "{line}");
    }
    for ledger in ["me:hunter2@db/j2v", "host=db password=hunter2"] {
        world.write(".config/j2v/config.toml", format!("[profiles.default]\nledger = \"{ledger}\"\n"));
        world.j2v("history").exits(2).hides("hunter2").tells("config.toml:2:10").tells("postgres://USER@HOST/DATABASE");
    }
}

#[test]
fn row_97_programs_that_j2v_starts_get_none_of_its_secrets() {
    let world = World::new();
    std::fs::create_dir_all(world.path(".config/j2v")).unwrap();
    world.write("key", "kept-key-of-the-account\n");
    let keys = world.path("key").display().to_string();
    world.write(".config/j2v/config.toml", format!("[profiles.work]\nkey-command = \"sh -c 'env >> environment; cat {keys}'\"\n"));
    let secrets = [
        ("J2V_FORWARD_SECRET", "canary-forward"),
        ("JSON2VIDEO_API_KEY", "canary-second"),
        ("PGPASSWORD", "canary-database"),
        ("EDITOR", "sh -c 'env >> environment' sh"),
    ];
    world.j2v_with(&secrets, "list --profile work").exits(0);
    world.j2v_with(&secrets, "config edit").exits(0);
    let told = String::from_utf8(world.read("environment")).unwrap();
    assert!(told.contains("HOME=") && !told.contains("canary"), "{told}");
}
