//! The wrong names that people really use, and what they are told.

use j2v::movie::check::rules::Example;

use crate::support::findings;

fn help(movie: &str, code: &str) -> String {
    let found = findings(movie);
    let finding = found.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("no {code} in {movie}: {found:?}"));
    finding.help.clone().unwrap_or_default()
}

#[test]
fn a_wrong_name_of_a_property_leads_to_the_right_one() {
    let movie = |members: &str| format!("{{{members}, \"resolution\": \"hd\", \"scenes\": [{{\"duration\": 4}}]}}");
    assert_eq!(help(&movie(r#""background_color": 1, "client_data": {}"#), "J2V007"), "write `client-data`");
    assert_eq!(help(&movie(r#""clientData": {}"#), "J2V006"), "did you mean `client-data`?");
    assert!(help(&movie(r#""soundtrack": {}"#), "J2V006").contains("of the type `audio`"));
    assert!(help(&movie(r#""webhook": "https://example.com""#), "J2V029").contains("destinations"));
    assert_eq!(help(&movie(r#""templateId": "x""#), "J2V012"), "write `template`");
    assert_eq!(help(&movie(r#""transition": {}"#), "J2V006"), "it belongs into a scene");
    let element = |members: &str| Example::Element.movie(&format!("{{\"type\": \"image\", {members}}}"));
    for (wrong, right) in [("url", "src"), ("source", "src"), ("fit", "resize"), ("zIndex", "z-index"), ("durration", "duration")] {
        assert_eq!(help(&element(&format!("\"{wrong}\": 1")), "J2V006"), format!("did you mean `{right}`?"));
    }
    let text = |members: &str| Example::Element.movie(&format!("{{\"type\": \"text\", \"text\": \"Hi\", {members}}}"));
    assert_eq!(help(&text(r#""fontSize": 80"#), "J2V006"), "move it into `settings`, as `font-size`");
    assert_eq!(help(&text(r#""settings": {"fontSize": "80px"}"#), "J2V006"), "did you mean `font-size`?");
    assert_eq!(help(&text(r#""settings": {"font_size": "80px"}"#), "J2V007"), "did you mean `font-size`?");
}

#[test]
fn a_wrong_word_leads_to_the_right_one() {
    let resolution = |name: &str| help(&format!("{{\"resolution\": \"{name}\", \"scenes\": [{{\"duration\": 4}}]}}"), "J2V020");
    assert_eq!(resolution("1080p"), "did you mean `full-hd`?");
    assert_eq!(resolution("square"), "did you mean `squared`?");
    assert_eq!(resolution("portrait"), "did you mean `instagram-story`?");
    assert!(resolution("4k").contains("3840"));
    let kind = |name: &str| help(&Example::Element.movie(&format!("{{\"type\": \"{name}\"}}")), "J2V061");
    assert_eq!(kind("subtitle"), "did you mean `subtitles`?");
    assert_eq!(kind("html5"), "did you mean `html`?");
    assert_eq!(kind("tts"), "did you mean `voice`?");
    let component = |id: &str| help(&Example::Element.movie(&format!("{{\"type\": \"component\", \"component\": \"{id}\"}}")), "J2V140");
    assert_eq!(component("basic/00"), "did you mean `basic/000`?");
    assert_eq!(component("shapes/rectangle"), "did you mean `shape/rectangle`?");
}

#[test]
fn private_keys_and_the_key_of_a_schema_are_known() {
    let movie =
        r#"{"$schema": "https://example.com/s.json", "__thumbnail": "x", "__other": 1, "resolution": "hd", "scenes": [{"duration": 4}]}"#;
    assert_eq!(findings(movie), []);
}
