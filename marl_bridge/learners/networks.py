"""Small networks of learners: how they are built, read fast, and made to policies.

torch is imported where a network is built. A network maps vectors to one number for each action;
what an agent is shown becomes a vector as :mod:`marl_bridge.exploitation.gymnasium_problem` has it.
"""

from __future__ import annotations

import copy
import importlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.policies.checks import n_actions_of
from marl_bridge.policies.torch_module import TorchPolicy
from marl_bridge.policies.torch_session import seeded

__all__ = ["AgentSpaces", "Network", "Weights", "forward", "one_thread"]

Floats = NDArray[np.float32]
Weights = list[tuple[Floats, Floats]]
"""Of each layer, shape (outputs, inputs) and (outputs,)."""


class AgentSpaces:
    """How many numbers an agent is shown, how they become one vector, and what it can do.

    Parameters
    ----------
    env : PettingZoo environment
    agent : str
    who : str
        Who asks, for messages.

    Attributes
    ----------
    space : gymnasium.Space
        Of observations without their mask.
    is_array : bool
        Whether the vector is the observation's own numbers.
    size, n_actions : int

    Raises
    ------
    InvalidEnvironment
        If observations cannot be flattened to numbers, or actions are not discrete.
    """

    def __init__(self, env: Any, agent: str, who: str) -> None:
        from gymnasium.spaces import Box, Dict
        from gymnasium.spaces.utils import flatdim, flatten

        actions = env.action_space(agent)
        self.n_actions = n_actions_of(View(agent, None, None, actions), who)
        space = env.observation_space(agent)
        if isinstance(space, Dict) and "action_mask" in space.spaces:
            rest = {name: part for name, part in space.spaces.items() if name != "action_mask"}
            space = rest["observation"] if set(rest) == {"observation"} else Dict(rest)
        self.agent, self.space, self._flatten = agent, space, flatten
        self.is_array = isinstance(space, Box) and space.shape != ()
        try:
            self.size = int(flatdim(space))
        except (NotImplementedError, ValueError) as error:
            raise self._unfit(error) from error

    def vector(self, observation: Any) -> Floats:
        """Flatten an observation."""
        try:
            flat = np.asarray(self._flatten(self.space, observation), np.float32)
        except (NotImplementedError, ValueError, TypeError, LookupError) as error:
            raise self._unfit(error) from error
        if flat.shape != (self.size,):
            raise self._unfit(f"an observation has not the {self.size} numbers of its space")
        return flat

    def _unfit(self, why: object) -> InvalidEnvironment:
        return InvalidEnvironment(
            f"what agent {self.agent!r} is shown cannot become one vector: {why}",
            where=f"observation_space {self.space}",
            hint="use a tabular learner, or wrap the environment",
        )


class Network:
    """A multilayer perceptron with rectifiers, and Adam.

    Parameters
    ----------
    n_inputs, n_outputs : int
    hidden : sequence of int
        Units of the layers between.
    rng : numpy.random.Generator
        The weights are drawn from it.

    Attributes
    ----------
    module : torch.nn.Sequential
    weights : list of (ndarray, ndarray)
        The module's own, seen as arrays: they change when it learns.
    """

    def __init__(
        self, n_inputs: int, hidden: Sequence[int], n_outputs: int, rng: np.random.Generator
    ) -> None:
        self.torch: Any = importlib.import_module("torch")
        nn = self.torch.nn
        sizes = (n_inputs, *hidden, n_outputs)
        with seeded(rng):
            linear = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        layers = [part for layer in linear for part in (layer, nn.ReLU())]
        self.module = nn.Sequential(*layers[:-1])
        self._adam = self.torch.optim.Adam(self.module.parameters())
        self.weights: Weights = [
            (layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in linear
        ]

    def descend(self, loss: Any, step_size: float) -> None:
        """Take one step of Adam down a loss."""
        for group in self._adam.param_groups:
            group["lr"] = step_size
        self._adam.zero_grad()
        loss.backward()
        self._adam.step()

    def policy(self, spaces: AgentSpaces) -> TorchPolicy:
        """Return a copy as a policy: its outputs are logits.

        Whatever the copy does to what an agent is shown is a layer of it, so that it can be saved,
        but for spaces of which no tensor can be made.
        """
        nn, inner = self.torch.nn, copy.deepcopy(self.module)
        if spaces.is_array:
            return TorchPolicy(nn.Sequential(nn.Flatten(), *inner))
        if _has_tensors(spaces.space):
            return TorchPolicy(nn.Sequential(_flattening()(spaces.space), *inner))
        return TorchPolicy(inner, observe=lambda view: spaces.vector(view.observation))

    def state(self) -> bytes:
        """Return the weights, and what Adam remembers."""
        kept = io.BytesIO()
        self.torch.save([self.module.state_dict(), self._adam.state_dict()], kept)
        return kept.getvalue()

    def restore(self, state: bytes) -> None:
        """Take the weights of another one."""
        # weights_only: nothing but tensors and plain containers is built from the bytes.
        module, adam = self.torch.load(io.BytesIO(state), weights_only=True)
        self.module.load_state_dict(module)
        self._adam.load_state_dict(adam)


def forward(weights: Weights, vectors: Floats) -> Floats:
    """Run a network in NumPy: for one vector a tenth of the time that torch takes.

    Parameters
    ----------
    weights : list of (ndarray, ndarray)
    vectors : ndarray, shape (..., n_inputs)

    Returns
    -------
    ndarray, shape (..., n_outputs)

    Examples
    --------
    >>> layer = np.array([[1.0, -1.0]], np.float32), np.array([0.5], np.float32)
    >>> last = np.array([[2.0], [3.0]], np.float32), np.zeros(2, np.float32)
    >>> forward([layer, last], np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)).tolist()
    [[3.0, 4.5], [0.0, 0.0]]
    """
    for weight, bias in weights[:-1]:
        vectors = np.maximum(vectors @ weight.T + bias, np.float32(0.0))
    weight, bias = weights[-1]
    return vectors @ weight.T + bias


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread: faster for so small a network, and sums in one order."""
    torch: Any = importlib.import_module("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def __getattr__(name: str) -> Any:
    # A layer's class needs torch, and a saved network is read by the name of its layers' classes.
    if name == "Flattening":
        return _flattening()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _flattening() -> Any:
    """Make the class of a layer that flattens what an agent is shown."""
    from gymnasium.spaces.utils import flatten

    torch: Any = importlib.import_module("torch")

    class Flattening(torch.nn.Module):  # type: ignore[misc]
        """Makes a vector of one observation of a space, given as tensors."""

        def __init__(self, space: Any) -> None:
            super().__init__()
            self.space = space

        def forward(self, shown: Any) -> Any:
            flat = flatten(self.space, _of_space(shown, self.space))
            return torch.from_numpy(np.asarray(flat, np.float32)[None])

    Flattening.__module__, Flattening.__qualname__ = __name__, "Flattening"
    return Flattening


def _has_tensors(space: Any) -> bool:
    """Say whether tensors can be made of a space's observations, by name if it has names."""
    from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete

    if isinstance(space, Dict):
        return all(_has_tensors(part) for part in space.spaces.values())
    return isinstance(space, Box | Discrete | MultiBinary | MultiDiscrete)


def _of_space(shown: Any, space: Any) -> Any:
    """Turn tensors, a batch of one, back into an observation."""
    if isinstance(shown, Mapping):
        return {name: _of_space(shown[name], part) for name, part in space.spaces.items()}
    array = shown.detach().cpu().numpy().reshape(space.shape).astype(space.dtype)
    return array if space.shape else array.item()
