from __future__ import annotations

import sys
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gametheory.errors import MissingExtra
from marl_bridge.environments.opening import bare, open_environment
from marl_bridge.errors import InvalidEnvironment
from tests.marl_bridge.environments import Coordination, MatchingPennies


@pytest.mark.parametrize(
    "written",
    [
        "classic/tictactoe-v3",
        "classic/tictactoe_v3",
        "tictactoe_v3",
        "tictactoe-v3",
        "classic/tictactoe",
        "tictactoe",
        "pettingzoo.classic.tictactoe_v3",
    ],
)
def test_every_spelling_opens_the_same_environment_without_warning(written: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = open_environment(written)
    assert (source.name, source.api) == ("classic/tictactoe-v3", "aec")
    assert source.new().possible_agents == ["player_1", "player_2"]


def test_every_instance_is_fresh() -> None:
    source = open_environment("tictactoe")
    first, second = source.new(), source.new()
    first.reset(seed=0)
    first.step(4)
    second.reset(seed=0)
    assert first.unwrapped is not second.unwrapped
    assert second.observe("player_1")["observation"].sum() == 0


def test_api_on_request() -> None:
    assert open_environment("rps").api == "aec"
    assert open_environment("rps", api="parallel").api == "parallel"
    with pytest.raises(InvalidEnvironment, match=r"no parallel API.*'aec'"):
        open_environment("tictactoe", api="parallel")
    with pytest.raises(InvalidEnvironment, match="no aec API"):
        open_environment(Coordination, api="aec")
    with pytest.raises(InvalidEnvironment, match="unknown api 'turns'"):
        open_environment("rps", api="turns")  # type: ignore[arg-type]


def test_a_retired_version_opens_the_newest_and_says_so() -> None:
    with pytest.warns(UserWarning, match=r"knights_archers_zombies_v10.*zombies-v11"):
        source = open_environment("knights_archers_zombies_v10")
    assert source.name == "butterfly/knights_archers_zombies-v11"


def test_modules_of_the_old_import_open_too() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the import's, not ours
        from pettingzoo.butterfly import knights_archers_zombies_v10
        from pettingzoo.classic import tictactoe_v3
    assert open_environment(tictactoe_v3).name == "classic/tictactoe-v3"
    with pytest.warns(UserWarning, match=r"_v10 is retired.*-v11"):
        source = open_environment(knights_archers_zombies_v10)
    assert source.name == "butterfly/knights_archers_zombies-v11"


def test_classes_callables_modules_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_environment(MatchingPennies).name == "matching_pennies_v0"
    assert open_environment(Coordination).api == "parallel"
    assert open_environment(lambda: MatchingPennies(2.0)).new().stake == 2.0
    assert open_environment(MatchingPennies, env_kwargs={"stake": 3.0}).new().stake == 3.0
    assert open_environment("tests.marl_bridge.environments:Coordination").api == "parallel"

    module = types.ModuleType("my_pennies_v0")
    module.env = MatchingPennies  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_pennies_v0", module)
    assert open_environment(module).name == "my_pennies_v0"

    file = tmp_path / "written_tonight.py"
    file.write_text(
        "from tests.marl_bridge.environments import Coordination as Mine\nparallel_env = Mine\n"
    )
    assert open_environment(f"{file}:Mine").api == "parallel"
    assert open_environment(str(file)).api == "parallel"
    monkeypatch.syspath_prepend(tmp_path)
    assert open_environment("written_tonight").name == "written_tonight"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        ("clasic/tictactoe-v3", r"unknown environment.*did you mean 'classic/tictactoe-v3'"),
        ("tic_tac_toe", r"unknown environment 'tic_tac_toe'.*pprint_registry"),
        ("tictactoe-v9", r"no tictactoe_v9.*'classic/tictactoe-v3'"),
        ("mpe/simple_spread_v3", r"no longer in PettingZoo.*pip install mpe2"),
        ("gin_rummy_v4", r"no longer in PettingZoo.*rlcard"),
        ("json", r"module 'json' builds no environment.*env\(\)"),
        ("json:loads_", r"'json' has no 'loads_'"),
        ("nowhere.py:Env", r"no file 'nowhere.py'"),
        ("no_such_module:Env", r"no module 'no_such_module'.*PYTHONPATH"),
        (MatchingPennies(), r"does not open an environment.*callable"),
        (dict, r"built a dict.*AECEnv"),
    ],
)
def test_what_cannot_be_opened_says_what_can(make: Any, message: str) -> None:
    with pytest.raises(InvalidEnvironment, match=message):
        open_environment(make)


def test_a_factory_that_hands_out_one_object_is_refused() -> None:
    only = MatchingPennies()
    with pytest.raises(InvalidEnvironment, match=r"same environment each time.*inside"):
        open_environment(lambda: only)


@pytest.mark.parametrize("make", ["tictactoe", MatchingPennies])
def test_refused_arguments_are_named(make: Any) -> None:
    with pytest.raises(InvalidEnvironment, match=r"does not take the argument 'sides'.*env_kwargs"):
        open_environment(make, env_kwargs={"sides": 3})


def test_an_error_inside_the_constructor_stays_what_it_is() -> None:
    def broken() -> Any:
        raise TypeError("unsupported operand")

    with pytest.raises(TypeError, match="unsupported operand"):
        open_environment(broken)


def test_missing_packages_name_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "multi_agent_ale_py", None)
    with pytest.raises(MissingExtra, match=r"atari/pong-v3.*pip install 'pettingzoo\[atari\]'"):
        open_environment("atari/pong-v3")
    monkeypatch.setitem(sys.modules, "pettingzoo", None)
    with pytest.raises(MissingExtra, match=r"pip install 'gametheory-toolkit\[pettingzoo\]'"):
        open_environment("tictactoe")


def test_bare_takes_off_checks_only() -> None:
    source = open_environment("tictactoe")
    assert bare(source.new()) is not None
    assert type(bare(source.new())).__name__ == "raw_env"
    own = MatchingPennies()
    assert bare(own) is own
    checked, unchecked = source.driver(), source.driver(checked=False)
    rng = np.random.default_rng(0)
    checked.reset(seed=1)
    unchecked.reset(seed=1)
    while checked.acting:
        (agent,) = checked.acting
        here, there = checked.view(agent), unchecked.view(agent)
        assert np.array_equal(here.observation, there.observation)
        assert np.array_equal(here.legal_indices(), there.legal_indices())
        action = {agent: int(rng.choice(here.legal_indices()))}
        checked.step(action)
        unchecked.step(action)
    assert checked.returns == unchecked.returns
    assert not unchecked.acting
