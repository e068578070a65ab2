"""Whether an environment's episodes depend on what differs between processes, as the order of sets.

Python salts the hashes of strings anew in every process, so a loop over a set of names may run in
another order tomorrow. Addresses of objects and numbers of processes differ as well. Where an
environment's state holds sets, or its code makes them or asks for such numbers, the same scripted
episodes are played in other processes with other salts.
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

__all__ = ["check_hash_order", "differs_by_process", "fingerprint", "own_classes"]

_BUILTINS = frozenset({"hash", "id"})
_NUMBERS = frozenset(
    {"environ", "getenv", "gethostname", "getnode", "getpid", "getppid", "uuid1", "uuid4"}
)
_SALTS = (1, 2, 3, 4, 5, 6)
_OTHERS = frozenset({"gymnasium", "marl_bridge", "numpy", "pybind11_builtins", "pygame"})
_ASIDE = frozenset({"__hash__", "close", "render"})
"""Methods that do not make a game; a hash is asked by sets and dictionaries, which are found."""
_PROGRAM = "import sys; from marl_bridge.environments.hash_order import answer; answer(sys.argv[1])"


def check_hash_order(
    make: Make,
    env_kwargs: Mapping[str, Any] | None,
    api: Any,
    classes: Iterable[type],
    *,
    seed: int,
) -> str:
    """Play scripted episodes in other processes if there is a reason to, and compare.

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
        "nothing that differs between processes" where neither sets nor the like are in state or
        code, how many processes agreed, or why it was not checked.

    Raises
    ------
    AuditFailed
        If the episodes differ.
    """
    if not differs_by_process(classes):
        return "nothing that differs between processes"
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
            "the same episodes differ between processes: they depend on the order of a set, on "
            "the hash of a string, or on something else that is different in each process",
            check="hash order",
            valid="an environment that loops over lists or sorted sets",
            hint="sort a set before going through it; use neither hash() nor id() for payoffs",
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


def differs_by_process(classes: Iterable[type]) -> bool:
    """Tell whether sets are in a state, or made in the code of its classes, or the like.

    The like are hashes and addresses of objects, numbers of processes, names of machines.
    """
    classes = list(classes)
    if any(issubclass(class_, set | frozenset) for class_ in classes):
        return True
    written = own_classes(classes)
    return any(_asks(code) for code in _codes(written))


def own_classes(classes: Iterable[type]) -> list[type]:
    """List the classes, bases included, that are an environment's own.

    Those of Python and of the libraries below are not.
    """
    every = dict.fromkeys(base for class_ in classes for base in class_.__mro__)
    return [class_ for class_ in every if not _is_foreign(class_.__module__)]


def _is_foreign(module: str) -> bool:
    package = module.partition(".")[0]
    if package in sys.stdlib_module_names or package in _OTHERS:
        return True
    return module.startswith("pettingzoo.utils.")


def _codes(classes: Iterable[type]) -> Iterator[types.CodeType]:
    """List the code of methods, properties, and functions of the same modules."""
    modules = dict.fromkeys(class_.__module__ for class_ in classes)
    held = [thing for class_ in classes for thing in vars(class_).values()]
    for module in modules:
        functions = vars(sys.modules[module]).values() if module in sys.modules else ()
        held += [thing for thing in functions if getattr(thing, "__module__", "") == module]
    for thing in held:
        function = getattr(thing, "__func__", getattr(thing, "fget", thing))
        function = getattr(function, "__wrapped__", function)
        if isinstance(function, types.FunctionType) and function.__name__ not in _ASIDE:
            yield function.__code__


def _asks(code: types.CodeType) -> bool:
    """Tell whether code makes a set, or asks for what is different in each process."""
    names = set(code.co_names)
    if names & {"set", "frozenset", *_NUMBERS}:
        return True
    if any(isinstance(constant, frozenset) for constant in code.co_consts):
        return True
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return _does(code, names) or any(_asks(part) for part in inner)


def _does(code: types.CodeType, names: set[str]) -> bool:
    import dis

    asked = names & _BUILTINS  # or attributes of these names, as in player.id
    return any(
        step.opname in ("BUILD_SET", "SET_ADD")
        or (asked and step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in asked)
        for step in dis.get_instructions(code)
    )
