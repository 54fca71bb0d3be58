//! Wrong names that people really use, and the right ones. What is only misspelled needs no entry: the nearest
//! name is found by its letters.

use super::Types;

/// A wrong name, and the right ones: the first that the object may have is meant.
pub const NAMES: &[(&str, &[&str])] = &[
    ("aspectRatio", &["aspect-ratio"]),
    ("backgroundColor", &["background-color"]),
    ("background", &["background-color"]),
    ("bgcolor", &["background-color"]),
    ("caption", &["captions"]),
    ("callback", &["endpoint"]),
    ("callback_url", &["endpoint"]),
    ("chromakey", &["chroma-key"]),
    ("clientData", &["client-data"]),
    ("content", &["text", "html", "message"]),
    ("contentType", &["content-type"]),
    ("data", &["client-data"]),
    ("email", &["to"]),
    ("end", &["duration"]),
    ("fadeIn", &["fade-in"]),
    ("fadeOut", &["fade-out"]),
    ("file", &["src"]),
    ("filename", &["file"]),
    ("fileUrl", &["src"]),
    ("fill", &["resize"]),
    ("fit", &["resize"]),
    ("font", &["font-family"]),
    ("fontsize", &["font-size"]),
    ("fontcolor", &["font-color", "line-color"]),
    ("frame-rate", &["fps"]),
    ("framerate", &["fps"]),
    ("frameRate", &["fps"]),
    ("href", &["src", "endpoint"]),
    ("if", &["condition"]),
    ("image", &["src"]),
    ("imageUrl", &["src"]),
    ("key", &["id"]),
    ("lang", &["language"]),
    ("layer", &["z-index"]),
    ("layers", &["elements"]),
    ("length", &["duration"]),
    ("link", &["src"]),
    ("metadata", &["client-data"]),
    ("mute", &["muted"]),
    ("name", &["id", "comment", "style"]),
    ("effect", &["style"]),
    ("animation", &["style"]),
    ("kind", &["type", "style"]),
    ("top", &["y"]),
    ("left", &["x"]),
    ("objectFit", &["resize"]),
    ("object-fit", &["resize"]),
    ("offset", &["start"]),
    ("output", &["exports"]),
    ("path", &["src", "remote-path"]),
    ("profile", &["quality"]),
    ("repeat", &["iterate", "loop"]),
    ("foreach", &["iterate"]),
    ("rotation", &["rotate"]),
    ("size", &["font-size", "resolution"]),
    ("source", &["src"]),
    ("speaker", &["voice"]),
    ("srt", &["captions"]),
    ("subtitles", &["captions"]),
    ("template-id", &["template"]),
    ("templateId", &["template"]),
    ("template_id", &["template"]),
    ("time", &["start"]),
    ("tracks", &["elements"]),
    ("uri", &["src", "endpoint"]),
    ("url", &["src", "endpoint"]),
    ("user", &["username"]),
    ("value", &["text"]),
    ("vars", &["variables"]),
    ("videoUrl", &["src"]),
    ("voiceId", &["voice"]),
    ("voiceID", &["voice"]),
    ("voice_id", &["voice"]),
    ("when", &["condition"]),
    ("zIndex", &["z-index"]),
];

/// Names whose way out is no other name.
pub const INSTEAD: &[(&str, &str)] = &[
    ("component", "add an element of the type `component` to `elements`"),
    ("html", "add an element of the type `html` to `elements`"),
    ("image", "add an element of the type `image` to a scene's `elements`"),
    ("src", "add an element of the type `image` or `video` to `elements`"),
    ("text", "add an element of the type `text` to `elements`"),
    ("video", "add an element of the type `video` to a scene's `elements`"),
    ("voice", "add an element of the type `voice` to `elements`"),
    ("audio", "add an element of the type `audio` to `elements`"),
    ("audios", "add elements of the type `audio` to `elements`"),
    ("captions", "add an element of the type `subtitles` to the movie's `elements`"),
    ("images", "add elements of the type `image` to a scene's `elements`"),
    ("music", "add an element of the type `audio` with `\"duration\": -2` to the movie's `elements`"),
    ("soundtrack", "add an element of the type `audio` with `\"duration\": -2` to the movie's `elements`"),
    ("subtitles", "add an element of the type `subtitles` to the movie's `elements`"),
    ("timeline", "write `scenes`, each with its `elements`"),
    ("videos", "add elements of the type `video` to a scene's `elements`"),
    ("voiceover", "add an element of the type `voice` to `elements`"),
];

/// What elements of a type have no place for, and the property of theirs that is meant.
pub const INSTEAD_OF: &[(Types, &str, &str)] = &[
    (Types::SUBTITLES, "src", "captions"),
    (Types::SUBTITLES, "text", "captions"),
    (Types::VOICE, "settings", "model-settings"),
    (Types::AUDIO, "text", "src"),
    (Types::TEXT, "html", "text"),
];

/// What elements of a type have elsewhere, and what to write.
pub const ELSEWHERE: &[(Types, &str, &str)] = &[
    (Types::VOICE, "provider", "name the `model`: `\"azure\"` or `\"elevenlabs\"`"),
    (Types::VOICE, "speed", "write `\"model-settings\": {\"voice_settings\": {\"speed\": 1.1}}`, which voices of ElevenLabs read"),
    (Types::VISUAL, "opacity", "nothing makes elements transparent; write the colour as `#RRGGBBAA`, or take a PNG"),
    (Types::VISUAL, "right", "write `\"position\": \"top-right\"` or `\"bottom-right\"`, or `x` in pixels from the left"),
    (Types::VISUAL, "bottom", "write `\"position\": \"bottom-left\"` or `\"bottom-right\"`, or `y` in pixels from the top"),
];

/// Members of a movie that mean to ask for a callback; the service reads none of them (`service.md#exports`).
pub const WEBHOOKS: &[&str] =
    &["webhook", "webhooks", "webhook_url", "webhook-url", "webhookUrl", "callback", "callback_url", "callback-url", "callbackUrl"];

/// Members of a root that holds the movie one level deeper (`movie-format.md#movie`).
pub const WRAPPERS: &[&str] = &["movie", "json", "body", "data", "payload", "input", "bodyParameters", "jsonBody"];
