r"""The words that .nfg and .efg files are made of, and where in the file they stand.

Both formats are sequences of quoted strings, numbers, braces, commas and single letters, in which
white space means nothing outside quotes. The grammar is that of the Gambit project's manual
("Game representation formats"). In a string ``\"`` is a quote; a backslash before anything else
stands for itself, except that Gambit writes a doubled one for one, so it is read as one.

Everything is read exactly, and nothing costs more than the file is long: numbers have at most
4,000 digits and exponents of at most three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from gametheory.errors import GameFormatError
from gametheory.rationals import shown, to_fraction

__all__ = [
    "END",
    "NUMBER",
    "PUNCTUATION",
    "STRING",
    "WORD",
    "Tokens",
    "filled",
    "number_text",
    "quoted",
    "unescaped",
]

END, STRING, NUMBER, PUNCTUATION, WORD, STRAY = range(6)

_TOKEN = re.compile(
    r"""[ \t\r\n\v\f]*+
    (?: "([^"\\]*+(?:\\.[^"\\]*+)*+)"
    | ([-+.0-9][-+./0-9A-Za-z_]*+)
    | ([{},])
    | ([A-Za-z_]\w*+)
    | (.)
    )?""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r'\\(["\\])')
_TO_ESCAPE = re.compile(r'"|\\(?=["\\]|\Z)')
_INTEGER = re.compile(r"[0-9]{1,18}")
_EXACT_DIGITS = 15  # integers of so many digits are floats
_DIGITS_BITS = 13_287  # every number below 2**13287 has at most 4,000 digits
_A_NUMBER = "a number such as -3, 0.25, 1/3 or 2.5e3, of at most 4,000 digits"


class Tokens:
    """The tokens of a text, one at a time: the current one's kind, text and place.

    Parameters
    ----------
    text : str
    name : str
        The file's name, for error messages; without one they say line and column.

    Attributes
    ----------
    kind : int
        STRING, NUMBER, PUNCTUATION, WORD, or END.
    value : str
        The token's text, a string's without its quotes and still escaped.
    start : int
        Index in the text of the token's first character.

    Examples
    --------
    >>> tokens = Tokens('{ "a" 1/3')
    >>> tokens.expect("{"), tokens.string("a name"), tokens.payoff("the payoff")
    (None, 'a', Fraction(1, 3))
    >>> tokens.expect("}")
    Traceback (most recent call last):
        ...
    gametheory.errors.GameFormatError: the file ends where '}' should be; where: line 1, column 10
    """

    __slots__ = ("_numbers", "_scan", "kind", "name", "start", "text", "value")

    def __init__(self, text: str, name: str = "") -> None:
        self.text, self.name = text, name
        self._numbers: dict[str, float | Fraction] = {}
        self.seek(0)

    def seek(self, at: int) -> None:
        """Go to the first token that starts at or behind a character."""
        self._scan = _TOKEN.finditer(self.text, at).__next__
        self.advance()

    def advance(self) -> None:
        """Go on to the next token."""
        match = self._scan()
        kind = match.lastindex
        if kind is None:  # the empty match at the end of the text
            self.kind, self.value, self.start = END, "", match.end()
            self._scan = lambda: match
            return
        self.kind, self.value, self.start = kind, match[kind], match.start(kind)
        if kind == STRING:
            self.start -= 1  # its quote
        elif kind == STRAY:
            raise self._stray()

    def _stray(self) -> GameFormatError:
        if self.value == '"':
            return self.wrong("a string is never closed", hint='end it with "')
        return self.wrong(
            f"the character {self.value!r} has no meaning here",
            hint="labels stand in double quotes",
        )

    def place(self, at: int | None = None) -> str:
        """Say where in the file a character stands, the current token by default."""
        at = self.start if at is None else at
        line = self.text.count("\n", 0, at) + 1
        column = at - self.text.rfind("\n", 0, at)
        return f"{self.name}:{line}:{column}" if self.name else f"line {line}, column {column}"

    def wrong(
        self, what: str, *, at: int | None = None, valid: str = "", hint: str = ""
    ) -> GameFormatError:
        """Make the error that says what is wrong at a place, the current token by default."""
        return GameFormatError(what, where=self.place(at), valid=valid, hint=hint)

    def unexpected(self, wanted: str) -> GameFormatError:
        """Make the error for a token that is not what should be there."""
        if self.kind == END:
            return self.wrong(f"the file ends where {wanted} should be")
        found = f'"{self.value:.60}"' if self.kind == STRING else shown(self.value)
        return self.wrong(f"found {found} instead of {wanted}")

    def expect(self, mark: str) -> None:
        """Go past a brace, a comma or a word."""
        if self.value != mark or self.kind in (STRING, END):
            raise self.unexpected(repr(mark))
        self.advance()

    def at(self, mark: str) -> bool:
        """Tell whether the current token is this brace or comma."""
        return self.value == mark and self.kind == PUNCTUATION

    def string(self, what: str) -> str:
        """Read a quoted string."""
        if self.kind != STRING:
            raise self.unexpected(f"{what} in double quotes")
        text = unescaped(self.value)
        self.advance()
        return text

    def strings(self, what: str) -> tuple[list[str], list[int]]:
        """Read a list of strings in braces; return them, and where each stands."""
        self.expect("{")
        labels, places = [], []
        while not self.at("}"):
            places.append(self.start)
            labels.append(self.string(what))
        self.advance()
        return labels, places

    def integer(self, what: str, *, least: int) -> int:
        """Read a number of something, in plain digits."""
        if self.kind != NUMBER or not _INTEGER.fullmatch(self.value):
            error = self.unexpected(what)
            if self.kind != NUMBER:
                raise error
            raise self.wrong(error.what, valid=f"a whole number, at least {least}")
        number = int(self.value)
        if number < least:
            raise self.wrong(f"{what} is {number}", valid=f"a whole number, at least {least}")
        self.advance()
        return number

    def exact(self, what: str) -> Fraction:
        """Read a number exactly."""
        if self.kind not in (NUMBER, WORD):
            raise self.unexpected(what)
        try:
            number = to_fraction(self.value)
        except ValueError as reason:
            raise self.wrong(f"{what}: {reason}", valid=_A_NUMBER) from None
        self.advance()
        return number

    def payoff(self, what: str) -> float | Fraction:
        """Read a payoff: a float where that is exactly it, a Fraction otherwise."""
        known = self._numbers.get(self.value) if self.kind == NUMBER else None
        if known is None:
            at, text = self.start, self.value
            known = self._number(at, self.exact(what), what)
            self._numbers[text] = known
        else:
            self.advance()
        return known

    def quick_payoff(self, text: str) -> float | Fraction | None:
        """Look a payoff's text up; None if it must be read as a token first."""
        digits = text[1:] if text[0] in "+-" else text
        if len(digits) <= _EXACT_DIGITS and digits.isdigit():
            return float(text) + 0.0  # -0 is 0
        return self._numbers.get(text)

    def _number(self, at: int, exact: Fraction, what: str) -> float | Fraction:
        try:
            near = float(exact)
        except OverflowError:
            raise self.wrong(
                f"{what} is too large",
                at=at,
                valid="magnitudes up to 1.8e308",
                hint="rescale: a positive factor changes no equilibrium",
            ) from None
        return near if near == exact else exact

    def distinct(self, labels: Sequence[str], places: Sequence[int], what: str) -> None:
        """Raise if a label is there twice; empty ones name nothing and may be."""
        seen = set()
        for label, place in zip(labels, places, strict=True):
            if label in seen:
                raise self.wrong(
                    f"the name {label!r:.60} is used twice for {what}",
                    at=place,
                    valid="names that tell things apart",
                    hint='rename one, or leave all of them empty: ""',
                )
            if label:
                seen.add(label)

    def payoffs(self, n_players: int) -> tuple[float | Fraction, ...]:
        """Read an outcome's payoffs and the brace after them, with or without commas."""
        row = []
        for player in range(n_players):
            if player and self.at(","):
                self.advance()
            if self.kind not in (NUMBER, WORD):
                raise self.unexpected(f"the payoff of player {player + 1} of {n_players}")
            row.append(self.payoff(f"the payoff of player {player + 1}"))
        if self.at(","):  # older files have one after the last payoff too
            self.advance()
        self.expect("}")
        return tuple(row)


def unescaped(value: str) -> str:
    """Return what is meant by the text between two quotes."""
    return _ESCAPE.sub(r"\1", value) if "\\" in value else value


def filled(labels: Sequence[str], default: Callable[[int], str]) -> tuple[str, ...]:
    """Tell apart what has no name, where more than one of a kind has none, or a repeated one.

    Examples
    --------
    >>> filled(["", "", "1"], str), filled(["", "a", "a"], str)
    (('0', '1 (1)', '1'), ('', 'a', 'a (1)'))
    """
    taken, used = set(labels), set()
    if len(taken) == len(labels):
        return tuple(labels)
    several = sum(not label for label in labels) > 1
    named = []
    for index, label in enumerate(labels):
        name = base = default(index) if several and not label else label
        again = 0
        while name in used or (name in taken and name != label):
            again += 1
            name = f"{base} ({again})"
        used.add(name)
        named.append(name)
    return tuple(named)


def quoted(label: str) -> str:
    r"""Write a string so that it is read as it was.

    A backslash is doubled only where it would be taken for an escape, because Gambit does not
    undo the doubling when it reads.

    Examples
    --------
    >>> print(quoted('say "a\\b"'))
    "say \"a\b\""
    """
    return '"' + _TO_ESCAPE.sub(lambda found: "\\" + found[0], label) + '"'


def number_text(number: Fraction) -> str:
    """Write a number exactly, as an integer or as p/q.

    Raises
    ------
    GameFormatError
        If it has more digits than readers take.

    Examples
    --------
    >>> number_text(Fraction(3)), number_text(Fraction(1, 3)), number_text(Fraction(0.5))
    ('3', '1/3', '1/2')
    """
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > _DIGITS_BITS:
        raise GameFormatError(
            "a number has more than 4,000 digits",
            valid="shorter numbers in .nfg and .efg files",
            hint="save the game as .json",
        )
    return str(number)
