"""Names for players and actions: given ones are checked, missing ones filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gametheory.errors import InvalidGame, InvalidProfile

__all__ = ["NumberedLabels", "action_indices", "action_labels", "player_labels"]


class NumberedLabels(Sequence[str]):
    """The labels "0", "1", ..., made when they are looked at.

    Examples
    --------
    >>> labels = NumberedLabels(10**9)
    >>> labels[7], len(labels)
    ('7', 1000000000)
    """

    def __init__(self, size: int) -> None:
        self._numbers = range(size)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        chosen = self._numbers[index]
        return tuple(map(str, chosen)) if isinstance(chosen, range) else str(chosen)

    def __iter__(self) -> Iterator[str]:
        return map(str, self._numbers)


def player_labels(players: Sequence[str] | None, n_players: int) -> tuple[str, ...]:
    """Check the players' labels; "player 0", "player 1", ... when there are none."""
    if players is None:
        return tuple(f"player {i}" for i in range(n_players))
    return _checked(players, n_players, "players", "players")


def action_labels(
    actions: Sequence[Sequence[str]] | None,
    n_actions: tuple[int, ...],
    players: tuple[str, ...],
) -> tuple[tuple[str, ...], ...]:
    """Check each player's action labels; "0", "1", ... when there are none."""
    if actions is None:
        return tuple(tuple(map(str, range(size))) for size in n_actions)
    if isinstance(actions, str) or len(actions) != len(n_actions):
        raise InvalidGame(
            f"{actions!r:.80} does not label the actions of {len(n_actions)} players",
            where="actions",
            valid="one sequence of labels for each player",
        )
    return tuple(
        _checked(labels, size, f"actions[{i}]", f"actions of {players[i]}")
        for i, (labels, size) in enumerate(zip(actions, n_actions, strict=True))
    )


def action_indices(
    joint_action: Sequence[int | str],
    actions: tuple[tuple[str, ...], ...],
    players: tuple[str, ...],
) -> tuple[int, ...]:
    """Translate one action for each player, index or label, into indices."""
    if isinstance(joint_action, str) or len(joint_action) != len(players):
        raise InvalidProfile(
            f"{joint_action!r:.80} does not name one action for each player",
            where="actions",
            valid=f"{len(players)} indices or labels",
        )
    indices = []
    for player, (action, labels) in enumerate(zip(joint_action, actions, strict=True)):
        if isinstance(action, str) and action in labels:
            indices.append(labels.index(action))
        elif isinstance(action, (int, np.integer)) and 0 <= action < len(labels):
            indices.append(int(action))
        else:
            raise InvalidProfile(
                f"{players[player]} has no action {action!r}",
                where=f"actions[{player}]",
                valid=f"0 to {len(labels) - 1}, or one of {', '.join(labels):.200}",
            )
    return tuple(indices)


def _checked(labels: Sequence[str], size: int, where: str, what: str) -> tuple[str, ...]:
    if isinstance(labels, str):
        raise InvalidGame(f"{labels!r} is one string", where=where, valid="a sequence of strings")
    checked = tuple(map(str, labels))
    if len(checked) != size:
        raise InvalidGame(
            f"{len(checked)} labels for the {size} {what}", where=where, valid=f"{size} labels"
        )
    seen: set[str] = set()
    for index, label in enumerate(checked):
        if label in seen:
            raise InvalidGame(
                f"the label {label!r} is used twice",
                where=f"{where}[{index}]",
                valid="labels that tell things apart",
                hint="rename it, or leave the labels out",
            )
        seen.add(label)
    return checked
