"""Networks written in torch: a module that maps observations to one output per action.

torch is never imported here unless a network is used; whoever passes one has it already.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError, MissingExtra
from marl_bridge.environments.driver import View
from marl_bridge.environments.loading import is_file
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.checks import sample_index
from marl_bridge.policies.content_hash import hash_of_network
from marl_bridge.policies.inputs import Observe
from marl_bridge.policies.memory import RecurrentPolicy
from marl_bridge.policies.outputs import greedy, masked_softmax, renormalized
from marl_bridge.policies.torch_session import evaluating, is_torch_module

__all__ = ["Outputs", "TorchMemoryPolicy", "TorchPolicy", "load_weights"]

Outputs = Literal["logits", "probabilities", "values"]
_DISTRIBUTIONS = {"logits": masked_softmax, "probabilities": renormalized, "values": greedy}


class TorchPolicy:
    """A module's outputs, masked, as a distribution over the legal actions.

    The module is called with a batch of one: a float32 tensor of shape (1, *observation shape),
    or a dictionary of such tensors. If it refuses that, the observation is flattened to shape
    (1, size). It is run in evaluation mode and without gradients, and left in the mode it was in.

    Parameters
    ----------
    module : torch.nn.Module
        Returns shape (n_actions,) or (1, n_actions), or a tuple or mapping that holds it first
        or as "logits", or a ``torch.distributions.Categorical``.
    outputs : {"logits", "probabilities", "values"}
        What they are: logits go through a softmax over the legal actions, probabilities are
        scaled to the legal actions, and of values the highest legal one is played.
    observe : callable, optional
        ``observe(view)`` builds the array, or the mapping of arrays, that the module is given; a
        tensor is passed as it is, with the batch axis it has.

    Raises
    ------
    InvalidPolicy
        If ``module`` or ``outputs`` are something else; later, if the outputs do not fit the
        actions.
    """

    def __init__(
        self, module: Any, outputs: Outputs = "logits", observe: Observe | None = None
    ) -> None:
        _require(module, outputs)
        self.module, self.outputs, self.observe = module, outputs, observe
        self._flat = False  # which of the two worked last

    @property
    def reads_observations(self) -> bool:
        """Whether the module alone, with logits of observations as they are, is the policy."""
        return self.observe is None and self.outputs == "logits"

    def act(self, view: View, rng: np.random.Generator) -> int:
        """Sample from :meth:`probabilities`; torch's own generator is not touched."""
        return sample_index(self.probabilities(view), rng) + view.start

    def probabilities(self, view: View) -> NDArray[np.float64]:
        """Return the distribution over the legal actions."""
        shown = view.observation if self.observe is None else self.observe(view)
        ways = (True, False) if self._flat else (False, True)
        faults: list[Exception] = []
        for flat in ways:
            try:
                with evaluating(self.module):
                    answer = self.module(_tensors(shown, self.module, flat=flat))
                p = _distribution(view, answer, self.outputs, repr(self))
            except (GameTheoryError, RuntimeError, ValueError, TypeError, IndexError) as fault:
                faults.append(fault)
                continue
            self._flat = flat
            return p
        raise self._refused(view, shown, faults)

    def _refused(self, view: View, shown: Any, faults: list[Exception]) -> Exception:
        typed = [fault for fault in faults if isinstance(fault, GameTheoryError)]
        if typed:
            return typed[-1]
        first = (str(faults[0]).strip() or type(faults[0]).__name__).splitlines()[0]
        tried = _shapes(shown)
        return InvalidPolicy(
            f"{self!r} of agent {view.agent!r} refused the observation: {first}",
            where=f"input of shape {tried}" + ("" if len(faults) == 1 else ", and flattened"),
            valid="a module that takes a batch of one observation",
            hint="pass observe=, a function of the view that builds the module's input",
        )

    def content_hash(self) -> str | None:
        """Hash the network; None if it has no weights or reads another observation."""
        plain = self.observe is None
        return hash_of_network(self.module, f"TorchPolicy {self.outputs}") if plain else None

    def __repr__(self) -> str:
        return f"TorchPolicy({type(self.module).__name__})"


class TorchMemoryPolicy(RecurrentPolicy):
    """A recurrent module: ``module(observation, state)`` returns outputs and the next state.

    Parameters
    ----------
    module : torch.nn.Module
        Called with a batch of one observation and the state, None at the start of an episode;
        returns (outputs, state).
    outputs, observe
        As for :class:`TorchPolicy`.

    Raises
    ------
    InvalidPolicy
        If ``module`` or ``outputs`` are something else.
    """

    def __init__(
        self, module: Any, outputs: Outputs = "logits", observe: Observe | None = None
    ) -> None:
        super().__init__()
        _require(module, outputs)
        self.module, self.outputs, self.observe = module, outputs, observe

    def initial_memory(self, agent: str) -> Any:
        """Return None: the module makes its own first state."""
        return None

    def respond(self, view: View, memory: Any, last_action: Any) -> tuple[Any, Any]:
        """Run the module for one step."""
        shown = view.observation if self.observe is None else self.observe(view)
        try:
            with evaluating(self.module):
                answer = self.module(_tensors(shown, self.module, flat=False), memory)
        except (RuntimeError, ValueError, TypeError, IndexError) as fault:
            first = (str(fault).strip() or type(fault).__name__).splitlines()[0]
            raise InvalidPolicy(
                f"{self!r} of agent {view.agent!r} refused the observation: {first}",
                where=f"input of shape {_shapes(shown)}",
                valid="module(observation, state), with a batch of one observation",
                hint="pass observe=, a function of the view that builds the module's input",
            ) from fault
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise InvalidPolicy(
                f"{self!r} of agent {view.agent!r} returned a {type(answer).__name__}",
                valid="a pair: outputs, and the next state",
                hint="a module without a memory needs TorchPolicy",
            )
        outputs, memory = answer
        return _distribution(view, outputs, self.outputs, repr(self)), memory

    def content_hash(self) -> str | None:
        """Hash the network; None if it has no weights or reads another observation."""
        plain = self.observe is None
        return hash_of_network(self.module, f"TorchMemoryPolicy {self.outputs}") if plain else None

    def __repr__(self) -> str:
        return f"TorchMemoryPolicy({type(self.module).__name__})"


def load_weights(module: Any, path: str | Path) -> Any:
    """Fill a module with saved weights; nothing in the file is executed.

    Parameters
    ----------
    module : torch.nn.Module
        Of the architecture that was saved.
    path : path-like
        A state dict, written by ``torch.save(module.state_dict(), path)``.

    Returns
    -------
    torch.nn.Module
        The same module.

    Raises
    ------
    InvalidPolicy
        If the file is missing, holds more than tensors, or other ones than the module's.
    MissingExtra
        If torch is not installed.
    """
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError as error:
        raise MissingExtra.of("torch", "loading a network's weights") from error
    valid = "a state dict, written by torch.save(module.state_dict(), path)"
    if not is_file(path):
        raise InvalidPolicy(f"the weights file {str(path)!r} does not exist", valid=valid)
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's unpickler raises what it meets in a broken file
        raise InvalidPolicy(
            f"the weights file {str(path)!r} holds more than weights, or is damaged",
            valid=valid,
            hint="a file that holds the whole network runs code when it is loaded: save the "
            "state dict instead",
        ) from error
    try:
        module.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise InvalidPolicy(
            f"the weights in {str(path)!r} are not those of {type(module).__name__}",
            where=lines[-1] if lines else "",
            valid=valid,
            hint="build the module as it was when it was saved",
        ) from error
    return module


def _require(module: Any, outputs: str) -> None:
    if not is_torch_module(module):
        raise InvalidPolicy(f"{module!r} is no torch module", valid="a torch.nn.Module instance")
    if outputs not in _DISTRIBUTIONS:
        raise InvalidPolicy(
            f"unknown outputs {outputs!r}", valid=", ".join(map(repr, _DISTRIBUTIONS))
        )


def _distribution(view: View, answer: Any, outputs: str, who: str) -> NDArray[np.float64]:
    if isinstance(answer, Mapping):
        if "logits" not in answer:
            raise InvalidPolicy(
                f"{who} of agent {view.agent!r} returned entries {sorted(map(str, answer))}",
                valid="a tensor, or a mapping with the entry 'logits'",
            )
        answer = answer["logits"]
    elif isinstance(answer, tuple | list) and len(answer):
        answer = answer[0]  # actor and critic
    if hasattr(answer, "probs"):  # torch.distributions.Categorical
        return renormalized(view, answer.probs, who)
    return _DISTRIBUTIONS[outputs](view, answer, who)


def _tensors(shown: Any, module: Any, *, flat: bool) -> Any:
    """Build a batch of one on the module's device, in float32."""
    torch: Any = importlib.import_module("torch")
    if isinstance(shown, torch.Tensor):
        return shown
    if isinstance(shown, Mapping):
        return {name: _tensors(part, module, flat=flat) for name, part in shown.items()}
    first = next(module.parameters(), None)
    array = np.asarray(shown, dtype=np.float32)[None]
    tensor = torch.as_tensor(array.reshape(1, -1) if flat else array)
    return tensor if first is None else tensor.to(first.device)


def _shapes(shown: Any) -> str:
    if isinstance(shown, Mapping):
        return str({name: _shapes(part) for name, part in shown.items()})
    return str((1, *np.shape(shown)))
