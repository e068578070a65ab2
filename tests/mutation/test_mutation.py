"""Which planted bugs count: those of the program, not of its messages."""

from __future__ import annotations

import ast
import json

import pytest

from tests.mutation.run import PACKAGES, changes_text_only, main, mutants

ORIGINAL = """
def f(x, y):
    if x < 0:
        raise InvalidGame(f"x is {x}", where="x", valid="at least 0")
    return x + y + sum(a for a, _ in zip(x, y, strict=True))
"""


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('where="x"', 'where="XXxXX"', True),
        ('where="x"', "where=None", True),
        (', valid="at least 0"', "", True),
        ('f"x is {x}"', "None", True),
        ("InvalidGame(", "ValueError(", False),
        ("x < 0", "x <= 0", False),
        ("x + y", "x - y", False),
        ("return x + y", "return y + x", False),
        (", strict=True", "", True),
        ("strict=True", "strict=False", True),
        ("zip(x, y, strict=True)", "zip(x, None, strict=True)", False),
    ],
)
def test_messages_are_told_from_the_program(old, new, text):
    assert old in ORIGINAL
    pair = [ast.parse(source).body[0] for source in (ORIGINAL, ORIGINAL.replace(old, new))]
    assert changes_text_only(*pair) is text


def test_mutants_are_drawn_by_seed_and_counted(tmp_path, monkeypatch, capsys):
    for package in PACKAGES:
        folder = tmp_path / "mutants" / package
        folder.mkdir(parents=True)
        module = package.replace("/", ".") + ".one"
        body = 'def x_f__mutmut_{}(x):\n    raise InvalidGame("{}", {})\n    return {}\n'
        source = body.format("orig", "a", 1, 1) + body.format(1, "b", 2, 1)
        source += "".join(body.format(number, "a", 1, number) for number in range(2, 6))
        (folder / "one.py").write_text(source)
        codes = {1: None, 2: 1, 3: 0, 4: 33, 5: 36}
        keys = {f"{module}.x_f__mutmut_{number}": code for number, code in codes.items()}
        (folder / "one.py.meta").write_text(json.dumps({"exit_code_by_key": keys}))
        found = list(mutants(package, tmp_path / "mutants"))
        assert [one.text_only for one in found] == [True, False, False, False, False]
    monkeypatch.chdir(tmp_path)
    assert main(["--report"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[1].split() == ["gametheory/concepts", "4", "1", "1", "1", "1", "50.0%"]
    assert "gametheory.concepts.one.x_f__mutmut_3" in rows
    assert main(["--report", "--each", "2", "--seed", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[1] == "2"
