"""The ranking: where the best known solution of each environment is.

Joint policies are ranked by the certified upper end of NashConv: computed exactly, or bounded with
proven confidence. What has a lower bound only, or nothing, is listed apart: it is not known to be
good. Where a policy was checked several times the exact check counts, else the one with the most
episodes, else the newest: never the one with the best figure, which would reward trying again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marl_bridge.plain_data import plain
from marl_bridge.records.database import Record
from marl_bridge.records.entries import CheckEntry, Gap, PolicyLabel, SeatEntry, canonical
from marl_bridge.records.errors import RecordUnavailable
from marl_bridge.records.places import record_path

__all__ = ["Leaderboard", "SeatStanding", "Standing", "leaderboard", "rank_checks"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One joint policy and where it stands.

    Attributes
    ----------
    rank : int or None
        By the upper end of its gap; equal ends share a rank. None if it is not certified.
    best_rank, worst_rank : int or None
        Between these the true rank lies while all intervals hold: those that are certainly
        better, and those that may be.
    policies : tuple of PolicyLabel
        Of the agents, in the environment's order.
    gap : Gap
        NashConv.
    returns : tuple of float or None
        Each agent's expected return, exact or the mean of the episodes.
    made_at : str
    episodes, seed : int
        Of the check that counts.
    checks : int
        How often this joint policy was checked.
    check : int or None
        The number of the check in the record.
    """

    rank: int | None
    best_rank: int | None
    worst_rank: int | None
    policies: tuple[PolicyLabel, ...]
    gap: Gap
    returns: tuple[float | None, ...]
    made_at: str
    episodes: int
    seed: int
    checks: int
    check: int | None


@dataclass(frozen=True, slots=True)
class SeatStanding:
    """One policy in one seat.

    Attributes
    ----------
    rank : int
        By the upper end of its gap; equal ends share a rank.
    policy : PolicyLabel
    gap : Gap
        In a two-player zero-sum game what the policy earns less than the seat's value against a
        best-responding opponent, a property of the policy alone. Elsewhere what a best response
        would gain in its place against the others it was checked with.
    others : tuple of PolicyLabel
        Those others; empty where the gap does not depend on them.
    made_at : str
    """

    rank: int
    policy: PolicyLabel
    gap: Gap
    others: tuple[PolicyLabel, ...]
    made_at: str


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The ranking of one environment with one choice of keyword arguments.

    Attributes
    ----------
    environment, api : str
    env_kwargs : mapping
    agents : tuple of str
    ranked : tuple of Standing
        Certified joint policies, the best first.
    not_certified : tuple of Standing
        The others, the one with the smallest lower bound first.
    earlier : tuple of Standing
        Checks of another version of the environment: its game has changed since.
    seats : mapping of str to tuple of SeatStanding
        By agent; seats without certified gaps are left out.
    against_worst_case : bool
        Whether ``seats`` holds gaps of the policies alone.
    values : tuple of float or None
        What each seat earns in an equilibrium, where it is known.
    n_checks, n_cells : int
        Number of checks and of sampled payoffs in the record.
    """

    environment: str
    api: str
    env_kwargs: Mapping[str, Any]
    agents: tuple[str, ...]
    ranked: tuple[Standing, ...]
    not_certified: tuple[Standing, ...]
    earlier: tuple[Standing, ...]
    seats: Mapping[str, tuple[SeatStanding, ...]]
    against_worst_case: bool
    values: tuple[float | None, ...]
    n_checks: int
    n_cells: int

    @property
    def name(self) -> str:
        """The environment with its keyword arguments."""
        kwargs = ", ".join(f"{key}={value!r}" for key, value in self.env_kwargs.items())
        return f"{self.environment} ({kwargs})" if kwargs else self.environment

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; an unbounded end becomes None."""
        return {"schema": "marl_bridge.records.leaderboard/1", **plain(self)}

    def __str__(self) -> str:
        from marl_bridge.records.leaderboard_text import to_text

        return to_text(self)


def leaderboard(
    environment: str | None = None,
    path: str | Path | None = None,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
) -> list[Leaderboard]:
    """Rank the policies ever checked.

    Parameters
    ----------
    environment : str, optional
        Its name as the reports have it; an id without its version or namespace finds all that
        it can stand for. All environments if None.
    path : path-like, optional
        The record, see :func:`marl_bridge.records.places.record_path`.
    env_kwargs : mapping, optional
        Only these keyword arguments; all that were recorded if None.

    Returns
    -------
    list of Leaderboard
        One for each environment and choice of keyword arguments, by name.

    Raises
    ------
    RecordUnavailable
        If nothing was recorded, of this environment or at all.
    RecordDamaged
        If the file is damaged.
    """
    chosen = record_path(path)
    if chosen is None:
        raise RecordUnavailable(
            "recording is switched off", where="MARL_BRIDGE_RECORD", hint="name a file"
        )
    with Record(chosen, write=False) as record:
        record.verify()
        known = record.environments()
        wanted = [
            (name, kwargs)
            for name, kwargs in known
            if (environment is None or _means(environment, name))
            and (env_kwargs is None or kwargs == canonical(env_kwargs))
        ]
        if not wanted:
            names = sorted({name for name, _ in known})
            asked = "anything" if environment is None else repr(environment)
            raise RecordUnavailable(
                f"nothing was recorded of {asked}"
                + ("" if env_kwargs is None else f" with {canonical(env_kwargs)}"),
                where=str(chosen),
                valid=", ".join(names),
                hint="run: marl-bridge check" + ("" if environment is None else f" {environment}"),
            )
        return [
            rank_checks(name, kwargs, record.checks(name, kwargs), len(record.cells(name, kwargs)))
            for name, kwargs in wanted
        ]


def _means(written: str, name: str) -> bool:
    """Say whether a name can be written so: with or without namespace and version.

    Examples
    --------
    >>> _means("tictactoe", "classic/tictactoe-v3"), _means("tictactoe_v3", "classic/tictactoe-v3")
    (True, True)
    """
    if written == name:
        return True
    from marl_bridge.environments.naming import EnvironmentId

    asked, known = EnvironmentId.parse(written), EnvironmentId.parse(name)
    if asked is None or known is None:
        return False
    return (
        asked.name == known.name
        and asked.namespace in (None, known.namespace)
        and asked.version in (None, known.version)
    )


def rank_checks(
    environment: str, env_kwargs: str, checks: Sequence[CheckEntry], n_cells: int = 0
) -> Leaderboard:
    """Rank checks of one environment.

    Checks of another game than the newest extracted one are listed apart. A check without a
    fingerprint is taken to be of the newest.
    """
    newest = next((c.fingerprint for c in reversed(checks) if c.fingerprint is not None), None)
    current = [check for check in checks if check.fingerprint in (None, newest)]
    agents = tuple(seat.agent for seat in checks[-1].seats) if checks else ()
    best = _one_each(current, _joint_key)
    certified = [(check, n) for check, n in best if check.gap.certified]
    uncertain = [(check, n) for check, n in best if not check.gap.certified]
    uncertain.sort(key=lambda pair: (pair[0].gap.kind == "unknown", pair[0].gap.lower))
    earlier = _one_each([c for c in checks if c.fingerprint not in (None, newest)], _joint_key)
    seats, worst_case = _seats(current)
    exact = next((c for c in reversed(current) if c.seats[0].optimal_value is not None), None)
    return Leaderboard(
        environment=environment,
        api=checks[-1].api if checks else "",
        env_kwargs=json.loads(env_kwargs),
        agents=agents,
        ranked=_ranked(certified),
        not_certified=tuple(_standing(check, n) for check, n in uncertain),
        earlier=tuple(_standing(check, n) for check, n in earlier),
        seats=seats,
        against_worst_case=worst_case,
        values=tuple(None for _ in agents)
        if exact is None
        else tuple(seat.optimal_value for seat in exact.seats),
        n_checks=len(checks),
        n_cells=n_cells,
    )


def _joint_key(check: CheckEntry) -> tuple[Any, ...]:
    """Identify a joint policy by its hashes; one without is like no other."""
    hashes = tuple(seat.policy.sha256 for seat in check.seats)
    return (check.id, None) if None in hashes else hashes


def _one_each(
    checks: Iterable[CheckEntry], key: Callable[[CheckEntry], Any]
) -> list[tuple[CheckEntry, int]]:
    """Choose the check that counts of each joint policy, and count its checks."""
    groups: dict[Any, list[CheckEntry]] = {}
    for check in checks:
        groups.setdefault(key(check), []).append(check)
    return [(max(group, key=_counts), len(group)) for group in groups.values()]


def _counts(check: CheckEntry) -> tuple[bool, bool, int, int]:
    """Order checks of one joint policy by what they rest on, not by what they found."""
    return check.gap.kind == "exact", check.gap.certified, check.episodes, check.id or 0


def _ranked(certified: Sequence[tuple[CheckEntry, int]]) -> tuple[Standing, ...]:
    ordered = sorted(
        certified, key=lambda pair: (pair[0].gap.upper, pair[0].gap.lower, pair[0].id or 0)
    )
    ranks = _shared_ranks([check.gap.upper for check, _ in ordered])
    gaps = [check.gap for check, _ in ordered]
    standings = []
    for at, ((check, n), rank) in enumerate(zip(ordered, ranks, strict=True)):
        others = [gap for other, gap in enumerate(gaps) if other != at]
        surely = sum(_less(other.upper, check.gap.lower) for other in others)
        maybe = sum(_less(other.lower, check.gap.upper) for other in others)
        standings.append(_standing(check, n, (rank, surely + 1, maybe + 1)))
    return tuple(standings)


def _same(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)


def _less(first: float, second: float) -> bool:
    return first < second and not _same(first, second)


def _shared_ranks(ends: Sequence[float]) -> list[int]:
    """Rank sorted figures; equal ones share the rank of the first.

    Examples
    --------
    >>> _shared_ranks([0.0, 0.0, 0.5])
    [1, 1, 3]
    """
    ranks: list[int] = []
    for position, end in enumerate(ends):
        tie = position > 0 and _same(ends[position - 1], end)
        ranks.append(ranks[-1] if tie else position + 1)
    return ranks


def _standing(
    check: CheckEntry, n: int, ranks: tuple[int | None, int | None, int | None] = (None, None, None)
) -> Standing:
    rank, best, worst = ranks
    return Standing(
        rank=rank,
        best_rank=best,
        worst_rank=worst,
        policies=tuple(seat.policy for seat in check.seats),
        gap=check.gap,
        returns=tuple(seat.expected_return for seat in check.seats),
        made_at=check.made_at,
        episodes=check.episodes,
        seed=check.seed,
        checks=n,
        check=check.id,
    )


def _seats(checks: Sequence[CheckEntry]) -> tuple[dict[str, tuple[SeatStanding, ...]], bool]:
    """Rank the policies of each seat, by their worst case where that is known."""
    alone = any(_own_gap(seat) is not None for check in checks for seat in check.seats)
    found: dict[str, dict[Any, tuple[CheckEntry, SeatEntry, Gap]]] = {}
    for check in checks:
        for number, seat in enumerate(check.seats):
            gap = _own_gap(seat) if alone else seat.gain
            if gap is None or not gap.certified:
                continue
            own = seat.policy.sha256 or (check.id, number)
            key = own if alone else (own, _joint_key(check))
            before = found.setdefault(seat.agent, {}).get(key)
            if before is None or _counts(before[0]) <= _counts(check):
                found[seat.agent][key] = (check, seat, gap)
    order = [seat.agent for check in reversed(checks) for seat in check.seats]
    agents = [agent for agent in dict.fromkeys(order) if agent in found]
    return {agent: _ranked_seat(list(found[agent].values()), alone) for agent in agents}, alone


def _own_gap(seat: SeatEntry) -> Gap | None:
    if seat.worst_case_return is None or seat.optimal_value is None:
        return None
    return Gap.exact(seat.optimal_value - seat.worst_case_return, "value less worst case")


def _ranked_seat(
    found: list[tuple[CheckEntry, SeatEntry, Gap]], alone: bool
) -> tuple[SeatStanding, ...]:
    found.sort(key=lambda item: (item[2].upper, item[2].lower, item[0].id or 0))
    ranks = _shared_ranks([gap.upper for _, _, gap in found])
    return tuple(
        SeatStanding(
            rank=rank,
            policy=seat.policy,
            gap=gap,
            others=()
            if alone
            else tuple(other.policy for other in check.seats if other.agent != seat.agent),
            made_at=check.made_at,
        )
        for (check, seat, gap), rank in zip(found, ranks, strict=True)
    )
