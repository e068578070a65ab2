"""Models of Stable-Baselines3 and sb3-contrib, with their exact probabilities.

Probabilities are read from the model's policy network: the distribution of PPO, A2C, TRPO,
MaskablePPO and RecurrentPPO; certainty on the action of highest legal value for DQN and QR-DQN.
Actions are drawn from them with the episode's own generator, so that episodes repeat. Any other
model plays what its ``predict`` returns.
"""

from __future__ import annotations

import importlib
import inspect
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import MissingExtra
from marl_bridge.environments.driver import View
from marl_bridge.environments.loading import is_file
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.checks import checked_action, n_actions_of, sample_index
from marl_bridge.policies.code import require_code_allowed
from marl_bridge.policies.content_hash import hash_of_network
from marl_bridge.policies.inputs import Observe, fitted
from marl_bridge.policies.memory import RecurrentPolicy
from marl_bridge.policies.outputs import array_of, certain, greedy, renormalized
from marl_bridge.policies.repeatable import require_repeatable
from marl_bridge.policies.torch_session import evaluating, seeded

__all__ = [
    "StableBaselinesMemoryPolicy",
    "StableBaselinesPolicy",
    "is_recurrent",
    "is_stable_baselines",
    "load_stable_baselines",
]

Floats = NDArray[np.float64]

_BASES = (
    ("stable_baselines3.common.base_class", "BaseAlgorithm"),
    ("stable_baselines3.common.policies", "BasePolicy"),
)


def is_stable_baselines(thing: Any) -> bool:
    """Say whether something is a model or a policy of Stable-Baselines3, or acts like one.

    Examples
    --------
    >>> is_stable_baselines(print)
    False
    """
    bases = [(base.__module__, base.__qualname__) for base in type(thing).__mro__]
    return any(base in _BASES for base in bases) or (
        callable(getattr(thing, "predict", None)) and hasattr(thing, "observation_space")
    )


def is_recurrent(model: Any) -> bool:
    """Say whether a model's policy has a memory, as that of RecurrentPPO has."""
    return hasattr(_network(model), "lstm_actor")


class StableBaselinesPolicy:
    """A model's policy, with exact probabilities where its network can tell them.

    Observations are brought into the shape and type of the model's observation space
    (:func:`marl_bridge.policies.inputs.fitted`). Action masks are handed to models that take
    them; for the others the probability of illegal actions is taken away and the rest scaled to
    one, which is what masking their logits would do.

    Parameters
    ----------
    model : stable_baselines3 model or policy
        Of any algorithm, or anything with ``predict`` and ``observation_space``.
    greedy : bool
        Play the most probable legal action instead of sampling: ``deterministic=True`` of
        Stable-Baselines3. Against an opponent that adapts this is another, usually worse, policy.
    observe : callable, optional
        ``observe(view)`` builds the model's observation; for instance the normalization that
        ``VecNormalize`` did in training.

    Raises
    ------
    InvalidPolicy
        When it is asked: if the model's actions or observations are not the environment's.
    """

    def __init__(self, model: Any, *, greedy: bool = False, observe: Observe | None = None) -> None:
        self.model, self.greedy, self.observe = model, greedy, observe
        network = _network(model)
        self._takes_mask = any(
            "action_masks" in _parameters(getattr(owner, name, None))
            for owner, name in ((network, "get_distribution"), (model, "predict"))
        )

    def act(self, view: View, rng: np.random.Generator) -> Any:
        """Sample from :meth:`probabilities`, or take what ``predict`` returns."""
        if view.n_actions is not None and _states_distribution(self.model):
            return sample_index(self.probabilities(view), rng) + view.start
        return self._predicted(view, rng)

    def probabilities(self, view: View) -> Floats:
        """Return the distribution over the legal actions.

        Raises
        ------
        UnknownProbabilities
            If the model only predicts, and predicts different actions for the same observation.
        """
        who = repr(self)
        _require_same_actions(self.model, view, who)
        if not _states_distribution(self.model):
            action = checked_action(view, self._predicted(view, None))
            require_repeatable(view, action, lambda: self._predicted(view, None))
            return certain(view, action - view.start)
        network = _network(self.model)
        inputs = _batch(network, self._observed(view))
        with evaluating(network):
            if hasattr(network, "get_distribution"):
                masks = {"action_masks": view.mask} if self._masked(view) else {}
                found = network.get_distribution(inputs, **masks)
                given = _categorical(found, view, who)
            elif hasattr(network, "quantile_net"):
                return greedy(view, array_of(network.quantile_net(inputs)).mean(axis=1), who)
            else:
                return greedy(view, network.q_net(inputs), who)
        p = renormalized(view, given, who)
        return certain(view, int(np.argmax(p))) if self.greedy else p

    def _observed(self, view: View) -> Any:
        if self.observe is not None:
            return self.observe(view)
        return fitted(view, getattr(self.model, "observation_space", None), repr(self))

    def _masked(self, view: View) -> bool:
        return self._takes_mask and view.mask is not None

    def _predicted(self, view: View, rng: np.random.Generator | None) -> Any:
        """Ask ``predict``; without a generator, or greedy, for its deterministic action."""
        deterministic = self.greedy or rng is None or view.n_actions is not None
        masks = {"action_masks": view.mask} if self._masked(view) else {}
        observed = self._observed(view)
        with seeded(rng if rng is not None else np.random.default_rng(0)):
            action, _ = self.model.predict(observed, deterministic=deterministic, **masks)
        if view.n_actions is None:
            return action
        number = np.asarray(action)
        if number.size != 1:
            raise InvalidPolicy(
                f"{self!r} of agent {view.agent!r} predicted {action!r} for one action",
                valid=f"one of the {view.n_actions} actions",
            )
        # The model counts from zero, whatever the environment's first action is called.
        return number.reshape(-1)[0] + view.start

    def content_hash(self) -> str | None:
        """Hash the network; None if it has no weights or reads another observation."""
        plain = self.observe is None
        return (
            hash_of_network(_network(self.model), f"StableBaselines greedy={self.greedy}")
            if plain
            else None
        )

    def __repr__(self) -> str:
        return f"StableBaselinesPolicy({type(self.model).__name__})"


class StableBaselinesMemoryPolicy(RecurrentPolicy):
    """A recurrent model of sb3-contrib, such as RecurrentPPO; see :class:`StableBaselinesPolicy`.

    Parameters
    ----------
    model : stable_baselines3 model or policy
        With an LSTM.
    greedy, observe
        As for :class:`StableBaselinesPolicy`.
    """

    def __init__(self, model: Any, *, greedy: bool = False, observe: Observe | None = None) -> None:
        super().__init__()
        self.model, self.greedy, self.observe = model, greedy, observe

    def initial_memory(self, agent: str) -> Any:
        """Return None: zeros, which the first step makes."""
        return None

    def respond(self, view: View, memory: Any, last_action: Any) -> tuple[Floats, Any]:
        """Run the network for one step."""
        who = repr(self)
        n_actions_of(view, who)
        _require_same_actions(self.model, view, who)
        network = _network(self.model)
        space = getattr(self.model, "observation_space", None)
        shown = fitted(view, space, who) if self.observe is None else self.observe(view)
        torch: Any = importlib.import_module("torch")
        with evaluating(network):
            inputs = _batch(network, shown)
            if memory is None:
                zeros = torch.zeros(network.lstm_hidden_state_shape, device=network.device)
                memory = (zeros, zeros.clone())
            # The memory is cleared by us, never by the network.
            goes_on = torch.zeros(1, device=network.device)
            found, memory = network.get_distribution(inputs, memory, goes_on)
            p = renormalized(view, _categorical(found, view, who), who)
        return (certain(view, int(np.argmax(p))) if self.greedy else p), memory

    def content_hash(self) -> str | None:
        """Hash the network; None if it has no weights or reads another observation."""
        plain = self.observe is None
        return (
            hash_of_network(_network(self.model), f"StableBaselines greedy={self.greedy}")
            if plain
            else None
        )

    def __repr__(self) -> str:
        return f"StableBaselinesMemoryPolicy({type(self.model).__name__})"


def load_stable_baselines(
    path: str | Path, *, algorithm: str | None = None, allow_code: bool = False
) -> Any:
    """Load a model that ``model.save`` wrote.

    Parameters
    ----------
    path : path-like
        The ``.zip`` file.
    algorithm : str, optional
        The class, such as "MaskablePPO"; read from the file if None.
    allow_code : bool
        Loading such a file runs pickled code in it. Say True for files of your own, or of
        someone you would run a program of.

    Raises
    ------
    CodeNotAllowed
        Unless ``allow_code``.
    InvalidPolicy
        If the file is missing or is no saved model.
    MissingExtra
        If Stable-Baselines3 or sb3-contrib are not installed.
    """
    where = Path(path)
    if not is_file(where):
        raise _no_model(where, "does not exist")
    name = algorithm or _algorithm(where)
    require_code_allowed(str(path), "a Stable-Baselines3 model", allowed=allow_code)
    try:
        library = importlib.import_module("stable_baselines3")
        if not hasattr(library, name):
            library = importlib.import_module("sb3_contrib")
    except ImportError as error:
        raise MissingExtra.of("torch", "loading a Stable-Baselines3 model") from error
    if not hasattr(library, name):
        raise InvalidPolicy(
            f"there is no algorithm {name!r}",
            where=str(path),
            valid="a class of stable_baselines3 or sb3_contrib, such as MaskablePPO",
        )
    try:
        return getattr(library, name).load(where, device="cpu")
    except Exception as error:  # whatever its pickles raise
        raise _no_model(where, f"cannot be loaded as {name} ({error})") from error


_LARGEST_DATA = 2**28  # bytes
_UNREADABLE = (  # what reading a file can raise that anybody may have written
    OSError,
    ValueError,
    TypeError,
    LookupError,
    RuntimeError,
    EOFError,
    BadZipFile,
    zlib.error,
)
_BY_POLICY = {
    "stable_baselines3.dqn.policies": "DQN",
    "stable_baselines3.sac.policies": "SAC",
    "stable_baselines3.td3.policies": "TD3",
    "sb3_contrib.qrdqn.policies": "QRDQN",
    "sb3_contrib.tqc.policies": "TQC",
    "sb3_contrib.ars.policies": "ARS",
    "sb3_contrib.common.maskable.policies": "MaskablePPO",
    "sb3_contrib.common.recurrent.policies": "RecurrentPPO",
}


def _algorithm(path: Path) -> str:
    """Read the class's name from the file's plain text, without running anything in it."""
    try:
        with ZipFile(path) as archive:
            if archive.getinfo("data").file_size > _LARGEST_DATA:
                raise ValueError("its data would fill the memory")
            data: Any = json.loads(archive.read("data"))
        module = str(data["policy_class"]["__module__"])
    except _UNREADABLE as error:
        raise _no_model(path, f"is no saved model ({error})") from error
    if module in _BY_POLICY:
        return _BY_POLICY[module]
    if module == "stable_baselines3.common.policies":
        if "cg_max_steps" in data:
            return "TRPO"
        return "PPO" if "clip_range" in data else "A2C"
    raise InvalidPolicy(
        f"the model {str(path)!r} has a policy class of its own, of {module!r}",
        valid="the name of the algorithm, as in 'PPO:model.zip'",
        hint="load it in Python and pass the model, or name the algorithm",
    )


def _no_model(path: Path, fault: str) -> InvalidPolicy:
    return InvalidPolicy(
        f"the model file {str(path)!r} {fault}",
        valid="a .zip file written by a Stable-Baselines3 model's save",
    )


def _network(model: Any) -> Any:
    """Return a model's policy network; a bare policy is its own."""
    found = getattr(model, "policy", None)
    return model if found is None or isinstance(found, str) else found


def _states_distribution(model: Any) -> bool:
    network = _network(model)
    return any(hasattr(network, name) for name in ("get_distribution", "quantile_net", "q_net"))


def _batch(network: Any, observed: Any) -> Any:
    """Make tensors of one observation, the way the network does."""
    if hasattr(network, "obs_to_tensor"):
        return network.obs_to_tensor(observed)[0]
    if isinstance(observed, Mapping):
        return {name: np.asarray(part)[None] for name, part in observed.items()}
    return np.asarray(observed)[None]


def _categorical(found: Any, view: View, who: str) -> Any:
    distribution = getattr(found, "distribution", found)
    if not hasattr(distribution, "probs"):
        raise InvalidPolicy(
            f"{who} of agent {view.agent!r} has the distribution {type(distribution).__name__}, "
            "which lists no probabilities",
            valid="a categorical distribution over the actions",
        )
    return distribution.probs


def _require_same_actions(model: Any, view: View, who: str) -> None:
    space = getattr(model, "action_space", None)
    n = getattr(space, "n", None)
    if space is not None and (n is None or np.ndim(n) or int(n) != view.n_actions):
        raise InvalidPolicy(
            f"{who} of agent {view.agent!r} chooses among {space}, the environment among "
            f"{view.action_space}",
            where=f"agent {view.agent!r}",
            valid=f"a model trained on {view.n_actions} actions",
            hint="is this policy from another environment, or from another agent?",
        )


def _parameters(function: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ()
