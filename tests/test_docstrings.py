"""The examples of docstrings that need an optional extra, and are skipped by pytest's own run."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = re.compile(r">>> .*# doctest: \+SKIP")
NEEDS = {"gametheory.plots": "matplotlib", "gametheory.games.open_spiel": "pyspiel"}


def modules_with_skipped_examples() -> list[str]:
    paths = [path for name in ("gametheory", "marl_bridge") for path in (ROOT / name).rglob("*.py")]
    return sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in paths
        if SKIPPED.search(path.read_text("utf-8"))
    )


@pytest.mark.parametrize("name", modules_with_skipped_examples())
def test_skipped_examples_run_where_the_extra_is_installed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (needed,) = [extra for place, extra in NEEDS.items() if name.startswith(place)]
    pytest.importorskip(needed)
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    ran = 0
    for found in doctest.DocTestFinder(exclude_empty=True).find(module):
        if any(example.options.get(doctest.SKIP) for example in found.examples):
            for example in found.examples:
                example.options.pop(doctest.SKIP, None)
            ran += 1
            runner.run(found)
    assert ran
    assert not runner.summarize(verbose=False).failed
