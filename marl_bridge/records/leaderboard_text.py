"""The leaderboard in words and as a table for the terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from marl_bridge.records.entries import PolicyLabel
from marl_bridge.reports.words import number, printable

if TYPE_CHECKING:
    from rich.console import Group

    from marl_bridge.records.leaderboard import Leaderboard, SeatStanding, Standing

__all__ = [
    "joint_name",
    "rank_words",
    "render",
    "returns_words",
    "seat_title",
    "sentences",
    "to_text",
]

HASH = 8  # digits of a hash that are shown
_ROUNDING = 1e-9


def label_words(label: PolicyLabel) -> str:
    """Name a policy, with the beginning of its hash.

    Examples
    --------
    >>> label_words(PolicyLabel("mine", "0123456789abcdef")), label_words(PolicyLabel("f"))
    ('mine #01234567', 'f')
    """
    return label.name + ("" if label.sha256 is None else f" #{label.sha256[:HASH]}")


def joint_name(labels: Sequence[PolicyLabel]) -> str:
    """Name a joint policy; one policy for all agents is named once.

    Examples
    --------
    >>> joint_name([PolicyLabel("a"), PolicyLabel("b")]), joint_name([PolicyLabel("a")] * 2)
    ('a / b', 'a')
    """
    names = [label.name for label in labels]
    if len(set(labels)) == 1:
        return names[0]
    hashes = {label.sha256 for label in labels}
    if len(set(names)) == 1 and len(hashes) > 1:
        return " / ".join(map(label_words, labels))
    return " / ".join(names)


def rank_words(standing: Standing) -> str:
    """Write a rank, with its range where intervals overlap.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rank_words(SimpleNamespace(rank=2, best_rank=1, worst_rank=3))
    '2 (1 to 3)'
    """
    best, worst, rank = standing.best_rank, standing.worst_rank, standing.rank
    if rank is None:
        return ""
    return str(rank) if best == worst == rank or best == worst else f"{rank} ({best} to {worst})"


def returns_words(returns: Sequence[float | None]) -> str:
    """Write the agents' returns side by side.

    Examples
    --------
    >>> returns_words([0.5, None])
    '0.5000 / -'
    """
    return " / ".join(number(value) for value in returns)


def seat_title(board: Leaderboard, agent: str) -> str:
    """Say what a seat's ranking is by."""
    by = (
        "what the policy loses against a best response"
        if board.against_worst_case
        else "what a best response would gain in its place"
    )
    return f"{agent}: {by}"


def sentences(board: Leaderboard) -> list[str]:
    """Say what is known of the best policies."""
    lines = []
    if board.ranked:
        first = board.ranked[0]
        ties = sum(standing.rank == 1 for standing in board.ranked)
        name = joint_name(first.policies)
        if first.gap.kind == "exact" and first.gap.upper <= _ROUNDING:
            lines.append(f"{name} is an equilibrium: no agent gains anything by another policy.")
        elif first.gap.kind == "exact":
            lines.append(f"Best: {name}, NashConv {first.gap}, computed exactly.")
        else:
            share = f"{100 * first.gap.confidence:g} % confidence"
            lines.append(f"Best: {name}, NashConv in {first.gap} with {share}.")
        if ties > 1:
            others = ties - 1
            lines.append(f"{others} other joint polic{'y' if others == 1 else 'ies'} as good.")
    else:
        lines.append("No policy is certified: nothing says how far the best one is from optimal.")
    if board.not_certified:
        n = len(board.not_certified)
        lines.append(
            f"{n} joint polic{'y is' if n == 1 else 'ies are'} not ranked: nothing certifies how "
            "large the gap can be."
        )
    if board.earlier:
        lines.append(
            f"{len(board.earlier)} more checked on another version of the environment: its game "
            "has changed since."
        )
    return [printable(line) for line in lines]


def counted(board: Leaderboard) -> str:
    """Say what the ranking rests on."""
    n = board.n_cells
    cells = f", {n:,} sampled payoff{'' if n == 1 else 's'}" if n else ""
    return f"{board.n_checks:,} check{'' if board.n_checks == 1 else 's'}{cells} in the record."


def render(board: Leaderboard) -> Group:
    """Build the tables for a terminal."""
    from rich.console import Group
    from rich.text import Text

    parts: list[object] = [Text(printable(board.name), style="bold")]
    parts += [Text(line) for line in sentences(board)]
    heads = ("rank", "policies", "NashConv", "returns", "episodes", "checked")
    if board.ranked:
        rows = [(rank_words(standing), *_row(standing)) for standing in board.ranked]
        parts.append(_table(heads, rows))
    for title, some in (
        ("Not certified", board.not_certified),
        ("Another version of the environment", board.earlier),
    ):
        if some:
            parts += [Text(title), _table(heads[1:], [_row(standing) for standing in some])]
    for agent, standings in board.seats.items():
        rows = [_seat_row(standing) for standing in standings]
        heads_of_seat = ("rank", "policy", "gap", "against")
        parts += [Text(printable(seat_title(board, agent))), _table(heads_of_seat, rows)]
    parts.append(Text(counted(board), style="dim"))
    return Group(*parts)  # type: ignore[arg-type]


def to_text(board: Leaderboard) -> str:
    """Write the tables as plain text."""
    from rich.console import Console

    console = Console(width=100, file=io.StringIO(), color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(render(board))
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


def _row(standing: Standing) -> tuple[str, ...]:
    return (
        joint_name(standing.policies),
        str(standing.gap),
        returns_words(standing.returns),
        f"{standing.episodes:,}",
        standing.made_at[:10],
    )


def _seat_row(standing: SeatStanding) -> tuple[str, ...]:
    against = joint_name(standing.others) if standing.others else "anything"
    return str(standing.rank), label_words(standing.policy), str(standing.gap), against


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> object:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        wraps = head in ("policies", "policy", "against")
        table.add_column(head, justify="left" if wraps else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table
