//! The wrong names that users really write, and the messages about them.

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
    for wrong in ["url", "source", "imageUrl"] {
        assert_eq!(help(&element(&format!("\"{wrong}\": 1")), "J2V064"), "did you mean `src`?");
    }
    for (wrong, right) in [("fit", "resize"), ("zIndex", "z-index"), ("durration", "duration")] {
        assert_eq!(help(&element(&format!("\"{wrong}\": 1")), "J2V006"), format!("did you mean `{right}`?"));
    }
    let text = |members: &str| Example::Element.movie(&format!("{{\"type\": \"text\", \"text\": \"Hi\", {members}}}"));
    assert_eq!(help(&text(r#""fontSize": 80"#), "J2V006"), "move it into `settings`, as `font-size`");
    for (wrong, right) in
        [("fontSize", "font-size"), ("font_size", "font-size"), ("fontsize", "font-size"), ("colour", "color"), ("font", "font-family")]
    {
        assert_eq!(help(&text(&format!("\"settings\": {{\"{wrong}\": \"1px\"}}")), "J2V129"), format!("did you mean `{right}`?"));
    }
    for fine in ["word-spacing", "text-indent", "margin", "border-radius", "opacity"] {
        assert_eq!(findings(&text(&format!("\"settings\": {{\"{fine}\": \"1px\"}}"))), [], "{fine} is CSS");
    }
}

#[test]
fn a_mistake_is_one_finding_and_its_help_is_the_fix() {
    let image = |more: &str| Example::Element.movie(&format!(r#"{{"type": "image", "src": "https://example.com/a.jpg", {more}}}"#));
    let text = |more: &str| Example::Element.movie(&format!(r#"{{"type": "text", "text": "Hi", {more}}}"#));
    let voice = |more: &str| Example::Element.movie(&format!(r#"{{"type": "voice", "text": "Hi", "voice": "en-US-AriaNeural", {more}}}"#));
    let second = |more: &str| Example::Scene.movie(&format!(r#"{{"duration": 4}}, {{"duration": 4, {more}}}"#));
    let subtitles =
        |more: &str| Example::Over.movie(&format!(r#"{{"type": "subtitles", "captions": "https://example.com/a.srt", {more}}}"#));
    let cases = [
        (Example::Element.movie(r##"{"type": "shape", "color": "#fff"}"##), "J2V061", "component"),
        (Example::Element.movie(r#"{"type": "image", "url": "https://example.com/a.jpg"}"#), "J2V064", "`src`"),
        (Example::Element.movie(r#"{"type": "text", "content": "Hi"}"#), "J2V120", "`text`"),
        (Example::Scene.movie(r#"{"elements": {"type": "text", "text": "Hi"}}"#), "J2V008", "brackets"),
        (Example::Scene.movie(r#"{"elments": []}"#), "J2V006", "`elements`"),
        (Example::Scene.movie(r#"{"durration": 4}"#), "J2V006", "`duration`"),
        (Example::Scene.movie(r#"{"type": "text", "text": "Hi", "duration": 4}"#), "J2V006", "elements"),
        (Example::Scene.movie(r#"{"duration": 4, "voice": "Hi"}"#), "J2V006", "of the type `voice`"),
        (r#"{"resolution": "hd", "scense": []}"#.to_owned(), "J2V003", "`scenes`"),
        (text(r##""color": "#fff""##), "J2V006", "`settings`, as `color`"),
        (text(r#""font": "Inter""#), "J2V006", "`settings`, as `font-family`"),
        (text(r##""background": "#fff""##), "J2V006", "`settings`, as `background-color`"),
        (text(r#""padding": "4px""#), "J2V006", "`settings`, as `padding`"),
        (text(r#""settings": {"vertical-position": "buttom"}"#), "J2V129", "`bottom`"),
        (text(r#""settings": {"color": "notacolor"}"#), "J2V048", "#RRGGBB"),
        (image(r#""top": 10"#), "J2V006", "`y`"),
        (image(r#""left": 10"#), "J2V006", "`x`"),
        (image(r#""settings": {"fit": "cover"}"#), "J2V006", "`resize`"),
        (image(r#""y": "50%""#), "J2V008", "`540`"),
        (image(r#""width": "100%""#), "J2V008", "`1920`"),
        (image(r#""x": "center""#), "J2V008", "\"center-center\""),
        (image(r#""duration": "3s""#), "J2V008", "`3`"),
        (voice(r#""provider": "azure""#), "J2V006", "`model`"),
        (voice(r#""speed": 1.1"#), "J2V006", "model-settings"),
        (voice(r#""settings": {"speed": 1}"#), "J2V006", "`model-settings`"),
        (Example::Element.movie(r#"{"type": "voice", "text": "Hi", "voice": "en-US-Neural2-F"}"#), "J2V152", "EmmaMultilingualNeural"),
        (Example::Element.movie(r#"{"type": "audio", "src": "https://example.com/a.mp3", "volume": 80}"#), "J2V087", "`0.8`"),
        (Example::Over.movie(r#"{"type": "subtitles", "src": "https://example.com/a.srt"}"#), "J2V006", "`captions`"),
        (subtitles(r#""settings": {"font-size": "100px"}"#), "J2V168", "`100`"),
        (second(r#""transition": {"type": "fade"}"#), "J2V043", "\"style\": \"fade\""),
        (second(r#""transition": {"type": "dissolve"}"#), "J2V043", "\"style\": \"dissolve\""),
        (second(r#""transition": {"name": "fade"}"#), "J2V006", "`style`"),
        (second(r#""transition": "fade""#), "J2V008", "{\"style\": \"fade\""),
        (second(r#""transition": {"style": "fade", "duration": 4}"#), "J2V044", "less than 4 s"),
        (Example::Scene.movie(r#"{"duration": 4, "condition": "{{ 1 == 2 }}"}"#), "J2V206", "ask for a variable"),
        (Example::Scene.movie(r#"{"duration": 4, "condition": "mode == 'pro'"}"#), "J2V206", "{{ mode == 'pro' }}"),
        (r#"{"project": {"scenes": [{"duration": 4}]}}"#.to_owned(), "J2V010", "jq '.project'"),
        (r#"{"data": {"movie": {"scenes": [{"duration": 4}]}}}"#.to_owned(), "J2V010", "jq '.data.movie'"),
        (r#"{"nodes": [{"name": "a"}, {"parameters": {"jsonBody": "={\"scenes\": []}"}}]}"#.to_owned(), "J2V010", "jq -r '.nodes[1].parameters.jsonBody'"),
        (r#"{"success": true, "movie": {"status": "done", "json": "{\"scenes\": []}"}}"#.to_owned(), "J2V010", "jq -r '.movie.json'"),
        (r#"{"resolution": "hd", "x-api-key": "k7Gq2xW9pLm4", "scenes": [{"duration": 4}]}"#.to_owned(), "J2V307", "auth login"),
        (r#"{"resolution": "hd", "variables": {"xi_api_key": "k7Gq2xW9pLm4"}, "scenes": [{"duration": 4, "comment": "{{ xi_api_key }}"}]}"#.to_owned(), "J2V307", "connection"),
        (Example::Element.movie(&format!(r#"{{"type": "image", "src": "https://maps.example.com/a.png?key=AIza{}"}}"#, "x".repeat(35))), "J2V307", "restrict"),
    ];
    for (movie, code, fix) in cases {
        let found = findings(&movie);
        let told: Vec<_> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(told, [code], "{movie}: {found:?}");
        assert!(found[0].help.as_ref().is_some_and(|help| help.contains(fix)), "{movie}: {:?}", found[0].help);
    }
}

#[test]
fn a_misspelled_name_stops_where_what_is_missing_without_it_would() {
    for piece in [
        r#"{"type": "video", "url": "https://example.com/a.mp4"}"#,
        r#"{"type": "text", "content": "Hi"}"#,
        r#"{"type": "component", "componet": "basic/000"}"#,
    ] {
        let found = findings(&Example::Element.movie(piece));
        assert!(found.len() == 1 && found[0].stops(), "{piece}: {found:?}");
    }
    let bare = r#"{"durration": 4, "elements": [{"type": "image", "src": "https://example.com/a.jpg"}]}"#;
    let found = findings(&Example::Scene.movie(bare));
    assert!(found.len() == 1 && found[0].stops() && found[0].code == "J2V040", "{found:?}");
    let carried = findings(&Example::Scene.movie(&format!("{bare}, {{\"duration\": 4}}")));
    assert!(carried.len() == 1 && !carried[0].stops(), "{carried:?}");
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
    assert_eq!(component("shapes/rectangle"), "did you mean `shape/rectangle`?");
}

#[test]
fn private_keys_and_the_key_of_a_schema_are_known() {
    let movie =
        r#"{"$schema": "https://example.com/s.json", "__thumbnail": "x", "__other": 1, "resolution": "hd", "scenes": [{"duration": 4}]}"#;
    assert_eq!(findings(movie), []);
}
