"""Checks for solvers: relations that every correct one satisfies, on games drawn at random.

>>> from gametheory.testing import check_algorithm
>>> print(check_algorithm("pure-enumeration", examples=2))  # doctest: +ELLIPSIS
pure-enumeration (pure-nash): ... relations on ... games, 0 fail
...

``check_algorithm`` takes a registered name or your own function from games to profiles,
``check_relation`` one relation, :mod:`gametheory.testing.strategies` games for tests of your own.
Hypothesis draws the games: ``pip install 'gametheory-toolkit[test]'``. What an answer is worth is
judged by :mod:`gametheory.testing.definitions`, which shares nothing with the solvers.
"""

from __future__ import annotations

from gametheory.testing.checking import check_algorithm, check_relation, relations_of
from gametheory.testing.failures import RelationFailed
from gametheory.testing.families import FAMILIES
from gametheory.testing.registry import Relation, relation
from gametheory.testing.registry import relations as _relations
from gametheory.testing.reports import CheckReport, Outcome

__all__ = [
    "FAMILIES",
    "RELATIONS",
    "CheckReport",
    "Outcome",
    "Relation",
    "RelationFailed",
    "check_algorithm",
    "check_relation",
    "relation",
    "relations_of",
]

RELATIONS: tuple[Relation, ...] = _relations()
"""Every relation of this package; ``relations_of`` knows those registered later as well."""
