//! The files that elements use: which ones the service accepts (`service.md#errors`), and where it can't fetch them.

use super::Types;

/// Extensions of files in an accepted codec, and the elements that accept them. A video is accepted as audio.
pub const EXTENSIONS: &[(&str, Types)] = &[
    ("png", Types::IMAGE),
    ("jpg", Types::IMAGE),
    ("jpeg", Types::IMAGE),
    ("jfif", Types::IMAGE),
    ("gif", Types::IMAGE.and(Types::VIDEO)),
    ("bmp", Types::IMAGE),
    ("tif", Types::IMAGE),
    ("tiff", Types::IMAGE),
    ("webp", Types::IMAGE),
    ("mp4", Types::VIDEO.and(Types::AUDIO)),
    ("m4v", Types::VIDEO.and(Types::AUDIO)),
    ("mov", Types::VIDEO.and(Types::AUDIO)),
    ("webm", Types::VIDEO.and(Types::AUDIO)),
    ("mkv", Types::VIDEO.and(Types::AUDIO)),
    ("avi", Types::VIDEO.and(Types::AUDIO)),
    ("wmv", Types::VIDEO.and(Types::AUDIO)),
    ("mpg", Types::VIDEO.and(Types::AUDIO)),
    ("mpeg", Types::VIDEO.and(Types::AUDIO)),
    ("ts", Types::VIDEO.and(Types::AUDIO)),
    ("ogv", Types::VIDEO.and(Types::AUDIO)),
    ("mp3", Types::AUDIO),
    ("m4a", Types::AUDIO),
    ("aac", Types::AUDIO),
    ("flac", Types::AUDIO),
    ("opus", Types::AUDIO),
    ("ogg", Types::AUDIO.and(Types::VIDEO)),
    ("oga", Types::AUDIO),
];

/// Extensions of files that are not accepted.
pub const REFUSED: &[&str] = &[
    "svg", "avif", "heic", "heif", "ico", "psd", "ai", "eps", "pdf", "wav", "wma", "aiff", "mid", "midi", "m3u8", "mpd", "swf", "html",
    "htm", "txt", "zip", "docx", "pptx",
];

/// Pages that show a file instead of delivering it (`service.md#errors`): the host, a part of the
/// rest, and the fix.
pub const SHARE_PAGES: &[(&str, &str, &str)] = &[
    ("youtube.com", "", "a video page is no file: host the video itself"),
    ("youtu.be", "", "a video page is no file: host the video itself"),
    ("vimeo.com", "", "a video page is no file: take the link of the file, `player.vimeo.com/external/…mp4`"),
    ("tiktok.com", "", "a video page is no file: host the video itself"),
    ("instagram.com", "", "a post is no file: host the picture or the video itself"),
    ("drive.google.com", "/view", "write `https://drive.google.com/uc?export=download&id=FILE`"),
    ("drive.google.com", "/open", "write `https://drive.google.com/uc?export=download&id=FILE`"),
    ("dropbox.com", "dl=0", "end the link with `dl=1`"),
    ("onedrive.live.com", "", "a page is no file: take a direct link"),
    ("1drv.ms", "", "a page is no file: take a direct link"),
    ("wetransfer.com", "", "a page is no file: take a direct link"),
    ("we.tl", "", "a page is no file: take a direct link"),
];

/// Where rendered videos are, for 7 days (`service.md#retention`).
pub const RENDERS: &str = "assets.json2video.com/clients/";
