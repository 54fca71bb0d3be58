//! Parses captions: `SubRip` and `WebVTT`. Each cue becomes lines of a few words. The words are timed evenly over the cue,
//! since the formats time cues and not words.

use serde::Serialize;

/// A text and the time at which it is spoken, seconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cue {
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) text: String,
}

/// A line of subtitles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// When the line appears, seconds of the movie.
    pub start: f64,
    /// When it disappears.
    pub end: f64,
    /// Its words, each with the time at which it is spoken.
    pub words: Vec<(f64, String)>,
}

/// The cues of a text in either format; `None` when it is neither.
pub(super) fn parse(text: &str) -> Option<Vec<Cue>> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let mut cues = Vec::new();
    for block in text.split("\n\n") {
        let mut lines = block.trim().lines().skip_while(|line| !line.contains("-->"));
        let Some((start, end)) = lines.next().and_then(times) else { continue };
        let words: Vec<String> = lines.map(without_tags).filter(|line| !line.is_empty()).collect();
        if end > start && !words.is_empty() {
            cues.push(Cue { start, end, text: words.join(" ") });
        }
    }
    (!cues.is_empty()).then_some(cues)
}

/// `00:00:01,000 --> 00:00:02,500 align:start`.
fn times(line: &str) -> Option<(f64, f64)> {
    let (start, rest) = line.split_once("-->")?;
    Some((time(start)?, time(rest.split_whitespace().next()?)?))
}

/// `01:02:03,450` or `02:03.450`.
fn time(text: &str) -> Option<f64> {
    let parts = text.trim().replace(',', ".");
    let seconds = parts.split(':').try_fold(0.0, |seconds: f64, part| Some(seconds * 60.0 + part.parse::<f64>().ok()?))?;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

fn without_tags(line: &str) -> String {
    let mut is_inside = false;
    let plain = line.chars().filter(|letter| {
        let was_inside = is_inside;
        is_inside = matches!((*letter, is_inside), ('<' | '{', _)) || (is_inside && !matches!(letter, '>' | '}'));
        !was_inside && !is_inside
    });
    plain.collect::<String>().trim().to_owned()
}

/// Cues as lines of a limited number of words.
pub(super) fn lines(cues: &[Cue], most_words: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for cue in cues {
        let words: Vec<&str> = cue.text.split_whitespace().collect();
        let count = f64::from(u32::try_from(words.len()).unwrap_or(u32::MAX)).max(1.0);
        let each = (cue.end - cue.start) / count;
        let timed: Vec<(f64, String)> =
            words.iter().zip(0_u32..).map(|(word, index)| (cue.start + each * f64::from(index), (*word).to_owned())).collect();
        let chunks: Vec<_> = timed.chunks(most_words.max(1)).collect();
        for (index, chunk) in chunks.iter().enumerate() {
            let end = chunks.get(index + 1).map_or(cue.end, |next| next[0].0);
            lines.push(Line { start: chunk[0].0, end, words: chunk.to_vec() });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SRT: &str = "1\r\n00:00:01,000 --> 00:00:03,000\r\nThree bedrooms, <i>two</i> baths\r\nand a garden\r\n\r\n2\r\n00:00:04,000 --> 00:00:05,500\r\nCall us";
    const VTT: &str = "WEBVTT\n\nNOTE none\n\nintro\n00:01.000 --> 00:03.000 align:start\n{\\an8}Hello there";

    #[test]
    fn both_formats_are_read() {
        let cues = parse(SRT).unwrap();
        assert_eq!(cues.len(), 2);
        assert_eq!(cues[0], Cue { start: 1.0, end: 3.0, text: "Three bedrooms, two baths and a garden".to_owned() });
        assert_eq!(parse(VTT).unwrap(), [Cue { start: 1.0, end: 3.0, text: "Hello there".to_owned() }]);
        assert_eq!(parse("[Script Info]\nDialogue: 0,0:00:01.00"), None);
    }

    #[test]
    fn words_are_spread_evenly_over_their_cue_and_lines_follow_each_other() {
        let lines = lines(&parse(SRT).unwrap(), 4);
        let told: Vec<_> = lines.iter().map(|line| (line.start, line.end, line.words.len())).collect();
        assert_eq!(told.len(), 3);
        assert_eq!((told[0].2, told[1].2, told[2].2), (4, 3, 2));
        assert!((told[0].1 - told[1].0).abs() < 1e-9 && (told[1].1 - 3.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "[0-9:,.> \n<{}a-]{0,80}") {
            for line in lines(&parse(&text).unwrap_or_default(), 4) {
                prop_assert!(line.start <= line.end && !line.words.is_empty());
            }
        }
    }
}
