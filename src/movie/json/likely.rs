//! The likely reasons why a file that should be a movie is not JSON, each with its fix.

use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident: $reason:literal, $way_out:literal;)*) => {
        /// Why a text is probably not JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Likely {
            $($(#[$doc])* $name,)*
        }

        impl Likely {
            /// The reason, as a sentence without a full stop.
            #[must_use]
            pub fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)* }
            }

            /// What to do about it.
            #[must_use]
            pub fn way_out(self) -> &'static str {
                match self { $(Self::$name => $way_out,)* }
            }
        }
    };
}

reasons! {
    /// Nothing, or nothing but white space and comments.
    Empty: "the file is empty", "write a movie into it: at least `{\"scenes\": []}`";
    /// `={ … }`.
    N8nExpression: "this is the body of an n8n node in expression mode: the whole of it stands behind `=`",
        "copy the node's result (its output as JSON) instead of its field, or delete the `=` and fill in the `{{ … }}`";
    /// `{{ $json.width }}` outside quotes.
    N8nPlaceholder: "an n8n placeholder stands outside quotes: n8n puts the value there only when it runs",
        "copy the body that n8n sends, or write a value; the service's own expressions stand inside quotes: `\"{{ width }}\"`";
    /// `{{5.json}}` outside quotes.
    MakePlaceholder: "a Make placeholder stands outside quotes: Make puts the value there only when the scenario runs",
        "copy the body that Make sends, or write a value; the service's own expressions stand inside quotes: `\"{{ width }}\"`";
    /// `{{ width }}` outside quotes.
    Placeholder: "a placeholder stands outside quotes: only a program that fills it in makes this JSON",
        "put it in quotes (`\"{{ width }}\"`) if the service is to fill it in; otherwise write a value";
    /// `${width}`, `{% … %}`, `<%= … %>`.
    TemplateSyntax: "this is a template that another program fills in before it is JSON",
        "give the file that comes out of that program";
    /// `"width": ,`
    MissingValue: "the value is missing: perhaps a placeholder that was filled with nothing",
        "write a value, `null` or `\"\"`";
    /// The text ends inside something.
    Cut: "the file was cut off: a copy or a download that did not finish",
        "copy or download it again, or close what is open";
    /// `'text'`.
    SingleQuotes: "single quotes: this is Python or JavaScript, or a shell took the double ones away",
        "write double quotes; from Python print it with `json.dumps`, from JavaScript with `JSON.stringify`";
    /// `{width: 1}`.
    UnquotedKey: "a key without quotes: this is JavaScript or YAML",
        "put the key in double quotes";
    /// `"scenes": JSON.stringify(…)`.
    CodeAsValue: "a piece of a program stands where its value belongs",
        "run the program and save what it sends, as JSON";
    /// `Here is the JSON: { … }`.
    Prose: "there is text around the JSON, as a chat or a mail has it", "delete what stands before the first `{` and after the last `}`";
    /// U+00A0 and its like.
    OddSpace: "a space that is none of JSON's (U+00A0, say): this was copied from a web page or a document",
        "replace it by a plain space";
    /// `"position": top-left`.
    UnquotedText: "a text without quotes",
        "put it in double quotes";
    /// `True`, `False`, `None`.
    PythonWord: "a Python word: this was printed without `json.dumps`",
        "write `true`, `false` or `null`, or print it with `json.dumps`";
    /// `NaN`, `Infinity`, `undefined`.
    JavaScriptWord: "a JavaScript word that JSON does not have: a calculation upstream gave no value",
        "write a number or `null`";
    /// `TRUE`, `Null`.
    WordCase: "`true`, `false` and `null` are written in small letters", "write it in small letters";
    /// `“text”`.
    SmartQuotes: "typographic quotes: a word processor or a chat has changed them", "replace them by `\"`";
    /// `` `text` `` or ```` ```json ````.
    Backtick: "backticks: this is a template string of JavaScript", "write double quotes";
    /// ```` ```json ````.
    CodeFence: "this is Markdown: the movie stands in a code block", "leave out the lines with ``` and the text around them";
    /// `"a": 1 "b": 2`.
    MissingComma: "a comma is missing before this", "put a comma after the value before it";
    /// `[1,, 2]`.
    ExtraComma: "a comma too many, or a value missing before it", "delete the comma, or write the value";
    /// `"He said "hello""`.
    UnescapedQuote: "a quote inside a text ended it too early", "write `\\\"` for a quote inside a text";
    /// A raw newline in a string.
    RawNewline: "a line break inside a text: its closing quote is missing, or it was pasted with its line breaks",
        "write `\\n` for a line break, or close the text with `\"`";
    /// A raw tab or another control character in a string.
    RawControl: "a text holds a control character as it is", "write a tab as `\\t`, others as `\\u00XX`";
    /// `\U` in `C:\Users`.
    WrongEscape: "a backslash that starts none of JSON's escapes: a Windows path, or an escape of another language",
        "write `\\\\` for a backslash";
    /// `{\"scenes\": …`.
    EscapedJson: "this is the inside of a JSON string: every quote has a backslash before it",
        "decode the string once (`jq -r .` does it, given the quotes around it)";
    /// `"{\"scenes\": …}"`.
    JsonInString: "the movie stands inside a JSON string: it was encoded twice",
        "decode it once (`jq -r .` does it)";
    /// `[ … }`.
    WrongBracket: "the closing bracket does not match the one that is open", "close what is open first";
    /// `}}` at the end.
    ExtraBracket: "one closing bracket more than were opened", "delete it, or look for the one that closes too early";
    /// `{} {}`.
    SeveralDocuments: "the file holds more than one JSON document (JSON Lines, or pasted twice)",
        "give one file for each movie";
    /// `…` or `...`.
    LeftOut: "an example with a part left out", "put in what the dots stand for";
    /// `# comment`.
    HashComment: "`#` starts a comment in YAML and Python, not here", "write `//`, or delete it";
    /// `007`, `.5`, `+1`, `0x1F`, `1_000`.
    NumberForm: "JSON has no number of this form", "write digits, a point and digits; or put it in quotes";
    /// `"width" = 1`.
    EqualsSign: "a key and its value are separated by `:`", "write `:` instead of `=`";
    /// `};`.
    Semicolon: "a semicolon: this was cut out of JavaScript", "delete it";
    /// A page instead of a file.
    Html: "this is a web page or XML: perhaps an error page that was saved under the movie's name",
        "download the JSON itself";
    /// `resolution: full-hd`.
    Yaml: "this is YAML", "convert it to JSON (`yq -o=json` does it)";
    /// `curl …`.
    Shell: "this is a shell command: the movie is what it sends", "save only what stands between the quotes after `-d` or `--data`";
    /// `const movie = …`.
    Code: "this is a program's source: the movie is what it makes", "run it and save what it sends, as JSON";
    /// A zero byte.
    Utf16: "the file is UTF-16 (a `>` in an older PowerShell writes that)",
        "save it as UTF-8: in PowerShell, `… | Out-File -Encoding utf8 movie.json`";
    /// A mark of four bytes.
    Utf32: "the file is UTF-32", "save it as UTF-8";
    /// A compressed file or a video.
    Binary: "this is not text: perhaps an archive, an image or a video", "give the movie's JSON";
}

impl fmt::Display for Likely {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}
