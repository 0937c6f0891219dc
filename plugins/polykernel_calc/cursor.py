"""The place in the tokens up to which a text has been read."""

from __future__ import annotations

from polykernel_calc.errors import CalcError, Place, Span, syntax_error
from polykernel_calc.lexer import Token, tokenize


class Cursor:
    """Owns the position in the tokens of one text.

    Args:
        source: The text.

    Raises:
        CalcError: It has what no token is.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokenize(source)
        self._index = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._index]

    @property
    def previous(self) -> Token | None:
        """The token before the next one."""
        return self._tokens[self._index - 1] if self._index else None

    @property
    def at_end(self) -> bool:
        """Whether all has been read."""
        return self.token.kind == "end"

    def ahead(self, count: int) -> Token:
        """Give a token after the next one; the end, where there are not so many."""
        return self._tokens[min(self._index + count, len(self._tokens) - 1)]

    def advance(self, count: int = 1) -> Token:
        """Read so many tokens, and give the first of them; the end cannot be passed."""
        token = self.token
        self._index = min(self._index + count, len(self._tokens) - 1)
        return token

    def at(self, *texts: str) -> bool:
        """Tell whether the next token is one of these signs or words of the language."""
        return self.token.kind in ("sign", "keyword") and self.token.text in texts

    def take(self, text: str) -> bool:
        """Read a sign or word of the language, if it is the next token."""
        found = self.at(text)
        if found:
            self._index += 1
        return found

    def skip_newlines(self) -> None:
        """Read line ends, if any."""
        while self.token.kind == "newline":
            self._index += 1

    def text_from(self, begin: int) -> str:
        """Give the text from there to here on one line, without comments."""
        end = self._tokens[self._index - 1].span[1]
        lines = self._source[begin:end].split("\n")
        return " ".join(" ".join(line.partition("#")[0] for line in lines).split())

    def error(self, message: str, span: Span | None = None, incomplete: bool = False) -> CalcError:
        """Say that the text is no code, at the next token or another place."""
        return syntax_error(message, self._source, span or self.token.span, incomplete)

    def limit(self, message: str, span: Span | None = None) -> CalcError:
        """Say that the text is too much."""
        return CalcError("LimitError", message, Place(self._source, span or self.token.span))

    def misplaced(self) -> CalcError:
        """Say that the next token cannot follow what has been read."""
        token, previous = self.token, self.previous
        before = previous.text if previous else ""
        if token.text == "=":
            return self.error(
                "only a name or f(x) can stand before =; compare with = inside an expression"
            )
        if token.text in (")", "]"):
            return self.error(f"this {token.text} closes nothing")
        if token.text == ",":
            return self.error("a comma stands between arguments; decimals have a point: 3.14")
        if before == "%":
            return self.error("% means per cent; for the remainder write: 17 mod 5")
        if previous and previous.kind == "name" and token.kind in ("name", "number"):
            return self.error(f"an operator is missing between {before} and {token.text}")
        if token.kind in ("name", "number"):
            return self.error(f"an operator is missing before {token.text}")
        return self.error(f"'{token.text}' cannot stand here")
