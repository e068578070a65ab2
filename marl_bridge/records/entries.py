"""What is recorded of a check and of a sampled payoff: plain, frozen data.

A report may come from another version of the toolkit, so entries are read from its plain form
(``report.to_dict()``), and what it does not say is unknown, never zero.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from gametheory.rationals import shown
from marl_bridge.plain_data import plain
from marl_bridge.records.errors import InvalidEntry

__all__ = [
    "CellEntry",
    "CheckEntry",
    "Gap",
    "GapKind",
    "PolicyLabel",
    "SeatEntry",
    "canonical",
    "cells_of",
    "entry_of",
    "fingerprint",
    "now",
]

GapKind = Literal["exact", "certified", "not certified", "unknown"]

# Intervals by these methods are heuristics: they are shown, and certify nothing.
_HEURISTICS = ("student", "bootstrap", "normal", "heuristic")

# Of bounds whose confidence is that of all bounds in their report at once.
_JOINT = "best-response bounds"


@dataclass(frozen=True, slots=True)
class Gap:
    """How far something is from its best: NashConv, or one seat's best-response gain.

    Attributes
    ----------
    lower, upper : float
        The gap is between them; ``upper`` is infinite where nothing bounds it.
    kind : {"exact", "certified", "not certified", "unknown"}
        Computed; between proven bounds with ``confidence``; at least ``lower``, and nothing
        certifies how large it can be; not known at all.
    confidence : float
        1 for exact figures.
    method : str
        How the bounds were found.

    Examples
    --------
    >>> print(Gap.exact(0.25), Gap(0.1, 0.4, "certified", 0.95), Gap(0.1, float("inf")))
    0.2500 [0.1000, 0.4000] at least 0.1000
    """

    lower: float
    upper: float
    kind: GapKind = "not certified"
    confidence: float = 1.0
    method: str = ""

    @classmethod
    def exact(cls, value: float, method: str = "exact") -> Gap:
        """Make a gap that was computed; below zero is rounding."""
        value = max(0.0, float(value))
        return cls(value, value, "exact", 1.0, method)

    @classmethod
    def unknown(cls) -> Gap:
        """Make a gap of which nothing is known."""
        return cls(0.0, math.inf, "unknown", 1.0)

    @property
    def certified(self) -> bool:
        """Whether its upper end is proven, so that it can be ranked."""
        return self.kind in ("exact", "certified")

    def __str__(self) -> str:
        if self.kind == "exact":
            return _number(self.upper)
        if self.certified:
            return f"[{_number(self.lower)}, {_number(self.upper)}]"
        if self.kind == "not certified" and self.lower > 0:
            return f"at least {_number(self.lower)}"
        return "unknown"


def _number(value: float) -> str:
    from marl_bridge.reports.words import number

    return number(value)


@dataclass(frozen=True, slots=True)
class PolicyLabel:
    """How a policy is called, and the SHA-256 of what it does, if that can be read off."""

    name: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SeatEntry:
    """One agent of a check.

    Attributes
    ----------
    agent : str
    policy : PolicyLabel
    expected_return : float or None
        Exact if the check was, else the mean of the episodes.
    return_lower, return_upper : float or None
        Its interval.
    optimal_value : float or None
        What the seat earns in an equilibrium.
    worst_case_return : float or None
        The policy against a best-responding opponent; two-player zero-sum games only.
    gain : Gap
        What a best response would gain in this seat against the others' policies.
    """

    agent: str
    policy: PolicyLabel
    expected_return: float | None
    return_lower: float | None
    return_upper: float | None
    optimal_value: float | None
    worst_case_return: float | None
    gain: Gap


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """One check of one joint policy.

    Attributes
    ----------
    environment, api : str
    env_kwargs : str
        Keyword arguments as canonical JSON.
    fingerprint : str or None
        Of the extracted game; None where it was not extracted.
    seats : tuple of SeatEntry
        In the environment's order.
    gap : Gap
        NashConv.
    made_at : str
        UTC, as ISO 8601.
    seed, episodes : int
    versions : mapping of str to str
    report : mapping
        The whole report, as plain data.
    id : int or None
        Its number in the file, once it is there.
    """

    environment: str
    api: str
    env_kwargs: str
    fingerprint: str | None
    seats: tuple[SeatEntry, ...]
    gap: Gap
    made_at: str
    seed: int
    episodes: int
    versions: Mapping[str, str]
    report: Mapping[str, Any] = field(repr=False)
    id: int | None = None


@dataclass(frozen=True, slots=True)
class CellEntry:
    """One player's sampled payoff under one joint policy.

    Attributes
    ----------
    environment, env_kwargs : str
    players : tuple of str
    profile : tuple of PolicyLabel
        One policy for each player.
    player : str
        Whose payoff it is.
    value, lower, upper : float or None
        Mean return and its interval; None for an infinite end.
    confidence : float
        Of all intervals of the table together.
    certified : bool
        Whether the interval rests on proven bounds of the return.
    method : str
    episodes, seed : int
    made_at : str
        UTC, as ISO 8601.
    """

    environment: str
    env_kwargs: str
    players: tuple[str, ...]
    profile: tuple[PolicyLabel, ...]
    player: str
    value: float
    lower: float | None
    upper: float | None
    confidence: float
    certified: bool
    method: str
    episodes: int
    seed: int
    made_at: str


def now() -> str:
    """Return the time, in UTC, as ISO 8601 with seconds.

    Examples
    --------
    >>> now().endswith("+00:00")
    True
    """
    return datetime.now(UTC).isoformat(timespec="seconds")


def canonical(value: Any) -> str:
    """Write plain data as JSON that is equal for equal data.

    Examples
    --------
    >>> canonical({"b": 1, "a": (2, 3)})
    '{"a":[2,3],"b":1}'
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# What depends on the game alone, not on how it was extracted.
_OF_THE_GAME = (
    "n_histories",
    "n_information_sets",
    "perfect_information",
    "constant_sum",
    "expected_returns",
)


def fingerprint(report: Mapping[str, Any]) -> str | None:
    """Hash the size and the payoffs of the game that a report's figures are of.

    None if it was not extracted. Two versions of an environment that differ in their tree, or in
    what random play earns, have different fingerprints; a hash of these cannot tell all others
    apart.

    Examples
    --------
    >>> fingerprint({"agents": [], "facts": {}}) is None
    True
    """
    facts = report.get("facts") or {}
    if not isinstance(facts.get("n_histories"), int):
        return None
    known: dict[str, Any] = {name: facts[name] for name in _OF_THE_GAME if name in facts}
    returns = known.get("expected_returns")
    if isinstance(returns, list | tuple):
        known["expected_returns"] = [None if x is None else _rounded(x) for x in returns]
    known["agents"] = [agent["agent"] for agent in report["agents"]]
    return hashlib.sha256(canonical(known).encode()).hexdigest()


def _rounded(value: float) -> float:
    """Leave nine digits: the last ones depend on the machine's order of summation."""
    before_point = 0 if abs(value) < 1 else 1 + math.floor(math.log10(abs(value)))
    return round(float(value), 9 - before_point) + 0.0


def entry_of(
    report: Mapping[str, Any],
    labels: Sequence[PolicyLabel],
    *,
    bounds: Mapping[str, Any] | None = None,
    made_at: str | None = None,
) -> CheckEntry:
    """Read a report.

    Parameters
    ----------
    report : mapping
        ``Report.to_dict()``.
    labels : sequence of PolicyLabel
        Of the agents' policies, in the report's order.
    bounds : mapping, optional
        ``ExploitationReport.to_dict()`` of the same policies: bounds where nothing is exact.
    made_at : str, optional
        Now if None.

    Raises
    ------
    InvalidEntry
        If the mapping is no report.
    """
    try:
        return _entry(plain(report), labels, plain(bounds or {}), made_at or now())
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InvalidEntry(
            f"this is no report of a check ({type(error).__name__}: {error})",
            valid="a Report, or what its to_dict() returns",
        ) from error


def _entry(
    report: Mapping[str, Any],
    labels: Sequence[PolicyLabel],
    bounds: Mapping[str, Any],
    made_at: str,
) -> CheckEntry:
    parameters = report.get("parameters") or {}
    agents = report["agents"]
    of_agent = {one["agent"]: one for one in bounds.get("agents", ())}
    seats = tuple(
        _seat(agent, label, of_agent.get(agent["agent"]), bounds)
        for agent, label in zip(agents, labels, strict=True)
    )
    return CheckEntry(
        environment=str(report["environment"]),
        api=str(report["api"]),
        env_kwargs=canonical(parameters.get("env_kwargs") or {}),
        fingerprint=fingerprint(report),
        seats=seats,
        gap=_nash_conv(report, seats),
        made_at=made_at,
        seed=int(parameters.get("seed", 0)),
        episodes=int(report["team_return"]["episodes"]),
        versions={str(k): str(v) for k, v in (parameters.get("versions") or {}).items()},
        report=report if not bounds else {**report, "bounds": bounds},
    )


def _seat(
    agent: Mapping[str, Any],
    label: PolicyLabel,
    bounds: Mapping[str, Any] | None,
    whole: Mapping[str, Any],
) -> SeatEntry:
    figure, exact = agent["empirical_return"], agent.get("exact_return")
    gap = _gap(agent.get("best_response_gain"))
    if gap.kind != "exact" and bounds is not None:
        gap = _better(gap, _gap_of_bounds(bounds["gain"], whole))
    return SeatEntry(
        agent=str(agent["agent"]),
        policy=label,
        expected_return=_real(figure["value"] if exact is None else exact),
        return_lower=_real(figure["lower"] if exact is None else exact),
        return_upper=_real(figure["upper"] if exact is None else exact),
        optimal_value=_real(agent.get("optimal_value")),
        worst_case_return=_real(agent.get("worst_case_return")),
        gain=gap,
    )


def _real(value: Any) -> float | None:
    """Read a number that may be unknown; anything else is no report's."""
    return None if value is None else _number_of(value)


def _number_of(value: Any) -> float:
    """Read a number; anything else is no report's."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{shown(value)} is no number")
    return float(value)


def _nash_conv(report: Mapping[str, Any], seats: Sequence[SeatEntry]) -> Gap:
    """Take the report's own NashConv, or add up the gains of the seats."""
    own = _gap(report.get("nash_conv"))
    if own.kind == "exact":
        return own
    gains = [seat.gain for seat in seats]
    lower = math.fsum(gain.lower for gain in gains)
    if all(gain.kind == "exact" for gain in gains):
        return Gap.exact(lower, "sum of gains")
    confidence = _together(gains)
    if all(gain.certified for gain in gains):
        upper = math.fsum(gain.upper for gain in gains)
        return _better(own, Gap(lower, upper, "certified", confidence, "sum of gains"))
    if all(gain.kind == "unknown" for gain in gains):
        return own
    return _better(own, Gap(lower, math.inf, "not certified", confidence, "sum of gains"))


def _together(gains: Sequence[Gap]) -> float:
    """Confidence that all bounds hold: those of one report hold together, others add up."""
    shared = [1.0 - gain.confidence for gain in gains if gain.method == _JOINT]
    alone = [1.0 - gain.confidence for gain in gains if gain.method != _JOINT]
    return max(0.0, 1.0 - math.fsum([*alone, max(shared, default=0.0)]))


def _better(first: Gap, second: Gap) -> Gap:
    """Take the first if it is certified; else a certified second one, or the larger lower end."""
    if first.certified or second.certified:
        return first if first.certified else second
    return second if second.lower > first.lower or first.kind == "unknown" else first


def _gap(found: Any) -> Gap:
    """Read a gap from a number, which is exact, or from a Figure in its plain form."""
    if found is None:
        return Gap.unknown()
    if not isinstance(found, Mapping):
        return Gap.exact(_number_of(found))
    method, confidence = str(found["method"]), _number_of(found["confidence"])
    if found["side"] == "exact":
        return Gap.exact(_number_of(found["value"]), method)
    lower = max(0.0, 0.0 if found["lower"] is None else _number_of(found["lower"]))
    upper = math.inf if found["upper"] is None else max(0.0, _number_of(found["upper"]))
    told = f"{found['method']} {found.get('note', '')}".lower()
    heuristic = any(word in told for word in _HEURISTICS)
    if heuristic:
        return Gap(0.0, math.inf, "unknown", confidence, method)
    # A class of deviations is not all of them: another one may gain more.
    tested = found["side"] == "lower bound" or found.get("deviations")
    certified = math.isfinite(upper) and not tested
    kind: GapKind = "certified" if certified else "not certified"
    return Gap(lower, upper if certified else math.inf, kind, confidence, method)


def _gap_of_bounds(gain: Mapping[str, Any], whole: Mapping[str, Any]) -> Gap:
    if gain.get("exact") is not None:
        return Gap.exact(_number_of(gain["exact"]), "exact best response")
    if not whole.get("certified"):
        return Gap.unknown()
    lower, upper = _real(gain.get("lower")) or 0.0, _real(gain.get("upper"))
    kind: GapKind = "not certified" if upper is None else "certified"
    end = math.inf if upper is None else upper
    return Gap(lower, end, kind, _number_of(whole["confidence"]), _JOINT)


def cells_of(
    table: Mapping[str, Any],
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    hashes: Mapping[str, str | None] | None = None,
    made_at: str | None = None,
) -> Iterator[CellEntry]:
    """Read the sampled payoffs of an empirical game; what was never played is left out.

    Parameters
    ----------
    table : mapping
        ``EmpiricalGame.to_dict()``.
    env_kwargs : mapping, optional
        The environment's keyword arguments.
    hashes : mapping of str to str, optional
        SHA-256 by the name of a policy.
    made_at : str, optional
        Now if None.

    Raises
    ------
    InvalidEntry
        If the mapping is no empirical game.
    """
    time, kwargs, known = made_at or now(), canonical(env_kwargs or {}), hashes or {}
    try:
        players = tuple(map(str, table["players"]))
        names = [[str(name) for name in some] for some in table["policies"]]
        counts = np.array(table["episodes_of_each_payoff"], dtype=np.int64)
        means, lower, upper = (
            np.array(table[name], dtype=object) for name in ("means", "lower", "upper")
        )
        shapes = {array.shape for array in (counts, means, lower, upper)}
        if shapes != {(len(players), *map(len, names))}:
            raise ValueError(f"payoffs of shape {counts.shape}")
        for at in np.argwhere(counts > 0).tolist():
            player, *joint = at
            chosen = [some[k] for some, k in zip(names, joint, strict=True)]
            yield CellEntry(
                environment=str(table["environment"]),
                env_kwargs=kwargs,
                players=players,
                profile=tuple(PolicyLabel(name, known.get(name)) for name in chosen),
                player=players[player],
                value=float(means[tuple(at)]),
                lower=_real(lower[tuple(at)]),
                upper=_real(upper[tuple(at)]),
                confidence=float(table["confidence_of_all_intervals"]),
                certified=bool(table["certified"]),
                method=str(table["method"]),
                episodes=int(counts[tuple(at)]),
                seed=int(table["seed"]),
                made_at=time,
            )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InvalidEntry(
            f"this is no empirical game ({type(error).__name__}: {error})",
            valid="an EmpiricalGame, or what its to_dict() returns",
        ) from error
