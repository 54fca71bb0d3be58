//! Safe file names for videos, whatever a key or a project is called. Pure.

use sha2::{Digest, Sha256};

/// The longest name, bytes: every file system accepts it, even with the endings of partial files.
const LONGEST: usize = 120;

/// The name of the video of a project or a key: `NAME.mp4`; of a later generation, `NAME-2.mp4`.
///
/// Characters that every file system accepts stay: letters and digits of any script, spaces, parentheses, commas and the
/// like. Every other character becomes `_`. A changed name gets a short hash of the original, so that two names never
/// become one file.
#[must_use]
pub fn video_name(name: &str, generation: u32) -> String {
    let ending = if generation > 1 { format!("-{generation}.mp4") } else { ".mp4".to_owned() };
    let safe: String = name.chars().map(|letter| if is_safe(letter) { letter } else { '_' }).collect();
    let safe = if safe.starts_with(['.', '-', ' ', '~']) || safe.ends_with(' ') || is_reserved(&safe) { format!("_{safe}") } else { safe };
    if safe == name && !safe.is_empty() && safe.len() + ending.len() <= LONGEST {
        return safe + &ending;
    }
    let hash: u32 = Sha256::digest(name.as_bytes()).iter().take(4).fold(0, |sum, byte| (sum << 8) | u32::from(*byte));
    let ending = format!("-{hash:08x}{ending}");
    let stem = if safe.is_empty() { "video" } else { beginning(&safe, LONGEST - ending.len()) };
    stem.to_owned() + &ending
}

/// The longest beginning of whole characters that fits into `bytes`.
fn beginning(text: &str, bytes: usize) -> &str {
    let end = text.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|end| *end <= bytes).last();
    &text[..end.unwrap_or(0)]
}

/// Whether the character is safe anywhere in a name: not a separator, a shell pattern or an invisible character.
fn is_safe(letter: char) -> bool {
    let is_mark = matches!(letter, '\u{300}'..='\u{36f}');
    letter.is_alphanumeric() || is_mark || "._- ()[]{},;'&+=@!#%~$€£°·№–—’‘“”„«»".contains(letter)
}

/// Whether Windows reads the name as a device. Windows compares only the part before the first dot.
fn is_reserved(name: &str) -> bool {
    let device = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = device.strip_prefix("COM").or_else(|| device.strip_prefix("LPT"));
    matches!(device.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || numbered.is_some_and(|number| number.chars().count() == 1 && number.chars().all(char::is_numeric))
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_stay_as_they_are() {
        assert_eq!(video_name("JkGxEoPRF9EgRb32", 1), "JkGxEoPRF9EgRb32.mp4");
        assert_eq!(video_name("L-4821", 2), "L-4821-2.mp4");
        assert_eq!(video_name("Größe_1.5", 1), "Größe_1.5.mp4");
        assert_eq!(video_name("Elm Road 7, 2nd floor (Köln)", 1), "Elm Road 7, 2nd floor (Köln).mp4");
        assert_eq!(video_name("Ko\u{308}ln & Bonn – 450 €", 3), "Ko\u{308}ln & Bonn – 450 €-3.mp4");
    }

    #[test]
    fn row_95_dangerous_names_are_made_harmless_and_kept_apart() {
        let names = [
            "../etc/passwd",
            "..\\etc\\passwd",
            "/etc/passwd",
            "C:\\x",
            "a\0b",
            "-rf",
            ".hidden",
            "a\u{202e}4pm.exe",
            "a?b",
            "a/b",
            " a",
            "",
        ];
        let made: Vec<_> = names.iter().map(|name| video_name(name, 1)).collect();
        for name in &made {
            assert!(!name.contains(['/', '\\', ':', '\0', '?', '\u{202e}']) && !name.starts_with(['.', '-', ' ']), "{name}");
        }
        assert_ne!(video_name("a?b", 1), video_name("a/b", 1));
        assert_ne!(video_name("a/b", 1), video_name("a_b", 1));
    }

    #[test]
    fn row_95_devices_of_windows_are_no_names() {
        for device in ["CON", "nul", "Com1", "LPT9", "com¹", "aux.txt", "PRN.tar.gz"] {
            assert!(video_name(device, 1).starts_with('_'), "{device}");
        }
        assert_eq!(video_name("CONSOLE", 1), "CONSOLE.mp4");
        assert_eq!(video_name("COM10", 1), "COM10.mp4");
    }

    proptest! {
        #[test]
        fn row_95_any_name_is_one_plain_component(name in "(\\PC|\\p{Cc}|[./\\\\:~-]){0,300}", generation in 0_u32..100) {
            let made = video_name(&name, generation);
            let components: Vec<_> = Path::new(&made).components().collect();
            prop_assert_eq!(components, vec![Component::Normal(made.as_ref())]);
            prop_assert!(made.len() <= LONGEST);
            prop_assert_eq!(Path::new(&made).extension(), Some("mp4".as_ref()));
            prop_assert!(made.chars().all(is_safe) && !made.starts_with(['.', '-', ' ', '~']) && !is_reserved(&made));
        }
    }
}
