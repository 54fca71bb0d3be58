//! Estimates how long a text takes to speak: words or letters at the pace of a language, pauses at punctuation, and the
//! breaks in the text. A voice may differ by a fifth.

use super::read;
use crate::movie::json::Node;

/// How much a voice may differ from the estimate, as a part of it.
pub(super) const TOLERANCE: f64 = 0.2;

/// The pace of scripts whose letters are words of their own, letters per second.
const SYLLABLES: f64 = 4.5;

/// The pause at the end of a sentence, and at a comma, seconds.
const PAUSES: (f64, f64) = (0.45, 0.2);

/// Words per second by language (the first two letters of the voice's name); other languages as English.
const WORDS: [(&str, f64); 12] = [
    ("en", 2.6),
    ("de", 2.3),
    ("nl", 2.4),
    ("fr", 2.8),
    ("es", 2.8),
    ("it", 2.6),
    ("pt", 2.7),
    ("pl", 2.1),
    ("ru", 2.0),
    ("tr", 2.0),
    ("fi", 1.8),
    ("hi", 2.5),
];

/// How long a voice element speaks, seconds.
pub(super) fn length(voice: &Node) -> f64 {
    let text = read::text(voice, "text").unwrap_or_default();
    let name = read::text(voice, "voice").unwrap_or_default().to_lowercase();
    let speed = voice.get("model-settings").and_then(|settings| read::number(settings.get("voice_settings")?, "speed"));
    let (spoken, breaks) = without_tags(&text);
    (paced(&spoken, &name) / speed.filter(|speed| (0.5..=2.0).contains(speed)).unwrap_or(1.0) + breaks).max(0.3)
}

/// The spoken part of a text: without its tags.
pub(super) fn spoken(text: &str) -> String {
    without_tags(text).0
}

fn paced(text: &str, voice: &str) -> f64 {
    let pace = WORDS.iter().find(|(language, _)| voice.starts_with(language)).map_or(WORDS[0].1, |(_, pace)| *pace);
    let count = |is: fn(char) -> bool| f64::from(u32::try_from(text.chars().filter(|letter| is(*letter)).count()).unwrap_or(u32::MAX));
    let syllables = count(is_syllable);
    let words =
        text.split(|letter: char| letter.is_whitespace() || is_syllable(letter)).filter(|word| word.chars().any(char::is_alphanumeric));
    let words = f64::from(u32::try_from(words.count()).unwrap_or(u32::MAX));
    let pauses = count(|letter| matches!(letter, '.' | '!' | '?' | '。' | '！' | '？')) * PAUSES.0
        + count(|letter| matches!(letter, ',' | ';' | ':' | '、' | '，')) * PAUSES.1;
    words / pace + syllables / SYLLABLES + pauses
}

/// Whether a letter belongs to a script without spaces between words.
fn is_syllable(letter: char) -> bool {
    matches!(u32::from(letter), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0x0e00..=0x0e7f)
}

/// The text without its tags in angle brackets, and the length of its breaks, seconds.
fn without_tags(text: &str) -> (String, f64) {
    let (mut spoken, mut breaks, mut rest) = (String::with_capacity(text.len()), 0.0, text);
    while let Some(at) = rest.find('<') {
        let Some(end) = rest[at..].find('>') else { break };
        let is_tag = rest[at + 1..].starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/');
        spoken.push_str(&rest[..if is_tag { at } else { at + 1 }]);
        if is_tag {
            breaks += pause(&rest[at + 1..at + end]);
            spoken.push(' ');
        }
        rest = &rest[if is_tag { at + end + 1 } else { at + 1 }..];
    }
    spoken.push_str(rest);
    (spoken.split_whitespace().collect::<Vec<_>>().join(" "), breaks)
}

/// `break time="1.5s"`, `break time='300ms'`.
fn pause(tag: &str) -> f64 {
    let Some(time) = tag.strip_prefix("break").and_then(|rest| rest.split_once("time=")).map(|(_, time)| time) else { return 0.0 };
    let time: String = time
        .chars()
        .skip_while(|letter| matches!(letter, '"' | '\''))
        .take_while(|letter| !matches!(letter, '"' | '\'' | ' ' | '/'))
        .collect();
    let milliseconds = time.strip_suffix("ms").and_then(|number| number.parse::<f64>().ok()).map(|number| number / 1000.0);
    let seconds = || time.strip_suffix('s').and_then(|number| number.parse::<f64>().ok());
    milliseconds.or_else(seconds).unwrap_or(0.0).clamp(0.0, 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::parse;

    fn seconds(voice: &str) -> f64 {
        (length(&parse(voice, 0).unwrap().root) * 100.0).round() / 100.0
    }

    #[test]
    fn a_text_is_spoken_at_the_pace_of_its_language_with_pauses() {
        let cases = [
            (r#"{"text": "Welcome to 123 Oak Street.", "voice": "en-US-EmmaMultilingualNeural"}"#, 2.37),
            (r#"{"text": "eins zwei drei", "voice": "de-DE-KatjaNeural"}"#, 1.3),
            (r#"{"text": "厨房厨房厨房厨房厨", "voice": "zh-CN-XiaoxiaoNeural"}"#, 2.0),
            (r#"{"text": "one<break time=\"1.5s\"/> two <break time='500ms'/>", "voice": "en-US"}"#, 2.77),
            (r#"{"text": "one two", "model-settings": {"voice_settings": {"speed": 2}}}"#, 0.38),
            (r#"{"text": ""}"#, 0.3),
        ];
        for (voice, wanted) in cases {
            assert!((seconds(voice) - wanted).abs() < 0.02, "{voice}: {}", seconds(voice));
        }
    }

    #[test]
    fn tags_are_not_spoken_and_a_bracket_that_opens_none_is_text() {
        assert_eq!(spoken("<speak>a <slow>b</slow> < c</speak>"), "a b < c");
    }
}
