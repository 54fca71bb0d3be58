//! The key and the profiles: stored, shown, chosen, and recorded with every render.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use j2v::emulator::KeyRule;
use serde_json::json;

use crate::support::{Run, World};

/// A key that may be in a file, unlike the canary.
const KEPT: &str = "kept-key-of-the-account";

/// A world without a key in its environment.
fn world() -> World {
    let world = World::with(|settings| settings.key = KeyRule::Exactly(KEPT.to_owned()));
    world.movie("a.json", &json!({}));
    world
}

fn keyless(world: &World, line: &str) -> Run {
    world.j2v_with(&[("J2V_API_KEY", "")], line)
}

fn log_in(world: &World, profile: &[&str], key: &str) -> Run {
    let mut command = world.command(&[&["auth", "login"], profile].concat());
    command.env("J2V_API_KEY", "").stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), key.as_bytes()).unwrap();
    Run::of(child)
}

fn configure(world: &World, text: &str) {
    fs::create_dir_all(world.path(".config/j2v")).unwrap();
    world.write(".config/j2v/config.toml", text);
    fs::set_permissions(world.path(".config/j2v/config.toml"), fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_key_is_kept_for_its_owner_alone_and_used_from_then_on() {
    let world = world();
    keyless(&world, "submit a.json").exits(4).tells("j2v auth login");
    let run = log_in(&world, &[], &format!("{KEPT}\n")).exits(0).prints(&[]).tells(".config/j2v/keys/default");
    assert_eq!(run.next(), ["j2v auth status"]);
    let mode = |name: &str| fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(".config/j2v/keys/default"), mode(".config/j2v/keys")), (0o600, 0o700));
    let status = keyless(&world, "auth status --json").exits(0).json();
    assert_eq!((&status["profile"], &status["tail"]), (&json!("default"), &json!(null)));
    assert!(status["credits"].is_number());
    keyless(&world, "submit a.json").exits(0);
    keyless(&world, "auth logout").exits(0).tells("forgot the key of the profile default");
    keyless(&world, "auth status").exits(4).tells("there is no API key");
    assert!(!world.has(".config/j2v/keys/default"));
}

#[test]
fn a_key_that_the_service_refuses_or_that_is_none_is_not_kept() {
    let world = world();
    log_in(&world, &[], "another-key-than-that\n").exits(4).tells("it was not kept");
    log_in(&world, &[], "two words\n").exits(4).tells("no key was kept").hides("two words");
    log_in(&world, &[], "").exits(4).tells("empty");
    assert!(!world.has(".config/j2v/keys"));
}

#[test]
fn a_key_that_others_can_read_is_told() {
    let world = world();
    log_in(&world, &[], KEPT).exits(0);
    let path = world.path(".config/j2v/keys/default");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    keyless(&world, "history").exits(0).tells("can be read or written by others (mode 644)").tells("chmod 600");
}

#[test]
fn a_key_command_tells_the_key_and_only_where_it_is_needed() {
    let world = world();
    world.write("key", format!("{KEPT}\nuser: me\n"));
    configure(&world, &format!("[profiles.default]\nkey-command = \"sh -c 'echo asked >> asked; cat {}'\"\n", world.path("key").display()));
    keyless(&world, "history").exits(0);
    assert!(!world.has("asked"));
    keyless(&world, "submit a.json").exits(0);
    assert_eq!(world.read("asked"), b"asked\n");
    configure(&world, "[profiles.default]\nkey-command = \"no-such-program show\"\n");
    keyless(&world, "submit a.json").exits(4).tells("the key-command `no-such-program show` can't be started");
}

#[test]
fn every_render_remembers_its_profile() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    log_in(&world, &["--profile", "work"], KEPT).exits(0);
    let run = keyless(&world, "submit a.json --key L-1 --profile work").exits(0);
    let project = run.line().to_owned();
    // The profile that applies has no key: only the render's own profile can read it.
    let url = keyless(&world, &format!("poll {project}")).exits(0).line().to_owned();
    assert!(url.starts_with("http"));
    keyless(&world, "poll L-1").exits(0).prints(&[&url]);
    keyless(&world, "download L-1 -o videos/").exits(0);
    keyless(&world, "settle L-1").exits(0);
    keyless(&world, "delete --yes L-1").exits(0);
    assert_eq!(world.j2v("show L-1 --json").json()["account"], "work");
    keyless(&world, "poll L-2").exits(4);
}

#[test]
fn renders_of_two_profiles_are_followed_by_one_command() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    log_in(&world, &["--profile", "work"], KEPT).exits(0);
    keyless(&world, "submit a.json --key W --profile work").exits(0);
    world.j2v("submit a.json --key D").exits(0);
    let run = world.j2v("poll D W D --json").exits(0);
    let mut keys: Vec<String> = run.jsons().iter().map(|line| line["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    assert_eq!(keys, ["D", "D", "W"]);
}

#[test]
fn the_emulator_neither_keeps_nor_forgets_the_key_of_a_profile() {
    let world = World::new();
    log_in(&world, &["--profile", "work"], KEPT).exits(0);
    let emulated = keyless(&world, "auth login --profile work --emulate").exits(2);
    assert_eq!(emulated.tells("the emulator needs no key").next(), ["j2v auth login --profile work"]);
    keyless(&world, "auth logout --profile work --emulate").exits(2).tells("the stored key was left as it is");
    keyless(&world, "auth status --profile work").exits(0);
    let nothing = log_in(&world, &["--profile", "work"], "\n").exits(4).tells("no key was kept");
    assert_eq!(nothing.next(), ["j2v auth login --profile work"]);
    keyless(&world, "auth status --profile work").exits(0);
    keyless(&world, "auth logout --profile work").exits(0).tells("forgot the key");
}

#[test]
fn a_profile_that_nobody_has_set_up_is_refused_with_the_likely_one() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    configure(&world, "[profiles.work]\n");
    let run = world.j2v("submit a.json --profile wrok").exits(2).tells("did you mean `work`?");
    assert!(run.next().is_empty());
    let run = world.j2v("submit a.json --profile customer").exits(2).tells("there is no profile `customer`");
    assert_eq!(run.next(), ["j2v auth login --profile customer"]);
    world.j2v_with(&[("J2V_PROFILE", "wrok")], "submit a.json").exits(2).tells("$J2V_PROFILE: there is no profile `wrok`");
    world.j2v("submit a.json --profile ../x").exits(2).tells("not a profile name");
    assert_eq!(world.posts(), 0);
}

#[test]
fn a_broken_config_file_stops_before_anything_is_sent_and_can_be_edited() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    configure(&world, "[profiles.default]\nresolutoin = \"sd\"\n");
    let run = world.j2v("submit a.json").exits(2).tells("config.toml:2:1: unknown setting `resolutoin`; did you mean `resolution`?");
    assert_eq!(run.next(), ["j2v config edit"]);
    world.j2v("config show").exits(2).tells("resolutoin");
    world.j2v("config path").exits(0).prints(&[&world.path(".config/j2v/config.toml").display().to_string()]);
    world.j2v_with(&[("EDITOR", "sed -i s/toin/tion/")], "config edit").exits(0);
    world.j2v("submit a.json").exits(0);
    assert_eq!(world.posts(), 1);
}

#[test]
fn a_profile_gives_what_neither_flag_nor_movie_says() {
    let world = World::new();
    world.write("bare.json", r#"{"scenes": [{"duration": 2, "elements": [{"type": "text", "text": "a"}]}]}"#);
    world.write("sized.json", r#"{"resolution": "sd", "exports": [], "scenes": []}"#);
    configure(&world, "[profiles.default]\nresolution = \"squared\"\nwebhook = \"https://app.example/cb\"\n");
    let bare = world.j2v("build bare.json --compact").exits(0).json();
    assert_eq!(
        (&bare["resolution"], &bare["exports"][0]["destinations"][0]["endpoint"]),
        (&json!("squared"), &json!("https://app.example/cb"))
    );
    let flagged = world.j2v("build bare.json --compact --resolution hd --webhook https://other.example/").exits(0).json();
    assert_eq!((&flagged["resolution"], flagged["exports"][0]["destinations"].as_array().unwrap().len()), (&json!("hd"), 1));
    let sized = world.j2v("build sized.json --compact").exits(0).json();
    assert_eq!((&sized["resolution"], &sized["exports"]), (&json!("sd"), &json!([])));
    let emulated = world.j2v("build bare.json --compact --emulate").exits(0).json();
    assert!(emulated["exports"].is_null());
}

#[test]
fn config_show_tells_where_each_value_comes_from_and_no_key() {
    let world = World::new();
    configure(&world, "[profiles.default]\nconcurrency = 7\n[profiles.work]\napi-url = \"https://work.example/v2\"\n");
    let from = |line: &str, name: &str| {
        let all = world.j2v(line).exits(0).jsons();
        let found = all.iter().find(|setting| setting["name"] == name).unwrap().clone();
        (found["value"].as_str().unwrap_or_default().to_owned(), found["from"].as_str().unwrap().to_owned())
    };
    let pair = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    assert_eq!(from("config show --json", "key"), pair("set", "$J2V_API_KEY"));
    assert_eq!(from("config show --json", "api-url"), pair(world.url(), "$J2V_API_URL"));
    assert_eq!(from("config show --json", "concurrency"), pair("7", "config.toml, line 2"));
    assert_eq!(from("config show --json", "resolution"), pair("", "default"));
    assert_eq!(from("config show --json --profile work", "api-url"), pair("https://work.example/v2", "config.toml, line 4"));
    assert_eq!(
        from("config show --json --profile work --api-url http://127.0.0.1:1/v2", "api-url"),
        pair("http://127.0.0.1:1/v2", "--api-url")
    );
    assert!(world.j2v("config show").exits(0).stdout.contains("concurrency"));
}

#[test]
fn a_new_config_file_is_a_template_that_sets_nothing() {
    let world = World::new();
    world.j2v_with(&[("EDITOR", "true")], "config edit").exits(0);
    let text = String::from_utf8(world.read(".config/j2v/config.toml")).unwrap();
    assert!(text.contains("# key-command = "));
    // Every setting in it can be used.
    let settings = text.lines().filter_map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")));
    configure(&world, &format!("[profiles.default]\n{}\n", settings.collect::<Vec<_>>().join("\n")));
    world.j2v("config show").exits(0);
    let run = world.j2v_with(&[("EDITOR", "")], "config edit").exits(2);
    assert!(run.stderr.contains("$VISUAL and $EDITOR are not set"));
}
