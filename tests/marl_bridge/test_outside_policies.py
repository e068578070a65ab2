"""Policies of other libraries: stand-ins first, then the libraries where they are installed."""

from __future__ import annotations

import json
import pickle
import sys
import warnings
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import marl_bridge
from gametheory.errors import MissingExtra
from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidPolicy, UnknownProbabilities
from marl_bridge.policies.code import CodeNotAllowed
from marl_bridge.policies.inputs import as_shown, fitted
from marl_bridge.policies.outputs import greedy, masked_softmax, renormalized
from marl_bridge.policies.policy import CallablePolicy, as_policy, content_hash
from marl_bridge.policies.rllib import RLlibMemoryPolicy, RLlibPolicy
from marl_bridge.policies.specs import policies_from, policy_from
from marl_bridge.policies.stable_baselines import (
    StableBaselinesMemoryPolicy,
    StableBaselinesPolicy,
    load_stable_baselines,
)

RPS = {"max_cycles": 1}


def view(
    mask: list[int] | None = None, n: int = 3, observation: Any = None, start: int = 0
) -> View:
    shown = np.zeros((2, 2), np.int8) if observation is None else observation
    return View(
        "zoe", shown, None if mask is None else np.array(mask) != 0, Discrete(n, start=start)
    )


# Outputs


@given(
    hnp.arrays(np.float64, 4, elements=st.floats(-700, 700)),
    st.lists(st.integers(0, 1), min_size=4, max_size=4).filter(any),
)
def test_masking_logits_is_renormalizing_probabilities(logits: np.ndarray, mask: list[int]) -> None:
    p = masked_softmax(view(mask, 4), logits, "it")
    assert p.sum() == pytest.approx(1.0)
    assert not p[np.array(mask) == 0].any()
    legal = np.flatnonzero(mask)
    odds = np.log(p[legal]) if (p[legal] > 1e-300).all() else None
    if odds is not None:
        assert odds - odds[0] == pytest.approx(logits[legal] - logits[legal][0], abs=1e-9)
    whole = masked_softmax(view(None, 4), logits, "it")
    if whole[legal].sum() > 1e-12:
        assert renormalized(view(mask, 4), whole, "it") == pytest.approx(p, abs=1e-9)
    best = greedy(view(mask, 4), logits, "it")
    assert logits[np.argmax(best)] == logits[legal].max()


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (
            np.zeros(7),
            r"the network of agent 'zoe' returned 7 outputs for 9 actions.*one per action",
        ),
        (np.zeros((2, 9)), r"outputs of shape \(2, 9\) for 9 actions"),
        ([0.0] * 4 + [np.nan] + [0.0] * 4, r"gave action 14 the logit nan.*diverged"),
        ([np.inf] + [0.0] * 8, r"gave action 10 the logit inf"),
        ([-np.inf] * 9, r"every legal action the logit -inf"),
        ("nine", r"returned a str, which is no array of numbers"),
    ],
)
def test_wrong_outputs_say_what_is_wrong(outputs: Any, message: str) -> None:
    with pytest.raises(InvalidPolicy, match=message):
        masked_softmax(view([1] * 9, 9, start=10), outputs, "the network")


def test_wrong_probabilities_say_what_is_wrong() -> None:
    with pytest.raises(InvalidPolicy, match=r"gave no legal action any probability \[0, 2\]"):
        renormalized(view([1, 0, 1]), [0.0, 1.0, 0.0], "the network")
    with pytest.raises(InvalidPolicy, match=r"gave action 1 the probability -0\.5"):
        renormalized(view(), [1.0, -0.5, 0.5], "the network")


# Inputs


def test_observations_are_fitted_to_what_a_policy_saw_in_training() -> None:
    board = (np.arange(18) % 3 == 1).reshape(3, 3, 2)
    shown = view([1, 0, 1], observation=board)
    same = fitted(shown, Box(0, 1, (3, 3, 2), np.float32), "it")
    assert same.dtype == np.float32
    assert np.array_equal(same, board)
    assert np.array_equal(fitted(shown, Box(0, 1, (18,), np.int8), "it"), board.reshape(-1))
    first = fitted(shown, Box(0, 1, (2, 3, 3), np.int8), "it")
    assert np.array_equal(first[1], board[:, :, 1])
    with_mask = fitted(shown, Box(0, 1, (21,), np.int8), "it")
    assert with_mask[:3].tolist() == [1, 0, 1]
    masked = Dict({"observation": Box(0, 1, (18,), np.int8), "action_mask": MultiBinary(3)})
    parts = fitted(shown, masked, "it")
    assert set(parts) == {"observation", "action_mask"}
    assert parts["action_mask"].tolist() == [1, 0, 1]
    assert fitted(view(observation=np.int64(2)), Discrete(4), "it") == 2
    pair = view(observation={"b": np.ones(2), "a": np.zeros(1)})
    assert fitted(pair, Box(0, 1, (3,), np.float32), "it").tolist() == [0, 1, 1]
    assert fitted(pair, None, "it") is pair.observation
    assert set(as_shown(view([1, 1, 1], observation={"a": 1}))) == {"a", "action_mask"}


@pytest.mark.parametrize(
    ("observation", "space", "message"),
    [
        (
            np.zeros((3, 3, 2)),
            Box(0, 1, (42,)),
            r"trained on Box.*shows an array of shape \(3, 3, 2\)",
        ),
        (np.zeros(4), Box(0, 1, (2, 2)), r"shows an array of shape \(4,\)"),
        (9, Discrete(4), r"trained on Discrete\(4\), but the environment shows 9"),
        (np.full(2, 0.5), Box(0, 1, (2,), np.int8), r"trained on Box.*array of shape \(2,\)"),
        ("king", Box(0, 1, (2,)), "shows 'king'"),
        (np.zeros(2), Dict({"hand": Discrete(3)}), r"shows no 'hand'.*observe="),
    ],
)
def test_observations_that_do_not_fit(observation: Any, space: Any, message: str) -> None:
    with pytest.raises(InvalidPolicy, match=message):
        fitted(view(observation=observation), space, "the model")


# Stand-ins for Stable-Baselines3


class Model:
    """Predicts, as every model of Stable-Baselines3 does."""

    observation_space = Box(0, 1, (4,), np.float32)
    action_space = Discrete(3)

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        assert observation.shape == (4,)
        return np.array(2), None


class Masked(Model):
    def __init__(self, probabilities: Any = (0.5, 0.25, 0.25)) -> None:
        self.policy = self
        self.given, self.masks = np.array(probabilities), []

    def get_distribution(self, obs, action_masks=None):
        assert obs.shape == (1, 4)
        self.masks.append(action_masks)
        return SimpleNamespace(distribution=SimpleNamespace(probs=self.given[None]))


def test_models_state_their_distribution_and_take_masks() -> None:
    model = Masked()
    policy = as_policy(model)
    assert isinstance(policy, StableBaselinesPolicy)
    assert policy.probabilities(view([1, 0, 1])) == pytest.approx([2 / 3, 0, 1 / 3])
    assert model.masks[-1].tolist() == [True, False, True]
    draws = [policy.act(view([1, 0, 1]), np.random.default_rng(i)) for i in range(300)]
    assert set(draws) == {0, 2}
    assert abs(draws.count(0) - 200) < 40
    best = StableBaselinesPolicy(Masked(), greedy=True)
    assert best.probabilities(view()).tolist() == [1, 0, 0]


def test_models_that_only_predict_are_certain_or_refused() -> None:
    policy = as_policy(Model())
    assert policy.probabilities(view(start=5)).tolist() == [0, 0, 1]
    assert policy.act(view(start=5), np.random.default_rng(0)) == 7
    with pytest.raises(InvalidPolicy, match="chose the illegal action 2"):
        policy.probabilities(view([1, 1, 0]))

    class Sampling(Model):
        rng = np.random.default_rng(0)

        def predict(self, observation, state=None, episode_start=None, deterministic=False):
            return self.rng.integers(3), None

    with pytest.raises(UnknownProbabilities, match="samples its own actions"):
        for _ in range(20):
            as_policy(Sampling()).probabilities(view())


def test_models_with_continuous_actions_play_and_have_no_list_of_probabilities() -> None:
    class Continuous(Model):
        action_space = Box(-1, 1, (2,), np.float32)

        def predict(self, observation, state=None, episode_start=None, deterministic=False):
            assert not deterministic
            return np.array([0.5, -0.5], np.float32), None

    shown = View("zoe", np.zeros((2, 2), np.int8), None, Continuous.action_space)
    policy = as_policy(Continuous())
    assert policy.act(shown, np.random.default_rng(0)).tolist() == [0.5, -0.5]
    with pytest.raises(InvalidPolicy, match=r"chooses among Box|Discrete action space"):
        policy.probabilities(shown)
    with pytest.raises(InvalidPolicy, match=r"chooses among Box.*among Discrete\(3\)"):
        policy.probabilities(view())


def test_models_of_another_environment_are_told_apart() -> None:
    with pytest.raises(InvalidPolicy, match=r"chooses among Discrete\(3\).*among Discrete\(9\)"):
        as_policy(Masked()).probabilities(view(n=9))
    with pytest.raises(InvalidPolicy, match=r"trained on Box.*shows an array of shape \(5,\)"):
        as_policy(Masked()).probabilities(view(observation=np.zeros(5)))
    with pytest.raises(InvalidPolicy, match=r"gave action 0 the probability nan"):
        as_policy(Masked([np.nan, 0, 1])).probabilities(view())


# Stand-ins for RLlib


class Single:
    def compute_single_action(self, obs, state=None, full_fetch=False, policy_id=None):
        assert full_fetch
        assert set(obs) == {"observation", "action_mask"}
        return 0, [], {"action_dist_inputs": np.log([0.5, 0.25, 0.25])}


class Batched:
    observation_space = Box(0, 1, (4,), np.float32)

    def compute_actions(self, obs_batch, state_batches=None):
        assert obs_batch.shape == (1, 4)
        return np.array([1])


class Remembering:
    """Doubles the odds of action 0 each turn."""

    observation_space = Box(0, 1, (4,), np.float32)

    def get_initial_state(self):
        return [np.zeros(2)]

    def compute_actions(self, obs_batch, state_batches=None):
        (state,) = state_batches
        assert state.shape == (1, 2)
        logits = np.array([[state[0, 0] * np.log(2), 0.0, 0.0]])
        return np.array([0]), [state + 1], {"action_dist_inputs": logits}


class Module:
    observation_space = Dict({"observations": Box(0, 1, (4,)), "action_mask": MultiBinary(3)})

    def forward_inference(self, batch):
        assert batch["obs"]["observations"].shape == (1, 4)
        return {"action_dist_inputs": batch["obs"]["action_mask"] * 1.0}


def test_the_calls_of_rllib_are_known_by_name() -> None:
    masked = view([1, 0, 1])
    assert isinstance(as_policy(Single()), RLlibPolicy)
    assert as_policy(Single()).probabilities(masked) == pytest.approx([2 / 3, 0, 1 / 3])
    assert as_policy(Module()).probabilities(masked) == pytest.approx([0.5, 0, 0.5])
    assert as_policy(Batched()).probabilities(view()).tolist() == [0, 1, 0]
    assert as_policy(Batched()).act(view(), np.random.default_rng(0)) == 1
    remembers = as_policy(Remembering())
    assert isinstance(remembers, RLlibMemoryPolicy)
    memory = remembers.initial_memory("zoe")
    for turn in range(3):
        p, memory = remembers.distribution(view(), memory, None)
        assert p == pytest.approx(np.array([2.0**turn, 1, 1]) / (2.0**turn + 2))


def test_wrong_answers_of_rllib_policies() -> None:
    wrong = SimpleNamespace(compute_actions=lambda batch: np.array([0.5]))
    with pytest.raises(InvalidPolicy, match="for one action"):
        as_policy(wrong).probabilities(view())
    short = SimpleNamespace(
        forward_inference=lambda batch: {"action_dist_inputs": np.zeros((1, 2))}
    )
    with pytest.raises(InvalidPolicy, match="returned 2 outputs for 3 actions"):
        as_policy(short).act(view(), np.random.default_rng(0))
    empty = SimpleNamespace(forward_inference=lambda batch: {})
    with pytest.raises(InvalidPolicy, match="action_dist_inputs"):
        as_policy(empty).probabilities(view())
    with pytest.raises(InvalidPolicy, match="refused the observation: Box expected"):
        as_policy(SimpleNamespace(compute_actions=_refuses)).probabilities(view())
    with pytest.raises(InvalidPolicy, match="none of RLlib's calls"):
        RLlibPolicy(3)


def _refuses(batch: Any) -> None:
    raise ValueError("Box expected")


def test_functions_stay_functions_and_classes_are_refused() -> None:
    assert isinstance(as_policy(lambda observation, mask: 0), CallablePolicy)
    with pytest.raises(InvalidPolicy, match="pass an instance, not a class"):
        as_policy(Masked)


# Files, and the code in them


class Bomb:
    """Runs code when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.touch, (self.target,))


def test_nothing_in_a_file_runs_before_it_is_allowed(tmp_path: Path) -> None:
    target = tmp_path / "it ran"
    for name in ("p.pkl", "p.pickle", "p.pt", "p.pth"):
        (tmp_path / name).write_bytes(pickle.dumps(Bomb(target)))
        with pytest.raises(
            CodeNotAllowed, match=r"can run any code.*--allow-code.*allow_code=True"
        ):
            policy_from(str(tmp_path / name))
    _write_model(tmp_path / "p.zip", "stable_baselines3.dqn.policies")
    with pytest.raises(CodeNotAllowed):
        policy_from(str(tmp_path / "p.zip"))
    with pytest.raises(CodeNotAllowed):
        policies_from([f"zoe={tmp_path / 'p.pkl'}"], ["zoe"])
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "zoe.pkl").write_bytes(pickle.dumps(Bomb(target)))
    with pytest.raises(CodeNotAllowed):
        policies_from([str(folder)], ["zoe"])
    marl_bridge.TabularPolicy({}).save(folder / "zoe.npz")
    assert policies_from([str(folder)], ["zoe"])["zoe"] == marl_bridge.TabularPolicy({})
    assert not target.exists()
    policy_from(str(tmp_path / "p.pkl"), allow_code=True)
    assert target.exists()


def test_pickled_policies_are_loaded_when_allowed(tmp_path: Path) -> None:
    path = tmp_path / "policy.pkl"
    path.write_bytes(pickle.dumps(marl_bridge.UniformRandomPolicy()))
    loaded = policy_from(str(path), allow_code=True)
    assert isinstance(loaded, marl_bridge.UniformRandomPolicy)
    path.write_bytes(b"no pickle")
    with pytest.raises(InvalidPolicy, match="cannot be unpickled"):
        policy_from(str(path), allow_code=True)
    with pytest.raises(InvalidPolicy, match="does not exist"):
        policy_from(str(tmp_path / "none.pkl"), allow_code=True)


def test_naming_an_attribute_is_consent(tmp_path: Path) -> None:
    path = tmp_path / "my_policy_file.py"
    path.write_text("def first(observation, mask):\n    return 0\n")
    assert policy_from(f"{path}:first")(None, None) == 0


def test_names_of_specs_leave_folders_out() -> None:
    from marl_bridge.policies.specs import policy_names

    specs = ["random", "a=deep/net.py:build@runs/w.pt", "b=PPO:runs/model.zip", "c=runs/tables"]
    assert policy_names(specs, ["a", "b", "c", "d"]) == {
        "a": "net.py:build@runs/w.pt",
        "b": "model.zip",
        "c": "tables",
        "d": "random",
    }


def _write_model(path: Path, module: str, **data: Any) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", json.dumps({"policy_class": {"__module__": module}, **data}))


def test_files_that_are_no_models(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    with pytest.raises(InvalidPolicy, match="does not exist"):
        load_stable_baselines(path)
    path.write_text("no archive")
    with pytest.raises(InvalidPolicy, match="is no saved model"):
        load_stable_baselines(path)
    _write_model(path, "my.own.policies")
    with pytest.raises(InvalidPolicy, match=r"policy class of its own.*PPO:model.zip"):
        load_stable_baselines(path)
    with pytest.raises(InvalidPolicy, match=r"no policy.*\.zip"):
        policy_from("model")


def test_absent_libraries_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "stable_baselines3", "sb3_contrib"):
        monkeypatch.setitem(sys.modules, name, None)
    _write_model(tmp_path / "model.zip", "stable_baselines3.dqn.policies")
    with pytest.raises(MissingExtra, match=r"gametheory-toolkit\[torch\]"):
        policy_from(str(tmp_path / "model.zip"), allow_code=True)
    (tmp_path / "net.pt").write_bytes(b"")
    with pytest.raises(MissingExtra, match=r"loading a network needs the extra 'torch'"):
        policy_from(str(tmp_path / "net.pt"), allow_code=True)
    (tmp_path / "net.py").write_text("def build():\n    return None\n")
    with pytest.raises(MissingExtra, match=r"loading a network's weights"):
        policy_from(f"{tmp_path / 'net.py'}:build@{tmp_path / 'net.pt'}")


def test_hashes_follow_what_a_policy_does() -> None:
    table = marl_bridge.TabularPolicy({b"k": [0.5, 0.5]})
    assert content_hash(table) == content_hash(marl_bridge.TabularPolicy({b"k": [0.5, 0.5]}))
    others = [
        marl_bridge.TabularPolicy({b"k": [0.25, 0.75]}),
        marl_bridge.TabularPolicy({b"l": [0.5, 0.5]}),
        marl_bridge.TabularPolicy({b"k": [0.5, 0.5]}, default="error"),
        "random",
    ]
    hashes = [content_hash(table), *map(content_hash, others)]
    assert len(set(hashes)) == len(hashes)
    assert content_hash(Masked()) is None


# The libraries themselves


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def test_a_network_is_held_against_the_optimum(torch) -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Flatten(0), torch.nn.Linear(18, 16), torch.nn.Tanh(), torch.nn.Dropout(0.5),
        torch.nn.Linear(16, 9),
    )  # fmt: skip
    policy = as_policy(network)
    board = np.zeros((3, 3, 2), dtype=np.int8)
    shown = view([1, 0, 1] * 3, 9, board)
    p = policy.probabilities(shown)
    assert network.training  # dropout was off, and is on again
    network.eval()
    with torch.no_grad():
        logits = network(torch.zeros(1, 3, 3, 2)).double().numpy()
    legal = [0, 2, 3, 5, 6, 8]
    expected = np.exp(logits[legal]) / np.exp(logits[legal]).sum()
    assert p[legal] == pytest.approx(expected)
    assert policy.probabilities(shown).tolist() == p.tolist()
    before = torch.random.get_rng_state()
    policy.act(shown, np.random.default_rng(0))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_networks_take_flat_inputs_and_answer_in_many_ways(torch) -> None:
    from marl_bridge.policies.torch_module import TorchPolicy

    linear = torch.nn.Linear(18, 9)
    shown = view([1] * 9, 9, np.ones((3, 3, 2)))
    p = TorchPolicy(linear).probabilities(shown)
    assert p.sum() == pytest.approx(1.0)

    class Answers(torch.nn.Module):
        def __init__(self, way: Any) -> None:
            super().__init__()
            self.linear, self.way = linear, way

        def forward(self, x: Any) -> Any:
            return self.way(self.linear(x.reshape(1, -1)))

    categorical = torch.distributions.Categorical
    for way in (
        lambda z: (z, z.sum()),
        lambda z: {"logits": z},
        lambda z: categorical(logits=z),
        lambda z: z.bfloat16().to(torch.float32) * 0 + z,
    ):
        assert TorchPolicy(Answers(way)).probabilities(shown) == pytest.approx(p, abs=1e-6)
    softmax = TorchPolicy(Answers(lambda z: z.softmax(-1)), "probabilities")
    assert softmax.probabilities(shown) == pytest.approx(p, abs=1e-6)
    values = TorchPolicy(Answers(lambda z: z), "values").probabilities(shown)
    assert values.max() == 1
    assert np.argmax(values) == np.argmax(p)
    table = TorchPolicy(torch.nn.Embedding(4, 9), observe=lambda v: torch.tensor([2]))
    assert table.probabilities(shown).sum() == pytest.approx(1.0)
    seen = TorchPolicy(linear, observe=lambda v: np.zeros(18)).probabilities(shown)
    bias = torch.softmax(linear.bias.double(), -1).detach().numpy()
    assert seen == pytest.approx(bias)


def test_wrong_networks_say_what_is_wrong(torch) -> None:
    from marl_bridge.policies.torch_module import TorchPolicy

    shown = view([1] * 9, 9, np.ones((3, 3, 2)))
    with pytest.raises(InvalidPolicy, match=r"TorchPolicy\(Linear\).*7 outputs for 9 actions"):
        TorchPolicy(torch.nn.Linear(18, 7)).probabilities(shown)
    with pytest.raises(InvalidPolicy, match=r"refused the observation: mat1 and mat2.*observe="):
        TorchPolicy(torch.nn.Linear(17, 9)).probabilities(shown)
    broken = torch.nn.Linear(18, 9)
    torch.nn.init.constant_(broken.weight, float("nan"))
    with pytest.raises(InvalidPolicy, match=r"action 0 the logit nan.*diverged"):
        TorchPolicy(broken).probabilities(shown)
    with pytest.raises(InvalidPolicy, match="is no torch module"):
        TorchPolicy(3)
    with pytest.raises(InvalidPolicy, match="unknown outputs 'q'"):
        TorchPolicy(broken, "q")


def test_a_recurrent_network_is_evaluated_exactly(torch) -> None:
    from marl_bridge.policies.torch_module import TorchMemoryPolicy

    class Recurrent(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.head = torch.nn.GRUCell(1, 4), torch.nn.Linear(4, 3)

        def forward(self, x: Any, state: Any) -> Any:
            state = self.cell(x.reshape(1, 1), state)
            return self.head(state) * 5, state

    torch.manual_seed(1)
    policy = TorchMemoryPolicy(Recurrent())
    e = marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 2})
    exact = e.game.expected_payoffs(
        marl_bridge.tabulate({"player_0": policy, "player_1": _rock}, e)
    )
    source = marl_bridge.open_environment("classic/rps-v2", env_kwargs={"max_cycles": 2})
    played = marl_bridge.rollouts(source, {"player_0": policy, "player_1": _rock}, episodes=600)
    error = played.returns.std(axis=1) / np.sqrt(len(played))
    assert (np.abs(played.returns.mean(axis=1) - exact) < 4 * error + 1e-9).all()
    assert content_hash(policy) == content_hash(policy)
    with pytest.raises(InvalidPolicy, match="a module without a memory needs TorchPolicy"):
        TorchMemoryPolicy(torch.nn.Bilinear(1, 1, 3)).respond(
            view(observation=np.zeros(1)), torch.zeros(1, 1), None
        )


def _rock(observation: Any, mask: Any) -> int:
    return 0


def test_weights_are_loaded_without_running_code(torch, tmp_path: Path) -> None:
    source = tmp_path / "net.py"
    source.write_text("import torch\ndef build():\n    return torch.nn.Linear(4, 3)\n")
    network, path = torch.nn.Linear(4, 3), tmp_path / "weights.pt"
    torch.save(network.state_dict(), path)
    loaded = policy_from(f"{source}:build@{path}")
    assert torch.equal(loaded.weight, network.weight)
    assert content_hash(loaded) == content_hash(network)
    torch.save(torch.nn.Linear(5, 3).state_dict(), path)
    with pytest.raises(InvalidPolicy, match=r"are not those of Linear.*size mismatch"):
        policy_from(f"{source}:build@{path}")
    target = tmp_path / "it ran"
    torch.save(Bomb(target), path)
    with pytest.raises(InvalidPolicy, match="holds more than weights"):
        policy_from(f"{source}:build@{path}")
    assert not target.exists()
    torch.save(network, path)
    assert content_hash(policy_from(str(path), allow_code=True)) == content_hash(network)
    torch.save(network.state_dict(), path)
    with pytest.raises(InvalidPolicy, match=r"weights without their network.*build@weights.pt"):
        policy_from(str(path), allow_code=True)


def test_a_torchscript_archive_is_code_and_plays(torch, tmp_path: Path) -> None:
    network, path = torch.nn.Linear(4, 3), tmp_path / "traced.pt"
    torch.jit.trace(network, torch.zeros(1, 4)).save(path)
    with pytest.raises(CodeNotAllowed):
        policy_from(str(path))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        loaded = policy_from(str(path), allow_code=True)
    expected = as_policy(network).probabilities(view())
    assert as_policy(loaded).probabilities(view()) == pytest.approx(expected)


def test_samples_of_a_continuous_model_follow_the_episodes_stream(torch) -> None:
    library = pytest.importorskip("stable_baselines3")
    env = _gym(0, Box(0, 1, (4,), np.float32), Box(-1, 1, (2,), np.float32))
    model = library.PPO("MlpPolicy", env, seed=0, device="cpu")
    shown = View("zoe", np.zeros((2, 2), np.int8), None, env.action_space)
    before = torch.random.get_rng_state()
    first, again, other = (
        as_policy(model).act(shown, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def _gym(n_actions: int, space: Any, actions: Any = None) -> Any:
    import gymnasium

    class Still(gymnasium.Env):
        observation_space = space
        action_space = Discrete(n_actions) if actions is None else actions

        def reset(self, *, seed=None, options=None):
            return self.observation_space.sample(), {}

        def step(self, action):
            return self.observation_space.sample(), 0.0, True, False, {}

        def action_masks(self):
            return np.ones(n_actions, dtype=bool)

    return Still()


@pytest.mark.parametrize("name", ["PPO", "A2C", "TRPO", "MaskablePPO", "DQN", "QRDQN"])
def test_models_of_stable_baselines_are_saved_loaded_and_exact(torch, tmp_path, name) -> None:
    library = pytest.importorskip("stable_baselines3")
    if not hasattr(library, name):
        library = pytest.importorskip("sb3_contrib")
    off_policy = {"buffer_size": 10} if "DQN" in name else {}
    space = Box(0, 1, (3, 3, 2), np.int8)
    model = getattr(library, name)("MlpPolicy", _gym(9, space), seed=0, device="cpu", **off_policy)
    model.save(tmp_path / "model.zip")
    loaded = policy_from(str(tmp_path / "model.zip"), allow_code=True)
    assert type(loaded) is type(model)
    assert content_hash(loaded) == content_hash(model) is not None
    policy = as_policy(loaded)
    mask = [1, 1, 0, 1, 0, 1, 1, 1, 1]
    shown = view(mask, 9, np.ones((3, 3, 2), bool))
    p = policy.probabilities(shown)
    assert not p[np.array(mask) == 0].any()
    assert p.sum() == pytest.approx(1.0)
    full = view([1] * 9, 9, np.ones((3, 3, 2), bool))
    best = int(model.predict(np.ones((3, 3, 2), np.int8), deterministic=True)[0])
    assert np.argmax(policy.probabilities(full)) == best
    if "DQN" in name:
        assert p.max() == 1.0
    else:
        torch.manual_seed(0)
        masks = {"action_masks": np.array(mask, bool)} if name == "MaskablePPO" else {}
        drawn = [int(model.predict(np.ones((3, 3, 2), np.int8), **masks)[0]) for _ in range(1500)]
        expected = p if masks else policy.probabilities(full)
        share = np.bincount(drawn, minlength=9) / len(drawn)
        error = np.sqrt(expected * (1 - expected) / len(drawn))
        assert (np.abs(share - expected) <= 4.5 * error).all()


def test_a_recurrent_model_is_replayed(torch, tmp_path) -> None:
    library = pytest.importorskip("sb3_contrib")
    space = Box(0, 3, (1,), np.float32)
    model = library.RecurrentPPO("MlpLstmPolicy", _gym(3, space), seed=0, device="cpu")
    for parameter in model.policy.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(3))
    policy = as_policy(model)
    assert isinstance(policy, StableBaselinesMemoryPolicy)
    memory, state = policy.initial_memory("zoe"), None
    probabilities = []
    for value in (0.0, 2.0, 1.0, 3.0):
        p, memory = policy.distribution(view(observation=np.array(value)[None]), memory, None)
        action, state = model.predict(np.array([value], np.float32), state, deterministic=True)
        assert np.argmax(p) == action
        assert np.allclose(state[0], memory[0].numpy(), atol=1e-6)
        probabilities.append(p)
    again, _ = policy.distribution(view(observation=np.zeros(1)), None, None)
    assert again == pytest.approx(probabilities[0])
    e = marl_bridge.extract("classic/rps-v2", env_kwargs=RPS)
    policies = StableBaselinesMemoryPolicy(model, observe=lambda v: np.float32([v.observation]))
    assert marl_bridge.tabulate(policies, e)[0].sum() == pytest.approx(1.0)


def test_a_module_of_rllib_is_exact(torch) -> None:
    ppo = "ray.rllib.algorithms.ppo."
    catalog = pytest.importorskip(ppo + "ppo_catalog", exc_type=ImportError)
    modules = pytest.importorskip(ppo + "torch.default_ppo_torch_rl_module", exc_type=ImportError)
    module = modules.DefaultPPOTorchRLModule(
        observation_space=Box(0, 1, (4,), np.float32),
        action_space=Discrete(3),
        model_config={"fcnet_hiddens": [8], "fcnet_activation": "tanh", "vf_share_layers": False},
        catalog_class=catalog.PPOCatalog,
    )
    policy = as_policy(module)
    assert isinstance(policy, RLlibPolicy)
    p = policy.probabilities(view([1, 0, 1], observation=np.ones(4)))
    with torch.no_grad():
        logits = module.forward_inference({"obs": torch.ones(1, 4)})["action_dist_inputs"][0]
    expected = torch.softmax(logits[[0, 2]].double(), -1).numpy()
    assert p[[0, 2]] == pytest.approx(expected)
