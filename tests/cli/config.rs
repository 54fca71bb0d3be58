//! One setting at a time: read, written and removed by a script.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::json;

use crate::support::World;

const FILE: &str = ".config/j2v/config.toml";

/// A file as a person keeps it.
const KEPT: &str = "\
# ours, by hand
[profiles.default]
webhook = \"https://old.example/hook\"   # the staging server
# resolution = \"full-hd\"

[profiles.work]
concurrency = 8
";

/// A world whose environment sets nothing that the file could.
fn world() -> World {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world
}

fn configured(text: &str) -> World {
    let world = world();
    fs::create_dir_all(world.path(".config/j2v")).unwrap();
    world.write(FILE, text);
    fs::set_permissions(world.path(FILE), fs::Permissions::from_mode(0o600)).unwrap();
    world
}

fn text(world: &World) -> String {
    String::from_utf8(world.read(FILE)).unwrap()
}

#[test]
fn the_first_setting_makes_the_file() {
    let world = world();
    world.j2v("config set resolution full-hd").exits(0).prints(&[]).tells(FILE);
    assert_eq!(text(&world), "[profiles.default]\nresolution = \"full-hd\"\n");
    assert_eq!(fs::metadata(world.path(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    world.j2v("config get resolution").exits(0).prints(&["full-hd"]);
    world.write("plain.json", r#"{"scenes":[]}"#);
    let built = world.j2v("build plain.json").exits(0).stdout;
    assert!(built.contains("full-hd"), "{built}");
}

#[test]
fn what_the_file_says_beside_a_setting_stays_as_it_is() {
    let world = configured(KEPT);
    world.j2v("config set webhook https://new.example/hook").exits(0);
    let expected = KEPT.replace("old.example", "new.example");
    assert_eq!(text(&world), expected);
    world.j2v("config set concurrency 6").exits(0);
    world.j2v("config get concurrency").exits(0).prints(&["6"]);
    world.j2v("config get concurrency --profile work").exits(0).prints(&["8"]);
    world.j2v("config unset concurrency").exits(0).prints(&[]);
    assert_eq!(text(&world), expected);
    world.j2v("config unset webhook").exits(0);
    world.j2v("config get webhook").exits(0).prints(&[""]);
    world.j2v("config unset webhook").exits(0).tells("webhook of the profile default is not set");
}

#[test]
fn a_profile_is_made_with_its_first_setting_and_can_then_be_the_one_that_applies() {
    let world = configured(KEPT);
    world.j2v("config set profile client").exits(2).tells("there is no profile `client`").tells("nothing was changed");
    world.j2v("config set download ~/Videos --profile client").exits(0);
    assert_eq!(text(&world), format!("{KEPT}\n[profiles.client]\ndownload = \"~/Videos\"\n"));
    world.j2v("config set profile client").exits(0);
    world.j2v("config get profile").exits(0).prints(&["client"]);
    assert!(text(&world).starts_with("profile = \"client\"\n# ours, by hand\n"), "{}", text(&world));
}

#[test]
fn a_value_that_the_file_could_not_hold_changes_nothing() {
    let world = configured(KEPT);
    for (line, why) in [
        ("config set concurrency many", "concurrency: expected a number from 1 to 64"),
        ("config set concurrency 65", "concurrency: expected a number from 1 to 64"),
        ("config set resolution fullhd", "full-hd"),
        ("config set download videos/", "depends on the current folder"),
        ("config set ledger postgres://me:pass@db.example/j2v", "password"),
        ("config set webook https://a.example", "did you mean `webhook`"),
        ("config get webook", "did you mean `webhook`"),
        ("config unset webook", "did you mean `webhook`"),
        ("config set key abc", "j2v auth login"),
        ("config get key", "j2v auth status"),
    ] {
        world.j2v(line).exits(2).prints(&[]).tells(why);
        assert_eq!(text(&world), KEPT, "{line}");
    }
}

#[test]
fn a_broken_file_is_left_to_its_owner() {
    let broken = "[profiles.default]\nwebhook = https://a.example\n";
    let world = configured(broken);
    let run = world.j2v("config set resolution full-hd").exits(2).tells("config.toml:2");
    assert_eq!(run.next(), ["j2v config edit"]);
    world.j2v("config get resolution").exits(2).tells("config.toml:2");
    assert_eq!(text(&world), broken);
}

#[test]
fn a_file_that_is_a_link_stays_one() {
    let world = configured(KEPT);
    fs::rename(world.path(FILE), world.path("dotfiles.toml")).unwrap();
    symlink(world.path("dotfiles.toml"), world.path(FILE)).unwrap();
    world.j2v("config set concurrency 2").exits(0);
    assert!(fs::symlink_metadata(world.path(FILE)).unwrap().is_symlink());
    assert!(String::from_utf8(world.read("dotfiles.toml")).unwrap().contains("concurrency = 2\n"));
}

#[test]
fn a_setting_that_the_environment_overrides_is_said_to_have_no_effect() {
    let world = world();
    world.j2v_with(&[("J2V_LEDGER", "/elsewhere/ledger.db")], "config set ledger ~/here.db").exits(0).tells("$J2V_LEDGER overrides it");
}
