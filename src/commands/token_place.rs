//! The place in a movie's `client-data` where the render's token goes.

use super::CliError;
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::json::Span;
use crate::render::token::Token;

/// Why the user's own `client-data.j2v` can't be sent.
const TAKEN: &str = "`client-data.j2v` is reserved for the render's token, but the movie has a value there";

/// A movie whose `client-data` has a place for the token, unless the flags exclude the token (`protocol.md#words`).
pub(super) fn with_place_for_token(is_traceable: bool, source: &str, movie: Document) -> Result<Document, CliError> {
    let why = match movie.with_token("").err() {
        _ if !is_traceable => None,
        Some(why) => Some((why.to_string(), why.span, "make it an object")),
        None => taken_by_another(&movie).map(|span| (TAKEN.to_owned(), span, "give that member another name")),
    };
    let Some((why, span, way_out)) = why else {
        // The token of an earlier submission is not part of the movie: this submission gets its own.
        let has_old_token = is_traceable && movie.token().is_some();
        return Ok(if has_old_token { movie.without_token() } else { movie });
    };
    let place = movie.spelled_place(span).unwrap_or_else(|| source.to_owned());
    let help = format!("{way_out}, or use --no-token; then a lost answer can't be found automatically");
    Err(CliError { help: Some(help), ..CliError::new(Exit::Invalid, format!("{place}: {why}")) })
}

/// Where the token's place holds something other than a token.
fn taken_by_another(movie: &Document) -> Option<Span> {
    let member = movie.root.get("client-data")?.get("j2v")?;
    movie.token().and_then(|text| Token::parse(&text)).is_none().then_some(member.span)
}
