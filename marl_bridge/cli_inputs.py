"""What several commands of marl-bridge take: environments, policies, and where a record is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "AllowCode",
    "Kwargs",
    "Make",
    "NoRecord",
    "Policies",
    "RecordPath",
    "Seed",
    "env_kwargs_of",
    "policies_of",
]

Make = Annotated[
    str,
    typer.Argument(
        metavar="MAKE",
        help="An id such as classic/tictactoe-v3, a module, module:attribute or file.py:Class.",
        show_default=False,
    ),
]
Kwargs = Annotated[
    str,
    typer.Option("--env-kwargs", metavar="JSON", help="The environment's keyword arguments."),
]
Policies = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="SPEC",
        help="random, a saved table or model, a folder of them, module:attribute, or AGENT=SPEC; "
        "repeatable.  [default: random]",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Equal seeds give equal results.")]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Load policy files that can run code: .zip, .pt, .pkl."),
]
RecordPath = Annotated[
    Path | None,
    typer.Option(
        "--record",
        help="Keep the check in this file.  [default: MARL_BRIDGE_RECORD, or the user's own]",
        show_default=False,
    ),
]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Do not keep the check.")]

_OPTIONS_EXAMPLE = """for example '{"step_size": {"first": 0.5, "last": 0.05, "share": 1.0}}'"""
_OWN_OPTIONS = frozenset(
    {"make", "learner", "episodes", "seed", "env_kwargs", "api", "compiled", "keep_policies"}
    | {"checkpoint", "seconds", "progress"}
)
_KWARGS_EXAMPLE = """write for instance '{"max_cycles": 3}'"""


def env_kwargs_of(text: str) -> dict[str, Any]:
    """Read ``--env-kwargs``."""
    return _mapping_of(text, "--env-kwargs", _KWARGS_EXAMPLE)


def learner_options_of(text: str) -> dict[str, Any]:
    """Read ``--options``: schedules are objects of their own, other lists are ranges."""
    from marl_bridge.learners.schedules import Schedule

    given = _mapping_of(text, "--options", _OPTIONS_EXAMPLE)
    if own := sorted(_OWN_OPTIONS & set(given)):
        raise typer.BadParameter(f"--options holds {own[0]!r}, which is no learner's parameter")
    schedules = {name: value for name, value in given.items() if isinstance(value, dict)}
    for name, value in schedules.items():
        if not {"first", "last"} <= set(value) <= {"first", "last", "share"}:
            raise typer.BadParameter(
                f"--options: {name} is {value}, which is no schedule; {_OPTIONS_EXAMPLE}"
            )
    made = {name: Schedule(**value) for name, value in schedules.items()}
    ranges = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return {**given, **made, **ranges}


def _mapping_of(text: str, option: str, example: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as wrong:  # such as a number of thousands of digits
        raise typer.BadParameter(f"{option} {text!r} is not JSON ({wrong}); {example}") from None
    if not isinstance(given, dict):
        raise typer.BadParameter(f"{option} {text!r} is not a JSON object; {example}")
    return given


def policies_of(
    make: str, specs: Sequence[str], kwargs: Mapping[str, Any], *, allow_code: bool = False
) -> dict[str, Any]:
    """Read the policies of all agents of an environment."""
    from marl_bridge.environments.opening import open_environment
    from marl_bridge.policies.specs import policies_from

    env = open_environment(make, env_kwargs=kwargs).new()
    agents = tuple(env.possible_agents)
    env.close()
    return policies_from(specs, agents, allow_code=allow_code)
