//! What the service's messages mean: the cause and the fix, in plain words. Messages are not stable identifiers, so
//! this matches families of them (`service.md#errors`).

/// A family of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The phrases of the family, as lowercase letters and digits; a message matches if it contains all phrases of one list.
    says: &'static [&'static [&'static str]],
    /// Why the service sends it.
    pub cause: &'static str,
    /// What to do about it.
    pub cure: &'static str,
    /// The rule of `check` that finds the fault before the render is paid for.
    pub rule: Option<&'static str>,
    /// The next command to type.
    pub next: Option<&'static str>,
}

impl Explanation {
    /// The meaning of a message; `None` when it belongs to no known family.
    #[must_use]
    pub fn of(message: &str) -> Option<&'static Self> {
        let letters: String = message.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let is_said = |words: &&[&str]| words.iter().all(|word| letters.contains(word));
        ALL.iter().find(|family| family.says.iter().any(is_said))
    }
}

const fn family(says: &'static [&'static [&'static str]], cause: &'static str, cure: &'static str) -> Explanation {
    Explanation { says, cause, cure, rule: None, next: None }
}

impl Explanation {
    const fn rule(self, code: &'static str) -> Self {
        Self { rule: Some(code), ..self }
    }

    const fn next(self, command: &'static str) -> Self {
        Self { next: Some(command), ..self }
    }
}

/// The families, the narrower ones first.
static ALL: &[Explanation] = &[
    family(&[&["apikeynotprovided"]], "the request carried no API key", "give j2v the key: `j2v auth login`, or the variable J2V_API_KEY")
        .next("j2v auth status"),
    family(&[&["invalidapikey"]], "the key is wrong, was revoked, or has expired", "copy the whole key from the dashboard again")
        .next("j2v auth login"),
    family(
        &[&["insufficientpermissions"]],
        "the key's role is too low: `render` may render and read, `editor` may change templates, `viewer` may not render",
        "make a key with a higher role in the dashboard",
    )
    .next("j2v auth login"),
    family(
        &[&["invalidtoken"]],
        "the request used query parameters that only the service's own staff may use",
        "ask without them; j2v never sends any",
    ),
    family(
        &[&["accountsuspended"]],
        "the account was without credits for too long and is suspended",
        "top up the account in the dashboard, or ask the service's support",
    )
    .next("j2v auth status"),
    family(
        &[&["insufficientcredits"]],
        "no credits are left for this render; nothing was charged",
        "top up the account, or render a shorter or smaller movie: `j2v plan MOVIE` tells the credits",
    )
    .next("j2v auth status"),
    family(
        &[&["exceededthequota"]],
        "the plan counts movies or drafts, and they are used up",
        "upgrade the plan, or wait for the next period",
    )
    .next("j2v auth status"),
    family(&[&["larger", "planallowance"]], "the movie is larger than the plan allows", "take a smaller `resolution`, or upgrade the plan"),
    family(
        &[&["nomoviejsonreceived"]],
        "the request had no body",
        "send the movie as the body, with `Content-Type: application/json`; j2v does both",
    ),
    family(&[&["errorparsingmoviejson"]], "the body was no JSON, or was empty", "check the file: `j2v check` says the line and the column")
        .rule("J2V001"),
    family(&[&["novalidmoviejson"]], "the body was JSON, but no object", "a movie is an object, `{ \"scenes\": [ … ] }`").rule("J2V002"),
    family(
        &[&["templateidprovided"], &["notemplateid"]],
        "the request about a template named none",
        "name the template by its id of 20 letters and digits",
    ),
    family(
        &[&["template", "notfound"]],
        "there is no template of this id in the account of this key",
        "copy the id from the dashboard; a template of another account needs that account's key (`--profile`)",
    )
    .rule("J2V013"),
    family(
        &[&["errorstartingsubprocess"], &["internalservererror"]],
        "the service failed inside; a render may have begun all the same",
        "don't send it again by hand: `j2v submit` with the same --key looks for it first",
    )
    .next("j2v poll"),
    family(
        &[&["16characterprojectid"]],
        "what was given is no project id: one has 16 letters and digits",
        "copy the id that `submit` printed, or name the render by its key",
    )
    .next("j2v history"),
    family(
        &[&["typeerror", "null"], &["typeerror", "undefined"], &["typeerror", "cannotread"]],
        "the service does not know this project in the account of this key; the message is a leak of its own program",
        "check the id, and whether it is of another account (`--profile`); entries of long ago may be gone",
    )
    .next("j2v list"),
    family(
        &[&["requiresasrc"], &["sourceurlisrequired"], &["requires", "srcproperty"]],
        "an element has no file: `src` is missing, or a variable in it was not set and left it empty",
        "add `src` with the public address of the file, and set every variable that it uses",
    )
    .rule("J2V064"),
    family(
        &[&["failedtodownload", "404"], &["failedtodownload", "410"]],
        "the service asked for the file of an element and it was not there",
        "open the address in a private window of a browser: it must give the file itself, without a login. Addresses that were \
         signed for a while may have run out",
    )
    .rule("J2V067"),
    family(
        &[&["failedtodownload", "403"], &["failedtodownload", "401"]],
        "the server of a file lets nobody in without a login",
        "make the file public, or use an address that is signed for long enough",
    )
    .rule("J2V067"),
    family(
        &[&["failedtodownload"]],
        "the service could not fetch the file of an element",
        "the address must be public, https, and give the file itself: no share page, no private network, no slow server",
    )
    .rule("J2V067"),
    family(
        &[&["durationcannotbezero"], &["durationcan", "bezero"]],
        "nothing in the movie says how long it is: images and texts have no length of their own",
        "give the scenes or the elements a `duration`; `j2v plan MOVIE` shows what plays when",
    )
    .rule("J2V040"),
    family(
        &[&["urlprovidedisnota"], &["cannotbeusedasasource"]],
        "the file is of a kind that the element can't show: a web page instead of the file, SVG, HEIC, AVIF",
        "give a direct address of a file in an accepted format (video: h264, hevc, vp8, vp9, av1; image: png, jpg, gif, webp; audio: \
         mp3, aac, flac, opus)",
    )
    .rule("J2V068"),
    family(
        &[&["widthandheightrequired"]],
        "the resolution is `custom`, and that needs a size",
        "add `width` and `height`, or take a resolution by its name",
    )
    .rule("J2V021"),
    family(
        &[&["tooktoolongtorender"]],
        "the service gave up waiting; the render may still finish, and is charged then",
        "look again later. Shorter scenes render side by side; long transitions and many HTML elements are slow",
    )
    .next("j2v poll"),
    family(
        &[&["nopayloadprovided"], &["payloadmoviemustbe"], &["tagsmustbe"]],
        "a template was to be written, and what it should hold is missing or of another kind",
        "send `name`, `tags` as a text or a list, and `movie` as an object",
    ),
    family(
        &[&["errordeletingtemplate"]],
        "the service failed inside while it deleted a template",
        "try it again in a while: deleting twice does no harm",
    ),
    family(
        &[&["storage", "blocked"]],
        "the media storage was not paid for and is blocked",
        "top up the account; the files stay until then",
    ),
    family(
        &[&["filewiththisnamealreadyexists"]],
        "the media folder has a file of this name",
        "delete that one first, or give this one another name",
    ),
    family(
        &[&["folderisnotempty"], &["cannotdeleterootfolder"], &["cannotdeletethetempfolder"]],
        "this media folder can't be deleted: it holds files, or it is one of the service's own",
        "delete its files first; the root and `temp` stay",
    ),
    family(
        &[&["nameisrequired"], &["destinationisrequired"], &["folderisrequired"], &["invalidfoldername"]],
        "a request about media lacks a field",
        "give it; a folder's name has letters, digits, `.`, `_` and `-`",
    ),
    family(
        &[&["filenotfound"]],
        "there is no such file in the media of this account",
        "check folder and name; a file in `temp` is deleted by the service after a while",
    ),
    family(
        &[&["toomanyrequests"], &["ratelimit"]],
        "the service asks for patience; nothing was accepted",
        "wait and try again; j2v does that by itself",
    ),
    family(
        &[&["elementtype", "notsupported"], &["unknownelementtype"], &["invalidelementtype"]],
        "an element's `type` is none that the service knows",
        "image, video, text, html, component, audio, voice, subtitles and audiogram are the types",
    )
    .rule("J2V061"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Every message of `service.md#errors`, and some of their families in other words.
    const MESSAGES: &[&str] = &[
        "Error: API Key not provided",
        "Error: Invalid API Key",
        "Insufficient permissions",
        "Invalid token",
        "account_suspended",
        "Insufficient credits",
        "You exceeded the quota of movies in your plan. Please upgrade your plan to continue.",
        "You exceeded the quota of drafts in your plan. Please upgrade your plan to continue.",
        "Movie is larger (3840x2160) than your plan allowance (1920x1080)",
        "No movie JSON received",
        "Error parsing movie JSON or the movie was empty",
        "No valid movie JSON received",
        "Template not found",
        "Template LerKrmBfiqaIgBuacLWn not found",
        "Error starting subprocess",
        "TypeError: Cannot read properties of null (reading 'success')",
        "A 16-character project ID must be provided in the 'project' query parameter",
        "No payload provided",
        "Tags must be a string or an array",
        "Payload movie must be a JSON string or JSON object",
        "No template ID provided",
        "Error deleting template",
        "name is required",
        "destination is required",
        "folder is required",
        "Invalid folder name",
        "Cannot delete root folder",
        "Cannot delete the temp folder",
        "Folder is not empty. Delete all files first.",
        "File not found",
        "A file with this name already exists. Delete it first.",
        "A file with this name already exists in the destination folder",
        "Storage is blocked",
        "Error: Scene #1 Element #2: The element type 'video' requires a 'src' property.",
        "Source URL is required for video element in Scene 1, Element 2",
        "Scene #1, element #1: Failed to download 'https://example.com/a.mp4' (404)",
        "Failed to download element: HTTP 404 at https://example.com/a.mp4",
        "Failed to download element: HTTP 403 at https://example.com/a.mp4",
        "Movie duration cannot be zero",
        "The URL provided is not a video file and cannot be used as a source for a video element",
        "Width and Height required when resolution is custom",
        "Movie took too long to render",
    ];

    #[test]
    fn every_message_that_the_sources_know_is_explained() {
        for message in MESSAGES {
            assert!(Explanation::of(message).is_some(), "{message}");
        }
        assert_eq!(Explanation::of("a message of tomorrow"), None);
    }

    #[test]
    fn the_narrower_family_goes_first() {
        let cause = |message: &str| Explanation::of(message).map(|family| family.cause).unwrap_or_default();
        assert!(cause("No template ID provided").contains("named none"));
        assert!(cause("Failed to download element: HTTP 404 at x").contains("not there"));
        assert!(cause("TypeError: Cannot read properties of null (reading 'success')").contains("does not know this project"));
    }

    #[test]
    fn each_family_s_words_are_letters_of_the_lower_case() {
        for word in ALL.iter().flat_map(|family| family.says.iter().copied().flatten()) {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{word}");
        }
    }
}
