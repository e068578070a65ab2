"""Opening environments: one source of fresh instances, whatever the user named it by."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, Literal, cast

from gametheory.errors import MissingExtra
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.stochastic_game import StochasticGame
from marl_bridge.environments.driver import Driver, drive
from marl_bridge.environments.loading import is_importable, load_module
from marl_bridge.environments.naming import EnvironmentId, unknown_environment
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds.opening import WORLDS, is_game, named_game
from marl_bridge.worlds.opening import creators as creators_of

__all__ = ["Api", "EnvironmentSource", "Make", "bare", "open_environment"]

Make = str | ModuleType | Callable[[], Any] | NormalFormGame | ExtensiveFormGame | StochasticGame
Api = Literal["aec", "parallel"]

# Wrappers that only check what they are given: without them a legal episode is the same.
_CHECKING_WRAPPERS = frozenset(
    {"AssertOutOfBoundsWrapper", "OrderEnforcingWrapper", "TerminateIllegalWrapper"}
)


@dataclass(frozen=True)
class EnvironmentSource:
    """Where fresh instances of one environment come from.

    Attributes
    ----------
    name : str
        The registered id, or the name the environment gives itself.
    api : {"aec", "parallel"}
        The API its instances follow.
    factory : callable
        ``factory()`` or ``factory(render_mode=...)`` builds an instance.
    """

    name: str
    api: Api
    factory: Callable[..., Any]

    def new(self, render_mode: str | None = None) -> Any:
        """Build a fresh PettingZoo environment, not yet reset.

        Raises
        ------
        InvalidEnvironment
            If the factory refuses ``render_mode`` or returns something else.
        MissingExtra
            If a package the environment needs is not installed.
        """
        env = _build(self.factory, self.name, {"render_mode": render_mode} if render_mode else {})
        if _api_of(env, self.name) != self.api:
            raise InvalidEnvironment(
                f"{self.name} built a {type(env).__name__} of the other API this time",
                valid=f"always the {self.api} API",
            )
        return env

    def driver(self, render_mode: str | None = None, *, checked: bool = True) -> Driver:
        """Build a fresh environment and the loop around it.

        Parameters
        ----------
        render_mode : str, optional
            Passed to the environment.
        checked : bool
            False removes PettingZoo's checking wrappers (see :func:`bare`): faster, for
            callers who only ever play legal actions.
        """
        env = self.new(render_mode)
        return drive(env if checked else bare(env))


def bare(env: Any) -> Any:
    """Take PettingZoo's checking wrappers off; any other wrapper changes the game and stays.

    Examples
    --------
    >>> source = open_environment("classic/tictactoe-v3")
    >>> type(source.new()).__name__, type(bare(source.new())).__name__
    ('OrderEnforcingWrapper', 'raw_env')
    """
    while type(env).__name__ in _CHECKING_WRAPPERS and type(env).__module__.startswith(
        "pettingzoo.utils.wrappers."
    ):
        env = env.env
    return env


def open_environment(
    make: Make, *, env_kwargs: Mapping[str, Any] | None = None, api: Api | None = None
) -> EnvironmentSource:
    """Find an environment and make sure that it starts.

    Parameters
    ----------
    make : str, module, callable or game
        An id in its new or old spelling ("classic/tictactoe-v3", "tictactoe_v3"; without a
        version the newest), the dotted name of a module, "file.py:Class" or
        "package.module:attribute", a module with ``env()``, ``parallel_env()`` or
        ``raw_env()``, or a callable that builds an environment. A game is played by its rules,
        see :func:`~marl_bridge.worlds.opening.environment_of`; "worlds/soccer" and the like are
        this package's own, "games/climbing" and the like the catalog's games, and a file that
        ends in .nfg, .efg or .json is a game.
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    api : {"aec", "parallel"}, optional
        The API wanted where there are two; AEC by default, of games and own environments the
        one they are written for.

    Raises
    ------
    InvalidEnvironment
        If nothing answers to the name, the environment refuses an argument, it has not the
        API asked for, or the factory builds anything but fresh PettingZoo environments.
    MissingExtra
        If PettingZoo, or a package the environment needs, is not installed.

    Examples
    --------
    >>> source = open_environment("tictactoe_v3")
    >>> source.name, source.api
    ('classic/tictactoe-v3', 'aec')
    """
    if api not in (None, "aec", "parallel"):
        raise InvalidEnvironment(f"unknown api {api!r}", valid="'aec' or 'parallel'")
    if env_kwargs is not None and not isinstance(env_kwargs, Mapping):
        raise InvalidEnvironment(
            f"env_kwargs is {env_kwargs!r}", where="env_kwargs", valid="a mapping, or None"
        )
    _import_pettingzoo()
    _use_dummy_display()
    name, creators = _creators(make)
    wanted = cast(Api, api or next(iter(creators)))
    creator = creators.get(wanted) or creators.get("either")
    if creator is None:
        raise _wrong_api(name, wanted, tuple(creators))
    factory = partial(creator, **dict(env_kwargs or {}))
    probe = _build(factory, name, {})
    found = _api_of(probe, name)
    if api is not None and found != api:
        raise _wrong_api(name, api, (found,))
    if "either" in creators:
        name = name or _own_name(probe)
        _require_fresh(factory, probe, name)
    probe.close()
    return EnvironmentSource(name, found, factory)


def _import_pettingzoo() -> Any:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "hide")
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # release notices, printed on import
            return importlib.import_module("pettingzoo")
    except ImportError as error:
        raise MissingExtra.of("pettingzoo", "opening an environment") from error


def _use_dummy_display() -> None:
    """Let pygame draw into memory on a machine without a display."""
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if sys.platform.startswith("linux") and not has_display:
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")


def _creators(make: Any) -> tuple[str, dict[str, Callable[..., Any]]]:
    """Name the environment and list what builds it, by API ("either" when not yet known)."""
    if isinstance(make, str):
        return _creators_from_text(make.strip())
    if is_game(make):
        return creators_of(make)
    retired = _retired_module(make)
    if retired is not None:
        return _creators_from_text(retired)
    if isinstance(make, ModuleType):
        return _creators_from_module(make)
    if callable(make):
        return "", {"either": make}
    raise InvalidEnvironment(
        f"{make!r} does not open an environment",
        where="make",
        valid="an id, a module, a game, or a callable that builds an environment",
        hint="instead of an environment pass what builds it, e.g. the class or a lambda: "
        "fresh instances are needed",
    )


def _creators_from_text(written: str) -> tuple[str, dict[str, Callable[..., Any]]]:
    if written.startswith("worlds/") or named_game(written) is not None:
        return creators_of(written)
    if ":" in written:
        place, _, attribute = written.rpartition(":")
        module = load_module(place, written)
        if not hasattr(module, attribute):
            raise InvalidEnvironment(
                f"{place!r} has no {attribute!r}",
                where=repr(written),
                hint="name a class or function that builds the environment",
            )
        _, creators = _creators(getattr(module, attribute))
        return written, creators
    registered = _registered()
    wanted = EnvironmentId.parse(written)
    found = wanted.resolve(registered) if wanted is not None else None
    if found is not None:
        return found, {api: partial(_make_registered, api, found) for api in registered[found]}
    if written.endswith(".py") or is_importable(written):
        return _creators_from_module(load_module(written, written))
    if written.startswith("mpe2.") and not is_importable("mpe2"):
        raise MissingExtra.of("mpe", f"opening {written!r}")
    raise unknown_environment(written, [*registered, *WORLDS])


def _creators_from_module(module: ModuleType) -> tuple[str, dict[str, Callable[..., Any]]]:
    if module.__name__.startswith("pettingzoo."):
        wanted = EnvironmentId.parse(module.__name__)
        if wanted is not None and wanted.resolve(_registered()) is not None:
            return _creators_from_text(module.__name__)
    aec = getattr(module, "env", None) or getattr(module, "raw_env", None)
    found = {"aec": aec, "parallel": getattr(module, "parallel_env", None)}
    creators = {api: creator for api, creator in found.items() if callable(creator)}
    if not creators:
        raise InvalidEnvironment(
            f"module {module.__name__!r} builds no environment",
            valid="a module with env(), parallel_env() or raw_env()",
            hint=f"name the class: '{module.__name__}:YourEnvironment'",
        )
    return module.__name__.rpartition(".")[2], creators


def _registered() -> dict[str, tuple[Api, ...]]:
    """Map PettingZoo's registered ids to the APIs they have."""
    pettingzoo = _import_pettingzoo()
    registries: dict[Api, Mapping[str, Any]] = {
        "aec": pettingzoo.aec_registry,
        "parallel": pettingzoo.parallel_registry,
    }
    ids = sorted({known for registry in registries.values() for known in registry})
    return {
        known: tuple(api for api, registry in registries.items() if known in registry)
        for known in ids
    }


def _make_registered(api: Api, known: str, **kwargs: Any) -> Any:
    pettingzoo = _import_pettingzoo()
    with _quiet_errors():
        return pettingzoo.make(api, known, **kwargs)


@contextlib.contextmanager
def _quiet_errors() -> Iterator[None]:
    """Turn PettingZoo's own import failure into a plain ImportError."""
    from pettingzoo.env_registry.exceptions import FailedToImport

    try:
        yield
    except FailedToImport as error:
        raise (error.__cause__ if isinstance(error.__cause__, ImportError) else error) from error


def _retired_module(make: Any) -> str | None:
    """Read the old name out of PettingZoo's stand-in for a retired module."""
    if type(make).__name__ != "DeprecatedModule":
        return None
    try:
        make.env()
    except ImportError as error:  # DeprecatedEnv, whose text begins with the old name
        return str(error).split(maxsplit=1)[0]
    return None


def _build(factory: Callable[..., Any], name: str, extra: Mapping[str, Any]) -> Any:
    """Call a factory; what it refuses or lacks becomes an error that says so."""
    who = name or getattr(getattr(factory, "func", factory), "__qualname__", repr(factory))
    given = {**getattr(factory, "keywords", {}), **extra}
    try:
        return factory(**extra)
    except TypeError as error:
        refused = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        if refused is None or refused[1] not in given:
            raise
        raise InvalidEnvironment(
            f"{who} does not take the argument {refused[1]!r}",
            where="render_mode" if refused[1] in extra else "env_kwargs",
            hint="see the parameters of the environment's constructor",
        ) from error
    except ImportError as error:
        raise _missing_package(who, error) from error


def _missing_package(name: str, error: ImportError) -> MissingExtra:
    namespace, _, _ = name.partition("/")
    if namespace in ("classic", "butterfly"):
        return MissingExtra.of("pettingzoo", f"opening {name!r}")
    command = f"pip install 'pettingzoo[{namespace}]'" if namespace != name else ""
    return MissingExtra(
        f"opening {name!r} needs a package that is not installed: {error}",
        hint=command or f"pip install {error.name or 'the missing package'}",
    )


def _api_of(env: Any, name: str) -> Api:
    from pettingzoo import AECEnv, ParallelEnv

    if isinstance(env, AECEnv):
        return "aec"
    if isinstance(env, ParallelEnv):
        return "parallel"
    raise InvalidEnvironment(
        f"{name or 'the factory'} built a {type(env).__name__}, no PettingZoo environment",
        where="make",
        valid="an instance of a subclass of pettingzoo.AECEnv or pettingzoo.ParallelEnv",
    )


def _own_name(env: Any) -> str:
    metadata = getattr(env, "metadata", None) or {}
    return str(metadata.get("name") or type(env.unwrapped).__name__)


def _require_fresh(factory: Callable[..., Any], probe: Any, name: str) -> None:
    if factory().unwrapped is probe.unwrapped:
        raise InvalidEnvironment(
            f"the factory of {name} returns the same environment each time",
            where="make",
            valid="a factory that builds a fresh instance on every call",
            hint="build the environment inside the function",
        )


def _wrong_api(name: str, wanted: str, offered: tuple[str, ...]) -> InvalidEnvironment:
    return InvalidEnvironment(
        f"{name or 'the environment'} has no {wanted} API",
        where="api",
        valid=" or ".join(map(repr, offered)),
        hint="leave the argument out, or convert with pettingzoo.utils.conversions",
    )
