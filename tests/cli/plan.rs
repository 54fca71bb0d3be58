//! `j2v plan`: the timeline as a chart and as JSON, and the facts that are unknown.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use snapbox::str;

use crate::expand::corpus;
use crate::support::World;

/// A world without a service: a plan sends no requests.
fn world() -> World {
    World::at("http://127.0.0.1:1/v2")
}

fn listing() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/listing.json")).unwrap()
}

/// The plan of a movie as JSON.
#[track_caller]
fn planned(movie: &str, flags: &[&str]) -> Value {
    let world = world();
    world.write("a.json", movie);
    let run = world.run(&[&["plan", "a.json", "--json"], flags].concat()).exits(0);
    assert!(!world.has("ledger.db") && !world.has("state"), "planning writes nothing");
    run.json()
}

#[test]
fn the_listing_is_a_chart_of_four_scenes() {
    let world = world();
    world.write("listing.json", listing());
    let run = world.j2v("plan listing.json").exits(0);
    snapbox::assert_data_eq!(
        run.stdout,
        str![[r#"
listing.json
                            start    end  length  0 s                    14.5 s
scene 1                         0      4       4  ████████
  component basic/000           0      4       4  ━━━━━━━━
scene 2 (1/3), 0.5 s fade     3.5    7.5       4         ▒███████
  image sample-house-fron…    3.5    7.5       4         ━━━━━━━━
  text "Exterior"             3.5    7.5       4         ━━━━━━━━
scene 3 (2/3), 0.5 s fade       7     11       4                ▒███████
  image sample-house-kitc…      7     11       4                ━━━━━━━━
  text "Chef's Kitchen"         7     11       4                ━━━━━━━━
scene 4 (3/3), 0.5 s fade    10.5   14.5       4                       ▒███████
  image sample-house-bedr…   10.5   14.5       4                       ━━━━━━━━
  text "Master Bedroom"      10.5   14.5       4                       ━━━━━━━━
movie                           0  14.5…   14.5…  █████████████████████████████…
  audio uplifting-corpora…      0      …       …  …
  voice "Welcome to 123 O…    1.5   1.5…       …     …
  subtitles                     0  14.5…   14.5…  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━…
(▒ overlaps the scene before it, … the end is unknown)
total    at least 14.5 s
size     1920×1080
credits  at least 14
         1 credit a second
         the length isn't known
unknown  the length of the asset is unknown until it is fetched
           listing.json:28:5: movie element 1, audio uplifting-corporate.mp3
         it may end after the last scene, and the movie lasts until it ends: `"duration": -2` ends it with the scenes
           listing.json:28:5: movie element 1, audio uplifting-corporate.mp3
           listing.json:33:5: movie element 2, voice "Welcome to 123 Oak Stre…"
         the length of the spoken text is unknown until it is spoken
           listing.json:33:5: movie element 2, voice "Welcome to 123 Oak Stre…"

"#]]
    );
    assert!(run.stderr.is_empty(), "{}", run.stderr);
}

#[test]
fn what_is_not_known_is_marked_and_explained() {
    let movie = json!({
        "resolution": "sd",
        "scenes": [
            {"duration": 4, "elements": [
                {"type": "video", "src": "https://a.example/intro.mp4?signature=x"},
                {"type": "image", "src": "https://a.example/a.jpg", "start": 1, "duration": 6},
            ]},
            {"transition": {"style": "wipeup"}, "elements": [
                {"type": "text", "text": "厨房 \u{1b}[31m", "duration": 2},
                {"type": "voice", "text": "Welcome home", "model": "elevenlabs", "start": 0.5},
            ]},
            {"duration": 10.0 / 3.0, "condition": "{{ __x }}"},
        ],
        "elements": [{"type": "audio", "src": "https://a.example/a.mp3", "duration": 60}],
    });
    let world = world();
    world.write("a.json", movie.to_string());
    let run = world.j2v("plan a.json").exits(0);
    snapbox::assert_data_eq!(
        run.stdout,
        str![[r#"
a.json
                          start   end  length  0 s                         60 s
scene 1                       0     4       4  ██
  video intro.mp4             0   0…4       …  …
  image a.jpg                 1     4       6   ━›
scene 2, 0…4 s wipeup       0…4    2…      2…  ▒…
  text "厨房 [31m"          0…4   2…6       2  ━
  voice "Welcome home"  0.5…4.5  0.5…       …  …
scene 3                      2…    2…  0…3.33   ··
movie                         0   60…     60…  ████████████████████████████████…
  audio a.mp3                 0    60      60  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
(▒ overlaps the scene before it, · may play, … the end is unknown, › goes on beyond what it is in)
total    at least 60 s
size     640×360 or 640×480
credits  at least 60
         1 credit a second
         the length isn't known
         for ElevenLabs voices the sources say nothing, 20, or 60 credits a minute
unknown  the length of the asset is unknown until it is fetched
           a.json:1:56: scene 1, element 1, video intro.mp4
         the length of the spoken text is unknown until it is spoken
           a.json:1:292: scene 2, element 2, voice "Welcome home"
         the transition has no duration, and the service's default is unknown
           a.json:1:209: scene 2
         its condition can't be decided offline: it may be left out
           a.json:1:366: scene 3
         `sd` is documented as 640×360 and was seen to come out as 640×480
           a.json:1:15: the movie

"#]]
    );
}

#[test]
fn a_template_s_movie_has_no_chart_and_says_why() {
    let world = world();
    world.write("a.json", r#"{"template":"LerKrmBfiqaIgBuacLWn"}"#);
    world.j2v("plan a.json").exits(0).prints(&[
        "a.json",
        "total    unknown",
        "size     640×360",
        "credits  unknown",
        "         1 credit a second",
        "         the length isn't known",
        "unknown  the scenes are in the template",
        "           a.json:1:1: the movie",
    ]);
}

#[test]
fn the_listing_s_line_of_json_has_every_field() {
    let plan = planned(&listing(), &[]);
    let fields: Vec<_> = plan.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["source", "duration", "width", "height", "scenes", "elements", "credits", "unknown", "files"]);
    assert_eq!(
        (&plan["source"], &plan["duration"], &plan["width"], &plan["height"]),
        (&json!("a.json"), &json!({"at_least": 14.5, "at_most": null, "reason": "asset-length"}), &json!(1920), &json!(1080))
    );
    let scenes: Vec<_> =
        plan["scenes"].as_array().unwrap().iter().map(|scene| (&scene["start"], &scene["duration"], &scene["overlap"])).collect();
    let seconds = [(0.0, 4, 0.0), (3.5, 4, 0.5), (7.0, 4, 0.5), (10.5, 4, 0.5)];
    for ((start, length, overlap), expected) in scenes.into_iter().zip(seconds) {
        assert_eq!((start.as_f64().unwrap(), length.as_u64().unwrap(), overlap.as_f64().unwrap()), expected);
    }
    assert_eq!((&plan["credits"]["at_least"], &plan["credits"]["at_most"]), (&json!(14), &json!(null)));
    assert_eq!(plan["credits"]["unbounded"][1]["fix"], "give it `\"duration\": -2`, which ends it with the scenes");
    let unknown: Vec<_> = plan["unknown"].as_array().unwrap().iter().map(|doubt| (&doubt["element"], &doubt["reason"])).collect();
    let expected = [(0, "asset-length"), (0, "may-extend-movie"), (1, "spoken-length"), (1, "may-extend-movie")];
    assert_eq!(json!(unknown), json!(expected));
}

#[test]
fn the_timing_of_an_element_that_is_known_bounds_the_movie() {
    let elements = r#"{"id":"a","type":"image","src":"https://a.example/a.jpg","start":2,"duration":3},
        {"id":"b","type":"image","src":"https://a.example/b.jpg","start":"{{ a_end }}","duration":"{{ a_duration + 1 }}"},
        {"type":"text","text":"c","start":"{{ b_end - 1 }}","duration":2}"#;
    let plan = planned(&format!(r#"{{"scenes":[{{"elements":[{elements}]}}]}}"#), &[]);
    assert_eq!((&plan["duration"], &plan["credits"]["exactly"]), (&json!(10), &json!(10)));
    let of_a_file = r#"{"scenes":[{"elements":[{"id":"v","type":"video","src":"https://a.example/v.mp4"},{"type":"text","text":"c","start":"{{ v_end }}","duration":2}]}]}"#;
    assert_eq!(planned(of_a_file, &[])["duration"]["at_most"], json!(null));
}

#[test]
fn flags_change_the_plan() {
    let plan = planned(
        &listing(),
        &["--resolution", "squared", "--set", "/scenes/0/duration:=6", "--var", "rooms:=[{\"name\":\"one\",\"image\":\"x\"}]"],
    );
    assert_eq!((&plan["duration"]["at_least"], &plan["width"]), (&json!(9.5), &json!(1080)));
    assert_eq!(plan["scenes"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_unknown_is_a_range_with_its_reason() {
    let plan = planned(r#"{"resolution":"uhd","scenes":[{"duration":4},{"duration":2,"transition":{"style":"fade"}}]}"#, &[]);
    assert_eq!(plan["duration"], json!({"at_least": 4, "at_most": 6, "reason": "transition-default"}));
    assert_eq!((&plan["credits"]["at_least"], &plan["credits"]["at_most"]), (&json!(4), &json!(24)));
    assert_eq!(
        plan["unknown"][0],
        json!({
            "scene": 1, "element": null, "reason": "transition-default",
            "message": "the transition has no duration, and the service's default is unknown",
        })
    );
}

#[test]
fn several_movies_are_a_chart_or_a_line_each() {
    let world = world();
    world.write("a.json", r#"{"scenes":[{"duration":1}]}"#);
    world.write("cut.json", "{");
    let arguments = ["plan", "a.json", "cut.json", "-", "--json"];
    let run = world.pipe(&arguments, r#"{"scenes":[{"duration":2}]}"#).exits(12).tells("error: cut.json:1:2: ");
    let plans: Vec<_> = run.jsons().into_iter().map(|plan| (plan["source"].clone(), plan["duration"].clone())).collect();
    assert_eq!(plans, [(json!("a.json"), json!(1)), (json!("-"), json!(2))]);
    let charts = world.j2v("plan a.json a.json").exits(0);
    assert_eq!(charts.lines().iter().filter(|line| line.is_empty()).count(), 1, "{}", charts.stdout);
    world.j2v("plan cut.json --json").exits(3).prints(&[]);
}

#[test]
fn what_was_assumed_and_what_is_wrong_is_told_as_by_expand() {
    let world = world();
    world.write("a.json", r#"{"variables":{"n":7},"scenes":[{"duration":"{{ n }}","comment":"{{ m }}"}]}"#);
    let run = world.j2v("plan a.json --json").exits(0).tells("a.json:1:45: assumed: ").tells("`m` is defined nowhere");
    assert_eq!(run.json()["duration"], 7);
}

#[test]
fn a_hostile_movie_has_no_plan() {
    let items = vec!["{}"; 30_000].join(",");
    let world = world();
    world.write("a.json", format!(r#"{{"variables":{{"items":[{items}]}},"scenes":[{{"iterate":"items"}}]}}"#));
    world.j2v("plan a.json").exits(3).prints(&[]).tells("nothing was resolved");
}

#[test]
fn places_without_number_are_counted() {
    let scenes = vec![json!({"elements": [{"type": "voice", "text": "Hi"}]}); 30];
    let world = world();
    world.write("a.json", json!({"scenes": scenes}).to_string());
    let run = world.j2v("plan a.json").exits(0);
    assert!(run.stdout.contains("and 20 more; --json has them all"), "{}", run.stdout);
    assert_eq!(planned(&json!({"scenes": scenes}).to_string(), &[])["unknown"].as_array().unwrap().len(), 30);
}

#[test]
fn colours_are_for_terminals_and_for_who_wants_them() {
    let world = world();
    world.write("a.json", r#"{"scenes":[{"duration":1}]}"#);
    let plain = world.j2v("plan a.json").exits(0).stdout;
    let painted = world.j2v("plan a.json --color always").exits(0).stdout;
    assert!(!plain.contains('\u{1b}') && painted.contains("\u{1b}[36m█"), "{painted:?}");
    assert_eq!(painted.replace("\u{1b}[36m", "").replace("\u{1b}[0m", ""), plain);
}

#[test]
fn a_terminal_s_width_is_the_chart_s() {
    let world = world();
    world.write("listing.json", listing());
    for (columns, widest) in [(60, 60), (150, 100)] {
        let command = world.command(&[] as &[&str]);
        let mut shell = std::process::Command::new("sh");
        let binary = env!("CARGO_BIN_EXE_j2v");
        shell.args(["-c", &format!("stty cols {columns} rows 24; NO_COLOR=1 exec {binary} plan listing.json")]);
        shell.current_dir(world.path(".")).env_clear().env("PATH", "/usr/bin:/bin");
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let screen = rexpect::session::spawn_command(shell, Some(10_000)).unwrap().exp_eof().unwrap();
        let axis = screen.lines().find(|line| line.contains("start")).unwrap();
        assert_eq!(axis.chars().count(), widest - 1, "the last column is for what goes on: {screen}");
        assert!(screen.lines().filter(|line| line.contains(['█', '━', '…'])).all(|line| line.chars().count() <= 100), "{screen}");
    }
}

#[test]
fn every_movie_of_the_corpus_is_planned() {
    let Some(files) = corpus() else {
        println!("skipped: there is no corpus beside the project");
        return;
    };
    let world = world();
    for json in [&["--json"][..], &[]] {
        let mut arguments = vec!["plan".into()];
        arguments.extend(json.iter().map(Into::into));
        arguments.extend(files.iter().map(|file| file.clone().into_os_string()));
        let run = world.run(&arguments).exits(0);
        if json.is_empty() {
            let charts = run.lines().into_iter().filter(|line| line.contains('█') || line.contains('━'));
            charts.for_each(|line| assert!(line.chars().count() <= 80, "{line}"));
        } else {
            assert_eq!(run.jsons().len(), files.len());
        }
    }
}

/// Renders a movie of 2 s and returns its URL: an MP4 for other movies.
fn film(world: &World) -> String {
    world.movie("film.json", &json!({}));
    world.j2v("submit film.json --wait --no-ledger").exits(0).line().to_owned()
}

#[test]
fn a_probe_finds_out_how_long_a_film_is_and_plans_with_it() {
    let world = World::new();
    let film = film(&world);
    let video = json!({"type": "video", "src": film, "loop": 2});
    world.write("a.json", json!({"scenes": [{"elements": [video]}, {"elements": [video]}]}).to_string());
    let blind = world.j2v("plan a.json --json").exits(0).json();
    assert_eq!((&blind["duration"]["reason"], &blind["files"]), (&json!("asset-length"), &Value::Null));
    let run = world.j2v("plan a.json a.json --json --probe").exits(0).tells("looking at 1 file");
    for plan in run.jsons() {
        assert_eq!((&plan["duration"], &plan["credits"]["exactly"], &plan["unknown"]), (&json!(8), &json!(8), &json!([])));
        let seen = &plan["files"][0];
        assert_eq!((&seen["url"], &seen["type"], &seen["reachable"]), (&json!(film), &json!("video"), &json!(true)));
        assert_eq!((&seen["content_type"], &seen["duration"], &seen["message"]), (&json!("video/mp4"), &json!(2), &Value::Null));
        assert!(seen["bytes"].as_u64().is_some_and(|bytes| bytes > 500), "{seen}");
    }
    let chart = world.j2v("plan a.json --probe --quiet").exits(0);
    assert!(chart.stdout.contains("files    video http://127.0.0.1:") && chart.stdout.contains(".mp4: video/mp4, "), "{}", chart.stdout);
    assert!(chart.stderr.is_empty(), "{}", chart.stderr);
}

/// The number of requests to the emulator, except those of the test itself.
fn asked(world: &World) -> u64 {
    let requests = world.oracle()["requests"].as_object().unwrap().clone();
    requests.iter().filter(|(kind, _)| !kind.contains("/emulator")).map(|(_, count)| count.as_u64().unwrap()).sum()
}

#[test]
fn without_a_probe_nobody_is_asked_and_with_it_each_file_once_a_command() {
    let world = World::new();
    let film = film(&world);
    world.write("a.json", json!({"scenes": [{"elements": [{"type": "video", "src": film}]}]}).to_string());
    let before = asked(&world);
    world.j2v("plan a.json").exits(0);
    world.j2v("expand a.json").exits(0);
    assert_eq!(asked(&world), before);
    world.j2v_with(&[("J2V_API_KEY", "")], "plan a.json a.json --probe").exits(0);
    assert_eq!(asked(&world), before + 2, "a HEAD and a GET, and no key");
}

#[test]
fn a_file_that_can_not_be_had_is_told_with_its_place_and_the_plan_goes_on() {
    let world = World::new();
    let missing = world.url().replace("/v2", "/files/nothing.mp4");
    let movie = format!(
        "{{\"scenes\": [{{\"duration\": 3, \"elements\": [\n  {{\"type\": \"video\", \"src\": \"{missing}\"}},\n  {{\"type\": \"image\", \"src\": \"front.jpg\"}}\n]}}]}}"
    );
    world.write("a.json", movie);
    let run = world.j2v("plan a.json --probe --json").exits(0);
    let run = run.tells("warning: a.json:2:28: can't fetch the video: 127.0.0.1 answers with HTTP 404");
    let run = run.tells("warning: a.json:3:28: can't fetch the image: its address is not trusted: it is not a URL");
    let plan = run.json();
    assert_eq!((&plan["duration"], &plan["files"][0]["reachable"]), (&json!(3), &json!(false)));
    assert_eq!(plan["files"][1]["message"], "its address is not trusted: it is not a URL");
}

#[test]
fn files_on_this_machine_are_asked_for_only_when_the_api_is_here_too() {
    let here = World::new();
    let film = film(&here);
    let away = World::at("https://api.json2video.com/v2");
    away.write("a.json", json!({"scenes": [{"elements": [{"type": "video", "src": film}]}]}).to_string());
    let before = asked(&here);
    away.j2v("plan a.json --probe").exits(0).tells("it is on a private network");
    assert_eq!(asked(&here), before);
    away.j2v("plan a.json --probe --emulate").exits(0).hides("private");
    assert_eq!(asked(&here), before + 2);
}
