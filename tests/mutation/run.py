"""``make mutation``: how many planted bugs do the tests of three packages find?

mutmut makes the mutants and runs on each the tests that reach it (``[tool.mutmut]`` in
``pyproject.toml``). This draws a sample of them with a fixed seed and counts. Mutants that change
nothing but the text of errors are left out, as tests hold messages by a few words and not by
letter, and those of ``zip(strict=True)``, which says what holds anyway.

::

    python -m tests.mutation.run --each 150            # of each of the three packages
    python -m tests.mutation.run --report              # count what was run already
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

__all__ = ["changes_text_only", "main"]

PACKAGES = ("gametheory/concepts", "gametheory/certificates", "marl_bridge/intervals")
_FOLDER = Path("mutants")
_KILLED, _NO_TESTS, _SURVIVED = {1, 3}, 33, 0


class Mutant(NamedTuple):
    """One planted bug: its name, and the exit code of the tests; None before they ran."""

    name: str
    code: int | None
    text_only: bool


class _WithoutText(ast.NodeTransformer):
    """Blanks what a message can be made of: strings, and everything given to a raised error."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant("")

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return ast.Raise(raised, None)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name.startswith(("Invalid", "Unsupported", "GameFormat", "_wrong", "_refuse")):
            return ast.Call(node.func, [], [])
        # zip(strict=True) states what holds already: nothing is different without it.
        node.keywords = [one for one in node.keywords if one.arg != "strict"]
        return self.generic_visit(node)


def changes_text_only(before: ast.AST, after: ast.AST) -> bool:
    """Whether two versions of a function differ in nothing but messages.

    Dictionary keys and compared strings are program and not message, but look the same: a mutant
    of these is left out too, and counts neither for nor against the tests.
    """
    pair = [ast.dump(_WithoutText().visit(one)) for one in (before, after)]
    return pair[0] == pair[1]


def mutants(package: str, folder: Path = _FOLDER) -> Iterator[Mutant]:
    """All mutants of a package, in the order of their files."""
    for meta in sorted((folder / package).glob("*.py.meta")):
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        tree = ast.parse(meta.with_suffix("").read_text())
        functions = {
            node.name: node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for name, code in codes.items():
            function = name.rpartition(".")[2]
            original = functions.get(function.rpartition("__mutmut_")[0] + "__mutmut_orig")
            changed = functions.get(function)
            yield Mutant(name, code, _same(original, changed))


def _same(original: ast.AST | None, changed: ast.AST | None) -> bool:
    if original is None or changed is None:
        return False
    pair = [ast.parse(ast.unparse(one)).body[0] for one in (original, changed)]
    for one in pair:
        one.name = ""  # type: ignore[attr-defined]
    return changes_text_only(*pair)


def main(given: Sequence[str] | None = None) -> int:
    """Draw the sample, run it, and count."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description=__doc__)
    parser.add_argument("--each", type=int, default=150, help="mutants of each package")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", action="store_true", help="run nothing, only count")
    arguments = parser.parse_args(given)
    mutmut = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    if not arguments.report and not _FOLDER.exists():
        first = "gametheory.concepts.welfare.x_welfare__mutmut_1"
        subprocess.run([*mutmut, first], check=True)
    chosen: dict[str, list[str]] = {}
    print(f"{'package':26}{'mutants':>9}{'of text':>9}{'drawn':>7}", file=sys.stderr)
    for package in PACKAGES:
        found = list(mutants(package))
        of_code = [one.name for one in found if not one.text_only]
        size = min(arguments.each, len(of_code))
        chosen[package] = sorted(Random(arguments.seed).sample(of_code, size))
        numbers = f"{len(found):>9}{len(found) - len(of_code):>9}{size:>7}"
        print(f"{package:26}{numbers}", file=sys.stderr, flush=True)
    if not arguments.report:
        subprocess.run([*mutmut, *(name for some in chosen.values() for name in some)], check=True)
    return _report(chosen)


def _report(chosen: dict[str, list[str]]) -> int:
    print(
        f"{'package':26}{'run':>6}{'killed':>8}{'survived':>10}{'no tests':>10}{'other':>7}  score"
    )
    left = []
    for package, names in chosen.items():
        codes = {one.name: one.code for one in mutants(package)}
        ran = {name: codes[name] for name in names if codes.get(name) is not None}
        kinds = Counter(_kind(code) for code in ran.values())
        left += [name for name, code in ran.items() if _kind(code) in ("survived", "no tests")]
        score = (kinds["killed"] + kinds["other"]) / max(1, len(ran))
        print(
            f"{package:26}{len(ran):>6}{kinds['killed']:>8}{kinds['survived']:>10}"
            f"{kinds['no tests']:>10}{kinds['other']:>7}  {score:.1%}"
        )
    print(*left, sep="\n")
    return 0


def _kind(code: int | None) -> str:
    if code in _KILLED:
        return "killed"
    # Others never end, or end the process: they were noticed.
    return {_SURVIVED: "survived", _NO_TESTS: "no tests"}.get(
        code if code is not None else -1, "other"
    )


if __name__ == "__main__":
    sys.exit(main())
