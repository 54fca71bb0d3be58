//! The first commands of a new user, each with a typical mistake: the exact output. Ids, folders and the number of tries vary.

use snapbox::{Data, assert_data_eq, file};

use crate::support::{Run, World};

/// A world with the starter movie, made small.
fn world() -> World {
    let world = World::new();
    world.j2v("init").exits(0);
    world
}

/// A run as a terminal would show it, without the parts that differ between runs.
#[track_caller]
fn shows(world: &World, run: &Run, expected: Data) {
    let folder = world.path("").display().to_string();
    let told = run.stderr.split_inclusive('\n').filter(|line| !line.contains("trying again in"));
    let text = format!("{}{}exit {}\n", run.stdout, told.collect::<String>(), run.code);
    assert_data_eq!(text.replace(&folder, "~/"), expected);
}

#[test]
fn no_key() {
    let world = world();
    let run = world.j2v_with(&[("J2V_API_KEY", "")], "submit listing.json");
    shows(&world, &run, file!["first_tries/no_key.txt"]);
}

#[test]
fn wrong_file() {
    let world = world();
    shows(&world, &world.j2v("submit listin.json"), file!["first_tries/wrong_file.txt"]);
}

#[test]
fn unknown_flag() {
    let world = world();
    shows(&world, &world.j2v("submit listing.json --wiat"), file!["first_tries/unknown_flag.txt"]);
}

#[test]
fn unknown_project() {
    let world = world();
    shows(&world, &world.j2v("poll JkGxEoPRF9EgRb32"), file!["first_tries/unknown_project.txt"]);
}

#[test]
fn expired_file() {
    let world = world();
    world.j2v("submit listing.json --key L-4821 --wait").exits(0);
    world.a_week_goes_by();
    shows(&world, &world.j2v("download L-4821"), file!["first_tries/expired_file.txt"]);
}

#[test]
fn full_disk() {
    let world = world();
    let mut shell = std::process::Command::new("sh");
    let line = format!("trap '' XFSZ; ulimit -f 8; exec {} submit listing.json", env!("CARGO_BIN_EXE_j2v"));
    let plain = world.command::<&str>(&[]);
    shell.args(["-c", &line]).current_dir(world.path("")).env_clear();
    shell.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    shows(&world, &Run::of(shell.spawn().unwrap()), file!["first_tries/full_disk.txt"]);
}

#[test]
fn no_network() {
    let world = world();
    let proxy = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("J2V_API_URL", "https://api.example/v2")];
    shows(&world, &world.j2v_with(&proxy, "submit listing.json"), file!["first_tries/no_network.txt"]);
}

#[test]
fn two_profiles() {
    let world = world();
    std::fs::create_dir_all(world.path(".config/j2v")).unwrap();
    world.write(".config/j2v/config.toml", "[profiles.default]\n\n[profiles.agency]\n");
    std::fs::set_permissions(world.path(".config/j2v/config.toml"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    shows(&world, &world.j2v("submit listing.json --profile agncy"), file!["first_tries/unknown_profile.txt"]);
    let run = world.j2v_with(&[("J2V_API_KEY", "")], "submit listing.json --profile agency");
    shows(&world, &run, file!["first_tries/profile_without_key.txt"]);
}

#[test]
fn wrong_folder() {
    let world = world();
    shows(&world, &world.j2v("submit listing.json --download nowhere/film.mp4"), file!["first_tries/folder_of_the_video.txt"]);
    std::fs::create_dir(world.path("elsewhere")).unwrap();
    let mut command = world.command(&["submit", "listing.json"]);
    command.current_dir(world.path("elsewhere"));
    shows(&world, &Run::of(command.spawn().unwrap()), file!["first_tries/folder_of_the_movie.txt"]);
}

#[cfg(target_os = "linux")]
#[test]
fn where_no_home_folder_can_be_made_all_works_that_keeps_nothing_and_the_rest_names_the_fix() {
    let world = world();
    // In /proc nobody can make a folder, not even root.
    let homeless = [("HOME", "/proc/nowhere"), ("XDG_STATE_HOME", ""), ("J2V_LEDGER", "")];
    for line in [
        "check listing.json",
        "plan listing.json",
        "build listing.json",
        "schema",
        "man --out pages",
        "config show",
        "history",
        "submit listing.json --dry-run",
    ] {
        world.j2v_with(&homeless, line).exits(0);
    }
    for line in ["submit listing.json --key k", "listen --bind 127.0.0.1:0"] {
        world.j2v_with(&homeless, line).exits(1).tells("can't be opened").tells("--ledger or J2V_LEDGER");
    }
    assert_eq!(world.posts(), 0);
    world.j2v_with(&homeless, "submit listing.json --key k --ledger here.db").exits(0);
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_wrong_command_line_ends_with_the_next_command() {
    let world = World::new();
    for (line, next) in [
        ("submit --json", "j2v submit --help"),
        ("nope", "j2v --help"),
        ("media get", "j2v media get --help"),
        ("poll --nope", "j2v poll --help"),
        ("batch", "j2v batch --help"),
        ("batch --rows x.csv", "j2v batch --help"),
        ("init nope", "j2v init --help"),
        ("check --deny nope a.json", "j2v check --help"),
        ("ledger check --color nope", "j2v ledger check --help"),
    ] {
        let run = world.j2v(line).exits(2).hides("For more information").hides("  [MOVIE]...");
        assert_eq!(run.next(), [next], "{line}");
    }
}

#[test]
fn a_movie_that_is_not_there_is_told_with_those_that_are() {
    let world = World::new();
    world.movie("listing.json", &serde_json::json!({}));
    world.j2v("submit listng.json").exits(2).tells("there is no such file").tells("did you mean listing.json?");
    world.j2v("submit promo.json").exits(2).tells("the movies in .: listing.json");
    world.j2v("submit nowhere/promo.json").exits(2).tells("the folder nowhere does not exist either");
    assert_eq!(world.posts(), 0);
}

#[test]
fn a_place_has_one_name_in_every_command() {
    let world = World::new();
    world.movie("a.json", &serde_json::json!({"render-time": "1ms"}));
    let id = world.j2v("submit a.json --key a --wait --output one/ --field project").exits(0).line().to_owned();
    for (flag, folder) in [("--output", "two"), ("--download", "three"), ("--out", "four")] {
        world.j2v(&format!("download a {flag} {folder}/")).exits(0).prints(&[&format!("{folder}/{id}.mp4")]);
    }
    world.j2v("poll a --out five/").exits(0).prints(&[&format!("five/{id}.mp4")]);
    world.j2v("man --output pages").exits(0);
    assert!(world.has(&format!("one/{id}.mp4")) && world.has("pages"));
    let help = world.j2v("download --help").exits(0).stdout;
    assert!(!help.contains("--download") && !help.contains("--out "), "{help}");
}
