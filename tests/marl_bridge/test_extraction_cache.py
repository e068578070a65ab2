"""Extracted games on disk: found again when nothing changed, never when anything did."""

from __future__ import annotations

import errno
import functools
import os
import pickle
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

import marl_bridge
from marl_bridge.environments import extraction, extraction_cache
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import open_environment
from marl_bridge.environments.safe_values import UnsafeValue, decode, encode
from marl_bridge.environments.source_fingerprint import NoFingerprint, describe, source_fingerprint
from tests.marl_bridge.chance_environments import CardKuhn, Kuhn
from tests.marl_bridge.environments import Coordination, MatchingPennies
from tests.marl_bridge.same_game import assert_same
from tests.marl_bridge.test_checkpoint import Showing

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_other_processes(monkeypatch):
    monkeypatch.setattr(extraction, "check_hash_order", lambda *_, **__: "no sets")


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (Kuhn, {}),
        (CardKuhn, {"discount": 0.9, "seed": 3}),
        (Coordination, {"env_kwargs": {"rounds": 2}}),
        ("classic/rps-v2", {"env_kwargs": {"max_cycles": 2}, "api": "parallel"}),
        (Kuhn, {"depth_limit": 2, "frontier": (-2, 2)}),
        (Kuhn, {"chance": "sample:7"}),
    ],
)
def test_what_is_read_is_what_was_extracted(tmp_path, make, options, monkeypatch):
    plain = marl_bridge.extract(make, **options)
    kept = marl_bridge.extract(make, cache=tmp_path, **options)
    assert kept.cached == ""
    monkeypatch.setattr(extraction, "_extract", None)  # nothing is extracted from here on
    read = marl_bridge.extract(make, cache=tmp_path, recall="observation", **options)
    assert read.cached == str(next(tmp_path.iterdir()))
    assert_same(plain, read)
    assert read.game == plain.game
    assert (read.recall, read.discount, read.n_deals) == ("observation", *_of(plain))
    assert read.approximations == plain.approximations
    assert read.audit == kept.audit
    if plain.frontier is not None:
        np.testing.assert_array_equal(read.frontier.low, plain.frontier.low)
        assert read.value_bounds() == plain.value_bounds()


def _of(e: marl_bridge.Extraction) -> tuple[Any, Any]:
    return e.discount, e.n_deals


def test_other_arguments_and_options_have_files_of_their_own(tmp_path):
    for options in (
        {},
        {"seed": 1},
        {"discount": 0.5},
        {"env_kwargs": {"stake": 2.0}},
        {"depth_limit": 1, "frontier": (0, 1)},
        {"depth_limit": 1, "frontier": (0, 2)},
        {"depth_limit": 1, "frontier": lambda p: dict.fromkeys(p.agents, 1.0)},
        {"depth_limit": 1, "frontier": lambda p: dict.fromkeys(p.agents, 2.0)},
        {"chance": "sample:3"},
    ):
        assert marl_bridge.extract(MatchingPennies, cache=tmp_path, **options).cached == ""
    assert len(list(tmp_path.iterdir())) == 9


def test_a_game_beyond_max_states_is_not_taken_from_the_cache(tmp_path):
    marl_bridge.extract(Kuhn, cache=tmp_path)
    with pytest.raises(marl_bridge.ExtractionRefused, match="more than 20 states"):
        marl_bridge.extract(Kuhn, cache=tmp_path, max_states=20)


def write_module(folder: Path, stake: float, helper: str = "return 1.0") -> None:
    (folder / "stakes.py").write_text(f"STAKE = {stake}\n\ndef factor():\n    {helper}\n")
    (folder / "stones.py").write_text(
        textwrap.dedent(
            """
            from pettingzoo.classic.rps.rps import raw_env
            from stakes import STAKE, factor

            class Stones(raw_env):
                def __init__(self, render_mode=None):
                    super().__init__(max_cycles=int(STAKE * factor()))
            """
        )
    )


PROGRAM = """
import sys, marl_bridge
found = marl_bridge.extract("stones:Stones", cache=sys.argv[1])
print(found.game.terminal_payoffs.max(), bool(found.cached))
"""


def extract_elsewhere(folder: Path, cache: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join(map(str, (folder, ROOT)))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(cache)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_changed_module_is_another_environment_and_two_processes_share_a_cache(tmp_path):
    cache = tmp_path / "cache"
    write_module(tmp_path, 1.0)
    at_once = [extract_elsewhere(tmp_path, cache) for _ in range(2)]
    assert {process.communicate()[0].split()[0] for process in at_once} == {"1.0"}
    assert [file.suffix for file in cache.iterdir()] == [".npz"]
    write_module(tmp_path, 2.0)  # a constant in a module that the environment's module imports
    assert extract_elsewhere(tmp_path, cache).communicate()[0].split() == ["2.0", "False"]
    write_module(tmp_path, 1.0)
    assert extract_elsewhere(tmp_path, cache).communicate()[0].split() == ["1.0", "True"]


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_damaged_files_are_told_and_made_again(tmp_path):
    plain = marl_bridge.extract(Kuhn, cache=tmp_path)
    file = only_file(tmp_path)
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"hello", whole[:-30]):
        file.write_bytes(content)
        with pytest.warns(UserWarning, match="cannot be read and is made again"):
            assert_same(plain, marl_bridge.extract(Kuhn, cache=tmp_path))
    for place in range(0, len(whole), len(whole) // 5):  # a time stamp may be another one
        flipped = bytearray(whole)
        flipped[place] ^= 1
        file.write_bytes(flipped)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_same(plain, marl_bridge.extract(Kuhn, cache=tmp_path))
    assert marl_bridge.extract(Kuhn, cache=tmp_path).cached


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return (exec, ("import os; os.environ['MARL_BRIDGE_TEST_BOMB'] = '1'",))


def test_no_code_in_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.delenv("MARL_BRIDGE_TEST_BOMB", raising=False)
    marl_bridge.extract(MatchingPennies, cache=tmp_path)
    file = only_file(tmp_path)
    with np.load(file) as content:
        arrays = dict(content)
    for poisoned in (arrays | {"player": np.array([Bomb()], dtype=object)}, None):
        if poisoned is None:
            file.write_bytes(pickle.dumps(Bomb()))
        else:
            np.savez(file, **poisoned)
        with pytest.warns(UserWarning, match="cannot be read and is made again"):
            marl_bridge.extract(MatchingPennies, cache=tmp_path)
    assert "MARL_BRIDGE_TEST_BOMB" not in os.environ


def test_arrays_that_do_not_fit_are_refused(tmp_path):
    marl_bridge.extract(MatchingPennies, cache=tmp_path)
    file = only_file(tmp_path)
    with np.load(file) as content:
        arrays = dict(content)
    for name, change in (("edge_target", 99), ("player", 7), ("first_edge", -1), ("drawn", 5)):
        changed = arrays[name].copy() if arrays[name].size else np.zeros(1, np.int64)
        changed[-1] = change
        np.savez(file, **{**arrays, name: changed})
        with pytest.warns(UserWarning, match="cannot be read and is made again"):
            marl_bridge.extract(MatchingPennies, cache=tmp_path)


def test_a_disk_that_fails_is_a_warning(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.warns(UserWarning, match="the extraction is not cached"):
        e = marl_bridge.extract(MatchingPennies, cache=blocked / "cache")
    assert e.game.n_infosets == (1, 1)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.warns(UserWarning, match="No space left on device"):
        e = marl_bridge.extract(MatchingPennies, cache=tmp_path / "full")
    assert e.cached.startswith("not cached")
    assert list((tmp_path / "full").iterdir()) == []


def test_where_the_cache_is(tmp_path, monkeypatch):
    folder = extraction_cache.cache_folder
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    usual = tmp_path / "marl-bridge"
    for said, by_default, wanted in (
        (None, None, usual),
        ("0", None, None),
        ("off", None, None),
        ("1", usual, usual),
        ("here", Path("here"), Path("here")),
    ):
        if said is None:
            monkeypatch.delenv(extraction_cache.VARIABLE, raising=False)
        else:
            monkeypatch.setenv(extraction_cache.VARIABLE, said)
        assert folder(None) == by_default
        assert folder(True) == wanted
        assert folder(False) is None
        assert folder("there") == Path("there")


def test_old_files_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(extraction_cache, "_MOST_ENTRIES", 2)
    for number in range(3):
        (tmp_path / f"{number}.npz").write_text("")
        os.utime(tmp_path / f"{number}.npz", (number, number))
    marl_bridge.extract(MatchingPennies, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / "2.npz").exists()


def test_check_finds_the_game_there(tmp_path, monkeypatch):
    one = marl_bridge.check(Kuhn, "random", episodes=50, cache=tmp_path)
    monkeypatch.setattr(extraction, "_extract", None)
    other = marl_bridge.check(Kuhn, "random", episodes=50, cache=tmp_path)
    assert one.nash_conv == other.nash_conv > 0


def test_what_cannot_be_told_apart_or_written_is_not_cached(tmp_path):
    shown = marl_bridge.extract(Showing, cache=tmp_path)
    assert "not cached: what agents are shown holds a " in shown.cached
    assert "not cached" in shown.to_dict()["cache"]
    stakes = iter([1.0])
    odd = marl_bridge.extract(lambda: MatchingPennies(next(stakes, 1.0)), cache=tmp_path)
    assert "not cached: the environment cannot be told from others: it depends" in odd.cached
    assert not list(tmp_path.iterdir())


def test_functions_are_told_apart_by_what_they_do():
    stake = 1.0

    def fingerprint(make: Any) -> str:
        return source_fingerprint(open_environment(make), make, None)

    one = fingerprint(lambda: MatchingPennies(stake))
    assert one == fingerprint(lambda: MatchingPennies(stake))
    stake = 2.0
    assert one != fingerprint(lambda: MatchingPennies(stake))
    assert one != fingerprint(functools.partial(MatchingPennies, 1.0))
    before = describe(Coordination)
    try:
        Coordination.extra = 3
        assert describe(Coordination) != before
    finally:
        del Coordination.extra
    with pytest.raises(NoFingerprint, match=r"depends on a builtins\.object"):
        describe(object())


def test_a_class_from_a_prompt_has_no_fingerprint():
    space = {"__name__": "prompt", "MatchingPennies": MatchingPennies}
    exec("class Typed(MatchingPennies):\n    pass", space)
    typed = space["Typed"]
    with pytest.raises(NoFingerprint, match="module prompt is not loaded"):
        source_fingerprint(open_environment(typed), typed, None)


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.fractions()
    | st.complex_numbers(allow_nan=False)
    | st_numpy.arrays(
        st_numpy.boolean_dtypes() | st_numpy.integer_dtypes() | st_numpy.floating_dtypes(),
        st_numpy.array_shapes(min_dims=0, max_side=3),
    )
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_plain_data_survives_json(value):
    import json

    same(decode(json.loads(json.dumps(encode(value)))), value)


def same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, np.ndarray | np.generic):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()
    elif isinstance(one, list | tuple):
        for mine, yours in zip(one, other, strict=True):
            same(mine, yours)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for name, item in one.items():
            same(item, other[name])
    else:
        assert repr(one) == repr(other)


def test_numpy_numbers_survive_and_other_objects_are_named():
    for number in (np.float32(0.1), np.int8(-3), np.bool_(True), np.str_("x")):
        back = decode(encode(number))
        assert type(back) is type(number)
        assert back == number
        assert observation_key(back) == observation_key(number)
    endless: list[Any] = []
    endless.append(endless)
    for value, name in ((object(), "builtins.object"), (endless, "holds itself"), ({1}, "set")):
        with pytest.raises(UnsafeValue, match=name):
            encode(value)
