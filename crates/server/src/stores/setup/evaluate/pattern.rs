//! Texts with wildcards and variables.

use super::Unjudged;
use super::condition::Facts;

/// Which characters of a text have a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `*`, `?` and variables.
    Pattern,
    /// Variables alone.
    Text,
    /// `*` and `?` alone: actions, and everything in older versions of the language.
    Wildcards,
    /// Nothing: texts in older versions.
    Plain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Is(char),
    AnyOne,
    Any,
    Variable(String),
}

/// What a text is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Token>);

impl Pattern {
    pub(super) fn read(text: &str, syntax: Syntax) -> Result<Self, Unjudged> {
        let has_wildcards = matches!(syntax, Syntax::Pattern | Syntax::Wildcards);
        let has_variables = matches!(syntax, Syntax::Pattern | Syntax::Text);
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(inner) = rest.strip_prefix("${")
                && has_variables
            {
                let (name, after) = inner
                    .split_once('}')
                    .ok_or(Unjudged::Malformed("a `${` without its `}`"))?;
                tokens.push(match name {
                    "*" => Token::Is('*'),
                    "?" => Token::Is('?'),
                    "$" => Token::Is('$'),
                    name => Token::Variable(name.to_ascii_lowercase()),
                });
                rest = after;
                continue;
            }
            tokens.push(match c {
                '*' if has_wildcards => Token::Any,
                '?' if has_wildcards => Token::AnyOne,
                c => Token::Is(c),
            });
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        Ok(Self(tokens))
    }

    /// Whether the whole text matches. A variable stands for its value, in which nothing is special.
    pub(super) fn matches(&self, text: &str, facts: Facts<'_>) -> Result<bool, Unjudged> {
        let mut tokens = Vec::with_capacity(self.0.len());
        for token in &self.0 {
            match token {
                Token::Variable(name) => {
                    let value = facts
                        .get(name)
                        .ok_or_else(|| Unjudged::Variable(name.clone()))?;
                    tokens.extend(value.chars().map(Token::Is));
                }
                token => tokens.push(token.clone()),
            }
        }
        let text: Vec<char> = text.chars().collect();
        Ok(is_match(&tokens, &text))
    }
}

/// Goes back to the last `*` alone, which takes one character more: earlier ones need not change.
fn is_match(tokens: &[Token], text: &[char]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut back = None;
    while let Some(c) = text.get(from) {
        match tokens.get(at) {
            Some(Token::Any) => {
                back = Some((at, from));
                at += 1;
                continue;
            }
            Some(Token::AnyOne) => {
                at += 1;
                from += 1;
                continue;
            }
            Some(Token::Is(wanted)) if wanted == c => {
                at += 1;
                from += 1;
                continue;
            }
            _ => {}
        }
        let Some((star, taken)) = back else {
            return false;
        };
        back = Some((star, taken + 1));
        at = star + 1;
        from = taken + 1;
    }
    let rest = tokens.get(at..).unwrap_or_default();
    rest.iter().all(|token| *token == Token::Any)
}
