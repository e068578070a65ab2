"""Information sets as records, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gametheory.errors import InvalidGame

if TYPE_CHECKING:
    from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["InformationSet", "InformationSets"]


@dataclass(frozen=True, slots=True)
class InformationSet:
    """One information set, for reading.

    Attributes
    ----------
    index : int
        Its number in the game; players one behind the other, each in order of appearance.
    player : int
    label : str
        The information state: what the player knows there.
    actions : tuple of str
    nodes : tuple of int
        Its histories, in level order.
    """

    index: int
    player: int
    label: str
    actions: tuple[str, ...]
    nodes: tuple[int, ...]


class InformationSets(Sequence[InformationSet]):
    """A view of a game's information sets that builds each record when asked for it."""

    def __init__(self, game: ExtensiveFormGame) -> None:
        self._game = game

    def __len__(self) -> int:
        return int(self._game.infoset_player.size)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        game, infoset = self._game, range(len(self))[index]
        return InformationSet(
            infoset,
            int(game.infoset_player[infoset]),
            game.infoset_label(infoset),
            game.infoset_actions(infoset),
            tuple(game.infoset_nodes(infoset).tolist()),
        )

    def __iter__(self) -> Iterator[InformationSet]:
        return (self[i] for i in range(len(self)))

    def find(self, player: int | str, label: str) -> InformationSet:
        """Look an information set up by its player and label."""
        game = self._game
        number = game.players.index(player) if isinstance(player, str) else player
        for infoset in np.flatnonzero(game.infoset_player == number).tolist():
            if game.infoset_label(infoset) == label:
                found: InformationSet = self[infoset]
                return found
        raise InvalidGame(
            f"player {player!r} has no information set {label!r}",
            hint="list game.information_sets for the labels",
        )
