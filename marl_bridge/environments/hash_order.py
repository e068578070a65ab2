"""Whether an environment's episodes depend on the order of sets, which differs between processes.

Python salts the hashes of strings anew in every process, so a loop over a set of names may run in
another order tomorrow. Where an environment's code or state holds sets, the same scripted episodes
are played in other processes with other salts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pickle
import subprocess
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from marl_bridge.environments.branching import START, Branching
from marl_bridge.environments.factories import intercepted
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.environments.repeating import random_actions
from marl_bridge.environments.script import Script
from marl_bridge.errors import AuditFailed

__all__ = ["check_hash_order", "fingerprint", "holds_sets"]

_SALTS = (1, 2, 3, 4, 5, 6)
_OTHERS = ("numpy.", "gymnasium.", "pettingzoo.utils.", "marl_bridge.")
_PROGRAM = "import sys; from marl_bridge.environments.hash_order import answer; answer(sys.argv[1])"


def check_hash_order(
    make: Make,
    env_kwargs: Mapping[str, Any] | None,
    api: Any,
    classes: Iterable[type],
    *,
    seed: int,
) -> str:
    """Play scripted episodes in other processes if there are sets, and compare.

    Parameters
    ----------
    make, env_kwargs, api
        As for ``extract``.
    classes : iterable of type
        The classes of the environment's state.
    seed : int

    Returns
    -------
    str
        "no sets", how many processes agreed, or why it was not checked.

    Raises
    ------
    AuditFailed
        If the episodes differ.
    """
    if not holds_sets(classes):
        return "no sets"
    try:
        asked = pickle.dumps((make, dict(env_kwargs or {}), api, seed))
        if getattr(make, "__module__", "") == "__main__":
            raise pickle.PicklingError("it is defined in __main__")
    except Exception as error:  # whatever a user's callable is made of
        return f"not checked: it cannot be built in another process ({error})"
    expected = fingerprint(make, env_kwargs, api, seed)
    text = base64.b64encode(asked).decode()
    path = os.pathsep.join(place for place in sys.path if place)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, text],
            env={**os.environ, "PYTHONHASHSEED": str(salt), "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for salt in _SALTS
    ]
    answers = [process.communicate()[0].decode().split("\n")[-2:-1] for process in processes]
    if not all(answers):
        return "not checked: it cannot be built in another process"
    if any(json.loads(answer[0]) != expected for answer in answers):
        raise AuditFailed(
            "the same episodes differ between processes: they depend on the order of a set, or "
            "on something else that is different in each process",
            check="hash order",
            valid="an environment that loops over lists or sorted sets",
            hint="sort a set before going through it",
        )
    return f"the same in {len(_SALTS)} processes with other hash salts"


def answer(text: str) -> None:
    """Print the fingerprint that another process asked for."""
    make, env_kwargs, api, seed = pickle.loads(base64.b64decode(text))
    print(f"\n{json.dumps(fingerprint(make, env_kwargs, api, seed))}")


def fingerprint(
    make: Make,
    env_kwargs: Mapping[str, Any] | None,
    api: Any,
    seed: int,
    *,
    episodes: int = 8,
    steps: int = 60,
) -> str:
    """Digest all that is shown in some random scripted episodes."""
    script = Script()
    branching = Branching(open_environment(make, env_kwargs=env_kwargs, api=api), script, seed)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 3]))
    digest = hashlib.blake2b()
    with intercepted(script):
        for _ in range(episodes):
            driver, actions = None, START
            for _ in range(steps):
                visit = branching.run(driver, actions, (), rng)
                shown = [(agent, key) for agent, (_, key) in visit.views.items()]
                digest.update(repr((shown, visit.returns)).encode())
                if not visit.acting:
                    break
                driver, actions = visit.driver, random_actions(visit, rng)
    return digest.hexdigest()


def holds_sets(classes: Iterable[type]) -> bool:
    """Tell whether sets are among the classes of a state, or in the code of these classes."""
    own = dict.fromkeys(base for class_ in classes for base in class_.__mro__)
    if set in own or frozenset in own:
        return True
    written = [class_ for class_ in own if not _is_foreign(class_.__module__)]
    return any(_mentions_sets(code) for class_ in written for code in _codes(class_))


def _is_foreign(module: str) -> bool:
    """Tell whether a module is none of an environment's: of Python or of the libraries below."""
    return module.partition(".")[0] in sys.stdlib_module_names or module.startswith(_OTHERS)


def _codes(class_: type) -> Iterator[types.CodeType]:
    """List the code of a class's methods and properties."""
    for held in vars(class_).values():
        function = getattr(held, "__func__", getattr(held, "fget", held))
        if isinstance(function, types.FunctionType):
            yield function.__code__


def _mentions_sets(code: types.CodeType) -> bool:
    if {"set", "frozenset"} & set(code.co_names):
        return True
    if any(isinstance(constant, frozenset) for constant in code.co_consts):
        return True
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return _builds_set(code) or any(_mentions_sets(part) for part in inner)


def _builds_set(code: types.CodeType) -> bool:
    import dis

    return any(step.opname in ("BUILD_SET", "SET_ADD") for step in dis.get_instructions(code))
