"""Reading back what was written."""

from __future__ import annotations

import json
from typing import Any

from gametheory.formats import game_from_document, game_to_document
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.case import Case
from gametheory.testing.extra import strategies
from gametheory.testing.registry import relation
from gametheory.testing.relations.equilibria import EVERY
from gametheory.testing.strategies import badly_scaled_games, normal_form_games, trees

__all__: list[str] = []


def _any_game() -> Any:
    return strategies().one_of(normal_form_games(), badly_scaled_games(), trees())


@relation(
    "write-read-round-trip",
    asserts="A game written as JSON, .nfg or .efg and read again is the same game, exactly.",
    needs="nothing: games are drawn",
    examples=_any_game,
)
def _write_read_round_trip(case: Case) -> None:
    from gametheory.formats import efg, nfg

    game = case.game
    again = game_from_document(json.loads(json.dumps(game_to_document(game))))
    case.require(again == game, "the JSON document describes another game")
    writer: Any = nfg if isinstance(game, NormalFormGame) else efg
    read = writer.from_text(writer.to_text(game), "round trip")
    case.require((read.exact_payoffs == game.exact_payoffs).all(), "the payoffs differ")
    case.require(read.players == game.players, f"the players are {read.players}")
    if isinstance(game, ExtensiveFormGame):
        case.require((read.node_player == game.node_player).all(), "other players act")
        case.require((read.node_infoset == game.node_infoset).all(), "other information sets")
        case.require((read.exact_chance == game.exact_chance).all(), "other probabilities")
    else:
        case.require(read.actions == game.actions, f"the actions are {read.actions}")


@relation(
    "solutions-round-trip",
    asserts="What solves a game, written as JSON and read again, is the same, exactly.",
    needs="any game in normal form or tree the solver takes",
    concepts=EVERY,
    forms=(NormalFormGame, ExtensiveFormGame),
)
def _solutions_round_trip(case: Case) -> None:
    from gametheory.formats.profile_json import profile_from_document

    for answer in case.answers(case.game)[:3]:
        document = json.loads(json.dumps(answer.claim.to_document()))
        again = profile_from_document(document, case.game)
        case.require(
            again == answer.claim and type(again) is type(answer.claim),
            f"{answer.claim!r} becomes {again!r}",
        )
