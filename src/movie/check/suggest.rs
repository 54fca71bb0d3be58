//! Suggestions (`did you mean`): the right name for a wrong one.

use strsim::damerau_levenshtein;

use crate::movie::spec::near::{NAMES, SYNONYMS};
use crate::movie::spec::{Table, Types, Words, text};

/// What is longer means no name and no word, in bytes: a value may be as long as a file.
const LONGEST: usize = 100;

/// The member of a table that a wrong name means: by known wrong names, by its spelling in another style, by its letters.
pub(super) fn property(table: &Table, wrong: &str, types: Types) -> Option<&'static str> {
    if wrong.len() > LONGEST {
        return None;
    }
    let fits =
        |name: &str| table.get(name).filter(|property| types == Types::NONE || property.on.meets(types)).map(|property| property.name);
    let known = || NAMES.iter().filter(|(name, _)| *name == wrong).flat_map(|(_, rights)| *rights).find_map(|right| fits(right));
    let names =
        || table.properties.iter().map(|property| property.name).filter(|name| !name.starts_with(['_', '$']) && fits(name).is_some());
    known().or_else(|| fits(&kebab(wrong))).or_else(|| nearest(wrong, names()))
}

/// The setting of a text that a wrong name means. Settings are CSS: a name not close to a known one is not reported.
pub(super) fn text_setting(wrong: &str) -> Option<&'static str> {
    if wrong.len() > LONGEST {
        return None;
    }
    let spelled = kebab(wrong);
    let exact = || text::SETTINGS.iter().find(|name| **name == spelled).copied();
    let known = || text::NAMES.iter().find(|(name, _)| *name == spelled).map(|(_, right)| *right);
    let far = if spelled.len() < 6 { 1 } else { 2 };
    let near = || text::SETTINGS.iter().find(|name| damerau_levenshtein(&spelled, name) <= far).copied();
    exact().or_else(known).or_else(near)
}

/// The word that a wrong one means.
pub(super) fn word(words: &Words, wrong: &str) -> Option<&'static str> {
    if wrong.len() > LONGEST {
        return None;
    }
    let lower = wrong.trim().to_ascii_lowercase();
    let near = || words.near.iter().find(|(name, _)| name.eq_ignore_ascii_case(&lower)).map(|(_, right)| *right);
    let cased = || words.known.iter().find(|known| known.eq_ignore_ascii_case(&lower)).copied();
    let joined = || words.known.iter().find(|known| known.eq_ignore_ascii_case(&lower.replace(['_', ' '], "-"))).copied();
    cased().or_else(near).or_else(joined).or_else(|| nearest(&lower, words.known.iter().copied()))
}

/// Whether a wrong name can mean only this one: it is that name in another style, a synonym with only
/// that meaning, or has one wrong letter.
pub(super) fn is_certain_name(wrong: &str, right: &str) -> bool {
    kebab(wrong) == right || SYNONYMS.contains(&wrong) || is_one_letter_off(wrong, right)
}

/// Whether a wrong word can mean only this one: it is that word in another style or with another number, or has one wrong
/// letter.
pub(super) fn is_certain_word(wrong: &str, right: &str) -> bool {
    kebab(wrong.trim()) == right || wrong.contains(|letter: char| letter.is_ascii_digit()) || is_one_letter_off(wrong, right)
}

/// Short names are never certain: `top` is not `to`.
fn is_one_letter_off(wrong: &str, right: &str) -> bool {
    right.len() >= 5 && damerau_levenshtein(&wrong.to_ascii_lowercase(), right) == 1
}

/// The nearest name by its letters, if it is close: up to a third of them may be wrong.
pub(super) fn nearest(wrong: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let wrong = wrong.to_ascii_lowercase();
    let length = wrong.chars().count();
    if length > 40 {
        return None;
    }
    let is_near = |distance: usize, name: &str| distance * 3 <= length.max(name.len());
    // As many letters as one has more are wrong at least.
    let alike = names.filter(|name| is_near(name.len().abs_diff(length), name));
    let distances = alike.map(|name| (damerau_levenshtein(&wrong, &name.to_ascii_lowercase()), name));
    distances.filter(|(distance, name)| is_near(*distance, name)).min().map(|(_, name)| name)
}

/// `fontSize` and `font_size` in the service's style: `font-size`.
pub(super) fn kebab(name: &str) -> String {
    let mut spelled = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !spelled.is_empty() && !spelled.ends_with('-') {
            spelled.push('-');
        }
        spelled.push(if matches!(letter, '_' | ' ') { '-' } else { letter.to_ascii_lowercase() });
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::spec::words::{ELEMENT_TYPE, RESOLUTION, TRANSITION_STYLE};
    use crate::movie::spec::{element::ELEMENT, export::DESTINATION, movie::MOVIE, movie::SCENE, subtitles::SETTINGS};

    #[test]
    fn the_wrong_names_that_people_really_use_lead_to_the_right_one() {
        let on = |wrong| property(&ELEMENT, wrong, Types::IMAGE);
        assert_eq!(on("url"), Some("src"));
        assert_eq!(on("source"), Some("src"));
        assert_eq!(on("fit"), Some("resize"));
        assert_eq!(on("durration"), Some("duration"));
        assert_eq!(property(&ELEMENT, "zIndex", Types::TEXT), Some("z-index"));
        assert_eq!(property(&DESTINATION, "url", Types::NONE), Some("endpoint"));
        assert_eq!(property(&MOVIE, "client_data", Types::NONE), Some("client-data"));
        assert_eq!(property(&MOVIE, "templateId", Types::NONE), Some("template"));
        assert_eq!(property(&SCENE, "background_color", Types::NONE), Some("background-color"));
        assert_eq!(property(&SETTINGS, "fontSize", Types::NONE), Some("font-size"));
        assert_eq!(property(&MOVIE, "zebra", Types::NONE), None);
    }

    #[test]
    fn a_word_is_found_by_what_people_write_and_by_its_letters() {
        let resolution = |wrong| word(&RESOLUTION, wrong);
        assert_eq!(resolution("1080p"), Some("full-hd"));
        assert_eq!(resolution("4K"), Some("custom"));
        assert_eq!(resolution("square"), Some("squared"));
        assert_eq!(resolution("portrait"), Some("instagram-story"));
        assert_eq!(resolution("Full HD"), Some("full-hd"));
        assert_eq!(resolution("fulll-hd"), Some("full-hd"));
        assert_eq!(word(&ELEMENT_TYPE, "subtitle"), Some("subtitles"));
        assert_eq!(word(&ELEMENT_TYPE, "html5"), Some("html"));
        assert_eq!(word(&ELEMENT_TYPE, "tts"), Some("voice"));
        assert_eq!(word(&TRANSITION_STYLE, "Fade"), Some("fade"));
        assert_eq!(word(&TRANSITION_STYLE, "quux"), None);
    }

    #[test]
    fn every_right_name_is_a_name_somewhere() {
        for (wrong, rights) in NAMES {
            let is_known = |name: &&str| {
                let tables = crate::movie::spec::TABLES.iter().any(|table| table.get(name).is_some());
                tables || text::SETTINGS.contains(name)
            };
            assert!(rights.iter().all(is_known), "{wrong}");
        }
    }
}
