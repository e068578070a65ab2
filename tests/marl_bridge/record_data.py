"""Reports in their plain form, as a check writes them, for tests of the record."""

from __future__ import annotations

from typing import Any

from marl_bridge.records.entries import CheckEntry, PolicyLabel, entry_of

FACTS = {
    "n_histories": 13,
    "n_information_sets": [1, 1],
    "perfect_information": False,
    "constant_sum": True,
    "expected_returns": [0.0, 0.0],
    "seconds": 0.1,
}


def figure(value: float, radius: float = 0.1, **changes: Any) -> dict[str, Any]:
    return {
        "value": value,
        "lower": value - radius,
        "upper": value + radius,
        "confidence": 0.95,
        "side": "estimate",
        "method": "betting",
        "episodes": 200,
        "note": "",
        **changes,
    }


def report(gains: tuple[Any, ...] = (0.25, 0.5), **changes: Any) -> dict[str, Any]:
    """Write the report of a two-player zero-sum game; gains of None were not computed."""
    exact = all(isinstance(gain, float) for gain in gains)
    agents = [
        {
            "agent": f"player_{seat}",
            "empirical_return": figure(0.0),
            "exact_return": 0.0 if exact else None,
            "optimal_value": 0.0 if exact else None,
            "best_response_value": gain if exact else None,
            "best_response_gain": gain,
            "against_random": None,
            # A policy loses what the other seat gains.
            "worst_case_return": -gains[1 - seat] if exact else None,
        }
        for seat, gain in enumerate(gains)
    ]
    return {
        "schema": "marl_bridge.reports.report/1",
        "environment": "classic/rps-v2",
        "api": "AEC",
        "agents": agents,
        "team_return": figure(0.0, episodes=changes.pop("episodes", 200)),
        "nash_conv": sum(gains) if exact else None,
        "exact": exact,
        "facts": FACTS if exact else {},
        "parameters": {
            "seed": changes.pop("seed", 7),
            "env_kwargs": {"max_cycles": 1},
            "versions": {"numpy": "2.0"},
        },
        **changes,
    }


def labels(*names: str, hashed: bool = True) -> tuple[PolicyLabel, ...]:
    both = names if len(names) == 2 else (names[0], names[0])
    return tuple(PolicyLabel(name, f"{name}{'0' * 60}" if hashed else None) for name in both)


def entry(
    *names: str, gains: tuple[Any, ...] = (0.25, 0.5), hashed: bool = True, **changes: Any
) -> CheckEntry:
    bounds = changes.pop("bounds", None)
    return entry_of(report(gains, **changes), labels(*names, hashed=hashed), bounds=bounds)


def bounds(*gains: tuple[float, float | None], certified: bool = True) -> dict[str, Any]:
    """Write best-response bounds: (lower, upper) of each agent's gain."""
    return {
        "agents": [
            {"agent": f"player_{seat}", "gain": {"lower": low, "exact": None, "upper": high}}
            for seat, (low, high) in enumerate(gains)
        ],
        "confidence": 0.9,
        "certified": certified,
    }
