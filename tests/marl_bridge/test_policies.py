from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Discrete
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from marl_bridge.environments.driver import View
from marl_bridge.environments.opening import open_environment
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.policies.files import DamagedPolicy
from marl_bridge.policies.policy import (
    CallablePolicy,
    TabularPolicy,
    UniformRandomPolicy,
    as_policy,
    assign,
    checked_probabilities,
    observation_key,
)
from tests.marl_bridge.environments import Pointing


def view(mask: list[int] | None = None, n: int = 3, observation: Any = 7, start: int = 0) -> View:
    shown = None if mask is None else np.array(mask) != 0
    return View("zoe", observation, shown, Discrete(n, start=start))


masks = st.lists(st.integers(0, 1), min_size=4, max_size=4).filter(any)
weights = hnp.arrays(np.float64, 4, elements=st.floats(0.01, 1.0))


@given(masks, st.integers(0, 2**32 - 1))
def test_uniform_play_is_legal_and_uniform(mask: list[int], seed: int) -> None:
    shown, policy = view(mask, 4, start=10), UniformRandomPolicy()
    p = checked_probabilities(policy, shown)
    assert np.allclose(p[np.flatnonzero(mask)], 1 / sum(mask))
    assert p.sum() == pytest.approx(1.0)
    assert mask[policy.act(shown, np.random.default_rng(seed)) - 10]


@given(masks, weights)
def test_table_rows_are_masked_and_renormalized(mask: list[int], row: np.ndarray) -> None:
    row = row / row.sum()
    p = TabularPolicy({observation_key(7): row}).probabilities(view(mask, 4))
    expected = row * mask / (row * mask).sum()
    assert np.allclose(p, expected)
    assert checked_probabilities(TabularPolicy({}), view(mask, 4)) == pytest.approx(
        np.array(mask) / sum(mask)
    )


def test_sampling_follows_the_probabilities() -> None:
    policy, rng = TabularPolicy({observation_key(7): [0.5, 0.0, 0.5]}), np.random.default_rng(0)
    counts = Counter(policy.act(view(), rng) for _ in range(2000))
    assert set(counts) == {0, 2}
    assert abs(counts[0] - 1000) < 150  # 6.7 standard deviations


def test_a_table_can_refuse_what_it_does_not_know() -> None:
    with pytest.raises(InvalidPolicy, match=r"agent 'zoe' says nothing.*default='uniform'"):
        TabularPolicy({}, default="error").probabilities(view())
    with pytest.raises(InvalidPolicy, match=r"2 probabilities in a row.*valid: 3"):
        TabularPolicy({observation_key(7): [0.5, 0.5]}).probabilities(view())


@pytest.mark.parametrize("row", [[0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [[1.0]], []])
def test_a_table_takes_distributions_only(row: Any) -> None:
    with pytest.raises(InvalidPolicy, match="no probability distribution"):
        TabularPolicy({b"k": row})


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_tables_come_back_from_disk_as_they_were(tmp_path: Path, suffix: str) -> None:
    policy = TabularPolicy(
        {
            observation_key(np.arange(3)): [0.1, 0.2, 0.7],
            observation_key("deal"): [1 / 3, 2 / 3],
        },
        default="error",
    )
    path = policy.save(tmp_path / f"policy{suffix}")
    assert TabularPolicy.load(path) == policy
    assert TabularPolicy.load(TabularPolicy({}).save(path)) == TabularPolicy({})
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_files_that_are_no_policies(tmp_path: Path) -> None:
    with pytest.raises(InvalidPolicy, match="does not exist"):
        TabularPolicy.load(tmp_path / "none.npz")
    with pytest.raises(InvalidPolicy, match=r"unknown suffix '.pkl'.*TabularPolicy.save"):
        TabularPolicy({}).save(tmp_path / "policy.pkl")
    for suffix in (".json", ".npz"):
        (tmp_path / f"other{suffix}").write_text('{"format": "something else"}')
        with pytest.raises(InvalidPolicy, match="is no saved policy"):
            TabularPolicy.load(tmp_path / f"other{suffix}")
    evil = tmp_path / "evil.npz"
    np.savez(evil, format=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InvalidPolicy, match="is no saved policy"):
        TabularPolicy.load(evil)


def test_saved_tables_that_were_changed_are_refused(tmp_path: Path) -> None:
    policy = TabularPolicy({b"a": [0.25, 0.75], b"b": [0.5, 0.5]})
    saved = json.loads(policy.save(tmp_path / "p.json").read_text())
    assert saved["sha256"] == policy.content_hash()
    edits: list[tuple[str, Any]] = [
        ("rows", [["61", [0.75, 0.25]], ["62", [0.5, 0.5]]]),
        ("rows", saved["rows"][:1]),
        ("rows", [["61", [0.25, 0.75]], ["63", [0.5, 0.5]]]),
        ("default", "error"),
        ("sha256", "0" * 64),
    ]
    for entry, changed in edits:
        (tmp_path / "p.json").write_text(json.dumps({**saved, entry: changed}))
        with pytest.raises(DamagedPolicy, match=r"is not what was saved.*get the file again"):
            TabularPolicy.load(tmp_path / "p.json")
    for entry, wrong in (("sha256", "none"), ("sha256", None), ("version", 1)):
        (tmp_path / "p.json").write_text(json.dumps({**saved, entry: wrong}))
        with pytest.raises(InvalidPolicy, match="is no saved policy"):
            TabularPolicy.load(tmp_path / "p.json")
    with np.load(policy.save(tmp_path / "p.npz")) as archive:
        arrays = dict(archive)
    arrays["rows"] = arrays["rows"][::-1].copy()
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(DamagedPolicy):
        TabularPolicy.load(tmp_path / "p.npz")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (3, "chose action 3, which does not exist"),
        (-1, "chose action -1, which does not exist"),
        (1, "chose the illegal action 1"),
        (True, "a bool, for an action"),
        (0.0, "a float, for an action"),
        (None, "a NoneType, for an action"),
        ("rock", "a str, for an action"),
        ([0.5, 0.5], r"probabilities of shape \(2,\)"),
        ([[0.5, 0.5, 0.0]], r"probabilities of shape \(1, 3\)"),
        ([[0.5], [0.5, 0.0]], "for probabilities"),
        ([np.nan, 0.0, 1.0], "gave action 0 the probability nan"),
        ([1.5, 0.0, -0.5], "gave action 2 the probability -0.5"),
        ([0.5, 0.0, 0.4], "sum to 0.9 instead of 1"),
        ([0.5, 0.3, 0.2], "gave the illegal action 1 probability 0.3"),
    ],
)
def test_wrong_answers_name_agent_answer_and_legal_actions(answer: Any, message: str) -> None:
    policy = CallablePolicy(lambda observation, mask: answer)
    for ask in (policy.probabilities, lambda v: policy.act(v, np.random.default_rng(0))):
        with pytest.raises(InvalidPolicy, match=f"'zoe'.*{message}.*legal actions \\[0, 2\\]"):
            ask(view([1, 0, 1]))


def test_functions_may_return_actions_or_probabilities() -> None:
    rng = np.random.default_rng(0)
    acts = CallablePolicy(lambda observation, mask: np.int64(12))
    assert acts.act(view(start=10), rng) == 12
    assert acts.probabilities(view(start=10)).tolist() == [0.0, 0.0, 1.0]
    mixes = CallablePolicy(lambda observation, mask: np.float32([0.5, 0.0, 0.5]))
    assert mixes.act(view([1, 0, 1]), rng) in (0, 2)
    assert mixes.probabilities(view([1, 0, 1])).tolist() == [0.5, 0.0, 0.5]


def test_a_function_that_samples_is_told_to_return_probabilities() -> None:
    rng = np.random.default_rng(1)
    policy = CallablePolicy(lambda observation, mask: int(rng.integers(3)))
    with pytest.raises(InvalidPolicy, match=r"samples its own actions.*return probabilities"):
        for observation in range(20):
            policy.probabilities(view(observation=observation))


def test_policies_without_probabilities_are_not_tabulated() -> None:
    class Acts:
        def act(self, view: View, rng: np.random.Generator) -> int:
            return 0

    with pytest.raises(InvalidPolicy, match="Acts of agent 'zoe' has no probabilities"):
        checked_probabilities(Acts(), view())


def test_masks_that_allow_nothing_are_the_environments_fault() -> None:
    for policy in (UniformRandomPolicy(), TabularPolicy({})):
        with pytest.raises(InvalidEnvironment, match=r"'zoe'.*allows no action"):
            policy.act(view([0, 0, 0]), np.random.default_rng(0))
    with pytest.raises(InvalidEnvironment, match=r"shape \(2,\).*\(3,\)"):
        UniformRandomPolicy().act(view([1, 1]), np.random.default_rng(0))


def test_continuous_spaces_are_sampled_from_the_given_stream() -> None:
    drawn = []
    for _ in range(2):
        driver = open_environment(Pointing).driver()
        driver.reset(seed=0)
        rng = np.random.default_rng(5)
        drawn.append([UniformRandomPolicy().act(driver.view("a"), rng) for _ in range(3)])
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0][0], drawn[0][1])
    with pytest.raises(InvalidPolicy, match="Discrete action space"):
        UniformRandomPolicy().probabilities(driver.view("a"))


def test_assigning_policies() -> None:
    uniform = UniformRandomPolicy()
    assert assign(uniform, ["a", "b"]) == {"a": uniform, "b": uniform}
    mixed = assign({"a": uniform, "b": lambda observation, mask: 0}, ["a", "b"])
    assert mixed["a"] is uniform
    assert isinstance(mixed["b"], CallablePolicy)
    with pytest.raises(
        InvalidPolicy, match=r"no policy for 'b' and unknown agents 'c'.*\['a', 'b'\]"
    ):
        assign({"a": uniform, "c": uniform}, ["a", "b"])
    for wrong in (3, "greedy", UniformRandomPolicy):
        with pytest.raises(InvalidPolicy, match="is no policy"):
            as_policy(wrong)


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    hnp.arrays(st.sampled_from([np.int8, np.float32]), hnp.array_shapes(max_dims=2, max_side=3)),
)
nested = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(nested, nested)
def test_keys_agree_exactly_when_observations_do(first: Any, second: Any) -> None:
    def form(item: Any) -> Any:
        if isinstance(item, dict):
            return "dict", tuple(sorted((name, form(part)) for name, part in item.items()))
        if isinstance(item, list):
            return "list", tuple(form(part) for part in item)
        if isinstance(item, np.ndarray):
            return "array", repr((item.dtype.str, item.shape, (item + 0).tolist()))
        return type(item).__name__, repr(item + 0.0 if type(item) is float else item)

    assert observation_key(first) == observation_key(first)
    forms = repr(form(first)), repr(form(second))
    if "nan" not in forms[0]:
        assert (observation_key(first) == observation_key(second)) == (forms[0] == forms[1])


def test_keys_refuse_what_has_no_stable_bytes() -> None:
    with pytest.raises(InvalidEnvironment, match="holds a object"):
        observation_key({"a": object()})
