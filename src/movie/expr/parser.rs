//! Parses tokens to a tree, by recursive descent through the precedences of the operators.

use std::borrow::Cow;

use super::lexer::{Lexer, Token};
use super::operator::{Operator, RANKS};
use super::{ByteRange, Choice, Expr, ExprKind, ExprLimits, Fault, FaultKind, Guess, Limit, Path, Step, StepKind, likely};
use crate::movie::json::Number;

/// An expression that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedExpression<'t> {
    /// The whole of it.
    pub root: Expr<'t>,
    /// The guesses about the language, and where each was made.
    pub guesses: Vec<(ByteRange, Guess)>,
}

/// Reads an expression: the text between `{{` and `}}`.
///
/// # Errors
/// When the text is not an expression: what was found, its place, and the likely reason.
pub fn parse<'t>(text: &'t str, limits: &ExprLimits) -> Result<ParsedExpression<'t>, Fault> {
    plain_path(text).map_or_else(|| whole(text, limits), |root| Ok(ParsedExpression { root, guesses: Vec::new() }))
}

fn whole<'t>(text: &'t str, limits: &ExprLimits) -> Result<ParsedExpression<'t>, Fault> {
    let mut lexer = Lexer::new(text);
    let (token, range) = lexer.next().map_err(|fault| comment_only(text, fault))?;
    if token == Token::End {
        return Err(FaultKind::Empty { likely: None }.at(ByteRange { start: 0, end: text.len() }));
    }
    let mut parser = ExpressionParser { lexer, token, range, last: range, depth: 0, deepest: limits.depth, guesses: Vec::new() };
    let root = parser.expression()?;
    if parser.token == Token::End {
        Ok(ParsedExpression { root, guesses: parser.guesses })
    } else {
        Err(parser.expected("an operator or the end"))
    }
}

/// Most blocks hold only a variable or a path into one: `address`, `room.image`.
fn plain_path(text: &str) -> Option<Expr<'_>> {
    let inside = text.trim_ascii_start();
    let start = text.len() - inside.len();
    let inside = inside.trim_ascii_end();
    let mut names = inside.as_bytes().split(|byte| *byte == b'.');
    let name = names.next().filter(|name| is_plain_name(name))?;
    let range = ByteRange { start, end: start + name.len() };
    let name = &text[range.start..range.end];
    if matches!(name, "true" | "false" | "null" | "and" | "or") {
        return None;
    }
    let (mut steps, mut last) = (Vec::new(), range);
    for name in names {
        if !is_plain_name(name) {
            return None;
        }
        last = ByteRange { start: last.end, end: last.end + 1 + name.len() };
        steps.push(Step { range: last, kind: StepKind::Field(&text[last.start + 1..last.end]) });
    }
    Some(Expr { range: range.to(last), kind: ExprKind::Path(Path { name, range, steps }) })
}

fn is_plain_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphabetic) && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// A block that holds only a comment is empty.
fn comment_only(text: &str, fault: Fault) -> Fault {
    let inside = text.trim().strip_prefix("/*").and_then(|rest| rest.strip_suffix("*/"));
    match inside {
        Some(inside) if !inside.contains("*/") => FaultKind::Empty { likely: likely::reason(text) }.at(fault.range),
        _ => fault,
    }
}

struct ExpressionParser<'t> {
    lexer: Lexer<'t>,
    token: Token<'t>,
    range: ByteRange,
    /// The place of the token before this one.
    last: ByteRange,
    depth: usize,
    deepest: usize,
    guesses: Vec<(ByteRange, Guess)>,
}

impl<'t> ExpressionParser<'t> {
    /// A choice, or the condition of one.
    fn expression(&mut self) -> Result<Expr<'t>, Fault> {
        self.deeper(|parser| {
            let condition = parser.chain(0)?;
            if !parser.eat("?")? {
                return Ok(condition);
            }
            let yes = parser.expression()?;
            parser.expect(":", "`:` and what holds otherwise")?;
            let no = parser.expression()?;
            let range = condition.range.to(no.range);
            Ok(Expr { range, kind: ExprKind::Choice(Box::new(Choice { condition, yes, no })) })
        })
    }

    /// Operands joined by operators of one precedence.
    fn chain(&mut self, rank: usize) -> Result<Expr<'t>, Fault> {
        let Some(signs) = RANKS.get(rank) else { return self.operand() };
        let first = self.chain(rank + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.operator(signs)? {
            rest.push((operator, self.chain(rank + 1)?));
        }
        let Some((_, last)) = rest.last() else { return Ok(first) };
        let range = first.range.to(last.range);
        Ok(Expr { range, kind: ExprKind::Chain(Box::new(first), rest) })
    }

    fn operator(&mut self, signs: &[(&'static str, Operator)]) -> Result<Option<Operator>, Fault> {
        let (Token::Symbol(found) | Token::Name(found)) = &self.token else { return Ok(None) };
        let Some((sign, operator)) = signs.iter().find(|(sign, _)| sign == found).copied() else { return Ok(None) };
        if matches!(sign, "&&" | "||" | "%") {
            self.guess(self.range, Guess::Operator(sign));
        }
        self.step()?;
        Ok(Some(operator))
    }

    fn operand(&mut self) -> Result<Expr<'t>, Fault> {
        let start = self.range;
        if self.eat("-")? {
            let inner = self.deeper(Self::operand)?;
            return Ok(Expr { range: start.to(inner.range), kind: ExprKind::Negated(Box::new(inner)) });
        }
        if self.eat("!")? {
            self.guess(start, Guess::Operator("!"));
            let inner = self.deeper(Self::operand)?;
            return Ok(Expr { range: start.to(inner.range), kind: ExprKind::Not(Box::new(inner)) });
        }
        if self.eat("(")? {
            let inner = self.expression()?;
            self.expect(")", "`)`")?;
            return Ok(Expr { range: start.to(self.last), kind: inner.kind });
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Expr<'t>, Fault> {
        let range = self.range;
        let kind = match std::mem::replace(&mut self.token, Token::End) {
            Token::Number(raw) => match Number::parse(raw) {
                Some(number) => ExprKind::Number(number),
                None => return Err(self.unexpected("a number without a zero in front", format!("`{raw}`"))),
            },
            Token::Text(text) => {
                if matches!(text, Cow::Owned(_)) {
                    self.guess(range, Guess::Escape);
                }
                ExprKind::Text(text)
            }
            Token::Name(name) => return self.named(name),
            token => {
                self.token = token;
                return Err(self.expected("a value"));
            }
        };
        self.step()?;
        Ok(Expr { range, kind })
    }

    /// A word, a call or a path. The name was already taken from `token`.
    fn named(&mut self, name: &'t str) -> Result<Expr<'t>, Fault> {
        let range = self.range;
        let word = match name {
            "true" => Some((ExprKind::Bool(true), "true")),
            "false" => Some((ExprKind::Bool(false), "false")),
            "null" => Some((ExprKind::Null, "null")),
            "and" | "or" => return Err(self.unexpected("a value", format!("`{name}`"))),
            _ => None,
        };
        self.step()?;
        if let Some((kind, word)) = word {
            self.guess(range, Guess::Word(word));
            return Ok(Expr { range, kind });
        }
        if self.eat("(")? {
            let arguments = self.arguments()?;
            return Ok(Expr { range: range.to(self.last), kind: ExprKind::Call(name, arguments) });
        }
        let steps = self.steps()?;
        Ok(Expr { range: range.to(self.last), kind: ExprKind::Path(Path { name, range, steps }) })
    }

    fn arguments(&mut self) -> Result<Vec<Expr<'t>>, Fault> {
        let mut arguments = Vec::new();
        if self.eat(")")? {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.eat(",")? {
                self.expect(")", "`,` or `)`")?;
                return Ok(arguments);
            }
        }
    }

    fn steps(&mut self) -> Result<Vec<Step<'t>>, Fault> {
        let mut steps = Vec::new();
        loop {
            let start = self.range;
            let kind = if self.eat(".")? {
                self.field()?
            } else if self.eat("[")? {
                let index = self.expression()?;
                self.expect("]", "`]`")?;
                self.guess(start.to(self.last), Guess::Index);
                StepKind::Index(index)
            } else {
                return Ok(steps);
            };
            steps.push(Step { range: start.to(self.last), kind });
        }
    }

    fn field(&mut self) -> Result<StepKind<'t>, Fault> {
        let (Token::Name(name) | Token::Number(name)) = self.token else { return Err(self.expected("a field's name after `.`")) };
        if name.starts_with(|letter: char| letter.is_ascii_digit()) {
            self.guess(self.range, Guess::Index);
        }
        self.step()?;
        Ok(StepKind::Field(name))
    }

    fn deeper<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == self.deepest {
            return Err(FaultKind::Limit(Limit::Depth(self.deepest)).at(self.range));
        }
        self.depth += 1;
        let parsed = inside(self);
        self.depth -= 1;
        parsed
    }

    fn guess(&mut self, range: ByteRange, guess: Guess) {
        self.guesses.push((range, guess));
    }

    /// Advances to the next token.
    fn step(&mut self) -> Result<(), Fault> {
        self.last = self.range;
        (self.token, self.range) = self.lexer.next()?;
        Ok(())
    }

    fn eat(&mut self, symbol: &'static str) -> Result<bool, Fault> {
        if self.token != Token::Symbol(symbol) {
            return Ok(false);
        }
        self.step()?;
        Ok(true)
    }

    fn expect(&mut self, symbol: &'static str, expected: &'static str) -> Result<(), Fault> {
        if self.eat(symbol)? { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn expected(&self, expected: &'static str) -> Fault {
        let found = match &self.token {
            Token::End => "the end of the expression".to_owned(),
            Token::Text(text) => format!("the text `{text}`"),
            Token::Number(text) | Token::Name(text) | Token::Symbol(text) => format!("`{text}`"),
        };
        self.unexpected(expected, found)
    }

    fn unexpected(&self, expected: &'static str, found: String) -> Fault {
        FaultKind::Syntax { expected, found, likely: likely::reason(self.lexer.text()) }.at(self.range)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_path_is_what_the_whole_grammar_reads(text in " {0,2}([a-z_][a-z_0-9]{0,3}|[a-z]{2,4}|and|true)(\\.[a-z_0-9]{1,3}){0,3}[ \n]?") {
            if let Some(root) = plain_path(&text) {
                prop_assert_eq!(whole(&text, &ExprLimits::default()), Ok(ParsedExpression { root, guesses: Vec::new() }));
            }
        }
    }

    #[test]
    fn words_of_the_language_are_no_paths() {
        assert!([" a ", "room.image", "a_1.b.c"].iter().all(|text| plain_path(text).is_some()));
        assert!(["true", "a or", "and", "a.", ".a", "1.a", "a.0", "a b", "", "_a"].iter().all(|text| plain_path(text).is_none()));
    }
}
