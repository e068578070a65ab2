"""An inspection in words: the page of one environment, and its row in a table of many."""

from __future__ import annotations

from collections.abc import Mapping

from marl_bridge.environments.inspection import Inspection
from marl_bridge.environments.outlook import in_words
from marl_bridge.environments.size_estimate import SizeEstimate
from marl_bridge.environments.trials import Trial

__all__ = ["page", "size_in_words", "table_row"]

_SITES_SHOWN = 6


def page(seen: Inspection) -> dict[str, dict[str, str]]:
    """Write an inspection as sections of labels and texts."""
    return {
        "What can be known": _outlook(seen),
        "Agents": _agents(seen),
        "Repeating and copying": {
            "fresh is deterministic": str(seen.fresh),
            "reused is deterministic": str(seen.reused),
            "copy.deepcopy(env)": str(seen.deepcopy),
            "deepcopy of attributes": str(seen.attribute_copy),
            "snapshot of the state": str(seen.snapshot),
        },
        "Chance and information": _chance(seen),
        "Returns and endings": _returns(seen),
    }


def _outlook(seen: Inspection) -> dict[str, str]:
    return {
        "environment": f"{seen.name} ({seen.api})",
        "verdict": seen.outlook.verdict,
        "reason": seen.outlook.reason,
        **size_in_words(seen.size),
    }


def size_in_words(size: SizeEstimate | None) -> dict[str, str]:
    """Write a size estimate, and what its figures are.

    Examples
    --------
    >>> size_in_words(None)
    {'histories': 'infinitely many'}
    """
    if size is None:
        return {"histories": "infinitely many"}
    draws = (
        {}
        if size.log10_with_chance == size.log10_histories
        else {"random draws": f"not branched on{_draws_counted(size)}"}
    )
    low, high = map(in_words, size.log10_batches)
    cut = f", {size.cut} of them cut at {size.max_steps:,} steps" if size.cut else ""
    return {
        "histories": f"about {in_words(size.log10_histories)}, "
        f"at least {in_words(size.log10_lower)} with {100 * size.confidence:g} % confidence",
        **draws,
        "spread": f"{low} to {high} over ten batches of playouts; no upper bound is known",
        "terminal histories": f"about {in_words(size.log10_terminals)}",
        "actions of a playout": "fewest {:,}, median {:,}, most {:,}".format(*size.depth),
        "legal actions": f"{size.branching:.1f} in the mean",
        "estimated from": f"{size.playouts:,} random playouts{cut} (Knuth 1975)",
    }


def _draws_counted(size: SizeEstimate) -> str:
    if size.log10_with_chance is None:
        return "; draws not countable"
    return f"; about {in_words(size.log10_with_chance)} with every draw counted"


def _agents(seen: Inspection) -> dict[str, str]:
    return {
        "agents": _shortened(seen.agents),
        "actions": _by_agent(seen.action_spaces),
        "observations": _by_agent(seen.observation_spaces),
        "action mask": "yes" if seen.has_action_mask else "none",
        "mask out of turn": _leaks(seen.mask_leaks),
        "illegal actions": str(seen.illegal_actions),
        "random steps per second": f"{seen.steps_per_second:,.0f}",
    }


def _shortened(names: tuple[str, ...], most: int = 6) -> str:
    rest = f", ... ({len(names)} agents)" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _by_agent(spaces: Mapping[str, str], width: int = 100) -> str:
    """Write each space once, with the agents that have it unless all do."""
    groups: dict[str, list[str]] = {}
    for agent, space in spaces.items():
        text = " ".join(space.split())
        groups.setdefault(text if len(text) <= width else f"{text[:width]}...", []).append(agent)
    if len(groups) == 1:
        return next(iter(groups))
    return "; ".join(f"{_shortened(tuple(names), 3)}: {text}" for text, names in groups.items())


def _leaks(trial: Trial) -> str:
    if trial.passed is None:
        return trial.what
    return f"leak: {trial.what}" if not trial.passed else f"empty, in {trial.steps:,} looks"


def _chance(seen: Inspection) -> dict[str, str]:
    sites = [str(site) for site in seen.chance_sites if site.phase != "made"]
    if len(sites) > _SITES_SHOWN:
        sites[_SITES_SHOWN:] = [f"and {len(sites) - _SITES_SHOWN} more"]
    return {
        "chance": seen.chance,
        "drawn by": "; ".join(sites) or "nothing that was seen",
        "global generators": ", ".join(seen.global_generators) or "untouched",
        "seeds change nothing": str(seen.seeds),
        "choices are shown to the next": str(seen.hidden_choices),
    }


def _returns(seen: Inspection) -> dict[str, str]:
    witness = ""
    if seen.zero_sum_witness is not None:
        number, total = seen.zero_sum_witness["episode"], seen.zero_sum_witness["sum"]
        witness = f" by episode {number}, where they add up to {total:g}"
    endings = ", ".join(f"{count} by {how}" for how, count in seen.endings.items() if count)
    return {
        "zero sum": seen.zero_sum + witness,
        "rewards at a turn": "{:g} to {:g}".format(*seen.rewards),
        "steps of an episode": "fewest {:,}, median {:,}, most {:,}".format(*seen.steps),
        "endings": endings.replace("by cut at", "cut at"),
        "early truncation": seen.early_truncation,
        "episodes": f"{seen.episodes} random ones, seed {seen.seed}, {seen.seconds:.1f} s in all",
    }


def table_row(seen: Inspection) -> tuple[str, ...]:
    """Write an inspection as a row of nine entries.

    They are: the verdict, its reason, the histories, chance, whether a fresh and a reused
    instance repeat an episode, whether ``copy.deepcopy(env)``, a deep copy of the attributes and
    the toolkit's snapshots go on like the original, zero-sum, masks shown out of turn, and what
    becomes of an action that a mask forbids.
    """
    histories = "infinitely many"
    if seen.size is not None:
        histories = in_words(seen.size.log10_histories)
        histories += f" (at least {in_words(seen.size.log10_lower)})"
        if seen.chance != "none seen":
            histories += _draws_counted(seen.size)
    short = {True: "yes", False: "no", None: "-"}
    leak = {True: "empty", False: "leaks", None: "-"}
    return (
        seen.outlook.verdict,
        seen.outlook.reason,
        histories,
        seen.chance,
        " / ".join(short[trial.passed] for trial in (seen.fresh, seen.reused)),
        " / ".join(
            short[trial.passed] for trial in (seen.deepcopy, seen.attribute_copy, seen.snapshot)
        ),
        seen.zero_sum.partition(" by ")[0],
        leak[seen.mask_leaks.passed],
        _illegal(seen),
    )


def _illegal(seen: Inspection) -> str:
    """Write the most frequent answer to an illegal action."""
    return seen.illegal_actions.answers[0][0] if seen.illegal_actions.answers else "-"
