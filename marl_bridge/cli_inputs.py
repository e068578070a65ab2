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

_KWARGS_EXAMPLE = """write for instance '{"max_cycles": 3}'"""


def env_kwargs_of(text: str) -> dict[str, Any]:
    """Read ``--env-kwargs``."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as wrong:
        raise typer.BadParameter(
            f"--env-kwargs {text!r} is not JSON ({wrong}); {_KWARGS_EXAMPLE}"
        ) from None
    if not isinstance(given, dict):
        raise typer.BadParameter(f"--env-kwargs {text!r} is not a JSON object; {_KWARGS_EXAMPLE}")
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
