"""The library's own regrets and best responses, against the definitions."""

from __future__ import annotations

from fractions import Fraction

from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.testing.case import Case
from gametheory.testing.definitions import normal_form
from gametheory.testing.registry import relation
from gametheory.testing.relations.correlated_equilibria import random_profile
from gametheory.testing.strategies import normal_form_games

__all__: list[str] = []


@relation(
    "regrets-by-definition",
    asserts="Regrets, NashConv, payoffs and certificates are what sums over joint actions give.",
    needs="nothing: games and profiles are drawn",
    examples=normal_form_games,
)
def _regrets_by_definition(case: Case) -> None:
    from gametheory.certificates import verify
    from gametheory.concepts import max_regret, nash_conv, player_regrets

    game: NormalFormGame = case.game
    plain = random_profile(case, game)
    profile = MixedProfile(plain)
    wanted = normal_form.regrets(game, plain)
    pays = normal_form.expected_payoffs(game, plain)
    certificate = verify(game, profile, nearby=False)
    case.require(
        certificate.regrets == tuple(wanted) and certificate.payoffs == tuple(pays),
        f"certified regrets {certificate.regrets} at {plain} instead of {wanted}",
    )
    size = 1 + float(game.payoff_range)
    for name, found, exact in (
        ("payoffs", game.expected_payoffs(profile), pays),
        ("regrets", player_regrets(game, profile), wanted),
        ("the max regret", [max_regret(game, profile)], [max(wanted)]),
        ("NashConv", [nash_conv(game, profile)], [sum(wanted)]),
    ):
        error = max(abs(float(f) - float(e)) for f, e in zip(found, exact, strict=True))
        case.require(error <= 1e-9 * size, f"{name} {list(found)} at {plain} instead of {exact}")


@relation(
    "best-response-value-is-convex",
    asserts="Against a mixture of two strategies of one opponent a player does no "
    "better than on average.",
    needs="nothing: games and profiles are drawn",
    examples=normal_form_games,
)
def _best_response_value_is_convex(case: Case) -> None:
    # The best-response value is the largest of functions that are linear in each opponent's
    # strategy.
    from gametheory.concepts import best_response_value

    game: NormalFormGame = case.game
    case.skip_unless(game.n_players > 1)
    first, second = random_profile(case, game), random_profile(case, game)
    player, t = case.choice(game.n_players), Fraction(case.choice(5), 4)
    other = (player + 1) % game.n_players
    mixed = tuple(t * p + (1 - t) * q for p, q in zip(first[other], second[other], strict=True))
    values = [
        best_response_value(game, MixedProfile(_with(first, other, strategy)), player)
        for strategy in (first[other], second[other], mixed)
    ]
    average = float(t) * values[0] + float(1 - t) * values[1]
    case.require(
        values[2] <= average + 1e-9 * (1 + game.payoff_range),
        f"player {player} gets {values[2]:.12g} against a mixture, {average:.12g} on average",
    )


def _with(
    profile: tuple[tuple[Fraction, ...], ...], player: int, strategy: tuple[Fraction, ...]
) -> tuple[tuple[Fraction, ...], ...]:
    return (*profile[:player], strategy, *profile[player + 1 :])
