"""Without an optional extra everything else works, and what needs it says what to install.

An extra is taken away from a process of its own: its modules cannot be imported there.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))[
    "project"
]["optional-dependencies"]
MODULES = {  # what a requirement brings
    "hypothesis": ("hypothesis",),
    "joblib": ("joblib",),
    "jsonschema": ("jsonschema",),
    "matplotlib": ("matplotlib",),
    "mpe2": ("mpe2",),
    "nashpy": ("nashpy",),
    "open-spiel": ("pyspiel", "open_spiel"),
    "pettingzoo": ("pettingzoo", "gymnasium", "rlcard", "pygame", "chess", "shimmy"),
    "pillow": ("PIL",),
    "pytest": ("pytest", "_pytest"),
    "pytest-xdist": ("xdist",),
    "ray": ("ray",),
    "sb3-contrib": ("sb3_contrib",),
    "stable-baselines3": ("stable_baselines3",),
    "torch": ("torch",),
}

SETTING = """
import importlib, json, os, pkgutil, sys
from pathlib import Path

blocked = set(json.loads(sys.argv[1]))

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
    os.environ[name] = "dummy"
os.environ |= {"MARL_BRIDGE_RECORD": "off", "MARL_BRIDGE_CACHE": "0", "MPLBACKEND": "Agg"}

import gametheory as gt
import marl_bridge
from marl_bridge.policies.specs import policies_from

pennies = gt.catalog.load("matching_pennies")
ROCKS = {"make": "classic/rps-v2", "env_kwargs": {"max_cycles": 1}}

def command(package, *arguments):
    from typer.testing import CliRunner
    app = importlib.import_module(f"{package}.cli").app
    result = CliRunner().invoke(app, arguments)
    if result.exit_code == 2:
        raise SystemExit(result.output)
    assert result.exit_code == 0, (result.output, result.exception)

def public_names():
    for package in (gt, marl_bridge):
        for name in package.__all__:
            getattr(package, name)

def every_module(*but):
    for package in (gt, marl_bridge):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".", onerror=print):
            if not found.name.startswith(but) and not found.name.endswith("__main__"):
                importlib.import_module(found.name)

told = {}
for work in json.loads(sys.argv[2]):
    try:
        exec(work)
        told[work] = ["works", ""]
    except SystemExit as error:
        told[work] = ["exit code 2", str(error)]
    except Exception as error:
        told[work] = [type(error).__name__, str(error)]
print("\\n" + json.dumps(told))
"""

# What needs nothing but the toolkit's own requirements.
CORE = [
    "public_names()",
    "every_module('marl_bridge.worlds.')",
    "assert gt.solve(pennies).certificate.exact",
    "assert gt.solve(gt.catalog.load('kuhn_poker')).equilibria",
    "gt.save_game(pennies, Path('pennies.nfg')); gt.load_game('pennies.nfg')",
    "gt.simulate(pennies, 'fictitious-play', rounds=5)",
    "command('gametheory', 'solve', 'prisoners_dilemma')",
    "command('gametheory', 'methods')",
    "command('gametheory', 'draw', 'kuhn_poker', 'tree.svg')",
    "command('marl_bridge', 'learners')",
    "command('marl_bridge', '--help')",
]
# What needs PettingZoo and nothing else.
BRIDGE = [
    "assert marl_bridge.check(**ROCKS, policies='random', episodes=10).nash_conv == 0.0",
    "marl_bridge.train(**ROCKS, episodes=5)",
    "marl_bridge.train(pennies, 'regret-matching', episodes=5)",
    "marl_bridge.train(pennies, 'cfr', episodes=5)",
    "from marl_bridge.worlds import SoccerEnv; SoccerEnv()",
]
NEEDS: dict[str, list[str]] = {
    "pettingzoo": [
        *BRIDGE,
        "marl_bridge.open_environment('classic/rps-v2')",
        "marl_bridge.inspect('classic/rps-v2')",
        "marl_bridge.estimate('classic/rps-v2', 'random', episodes=5)",
        "from marl_bridge.worlds.matrix_game import MatrixGameEnv",
        "command('marl_bridge', 'check', 'classic/rps-v2')",
    ],
    "mpe": ["marl_bridge.open_environment('mpe2.simple_spread_v3')"],
    "torch": [
        "marl_bridge.train(**ROCKS, learner='self-play-ppo', episodes=5)",
        "marl_bridge.exploit(**ROCKS, policies='random', method='ppo', exact=False, episodes=5)",
        "Path('m.pt').write_bytes(b''); policies_from(['m.pt'], ('a',), allow_code=True)",
    ],
    "ray": [
        "marl_bridge.payoff_tensor(**ROCKS, populations={'p': 'random'}, episodes=4, workers=2, "
        "backend='ray')",
    ],
    "plot": [
        "command('gametheory', 'draw', 'matching_pennies', 'game.png')",
        "gt.plots.plot_payoffs(pennies)",
    ],
    "openspiel": ["gt.from_open_spiel('kuhn_poker')"],
    "test": [
        "import gametheory.testing; gametheory.testing.check_algorithm('lemke-howson')",
        "from gametheory.testing.strategies import generic_games; generic_games()",
    ],
}


def requirements(extra: str) -> set[str]:
    return {re.split(r"[\[>=<~! ]", one)[0] for one in EXTRAS[extra]}


def modules(*extras: str) -> set[str]:
    return {module for extra in extras for one in requirements(extra) for module in MODULES[one]}


def outcomes(blocked: set[str], work: list[str], folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", SETTING, json.dumps(sorted(blocked)), json.dumps(work)],
        env=None,
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_every_extra_is_here() -> None:
    assert set(NEEDS) == set(EXTRAS) - {"dev", "quality"}  # tools for work on the toolkit itself
    assert set(MODULES) == {one for extra in NEEDS for one in requirements(extra)}


@pytest.mark.slow  # the two tests below take them away together
@pytest.mark.parametrize("extra", NEEDS)
def test_without_one_extra(extra: str, tmp_path: Path) -> None:
    others = {other for other in NEEDS if other not in (extra, "test")}
    blocked = modules(extra) - modules(*others)
    works = CORE[2:4] if extra == "pettingzoo" else BRIDGE[:1]
    told = outcomes(blocked, [*works, *NEEDS[extra]], tmp_path)
    check(told, works, {extra: NEEDS[extra]})


def test_without_any_extra(tmp_path: Path) -> None:
    needs = {extra: NEEDS[extra] for extra in ("pettingzoo", "plot", "openspiel", "test")}
    work = [*CORE, *(one for needed in needs.values() for one in needed)]
    check(outcomes(modules(*NEEDS), work, tmp_path), CORE, needs)


def test_with_pettingzoo_alone(tmp_path: Path) -> None:
    blocked = modules(*NEEDS) - modules("pettingzoo")
    needs = {extra: needed for extra, needed in NEEDS.items() if extra != "pettingzoo"}
    works = [*CORE, *BRIDGE]
    work = [*works, *(one for needed in needs.values() for one in needed)]
    check(outcomes(blocked, work, tmp_path), works, needs)


def check(told: dict[str, Any], works: list[str], needs: dict[str, list[str]]) -> None:
    for work in works:
        assert told[work] == ["works", ""], work
    for extra, needed in needs.items():
        for work in needed:
            kind, message = told[work]
            assert kind in ("MissingExtra", "exit code 2"), (work, kind, message)
            assert f"needs the extra '{extra}', which is not installed" in message, work
            assert f"pip install 'gametheory-toolkit[{extra}]'" in message, work


def test_environments_of_a_missing_package_say_what_to_install(tmp_path: Path) -> None:
    work = ["marl_bridge.open_environment('mpe/simple_spread_v3')", "pennies.to_nashpy()"]
    for one, (kind, message) in outcomes(modules("mpe", "test"), work, tmp_path).items():
        assert kind in ("MissingExtra", "InvalidEnvironment"), (one, kind, message)
        assert "pip install" in message, (one, message)
