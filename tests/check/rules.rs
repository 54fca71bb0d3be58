//! One wrong and one right example per rule, and the place of the finding.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use j2v::movie::Document;
use j2v::movie::check::Rule;
use j2v::movie::check::rules::Example;

use crate::support::{codes, findings, parse};

/// The place of the finding in each rule's wrong example, as line and column, and the text there.
const PLACES: &[(&str, &str, &str)] = &[
    ("J2V001", "2:3", "// four seconds of black"),
    ("J2V003", "1:1", "{"),
    ("J2V004", "1:37", r#"{"duration": 4}"#),
    ("J2V005", "1:1", "{"),
    ("J2V006", "1:27", r#""qualty""#),
    ("J2V007", "2:17", r#""background_color""#),
    ("J2V008", "2:14", r#""long""#),
    ("J2V009", "2:55", r#""scale""#),
    ("J2V010", "1:2", r#""movie""#),
    ("J2V011", "1:38", r#""scenes""#),
    ("J2V012", "1:2", r#""templateId""#),
    ("J2V013", "1:14", r#""Real Estate 1""#),
    ("J2V014", "2:40", r#""intro""#),
    ("J2V015", "2:17", r#""duration""#),
    ("J2V016", "2:77", r#""font-color""#),
    ("J2V017", "2:16", "J2V999"),
    ("J2V020", "1:16", r#""1080p""#),
    ("J2V021", "1:16", r#""custom""#),
    ("J2V022", "1:31", "800"),
    ("J2V023", "1:27", "40"),
    ("J2V024", "1:11", "1281"),
    ("J2V025", "1:38", r#""best""#),
    ("J2V026", "1:34", "240"),
    ("J2V027", "1:2", r#""scenes""#),
    ("J2V028", "1:27", r#""draft""#),
    ("J2V029", "1:27", r#""webhook""#),
    ("J2V030", "1:42", r#""L-4821""#),
    ("J2V040", "2:2", r#""elements""#),
    ("J2V041", "2:18", "{"),
    ("J2V042", "2:14", "-5"),
    ("J2V043", "2:58", r#""quux""#),
    ("J2V044", "2:78", "4"),
    ("J2V045", "2:17", r#""transition""#),
    ("J2V046", "2:58", r#""circleopen""#),
    ("J2V047", "4:64", "6"),
    ("J2V048", "2:37", r#""0E7C66""#),
    ("J2V049", "2:27", r#""intro""#),
    ("J2V060", "2:1", "{"),
    ("J2V061", "2:10", r#""tts""#),
    ("J2V062", "2:10", r#""template""#),
    ("J2V063", "2:35", r#""elements""#),
    ("J2V064", "2:10", r#""video""#),
    ("J2V065", "2:26", r#""photos/a.jpg""#),
    ("J2V066", "2:26", r#""http://192.168.0.7/a.jpg""#),
    ("J2V067", "2:26", r#""https://www.youtube.com/watch?v=abc""#),
    ("J2V068", "2:26", r#""https://example.com/logo.svg""#),
    ("J2V069", "2:67", "-3"),
    ("J2V070", "2:2", r#""elements""#),
    ("J2V071", "2:64", "-4"),
    ("J2V072", "2:66", "1000"),
    ("J2V073", "2:67", r#""top-center""#),
    ("J2V074", "2:80", r#""x""#),
    ("J2V075", "2:65", r#""stretch""#),
    ("J2V076", "2:84", r#""resize""#),
    ("J2V077", "2:63", "{"),
    ("J2V078", "2:75", "400"),
    ("J2V079", "2:63", "50"),
    ("J2V080", "2:86", "5"),
    ("J2V081", "2:69", "{"),
    ("J2V082", "2:84", "2"),
    ("J2V083", "2:96", "2"),
    ("J2V084", "2:60", "2000"),
    ("J2V085", "2:65", r#""position""#),
    ("J2V086", "2:64", "12"),
    ("J2V087", "2:65", "80"),
    ("J2V088", "2:64", "false"),
    ("J2V089", "2:66", "-1"),
    ("J2V100", "2:55", r#""prompt""#),
    ("J2V101", "2:19", r#""model""#),
    ("J2V102", "2:81", r#""square""#),
    ("J2V103", "2:49", r#""flux-snell""#),
    ("J2V104", "2:49", r#""flux-pro""#),
    ("J2V110", "2:77", "-1"),
    ("J2V111", "2:63", "-5"),
    ("J2V120", "2:10", r#""text""#),
    ("J2V121", "2:26", r#""FOR<br>SALE""#),
    ("J2V122", "2:44", "3"),
    ("J2V123", "2:63", "4"),
    ("J2V124", "2:63", r#""heavy""#),
    ("J2V125", "2:61", r#""80""#),
    ("J2V126", "2:48", r#""font-url""#),
    ("J2V127", "2:63", r#""https://example.com/a.woff2""#),
    ("J2V128", "2:57", r##""#FFF""##),
    ("J2V129", "2:62", r#""centre""#),
    ("J2V130", "2:10", r#""html""#),
    ("J2V131", "2:44", r#""tailwind""#),
    ("J2V132", "2:52", "30"),
    ("J2V140", "2:10", r#""component""#),
    ("J2V141", "2:74", r#""FOR SALE""#),
    ("J2V142", "2:85", r#""sold""#),
    ("J2V150", "2:10", r#""voice""#),
    ("J2V151", "2:74", r#""azur""#),
    ("J2V152", "2:45", r#""en-US-AriaNeural""#),
    ("J2V153", "2:156", "2"),
    ("J2V154", "2:64", r#""elevenlabs""#),
    ("J2V160", "2:39", r#""subtitles""#),
    ("J2V161", "3:10", r#""subtitles""#),
    ("J2V162", "2:10", r#""subtitles""#),
    ("J2V163", "2:86", r#""fancy""#),
    ("J2V164", "2:106", r#""x""#),
    ("J2V165", "2:97", r#""keywords""#),
    ("J2V166", "2:77", r#""font-url""#),
    ("J2V167", "2:35", r#""Welcome home""#),
    ("J2V168", "2:90", r#""100px""#),
    ("J2V170", "2:10", r#""audiogram""#),
    ("J2V171", "2:34", "80"),
    ("J2V201", "1:56", "\"age\""),
    ("J2V202", "1:41", r#""first-name""#),
    ("J2V203", "1:41", r#""?color""#),
    ("J2V204", "1:122", r#""Hello {{ name""#),
    ("J2V206", "2:30", r#""{{ true }}""#),
    ("J2V210", "2:55", r#""iterate""#),
    ("J2V211", "1:49", r#""XXL""#),
    ("J2V300", "1:64", "{"),
    ("J2V301", "1:146", "{"),
    ("J2V302", "2:10", r#""gdrive""#),
    ("J2V303", "2:10", r#""webhook""#),
    ("J2V304", "2:33", r#""http://example.com/done""#),
    ("J2V305", "2:77", r#""urlencoded""#),
    ("J2V306", "2:84", r#""hunter2""#),
    ("J2V307", "1:56", r#""k7Gq2xW9pLm4""#),
    ("J2V308", "2:108", r#""video-__year__.mp4""#),
    ("J2V309", "2:8", r#""My FTP""#),
    ("J2V310", "2:18", r#""type""#),
    ("J2V311", "2:10", r#""webhook""#),
    ("J2V401", "1:11", "3840"),
    ("J2V403", "1:1", "{"),
    ("J2V404", "1:38", "["),
    ("J2V405", "2:26", r#""https://assets.json2video.com/clients/abc/renders/def.mp4""#),
];

/// Rules that need the resolved movie, the head of a file or a large movie: `resolved` and `grades` test them.
fn needs_more(rule: &Rule) -> bool {
    matches!(rule.example, Example::Expanded | Example::Told)
}

#[test]
fn a_wrong_example_gives_its_code_at_its_place_and_nothing_else() {
    for (code, place, covered) in PLACES {
        let rule = Rule::find(code).unwrap();
        let text = rule.example.movie(rule.wrong);
        let (document, found) = (parse(&text), findings(&text));
        assert_eq!(codes(&found), [*code], "{text}");
        let span = found[0].span;
        assert_eq!(document.place(span).map(|(_, position)| position.to_string()).as_deref(), Some(*place), "{code}");
        assert!(text[span.start as usize..span.end as usize].starts_with(covered), "{code}");
        assert!(found[0].severity >= rule.severity, "{code} may be milder than its rule, not worse");
    }
}

#[test]
fn a_right_example_gives_nothing() {
    for rule in Rule::all().filter(|rule| !needs_more(rule)) {
        assert_eq!(findings(&rule.example.movie(rule.right)), [], "{}", rule.code);
    }
}

#[test]
fn what_is_no_object_is_no_movie() {
    let rule = Rule::find("J2V002").unwrap();
    let refused = Document::parse("m.json", rule.wrong).unwrap_err();
    assert_eq!((refused.diagnostic.code, refused.position().to_string().as_str()), ("J2V002", "1:1"));
    assert!(refused.diagnostic.stops());
}

#[test]
fn every_rule_has_its_place_in_the_table() {
    let shown: BTreeSet<_> = PLACES.iter().map(|(code, ..)| *code).chain(["J2V002"]).collect();
    let rules: BTreeSet<_> = Rule::all().filter(|rule| !needs_more(rule)).map(|rule| rule.code).collect();
    assert_eq!(shown, rules);
}

#[test]
fn every_rule_says_why_and_what_it_rests_on() {
    for rule in Rule::all() {
        assert!(rule.why.ends_with('.') && !rule.source.is_empty(), "{}", rule.code);
        assert!(rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{}", rule.name);
    }
}

/// The codes in the sources of a folder.
fn codes_in(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes_in(&path, codes);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let quoted = text.match_indices("\"J2V").filter_map(|(at, _)| text.get(at + 1..at + 7));
        codes.extend(quoted.filter(|code| code[3..].bytes().all(|byte| byte.is_ascii_digit()) && *code != "J2V999").map(str::to_owned));
    }
}

#[test]
fn every_code_in_the_sources_is_a_rule() {
    let mut codes = BTreeSet::new();
    codes_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/movie"), &mut codes);
    assert!(codes.len() > 100);
    let unknown: Vec<_> = codes.iter().filter(|code| Rule::find(code).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
