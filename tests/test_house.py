"""The house rules that no linter knows: light imports, complete ``__all__``, a whole wheel."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gametheory", "marl_bridge")
HEAVY = {"torch", "ray", "pygame", "matplotlib", "numba", "scipy", "flint", "rich", "typer"}
ENVIRONMENTS = {"pettingzoo", "gymnasium", "rlcard", "PIL"}
TEXT = {".py", ".md", ".toml", ".html", ".css", ".json", ".txt", ".yml", ".cfg", ""}


def loaded_by(statement: str) -> set[str]:
    """Top-level modules in a fresh interpreter after running ``statement``."""
    code = f"{statement}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def modules() -> list[str]:
    """Every importable module of both packages, sorted."""
    names = list(PACKAGES)
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        names += [found.name for found in pkgutil.walk_packages(path, f"{package}.")]
    return sorted(name for name in names if not name.endswith("__main__"))


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    assert not loaded_by(f"import {package}") & (HEAVY | ENVIRONMENTS)


def test_gametheory_does_not_know_the_bridge() -> None:
    assert "marl_bridge" not in loaded_by("import gametheory")


@pytest.mark.parametrize("name", modules())
def test_public_names_exist_and_are_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    if not hasattr(module, "__all__"):  # a package that only holds its modules
        assert hasattr(module, "__path__"), f"{name} has no __all__"
        return
    assert len(set(module.__all__)) == len(module.__all__), f"{name}.__all__ repeats a name"
    for public in module.__all__:
        thing = getattr(module, public)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            assert inspect.getdoc(thing), f"{name}.{public} has no docstring"


@pytest.mark.parametrize("package", PACKAGES)
def test_dir_shows_the_public_names(package: str) -> None:
    module: ModuleType = importlib.import_module(package)
    assert set(module.__all__) <= set(dir(module))


def test_wheel_is_typed_and_holds_both_packages(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)


def test_no_path_of_anyones_machine() -> None:
    forbidden = re.compile(r"(?<![\w./])/(?:home|Users|work|root|tmp/scratch)/\w")
    tops = ("gametheory", "marl_bridge", "tests", "docs", "benchmarks", ".ci")
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for top in tops for path in (ROOT / top).rglob("*") if path.is_file()]
    for path in files:
        if path.suffix in TEXT and path.name not in {".git", ".DS_Store"}:
            found = forbidden.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(ROOT)} holds the path {found and found.group()}"
