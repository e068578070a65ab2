"""From what people write ("tictactoe_v3") to the id PettingZoo knows ("classic/tictactoe-v3")."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from marl_bridge.errors import InvalidEnvironment

__all__ = ["EnvironmentId", "unknown_environment"]

_WRITTEN = re.compile(
    r"(?:pettingzoo[./])?(?:(?P<namespace>[\w-]+)[./])?(?P<name>[\w-]+?)(?:[-_]v(?P<version>\d+))?"
)

# Environments that left PettingZoo, by namespace or name, with where they went.
_MOVED = {
    "mpe": "pip install mpe2 and open the module, e.g. 'mpe2.simple_spread_v3'",
    "magent": "pip install magent2 and open the module, e.g. 'magent2.environments.battle_v4'",
    "gin_rummy": "gin_rummy was removed in PettingZoo 1.27; the package rlcard still has the game",
}


@dataclass(frozen=True, slots=True)
class EnvironmentId:
    """The three parts of an environment's name, as far as they were written.

    Examples
    --------
    >>> EnvironmentId.parse("classic/tictactoe_v3")
    EnvironmentId(namespace='classic', name='tictactoe', version=3)
    >>> EnvironmentId.parse("pettingzoo.classic.tictactoe_v3") == _
    True
    >>> EnvironmentId.parse("classic/leduc-holdem-v4").name
    'leduc_holdem'
    >>> EnvironmentId.parse("tictactoe")
    EnvironmentId(namespace=None, name='tictactoe', version=None)
    """

    namespace: str | None
    name: str
    version: int | None

    @classmethod
    def parse(cls, written: str) -> EnvironmentId | None:
        """Read an id in its new or old spelling; None if it is neither."""
        match = _WRITTEN.fullmatch(written.strip())
        if match is None:
            return None
        version, name = match["version"], match["name"].replace("-", "_")
        return cls(match["namespace"], name, None if version is None else int(version))

    def resolve(self, registered: Iterable[str]) -> str | None:
        """Find the registered id that is meant; None when there is no such environment.

        A missing version means the newest. A retired version resolves to the newest as well,
        with a UserWarning that names both.

        Raises
        ------
        InvalidEnvironment
            If the version is newer than any registered one, or two namespaces have the name.
        """
        versions: dict[int | None, list[str]] = {}
        for known in registered:
            other = EnvironmentId.parse(known)
            if other is None or other.name != self.name:
                continue
            if self.namespace in (None, other.namespace):
                versions.setdefault(other.version, []).append(known)
        if not versions:
            return None
        newest = max(versions, key=lambda version: -1 if version is None else version)
        wanted = self.version if self.version in versions and self.version is not None else newest
        if len(versions[wanted]) > 1:
            raise InvalidEnvironment(
                f"{self.name!r} names several environments",
                valid=" or ".join(map(repr, sorted(versions[wanted]))),
                hint="write the namespace as well",
            )
        found = versions[wanted][0]
        if self.version is not None and wanted != self.version:
            self._replace(found, newest)
        return found

    def _replace(self, found: str, newest: int | None) -> None:
        """Warn that a retired version is replaced, refuse one that does not exist yet."""
        written = f"{self.name}_v{self.version}"
        if newest is None or (self.version is not None and self.version > newest):
            raise InvalidEnvironment(
                f"there is no {written} in the installed PettingZoo",
                valid=repr(found),
                hint=f"use {found!r}, or upgrade PettingZoo",
            )
        warnings.warn(
            f"{written} is retired and no longer starts; opening {found} instead. "
            "Figures of the two versions are not comparable.",
            UserWarning,
            stacklevel=2,
        )


def unknown_environment(written: str, registered: Iterable[str]) -> InvalidEnvironment:
    """Build the error for a name that nothing answers to, with the nearest names that exist."""
    wanted = EnvironmentId.parse(written)
    names = sorted(set(registered))
    if wanted is not None:
        for key, where in _MOVED.items():
            if key in (wanted.namespace, wanted.name):
                return InvalidEnvironment(f"{written!r} is no longer in PettingZoo", hint=where)
    bare = {known: re.sub(r"-v\d+$", "", known.rpartition("/")[2]) for known in names}
    stem = wanted.name if wanted is not None else written
    near = difflib.get_close_matches(stem, sorted(set(bare.values())), n=3, cutoff=0.6)
    close = [known for name in near for known in names if bare[known] == name]
    return InvalidEnvironment(
        f"unknown environment {written!r}",
        valid="an id such as 'classic/tictactoe-v3', an importable module that has env() or "
        "parallel_env(), 'file.py:Class', 'package.module:attribute'",
        hint=(f"did you mean {' or '.join(map(repr, close))}? " if close else "")
        + "pettingzoo.pprint_registry() lists its ids; "
        + "this package has "
        + ", ".join(repr(known) for known in names if known.startswith("worlds/"))
        + ", and 'games/NAME' for each game that `gametheory catalog` lists",
    )
