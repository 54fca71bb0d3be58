//! The findings that a project, a comment and a flag leave out of a check, and those that only the flag can.

use crate::support::World;

/// Two warnings: an unknown property in line 3, another in line 4.
const WARNED: &str = r#"{
  "resolution": "full-hd",
  "editor-zoom": 2,
  "editor-page": 1,
  "scenes": [{"duration": 4}]
}
"#;

/// An element that can't be rendered: it stops a submission.
const BROKEN: &str = r#"{
  "resolution": "full-hd",
  "scenes": [{"elements": [
    {"type": "video", "duration": 4}
  ]}]
}
"#;

fn codes(world: &World, line: &str) -> Vec<String> {
    let run = world.j2v(&format!("check --json {line}"));
    run.jsons().iter().map(|one| format!("{}:{}", one["code"].as_str().unwrap(), one["line"])).collect()
}

#[test]
fn a_project_is_found_from_the_movie_upwards_and_the_nearest_counts_alone() {
    let world = World::new();
    std::fs::create_dir_all(world.path("ads/summer")).unwrap();
    std::fs::create_dir_all(world.path("elsewhere")).unwrap();
    world.write("j2v.toml", "allow = [\"unknown-property\"]\n");
    world.write("ads/summer/m.json", WARNED);
    assert_eq!(codes(&world, "ads/summer/m.json"), [""; 0]);
    let mut from_within = world.command(&["check", "m.json"]);
    assert!(from_within.current_dir(world.path("ads/summer")).output().unwrap().stdout.is_empty());
    assert!(world.pipe(&["check", "-"], WARNED).exits(0).stdout.is_empty(), "stdin belongs to the working folder");
    world.write("ads/j2v.toml", "deny = [\"warnings\"]\n");
    let run = world.j2v("check ads/summer/m.json").exits(3);
    assert_eq!(run.stdout.matches("J2V006").count(), 2, "{}", run.stdout);
    world.j2v("check ads/summer/m.json --allow J2V006").exits(0);
}

#[test]
fn a_flag_decides_where_it_and_the_project_name_a_rule() {
    let world = World::new();
    world.write("m.json", WARNED);
    world.write("j2v.toml", "allow = [\"J2V006\"]");
    world.j2v("check m.json --deny J2V006").exits(3);
    world.j2v("check m.json --deny warnings").exits(0);
}

#[test]
fn a_mistake_in_a_project_is_told_with_its_place_and_never_stops_a_render() {
    let world = World::new();
    world.write("m.json", WARNED);
    world.write("j2v.toml", "allow = [\n  \"unknown-propety\",\n]\n");
    for line in ["check m.json", "check m.json --fix", "check --rules", "config show"] {
        world.j2v(line).exits(2).tells("j2v.toml:2:3: there is no such rule; did you mean J2V006 (unknown-property)?");
    }
    world.write("j2v.toml", "excludes = []");
    world.j2v("check m.json").exits(2).tells("j2v.toml:1:1: unknown setting `excludes`; did you mean `exclude`?");
    world.j2v("submit m.json").exits(0);
}

#[test]
fn the_file_of_the_project_is_shown() {
    let world = World::new();
    world.write("j2v.toml", "allow = [\"J2V006\"]\ndeny = [\"J2V125\"]\n");
    let path = world.path("j2v.toml").canonicalize().unwrap().display().to_string();
    assert!(world.j2v("config show").exits(0).lines().iter().any(|line| line.starts_with("project ") && line.contains(&path)));
    let rules = world.j2v("check --rules").exits(0).tells(&path);
    assert!(rules.stdout.contains(&format!("J2V006 unknown-property: warning; allowed by {path}\n")), "{}", rules.stdout);
    let rules = world.j2v("check --rules --json").exits(0).jsons();
    let project = |code: &str| rules.iter().find(|rule| rule["code"] == code).unwrap()["project"].clone();
    assert_eq!([project("J2V006"), project("J2V125"), project("J2V064")], ["allowed".into(), "denied".into(), serde_json::Value::Null]);
    std::fs::remove_file(world.path("j2v.toml")).unwrap();
    assert_eq!(world.j2v("config show --json").jsons().last().unwrap()["value"], serde_json::Value::Null);
}

#[test]
fn what_is_excluded_is_left_out_of_a_folder_and_checked_when_it_is_named() {
    let world = World::new();
    std::fs::create_dir_all(world.path("movies/drafts")).unwrap();
    world.write("movies/a.json", WARNED);
    world.write("movies/drafts/b.json", BROKEN);
    world.write("movies/c.part.json", BROKEN);
    world.write("j2v.toml", "exclude = [\"drafts/\", \"*.part.json\"]");
    world.j2v("check movies").exits(0).tells("1 movie: 0 errors, 2 warnings");
    world.j2v("check movies/drafts/b.json").exits(3);
}

#[test]
fn neither_a_project_nor_a_comment_hides_what_stops_a_render() {
    let world = World::new();
    world.write("m.json", BROKEN);
    world.write("j2v.toml", "allow = [\"J2V064\"]");
    world.j2v("check m.json").exits(3).tells("allows J2V064, but here it stops the render: fix it, or give --allow J2V064");
    world.j2v("submit m.json").exits(3).tells("J2V064");
    world.write("m.json", BROKEN.replace("    {", "    // j2v-allow J2V064\n    {"));
    std::fs::remove_file(world.path("j2v.toml")).unwrap();
    assert_eq!(codes(&world, "m.json"), ["J2V017:4", "J2V064:5"]);
    world.j2v("submit m.json").exits(3).tells("J2V064");
    world.j2v("check m.json --allow J2V064 --allow J2V017").exits(0);
}

#[test]
fn a_comment_allows_a_rule_in_the_line_below_it_or_in_its_own() {
    let world = World::new();
    for (above, beside, left) in [
        ("  // j2v-allow J2V006\n", "", &["J2V006:5"][..]),
        ("  /* j2v-allow unknown-property: the editor reads it */\n", " // j2v-allow J2V006", &[]),
        ("  // j2v-allow J2V006\n  // the editor reads it\n\n", "", &["J2V001:4", "J2V006:7"]),
        ("  // j2v-allow J2V125, J2V006 for later\n", "", &["J2V017:3", "J2V006:5"]),
        ("  // j2v-allow J2V06\n", "", &["J2V017:3", "J2V006:4", "J2V006:5"]),
        ("  // j2v-allow\n", "", &["J2V017:3", "J2V006:4", "J2V006:5"]),
        ("  // j2v-allowed J2V006\n", "", &["J2V001:3", "J2V006:4", "J2V006:5"]),
    ] {
        let movie =
            WARNED.replace("  \"editor-zoom\"", &format!("{above}  \"editor-zoom\"")).replace("page\": 1,", &format!("page\": 1,{beside}"));
        world.write("m.json", &movie);
        assert_eq!(codes(&world, "m.json"), left, "{movie}");
    }
}

#[test]
fn comments_allow_in_yaml_and_text_that_looks_like_one_does_not() {
    let world = World::new();
    let movie =
        "resolution: full-hd\n# j2v-allow J2V006\neditor-zoom: 2\nid: 'a # j2v-allow J2V006'\neditor-page: 1\nscenes:\n  - duration: 4\n";
    world.write("m.yaml", movie);
    assert_eq!(codes(&world, "m.yaml"), ["J2V006:5"]);
    world.write("m.json", WARNED.replace("\"editor-zoom\": 2", "\"editor-zoom\": \"// j2v-allow J2V006\""));
    assert_eq!(codes(&world, "m.json"), ["J2V006:3", "J2V006:4"]);
}

#[test]
fn a_comment_that_allows_nothing_is_told_and_one_for_rows_is_not() {
    let world = World::new();
    world.write("m.json", "{\n  // j2v-allow J2V006\n  \"resolution\": \"full-hd\",\n  \"scenes\": [{\"duration\": 4}]\n}");
    let run = world.j2v("check m.json --deny warnings").exits(3);
    assert!(run.stdout.contains("this comment allows J2V006, but nothing on the line that it is for breaks that rule"), "{}", run.stdout);
    world.write("m.json", WARNED.replace("  \"editor", "  // j2v-allow J2V006\n  \"editor"));
    world.write("rows.csv", "id,city\n1,Bonn\n2,Ulm\n");
    world.j2v("check m.json --deny warnings").exits(0);
    world.j2v("batch m.json --rows rows.csv --key id --dry-run").hides("editor-zoom");
}

#[test]
fn a_folder_whose_movies_are_all_excluded_is_not_called_clean() {
    let world = World::new();
    std::fs::create_dir(world.path("movies")).unwrap();
    world.write("movies/a.json", "{\"scenes\": []}");
    world.write("j2v.toml", "exclude = [\"movies/\"]");
    world.j2v("check movies").exits(0).prints(&[]).tells("no movie was checked: `exclude` in j2v.toml leaves out every file");
}
