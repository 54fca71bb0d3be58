use std::collections::HashMap;

use serde_json::json;

use super::*;
use crate::movie::Document;
use crate::movie::expand::{Limits, expand};

fn planned_with(text: &str, assets: &impl Assets) -> Plan {
    plan(&expand(&Document::parse("m.json", text).unwrap(), &Limits::default()), assets)
}

fn planned(text: &str) -> Plan {
    planned_with(text, &NoAssets)
}

/// A movie of one scene with these elements and these other members of the scene.
fn scene(elements: &str, more: &str) -> Plan {
    planned(&format!(r#"{{"scenes":[{{"elements":[{elements}]{more}}}]}}"#))
}

/// The elements of the first scene as `start length end`.
fn elements(plan: &Plan) -> Vec<String> {
    plan.scenes[0].elements.iter().map(|it| format!("{} | {} | {}", it.start, it.length, it.end)).collect()
}

fn doubts(plan: &Plan) -> Vec<String> {
    plan.unknown.iter().map(|doubt| format!("{}: {}", doubt.place, doubt.reason.as_str())).collect()
}

fn assets(known: &[(&str, f64)]) -> HashMap<String, Asset> {
    let asset = |seconds| Asset { length: Seconds::from_f64(seconds), ..Asset::default() };
    known.iter().map(|(url, seconds)| ((*url).to_owned(), asset(*seconds))).collect()
}

#[test]
fn scenes_add_up_less_the_transition_that_each_begins_with() {
    let text = r#"{"scenes":[{"duration":4,"transition":{"duration":2}},{"duration":"4","transition":{"style":"fade","duration":0.5}},
        {"duration":4},{"duration":4.1,"transition":{"style":"wipeup","duration":0.2}}]}"#;
    let plan = planned(text);
    assert_eq!(plan.duration.to_string(), "15.4 s");
    let starts: Vec<_> = plan.scenes.iter().map(|scene| format!("{} {}", scene.start, scene.overlap)).collect();
    assert_eq!(starts, ["0 s 0 s", "3.5 s 0.5 s", "7.5 s 0 s", "11.3 s 0.2 s"], "nothing comes before the first");
    assert_eq!(plan.scenes[3].transition.as_ref().map(Text::raw), Some("wipeup"));
}

#[test]
fn tenths_add_up_exactly() {
    let scenes = vec![r#"{"duration":0.1}"#; 30].join(",");
    assert_eq!(planned(&format!(r#"{{"scenes":[{scenes}]}}"#)).duration.to_string(), "3 s");
}

#[test]
fn a_transition_takes_no_more_than_its_scenes_and_none_of_known_length_is_a_range() {
    let overlap = |transition: &str| planned(&format!(r#"{{"scenes":[{{"duration":4}},{{"duration":2,"transition":{transition}}}]}}"#));
    assert_eq!(overlap(r#"{"duration":9}"#).duration.to_string(), "4 s");
    let default = overlap(r#"{"style":"fade"}"#);
    assert_eq!(default.duration.to_string(), "4 s to 6 s");
    assert_eq!(doubts(&default), ["scene 2: transition-default"]);
    assert_eq!(overlap("null").duration.to_string(), "6 s");
    assert_eq!(doubts(&overlap(r#"{"duration":"{{ t }}"}"#)), ["scene 2: unresolved"]);
}

#[test]
fn an_element_ends_after_its_duration_and_its_extra_time() {
    let plan = scene(r#"{"type":"image","start":1,"duration":2.5,"extra-time":0.5},{"type":"text","duration":3}"#, "");
    assert_eq!(elements(&plan), ["1 s | 3 s | 4 s", "0 s | 3 s | 3 s"]);
    assert_eq!(plan.duration.to_string(), "4 s");
    assert_eq!(doubts(&plan), [""; 0]);
}

#[test]
fn what_has_no_length_of_its_own_follows_the_scene_and_gives_it_none() {
    let plan = scene(
        r#"{"type":"text","start":1},{"type":"image"},{"type":"component","duration":-2},{"type":"html","duration":-1},{"type":"video","duration":2}"#,
        "",
    );
    assert_eq!(elements(&plan), ["1 s | 1 s | 2 s", "0 s | 2 s | 2 s", "0 s | 2 s | 2 s", "0 s | 2 s | 2 s", "0 s | 2 s | 2 s"]);
    let sources: Vec<_> = plan.scenes[0].elements.iter().map(|element| element.length_source).collect();
    assert_eq!(
        sources,
        [LengthSource::Container, LengthSource::Still, LengthSource::Container, LengthSource::Container, LengthSource::Own]
    );
    assert_eq!(
        planned(r#"{"scenes":[{"elements":[]}],"elements":[{"type":"video","src":"v","duration":30}]}"#).duration.to_string(),
        "30 s"
    );
    let none = scene(r#"{"type":"text"},{"type":"image"}"#, "");
    assert_eq!((none.duration.to_string().as_str(), doubts(&none)), ("unknown", vec!["scene 1: nothing-gives-length".to_owned()]));
}

#[test]
fn a_start_of_minus_one_is_the_end_of_what_came_before() {
    let plan = scene(
        r#"{"type":"image","duration":2},{"type":"image","start":-1,"duration":3},{"type":"text","start":"-1","duration":1},{"type":"text","start":-1}"#,
        "",
    );
    assert_eq!(elements(&plan), ["0 s | 2 s | 2 s", "2 s | 3 s | 5 s", "5 s | 1 s | 6 s", "6 s | 0 s | 6 s"]);
    let voice = scene(r#"{"type":"voice","text":"Hi","start":1},{"type":"image","start":-1,"duration":3}"#, "");
    assert_eq!(elements(&voice), ["1 s | unknown | at least 1 s", "at least 1 s | 3 s | at least 4 s"]);
}

#[test]
fn the_duration_of_a_scene_counts_and_minus_one_is_its_elements() {
    assert_eq!(scene(r#"{"type":"image","duration":9}"#, r#","duration":4"#).duration.to_string(), "4 s");
    assert_eq!(scene(r#"{"type":"image","duration":9}"#, r#","duration":-1"#).duration.to_string(), "9 s");
    assert_eq!(doubts(&scene(r#"{"type":"image","duration":9}"#, r#","duration":0"#)), ["scene 1: no-time"]);
    assert_eq!(doubts(&scene("", r#","duration":"{{ d }}""#)), ["scene 1: unresolved"]);
    assert_eq!(doubts(&scene("", r#","import":"other""#)), ["scene 1: imported"]);
}

#[test]
fn what_is_unknown_is_said_with_the_least_that_it_takes() {
    let plan = scene(r#"{"type":"video","src":"https://a.example/v.mp4","start":2},{"type":"image","duration":5},{"type":"pudding"}"#, "");
    assert_eq!(plan.duration.to_string(), "at least 5 s");
    assert_eq!(doubts(&plan), ["scene 1, element 1: asset-length", "scene 1, element 3: unknown-type"]);
    assert_eq!(plan.unknown[0].reason.to_string(), "the length of the asset is unknown until it is fetched");
}

#[test]
fn assets_give_their_length_as_often_and_from_where_they_are_played() {
    let known = assets(&[("v", 10.0)]);
    let cases = [
        ("", "10 s"),
        (r#","seek":4"#, "6 s"),
        (r#","seek":-3"#, "3 s"),
        (r#","seek":40"#, "0 s"),
        (r#","loop":3,"seek":4"#, "18 s"),
        (r#","loop":-1"#, "unknown"),
        (r#","loop":-1,"duration":7"#, "7 s"),
        (r#","seek":"{{ s }}""#, "unknown"),
    ];
    for (more, length) in cases {
        let plan = planned_with(&format!(r#"{{"scenes":[{{"elements":[{{"type":"video","src":"v"{more}}}]}}]}}"#), &known);
        assert_eq!(plan.scenes[0].elements[0].length.to_string(), length, "{more}");
    }
}

#[test]
fn elements_of_the_movie_extend_it_unless_they_follow_it() {
    let text = r#"{"scenes":[{"duration":4}],"elements":[{"type":"audio","src":"a"},{"type":"audio","src":"a","duration":-2},{"type":"text","duration":6},{"type":"text","duration":3}]}"#;
    let plan = planned(text);
    assert_eq!(plan.duration.to_string(), "at least 6 s");
    assert_eq!(doubts(&plan), ["movie element 1: asset-length", "movie element 1: may-extend-movie"]);
    let ends: Vec<_> = plan.elements.iter().map(|element| element.end.to_string()).collect();
    assert_eq!(ends, ["unknown", "at least 6 s", "6 s", "3 s"]);
    let known = planned(
        r#"{"scenes":[{"duration":4}],"elements":[{"type":"video","src":"v","start":1,"duration":30},{"type":"text","duration":-2}]}"#,
    );
    assert_eq!((known.duration.to_string(), known.credits.amount, doubts(&known)), ("31 s".to_owned(), Credits::Exactly(31), Vec::new()));
    assert_eq!(known.elements[1].end.to_string(), "31 s", "-2 follows the movie");
    assert_eq!(planned(r#"{"scenes":[],"elements":[{"type":"text","duration":6}]}"#).duration.to_string(), "6 s");
}

#[test]
fn a_movie_of_a_template_or_of_nothing_has_no_known_length() {
    let template = planned(r#"{"template":"abcdefghij0123456789","scenes":[{"duration":4}]}"#);
    assert_eq!((template.scenes.len(), template.duration.to_string().as_str(), template.credits.amount), (0, "unknown", Credits::Unknown));
    assert_eq!(doubts(&template), ["the movie: template"]);
    assert_eq!(doubts(&planned("{}")), ["the movie: nothing-gives-length"]);
}

#[test]
fn what_may_be_left_out_or_repeated_makes_a_range() {
    let text = r#"{"scenes":[{"duration":4,"condition":"{{ u }}"},{"duration":3,"iterate":"u"},
        {"elements":[{"type":"image","duration":2},{"type":"image","duration":5,"condition":"{{ u }}"}]}]}"#;
    let plan = planned(text);
    let lengths: Vec<_> = plan.scenes.iter().map(|scene| scene.length.to_string()).collect();
    assert_eq!(lengths, ["0 s to 4 s", "unknown", "2 s to 5 s"]);
    assert_eq!(doubts(&plan), ["scene 1: condition", "scene 2: not-iterated", "scene 3, element 2: condition"]);
    assert_eq!(plan.duration.to_string(), "at least 2 s");
}

#[test]
fn sizes_are_those_of_the_presets_or_written_out() {
    let size = |members: &str| planned(&format!(r#"{{{members}"scenes":[{{"duration":1}}]}}"#));
    let cases = [
        ("", "640×360"),
        (r#""width":1920,"height":"1080","#, "1920×1080"),
        (r#""resolution":"custom","width":3840,"height":2160,"#, "3840×2160"),
        (r#""resolution":"full-hd","width":3840,"#, "1920×1080"),
        (r#""resolution":"hd","#, "1280×720"),
        (r#""resolution":"squared","#, "1080×1080"),
        (r#""resolution":"instagram-feed","#, "1080×1080"),
        (r#""resolution":"instagram-story","#, "1080×1920"),
        (r#""resolution":"twitter-landscape","#, "1600×900"),
        (r#""resolution":"twitter-portrait","#, "1080×1350"),
        (r#""resolution":"sd","#, "640×360 or 640×480"),
        (r#""resolution":"4k","#, "unknown"),
        (r#""width":"{{ w }}","#, "unknown"),
    ];
    for (members, expected) in cases {
        assert_eq!(size(members).size.to_string(), expected, "{members}");
    }
    assert_eq!(doubts(&size(r#""resolution":"sd","#)), ["the movie: sd-size"]);
    assert_eq!(doubts(&size(r#""width":"{{ w }}","#)), ["the movie: unresolved"]);
}

fn price(members: &str) -> (String, Vec<PriceReason>) {
    let credits = planned(&format!("{{{members}}}")).credits;
    (credits.amount.to_string(), credits.reasons)
}

#[test]
fn credits_are_counted_by_the_second_and_the_size() {
    let of = |members: &str, seconds: &str| price(&format!(r#"{members}"scenes":[{{"duration":{seconds}}}]"#));
    assert_eq!(of("", "12"), ("12".to_owned(), vec![PriceReason::PerSecond]));
    assert_eq!(of("", "14.5"), ("14 or 15".to_owned(), vec![PriceReason::PerSecond, PriceReason::Rounding]));
    assert_eq!(of("", "0.5"), ("0".to_owned(), vec![PriceReason::TooShort]));
    assert_eq!(of("", "1"), ("1".to_owned(), vec![PriceReason::PerSecond]));
    let four_k = r#""resolution":"custom","width":3840,"height":2160,"#;
    assert_eq!(of(four_k, "10"), ("10 to 40".to_owned(), vec![PriceReason::PerSecond, PriceReason::AboveFullHd]));
    assert_eq!(of(r#""resolution":"instagram-story","#, "10").0, "10", "as many pixels as full HD");
    assert_eq!(of(r#""resolution":"{{ r }}","#, "10"), ("10 to 40".to_owned(), vec![PriceReason::PerSecond, PriceReason::Size]));
    let voice = r#""scenes":[{"elements":[{"type":"image","duration":3},{"type":"voice","text":"Hi"}]}]"#;
    assert_eq!(price(voice), ("at least 3".to_owned(), vec![PriceReason::PerSecond, PriceReason::Length]));
}

#[test]
fn what_is_generated_is_paid_for_up_to_its_price() {
    let of = |element: &str| price(&format!(r#""scenes":[{{"duration":10,"elements":[{{{element}}}]}}]"#)).0;
    let cases = [
        (r#""type":"voice","text":"Hi","model":"azure""#, "10"),
        (r#""type":"voice","text":"Hi""#, "10"),
        (r#""type":"voice","text":"Hi","model":"elevenlabs""#, "at least 10"),
        (r#""type":"voice","text":"Hi","model":"elevenlabs-v3","duration":5"#, "10 to 30"),
        (r#""type":"voice","text":"Hi","model":"elevenlabs","duration":90"#, "10 to 100"),
        (r#""type":"voice","text":"Hi","model":"elevenlabs","connection":"mine""#, "10"),
        (r#""type":"voice","text":"Hi","model":"{{ m }}""#, "at least 10"),
        (r#""type":"image","prompt":"a house","model":"flux-schnell""#, "10"),
        (r#""type":"image","prompt":"a house","model":"nano-banana-pro""#, "10 to 90"),
        (r#""type":"image","prompt":"a house","model":"seedream-v4""#, "10 to 25"),
        (r#""type":"image","prompt":"a house","model":"seedream-v4","connection":"mine""#, "10"),
        (r#""type":"image","prompt":"a house","model":"of-tomorrow""#, "at least 10"),
        (r#""type":"image","src":"a.png","model":"nano-banana-pro""#, "10"),
        (r#""type":"video","prompt":"a house","model":"wan-v2.5","duration":4"#, "10 to 130"),
        (r#""type":"video","prompt":"a house","model":"seedance-v1.5-pro""#, "at least 10"),
    ];
    for (element, expected) in cases {
        assert_eq!(of(element), expected, "{element}");
    }
}

#[test]
fn scenes_and_elements_say_where_they_came_from_and_what_they_are() {
    let text = r#"{"variables":{"l":[{"t":"One"},{"t":"A rather long text that nobody can read on a bar"}]},"scenes":[{"duration":1},
        {"id":"s","iterate":"l","duration":2,"elements":[{"condition":false},{"type":"text","text":"{{ t }}"},{"type":"image","id":"i","src":"https://a.example/b/c.jpg?d=e"}]}]}"#;
    let plan = planned(text);
    let scene = &plan.scenes[2];
    assert_eq!(
        (scene.index, scene.source, scene.iteration, scene.id.as_ref().map(Text::raw)),
        (2, 1, Some(Iteration { index: 1, of: 2 }), Some("s"))
    );
    let labels: Vec<_> =
        scene.elements.iter().map(|element| (element.source, element.label(), element.id.as_ref().map(Text::raw))).collect();
    assert_eq!(labels, [(1, "text \"A rather long text that…\"".to_owned(), None), (2, "image c.jpg".to_owned(), Some("i"))]);
    assert!(text[scene.span.start as usize..].starts_with(r#"{"id":"s""#));
}

#[test]
fn programs_get_numbers_where_they_are_known_and_bounds_where_not() {
    let told = scene(r#"{"type":"voice","text":"Hi","start":1}"#, "").to_json();
    let unknown = json!({ "at_least": 1, "at_most": null, "reason": "spoken-length" });
    assert_eq!(told["duration"], unknown);
    assert_eq!(told["scenes"][0]["elements"][0]["start"], json!(1));
    assert_eq!(told["scenes"][0]["elements"][0]["end"], unknown);
    assert_eq!(told["credits"]["at_least"], json!(1));
    assert_eq!(told["credits"]["exactly"], json!(null));
    assert_eq!(told["unknown"][0]["scene"], json!(0));
    assert_eq!(planned(r#"{"scenes":[{"duration":14.5}]}"#).to_json()["duration"].to_string(), "14.5");
}

#[test]
fn the_assets_of_a_movie_are_listed_once() {
    let text = r#"{"scenes":[{"elements":[{"type":"image","src":"a"},{"type":"video","src":"a"},{"type":"image","src":"{{ u }}"}]}],"elements":[{"type":"audio","src":"b"}]}"#;
    let expansion = expand(&Document::parse("m.json", text).unwrap(), &Limits::default());
    let uses: Vec<_> = assets_of(&expansion).into_iter().map(|it| (it.url, it.kind)).collect();
    assert_eq!(uses, [("a", "image"), ("b", "audio")].map(|(url, kind)| (url.to_owned(), kind.to_owned())));
}

#[test]
fn times_beyond_any_movie_are_no_times() {
    assert_eq!(Seconds::from_f64(1e300), None);
    assert_eq!(Seconds::from_f64(f64::NAN), None);
    assert_eq!(Seconds::from_f64(-0.25).map(|time| time.to_string()).as_deref(), Some("-0.25"));
    assert_eq!(Seconds::from_f64(0.1).map(|time| time.times(3).to_string()).as_deref(), Some("0.3"));
    assert_eq!(doubts(&scene("", r#","duration":1e400"#)), ["scene 1: no-time"]);
}

#[test]
fn bounds_stay_bounds_through_arithmetic() {
    let time = |seconds| Length::known(Seconds::whole(seconds));
    let unknown = Length::unknown(Reason::AssetLength);
    assert_eq!(time(4).minus(&time(6)), Length::ZERO);
    assert_eq!(unknown.minus(&time(6)).to_string(), "unknown");
    assert_eq!(time(6).minus(&unknown).to_string(), "0 s to 6 s");
    assert_eq!(time(6).plus(&unknown).to_string(), "at least 6 s");
    assert_eq!(unknown.shorter(&time(2)).to_string(), "0 s to 2 s");
    assert_eq!(time(6).longer(&Length::up_to(time(4), Reason::AssetLength)).why(), None);
    assert!(unknown.may_exceed(&time(100)) && !time(4).may_exceed(&time(4)));
}

/// What leaves the cost of a movie without an upper bound, and what would set one.
fn open(text: &str) -> Vec<(String, &'static str)> {
    planned(text).unbounded().into_iter().map(|open| (open.to_string(), open.fix)).collect()
}

#[test]
fn what_has_no_upper_bound_says_where_why_and_what_gives_it_one() {
    let ends = "give it `\"duration\": -2`, which ends it with the scenes";
    let song = "movie element 1, audio song.mp3: the length of the asset is unknown until it is fetched".to_owned();
    let over = r#"{"scenes":[SCENE],"elements":[{"type":"audio","src":"https://a.example/song.mp3"}]}"#;
    assert_eq!(open(&over.replace("SCENE", r#"{"duration":4}"#)), [(song.clone(), ends)]);
    assert_eq!(open(&over.replace("SCENE", r#"{"elements":[]}"#)), [(song, "give it a `\"duration\"` in seconds")]);
    let scene = "give the scene a `\"duration\"` in seconds: it ends then, whatever is in it";
    let voice = r#"{"scenes":[{"elements":[{"type":"image","duration":2},{"type":"voice","text":"Hi"}]}]}"#;
    let told = "scene 1, element 2, voice \"Hi\": the length of the spoken text is unknown until it is spoken".to_owned();
    assert_eq!(open(voice), [(told, scene)]);
    assert_eq!(
        open(r#"{"scenes":[{"elements":[{"type":"text","text":"Hi"}]}]}"#),
        [("scene 1: nothing in it has a length of its own".to_owned(), scene)]
    );
    assert_eq!(open(r#"{"template":"LerKrmBfiqaIgBuacLWn"}"#)[0].0, "the movie: the scenes are in the template");
    let model = r#"{"scenes":[{"duration":4,"elements":[{"type":"image","prompt":"a house","model":"of-tomorrow"}]}]}"#;
    assert_eq!(open(model)[0].0, "scene 1, element 1, image \"a house\": what its model costs is in no source");
    let paid = r#"{"scenes":[{"duration":4,"elements":[{"type":"voice","text":"Hi","model":"elevenlabs"}]}]}"#;
    assert!(open(paid)[0].1.contains("a `connection`"), "{:?}", open(paid));
}

#[test]
fn whatever_has_no_upper_bound_says_why_and_nothing_else_does() {
    let pieces = ["", r#""duration":3,"#, r#""duration":-2,"#, r#""start":-1,"#, r#""start":"{{ u }}","#, r#""condition":"{{ u }}","#];
    let kinds = ["image", "video", "audio", "voice", "text", "pudding"];
    for (kind, more, is_over) in kinds.iter().flat_map(|kind| pieces.iter().flat_map(move |more| [(kind, more, true), (kind, more, false)]))
    {
        let element = format!(r#"{{{more}"type":"{kind}","src":"a","text":"b"}}"#);
        let text = if is_over {
            format!(r#"{{"scenes":[{{"duration":4}}],"elements":[{element}]}}"#)
        } else {
            format!(r#"{{"scenes":[{{"elements":[{element}]}}]}}"#)
        };
        let plan = planned(&text);
        assert_eq!(plan.credits.amount.at_most().is_none(), !plan.unbounded().is_empty(), "{text}");
    }
}
