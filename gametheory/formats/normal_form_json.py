"""Normal-form games as JSON: nested lists of payoffs, exact numbers exact.

``{"format": "gametheory/normal-form", "version": 1, "title": ..., "players": [...],
"actions": [[...], ...], "payoffs": [player][a_1]...[a_n]}``, where title, players and actions
may be left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gametheory.errors import GameFormatError, InvalidGame
from gametheory.formats.document_head import VERSION, check_head
from gametheory.games.normal_form import NormalFormGame
from gametheory.rationals import encode

__all__ = ["FORMAT", "from_document", "to_document"]

FORMAT = "gametheory/normal-form"
_KEYS = {"format", "version", "title", "players", "actions", "payoffs"}


def to_document(game: NormalFormGame) -> dict[str, Any]:
    """Describe a game as a JSON document that loses no digit.

    Examples
    --------
    >>> to_document(NormalFormGame([["1/3", 0.5, 2]]))["payoffs"]
    [['1/3', 0.5, 2]]
    """
    encoded: Any = np.frompyfunc(encode, 1, 1)(game.exact_payoffs)
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": game.title,
        "players": list(game.players),
        "actions": [list(labels) for labels in game.actions],
        "payoffs": encoded.tolist(),
    }


def from_document(document: Any) -> NormalFormGame:
    """Build the game that a document describes.

    Raises
    ------
    GameFormatError
        Naming the key, or the payoff's position.

    Examples
    --------
    >>> document = {"format": "gametheory/normal-form", "version": 1, "payoffs": [["1/3", 2]]}
    >>> from_document(document).n_actions
    (2,)
    """
    _check_head(document)
    title = document.get("title", "")
    if not isinstance(title, str):
        raise GameFormatError(f"the title is {title!r:.80}", where="title", valid="a string")
    players, actions = document.get("players"), document.get("actions")
    if players is not None:
        _check_labels(players, "players")
    if actions is not None:
        if not isinstance(actions, list):
            raise GameFormatError(
                f"actions are {actions!r:.80}", where="actions", valid="a list of lists of strings"
            )
        for player, labels in enumerate(actions):
            _check_labels(labels, f"actions[{player}]")
    try:
        return NormalFormGame(document["payoffs"], players=players, actions=actions, title=title)
    except InvalidGame as error:
        raise GameFormatError(
            error.what, where=error.where, valid=error.valid, hint=error.hint
        ) from error


def _check_head(document: Any) -> None:
    check_head(document, FORMAT, _KEYS)
    if not isinstance(document.get("payoffs"), list):
        raise GameFormatError(
            f"payoffs are {document.get('payoffs')!r:.80}",
            where="payoffs",
            valid="nested lists [player][a_1]...[a_n]",
        )


def _check_labels(labels: Any, where: str) -> None:
    if not isinstance(labels, list):
        raise GameFormatError(f"labels are {labels!r:.80}", where=where, valid="a list of strings")
    for index, label in enumerate(labels):
        if not isinstance(label, str):
            raise GameFormatError(
                f"the label is {label!r:.80}", where=f"{where}[{index}]", valid="a string"
            )
