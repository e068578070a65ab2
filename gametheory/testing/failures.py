"""What is raised when a relation fails: everything that is needed to see it again."""

from __future__ import annotations

import json
from typing import Any

from gametheory.errors import GameTheoryError

__all__ = ["NothingFound", "RelationFailed", "document_of"]


class NothingFound(Exception):
    """The solver refuses the game or gives up, so there is nothing to check; never leaves."""


class RelationFailed(GameTheoryError, AssertionError):
    """A solver breaks a relation that every correct one satisfies.

    Attributes
    ----------
    relation : str
        Name of the relation.
    subject : str
        Name of the solver, "library" where a relation is about the library's own functions.
    concept : str
        What the solver was asked for; empty for "library".
    game : object
        The smallest game found on which it fails.
    document : str
        That game as JSON, which :func:`gametheory.formats.game_from_document` reads.
    draw : int
        What the relation's own choices (permutations, scales) were drawn with.
    seed : int or None
        What the games were drawn with; None where the game was given.
    """

    def __init__(
        self,
        what: str,
        *,
        relation: str,
        subject: str,
        concept: str,
        game: Any,
        draw: int,
        seed: int | None,
    ) -> None:
        self.relation, self.subject, self.concept = relation, subject, concept
        self.game, self.draw, self.seed = game, draw, seed
        self.document = json.dumps(document_of(game))
        drawn = "" if seed is None else f", games of seed {seed}"
        super().__init__(
            f"{subject} breaks {relation!r}: {what}",
            where=f"{concept or 'no concept'}, draw {draw}{drawn}, game {self.document}",
            hint=f"see it again with check_relation({relation!r}, ..., game=game, draw={draw}), "
            "where game = game_from_document(json.loads(error.document))",
        )


def document_of(game: Any) -> Any:
    """Describe any drawn example as plain data that JSON can hold."""
    from gametheory.formats import game_to_document
    from gametheory.games.extensive_form import ExtensiveFormGame
    from gametheory.games.normal_form import NormalFormGame
    from gametheory.games.stochastic_game import StochasticGame
    from gametheory.rationals import encode

    if isinstance(game, NormalFormGame | ExtensiveFormGame):
        return game_to_document(game)
    if isinstance(game, StochasticGame):
        return {
            "stages": [game_to_document(stage) for stage in game.stages],
            "next_states": game.next_states.tolist(),
            "first": game.first.tolist(),
            "probabilities": [encode(p) for p in game.exact_probabilities.tolist()],
            "discount": encode(game.discount),
        }
    return game
