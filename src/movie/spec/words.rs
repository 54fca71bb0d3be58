//! The words of the service: resolutions, qualities, transitions, positions (`movie-format.md`).

use super::Words;
use crate::movie::diagnostic::Severity;

/// A preset and its size in pixels (`movie-format.md#resolutions`).
#[derive(Debug)]
pub struct Resolution {
    /// Its name.
    pub name: &'static str,
    /// Its width and height; `None` for `custom`, which uses those of the movie. Renders at `sd` were measured at 640×480
    /// although 640×360 is documented.
    pub size: Option<(u32, u32)>,
}

/// The presets.
pub const PRESETS: &[Resolution] = &[
    Resolution { name: "custom", size: None },
    Resolution { name: "sd", size: Some((640, 360)) },
    Resolution { name: "hd", size: Some((1280, 720)) },
    Resolution { name: "full-hd", size: Some((1920, 1080)) },
    Resolution { name: "squared", size: Some((1080, 1080)) },
    Resolution { name: "instagram-story", size: Some((1080, 1920)) },
    Resolution { name: "instagram-feed", size: Some((1080, 1080)) },
    Resolution { name: "twitter-landscape", size: Some((1600, 900)) },
    Resolution { name: "twitter-portrait", size: Some((1080, 1350)) },
];

/// The default size of a movie (`movie-format.md#movie`).
pub const DEFAULT_SIZE: (u32, u32) = (640, 360);

const CLOSED: Words = Words { known: &[], near: &[], disputed: &[], severity: Severity::Error, rule: "J2V008", name: "a word" };
const OPEN: Words = Words { severity: Severity::Warning, ..CLOSED };

/// `resolution`. A guide uses `instagram-portrait`, which no list has (`movie-format.md#resolutions`).
pub static RESOLUTION: Words = Words {
    known: &["custom", "sd", "hd", "full-hd", "squared", "instagram-story", "instagram-feed", "twitter-landscape", "twitter-portrait"],
    near: &[
        ("1080p", "full-hd"),
        ("1920x1080", "full-hd"),
        ("fhd", "full-hd"),
        ("fullhd", "full-hd"),
        ("full_hd", "full-hd"),
        ("landscape", "full-hd"),
        ("16:9", "full-hd"),
        ("720p", "hd"),
        ("1280x720", "hd"),
        ("480p", "sd"),
        ("360p", "sd"),
        ("4k", "custom"),
        ("uhd", "custom"),
        ("2160p", "custom"),
        ("square", "squared"),
        ("1:1", "squared"),
        ("1080x1080", "squared"),
        ("portrait", "instagram-story"),
        ("vertical", "instagram-story"),
        ("9:16", "instagram-story"),
        ("1080x1920", "instagram-story"),
        ("instagram-portrait", "twitter-portrait"),
        ("instagram-reel", "instagram-story"),
        ("instagram-reels", "instagram-story"),
        ("tiktok", "instagram-story"),
        ("youtube-shorts", "instagram-story"),
        ("shorts", "instagram-story"),
        ("youtube", "full-hd"),
        ("instagram", "instagram-feed"),
        ("twitter", "twitter-landscape"),
    ],
    disputed: &["instagram-portrait"],
    rule: "J2V020",
    name: "a resolution",
    ..CLOSED
};

/// `quality`. An unofficial source writes `very_high`.
pub static QUALITY: Words = Words {
    known: &["low", "medium", "high"],
    near: &[("very_high", "high"), ("very-high", "high"), ("best", "high"), ("draft", "low"), ("standard", "medium"), ("normal", "medium")],
    disputed: &["very_high"],
    rule: "J2V025",
    name: "a quality",
    ..CLOSED
};

/// `transition.style` (`movie-format.md#scene`): the `xfade` filters of ffmpeg. The filters that ffmpeg added after the list
/// was written are disputed.
pub static TRANSITION_STYLE: Words = Words {
    known: &[
        "fade",
        "wipeleft",
        "wiperight",
        "wipeup",
        "wipedown",
        "slideleft",
        "slideright",
        "slideup",
        "slidedown",
        "circlecrop",
        "rectcrop",
        "distance",
        "fadeblack",
        "fadewhite",
        "radial",
        "smoothleft",
        "smoothright",
        "smoothup",
        "smoothdown",
        "circleopen",
        "circleclose",
        "vertopen",
        "vertclose",
        "horzopen",
        "horzclose",
        "dissolve",
        "pixelize",
        "diagtl",
        "diagtr",
        "diagbl",
        "diagbr",
        "hlslice",
        "hrslice",
        "vuslice",
        "vdslice",
        "hblur",
        "fadegrays",
        "wipetl",
        "wipetr",
        "wipebl",
        "wipebr",
        "squeezeh",
        "squeezev",
        "zoomin",
    ],
    near: &[
        ("crossfade", "fade"),
        ("cross-fade", "fade"),
        ("fadein", "fade"),
        ("wipe", "wipeleft"),
        ("slide", "slideleft"),
        ("slide-left", "slideleft"),
        ("slide-right", "slideright"),
        ("circle", "circleopen"),
        ("zoom", "zoomin"),
        ("zoom-in", "zoomin"),
        ("blur", "hblur"),
        ("pixelate", "pixelize"),
    ],
    disputed: &[
        "custom",
        "fadefast",
        "fadeslow",
        "hlwind",
        "hrwind",
        "vuwind",
        "vdwind",
        "coverleft",
        "coverright",
        "coverup",
        "coverdown",
        "revealleft",
        "revealright",
        "revealup",
        "revealdown",
    ],
    rule: "J2V043",
    name: "a transition style",
    ..CLOSED
};

/// `transition.type` (`movie-format.md#scene`).
pub static TRANSITION_TYPE: Words = Words { known: &["xfade"], rule: "J2V043", name: "a transition type", ..OPEN };

/// `type` of an element (`movie-format.md#element`). `template` was removed, which is a rule of its own.
pub static ELEMENT_TYPE: Words = Words {
    known: &["image", "video", "text", "html", "component", "audio", "voice", "audiogram", "subtitles"],
    near: &[
        ("subtitle", "subtitles"),
        ("captions", "subtitles"),
        ("caption", "subtitles"),
        ("html5", "html"),
        ("tts", "voice"),
        ("voiceover", "voice"),
        ("speech", "voice"),
        ("narration", "voice"),
        ("music", "audio"),
        ("sound", "audio"),
        ("soundtrack", "audio"),
        ("mp3", "audio"),
        ("picture", "image"),
        ("photo", "image"),
        ("img", "image"),
        ("logo", "image"),
        ("clip", "video"),
        ("title", "text"),
        ("waveform", "audiogram"),
        ("shape", "component"),
    ],
    rule: "J2V061",
    name: "an element type",
    ..CLOSED
};

/// `position` of a visual element (`movie-format.md#element`). Other words are often written; their effect is unknown.
pub static POSITION: Words = Words {
    known: &["top-left", "top-right", "bottom-right", "bottom-left", "center-center", "custom"],
    near: &[
        ("center", "center-center"),
        ("middle", "center-center"),
        ("centre", "center-center"),
        ("center-middle", "center-center"),
        ("left", "top-left"),
        ("top", "top-left"),
        ("right", "top-right"),
        ("bottom", "bottom-left"),
    ],
    rule: "J2V073",
    name: "a position",
    ..OPEN
};

/// `resize` (`movie-format.md#element`).
pub static RESIZE: Words = Words {
    known: &["cover", "fill", "fit", "contain"],
    near: &[("crop", "cover"), ("stretch", "fill"), ("scale", "fit"), ("inside", "fit")],
    rule: "J2V075",
    name: "a way to resize",
    ..CLOSED
};

/// `pan` (`movie-format.md#element`).
pub static PAN: Words = Words {
    known: &["left", "top", "right", "bottom", "top-left", "top-right", "bottom-left", "bottom-right"],
    near: &[("up", "top"), ("down", "bottom"), ("left-to-right", "right"), ("right-to-left", "left")],
    rule: "J2V080",
    name: "a direction to pan",
    ..OPEN
};

/// `aspect-ratio` of a generated image (`movie-format.md#elements-by-type`); a tutorial writes `square`.
pub static ASPECT_RATIO: Words = Words {
    known: &["horizontal", "vertical", "squared"],
    near: &[
        ("square", "squared"),
        ("1:1", "squared"),
        ("16:9", "horizontal"),
        ("landscape", "horizontal"),
        ("9:16", "vertical"),
        ("portrait", "vertical"),
    ],
    rule: "J2V102",
    name: "an aspect ratio",
    ..OPEN
};

/// `model` of subtitles (`movie-format.md#elements-by-type`).
pub static SUBTITLES_MODEL: Words =
    Words { known: &["default", "whisper"], near: &[("openai", "whisper")], rule: "J2V163", name: "a subtitles model", ..OPEN };

/// `language` of subtitles (`movie-format.md#elements-by-type`).
pub static LANGUAGE: Words = Words {
    known: &[
        "auto", "en", "bg", "ca", "cs", "da", "nl", "en-AU", "en-GB", "en-NZ", "en-IN", "en-US", "et", "fr", "fi", "nl-BE", "de", "de-CH",
        "el", "hi", "hi-Latn", "hu", "id", "it", "ja", "ko", "lv", "lt", "ms", "no", "pl", "pt", "pt-BR", "ro", "ru", "sk", "es", "es-419",
        "sv", "th", "tr", "uk", "vi", "zh", "zh-TW",
    ],
    near: &[
        ("english", "en"),
        ("spanish", "es"),
        ("german", "de"),
        ("french", "fr"),
        ("es-ES", "es"),
        ("de-DE", "de"),
        ("fr-FR", "fr"),
        ("it-IT", "it"),
        ("pt-PT", "pt"),
        ("zh-CN", "zh"),
        ("cn", "zh"),
        ("jp", "ja"),
        ("nb", "no"),
    ],
    rule: "J2V163",
    name: "a subtitles language",
    ..OPEN
};

/// `settings.style` of subtitles (`movie-format.md#elements-by-type`).
pub static SUBTITLES_STYLE: Words = Words {
    known: &["classic", "classic-progressive", "classic-one-word", "boxed-line", "boxed-word"],
    near: &[("boxed", "boxed-line"), ("one-word", "classic-one-word"), ("progressive", "classic-progressive"), ("karaoke", "boxed-word")],
    rule: "J2V163",
    name: "a subtitles style",
    ..OPEN
};

/// `settings.position` of subtitles (`movie-format.md#elements-by-type`).
pub static SUBTITLES_POSITION: Words = Words {
    known: &[
        "top-left",
        "top-center",
        "top-right",
        "center-left",
        "center-center",
        "center-right",
        "bottom-left",
        "bottom-center",
        "bottom-right",
        "mid-top-center",
        "mid-bottom-center",
        "custom",
    ],
    near: &[("bottom", "bottom-center"), ("top", "top-center"), ("center", "center-center"), ("middle", "center-center")],
    rule: "J2V163",
    name: "a subtitles position",
    ..OPEN
};

/// `type` of a destination (`service.md#exports`). A marketing page has Amazon S3, whose type and fields are unknown.
pub static DESTINATION: Words = Words {
    known: &["webhook", "ftp", "sftp", "email"],
    near: &[("http", "webhook"), ("https", "webhook"), ("mail", "email"), ("e-mail", "email"), ("ftps", "ftp"), ("hook", "webhook")],
    disputed: &["s3"],
    rule: "J2V302",
    name: "a destination type",
    ..CLOSED
};

/// `content-type` of a webhook: the service ignores short forms (`service.md#exports`).
pub static CONTENT_TYPE: Words = Words {
    known: &["application/json", "application/x-www-form-urlencoded"],
    near: &[
        ("json", "application/json"),
        ("urlencoded", "application/x-www-form-urlencoded"),
        ("form", "application/x-www-form-urlencoded"),
    ],
    rule: "J2V305",
    name: "a content type",
    ..OPEN
};

impl Resolution {
    /// A preset by its name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolution_that_is_known_has_its_preset() {
        let names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
        assert_eq!(names, RESOLUTION.known);
    }

    #[test]
    fn what_people_write_instead_leads_to_a_known_word() {
        let all = [
            &RESOLUTION,
            &QUALITY,
            &TRANSITION_STYLE,
            &ELEMENT_TYPE,
            &POSITION,
            &RESIZE,
            &PAN,
            &ASPECT_RATIO,
            &SUBTITLES_MODEL,
            &LANGUAGE,
            &SUBTITLES_STYLE,
            &SUBTITLES_POSITION,
            &DESTINATION,
            &CONTENT_TYPE,
        ];
        for words in all {
            for (wrong, right) in words.near {
                assert!(words.known.contains(right) && !words.known.contains(wrong), "{}: {wrong} → {right}", words.name);
            }
        }
    }
}
