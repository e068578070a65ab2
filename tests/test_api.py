"""The public names and signatures are those of api.txt: what changes there is seen in review.

``make playthroughs`` (pytest tests/test_api.py --update-playthroughs) writes the file anew.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.api_listing import listing

KEPT = Path(__file__).parent / "api.txt"


def test_the_api_is_the_one_that_was_reviewed(request: pytest.FixtureRequest) -> None:
    lines = listing()
    if request.config.getoption("--update-playthroughs"):
        KEPT.write_text("\n".join(lines) + "\n", "utf-8")
        return
    kept = KEPT.read_text("utf-8").splitlines()
    changes = [
        line
        for line in difflib.unified_diff(kept, lines, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    assert not changes, "\n".join(
        [
            "the public names are not those of tests/api.txt:",
            *changes,
            "If this is meant: make playthroughs, and review the diff.",
        ]
    )


def test_every_line_is_of_one_thing() -> None:
    lines = listing()
    repeated = {line for line in lines if lines.count(line) > 1}
    assert not repeated
    text = "\n".join(lines)
    assert "\ngametheory.solve(game: " in text
    assert "\nclass gametheory.NormalFormGame(" in text
    assert "\ngametheory.Solution.status: Status" in text
    assert "\nlearner independent-q, " in text
