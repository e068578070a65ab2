"""The tokens of .nfg and .efg files: what is read, where it stands, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory import GameFormatError
from gametheory.formats.gambit_text import (
    END,
    NUMBER,
    PUNCTUATION,
    STRING,
    WORD,
    Tokens,
    filled,
    number_text,
    quoted,
)

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text('"\\{}, \n\tab1')


def kinds(text: str) -> list[tuple[int, str]]:
    tokens = Tokens(text)
    found = []
    while tokens.kind != END:
        found.append((tokens.kind, tokens.value))
        tokens.advance()
    tokens.advance()  # there is no way past the end
    assert tokens.kind == END
    return found


def test_tokens_need_no_space_around_marks() -> None:
    assert kinds('EFG 2 R"a"{"b"1/2,-.5}') == [
        (WORD, "EFG"),
        (NUMBER, "2"),
        (WORD, "R"),
        (STRING, "a"),
        (PUNCTUATION, "{"),
        (STRING, "b"),
        (NUMBER, "1/2"),
        (PUNCTUATION, ","),
        (NUMBER, "-.5"),
        (PUNCTUATION, "}"),
    ]


@given(ANY_TEXT)
def test_every_string_is_read_as_it_was_written(label: str) -> None:
    tokens = Tokens(f"{quoted(label)} 1")
    assert tokens.string("a name") == label
    assert (tokens.kind, tokens.value) == (NUMBER, "1")


@pytest.mark.parametrize(
    ("written", "label"),
    [
        (r'"say \"a\""', 'say "a"'),
        (r'"x\y"', r"x\y"),  # as Gambit reads it
        (r'"x\\y"', r"x\y"),  # as Gambit writes it
        (r'"\\"', "\\"),
        (r'"\\\""', '\\"'),
        ('"two\nlines"', "two\nlines"),
        ('""', ""),
    ],
)
def test_escapes(written: str, label: str) -> None:
    assert Tokens(written).string("a name") == label


def test_a_backslash_is_doubled_only_where_it_must_be() -> None:
    assert quoted(r"\alpha \ beta") == r'"\alpha \ beta"'
    assert quoted("end\\") == r'"end\\"'


@given(st.fractions() | st.floats(-1e300, 1e300).map(Fraction))
def test_every_number_is_read_as_it_was_written(number: Fraction) -> None:
    assert Tokens(number_text(number)).exact("the number") == number
    assert Tokens(number_text(number)).payoff("the number") == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.1", Fraction(1, 10)),
        ("-.5", Fraction(-1, 2)),
        ("+3.", Fraction(3)),
        ("1.5e-3", Fraction(3, 2000)),
        ("2E2", Fraction(200)),
        ("-0", Fraction(0)),
        ("6/4", Fraction(3, 2)),
        ("9007199254740993", Fraction(9007199254740993)),
    ],
)
def test_numbers_are_exact(text: str, number: Fraction) -> None:
    assert Tokens(text).exact("the number") == number
    payoff = Tokens(text).payoff("the number")
    assert payoff == number
    assert str(payoff) != "-0.0"


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "nan", "inf", "-inf", "1/0", "1e999999999", "1e-999999999", "--1", "1/2/3", "1e"),
        *("0x10", "1_000", ",1", "e5", ".", "-", "1/-2", "9" * 5000, "٣", "1" * 200 + "/0"),
    ],
)
def test_what_is_no_number_is_refused_at_its_place(text: str) -> None:
    def read() -> None:
        tokens = Tokens(f'"a"\n  {text} ')
        tokens.string("a name")
        tokens.payoff("the number")
        assert tokens.kind == END

    with pytest.raises(GameFormatError, match="line 2, column 3"):
        read()


def test_errors_name_the_file_the_line_and_the_column() -> None:
    tokens = Tokens('"é"\r\n\t{ "a" ]', "game.nfg")
    tokens.advance()
    tokens.expect("{")
    with pytest.raises(GameFormatError, match=r"']' has no meaning here.*game\.nfg:2:8"):
        tokens.string("a name")


def test_a_string_that_is_never_closed_is_named_where_it_begins() -> None:
    with pytest.raises(GameFormatError, match=r"never closed.*line 2, column 1"):
        kinds('1\n"abc\\" } { ' + "\\\\" * 1000)


def test_names_for_what_has_none() -> None:
    assert filled(["", ""], str) == ("0", "1")
    assert filled(["", "0", ""], str) == ("0 (1)", "0", "2")
    assert filled([""], str) == ("",)
    assert filled(["a", "a", "a (1)", "a"], str) == ("a", "a (2)", "a (1)", "a (3)")


@given(st.lists(st.sampled_from(["", "a", "b", "0", "1", "0 (1)", "a (1)"]), max_size=8))
def test_names_are_always_distinct(labels: list[str]) -> None:
    named = filled(labels, str)
    assert len(set(named)) == len(labels)
    for label, name in zip(labels, named, strict=True):
        assert name == label or not label or labels.count(label) > 1


def test_numbers_of_too_many_digits_are_not_written() -> None:
    assert number_text(Fraction(10**3999)) == "1" + "0" * 3999
    with pytest.raises(GameFormatError, match=r"4,000 digits.*json"):
        number_text(Fraction(1, 3**10_000))
