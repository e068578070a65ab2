"""Nash equilibria within correlated ones, these within coarse ones, and what that implies."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.case import Case
from gametheory.testing.definitions import normal_form
from gametheory.testing.registry import relation
from gametheory.testing.strategies import normal_form_games

__all__: list[str] = []

NORMAL = (NormalFormGame,)
_GAINS = {
    "correlated": normal_form.correlated_gains,
    "coarse-correlated": normal_form.coarse_gains,
}


def _joint(plain: Any) -> Any:
    return plain if isinstance(plain, dict) else normal_form.joint_of(plain)


@relation(
    "nash-is-correlated",
    asserts="A Nash equilibrium is a correlated one, to within what it violates itself.",
    needs="a game in normal form",
    concepts=("nash", "pure-nash", "minimax", "ess", "dominant-strategy"),
    forms=NORMAL,
    source="Aumann (1974), Journal of Mathematical Economics 1",
)
def _nash_is_correlated(case: Case) -> None:
    for answer in case.answers(case.game):
        gains = normal_form.correlated_gains(case.game, _joint(answer.plain))
        case.require(
            max(gains) <= case.slack(case.game, answer),
            f"players told their actions of {answer.plain} gain {[str(g) for g in gains]}",
        )


@relation(
    "correlated-is-coarse",
    asserts="A correlated equilibrium is a coarse one.",
    needs="a game in normal form",
    concepts=("nash", "pure-nash", "minimax", "correlated"),
    forms=NORMAL,
    source="Moulin and Vial (1978), International Journal of Game Theory 7",
)
def _correlated_is_coarse(case: Case) -> None:
    for answer in case.answers(case.game):
        gains = normal_form.coarse_gains(case.game, _joint(answer.plain))
        case.require(
            max(gains) <= case.slack(case.game, answer),
            f"players gain {[str(g) for g in gains]} by a fixed action",
        )


@relation(
    "welfare-order",
    asserts="No equilibrium has more welfare than the best of a wider concept.",
    needs="a game in normal form",
    concepts=("nash", "pure-nash", "correlated", "coarse-correlated"),
    forms=NORMAL,
)
def _welfare_order(case: Case) -> None:
    from gametheory.solve import solve

    game: NormalFormGame = case.game
    best = {}
    for concept in ("correlated", "coarse-correlated"):
        certificate = solve(game, concept, objective="welfare").certificate
        case.skip_unless(certificate is not None and certificate.exact)
        best[concept] = sum(certificate.payoffs)  # type: ignore[union-attr]
    case.require(best["correlated"] <= best["coarse-correlated"], f"the best have {best}")
    wider = "coarse-correlated" if case.subject.concept == "coarse-correlated" else "correlated"
    for answer in case.answers(game):
        joint = _joint(answer.plain)
        if max(_GAINS[wider](game, joint)) > 0:
            continue  # what is almost an equilibrium may have more
        found = sum(normal_form.joint_payoffs(game, joint))
        case.require(found <= best[wider], f"welfare {found}, at most {best[wider]} is possible")


@relation(
    "payoffs-at-least-maxmin",
    asserts="Every player gets at least what it can guarantee itself.",
    needs="a game in normal form",
    concepts=("nash", "pure-nash", "minimax", "correlated", "coarse-correlated"),
    forms=NORMAL,
)
def _payoffs_at_least_maxmin(case: Case) -> None:
    from gametheory.algorithms.normal_form.maxmin import security_levels

    levels = security_levels(case.game)
    for answer in case.answers(case.game):
        earned = normal_form.joint_payoffs(case.game, _joint(answer.plain))
        slack = case.slack(case.game, answer)
        for player, (got, level) in enumerate(zip(earned, levels, strict=True)):
            case.require(
                got >= level - slack and level >= normal_form.pure_maxmin(case.game, player),
                f"player {player} gets {got} and can guarantee itself {level}",
            )


@relation(
    "regrets-of-products",
    asserts="Swap and external regrets of independent strategies are the player regrets.",
    needs="nothing: games and profiles are drawn",
    source="Marris et al. (2021), International Conference on Machine Learning",
    examples=normal_form_games,
)
def _regrets_of_products(case: Case) -> None:
    from gametheory.concepts import player_regrets
    from gametheory.concepts.correlated import external_regrets, swap_regrets
    from gametheory.games.profiles import MixedProfile

    game: NormalFormGame = case.game
    plain = random_profile(case, game)
    profile = MixedProfile(plain)
    wanted = normal_form.regrets(game, plain)
    coarse = normal_form.coarse_gains(game, normal_form.joint_of(plain))
    case.require(coarse == wanted, f"by definition {coarse} are not {wanted}")
    for name, regrets in (
        ("player", player_regrets(game, profile)),
        ("swap", swap_regrets(game, profile)),
        ("external", external_regrets(game, profile)),
    ):
        for player, exact in enumerate(wanted):
            case.require(
                abs(float(regrets[player]) - float(exact)) <= 1e-9 * (1 + game.payoff_range),
                f"the {name} regret of player {player} at {plain} is {regrets[player]:.12g} "
                f"instead of {exact}",
            )


def random_profile(case: Case, game: NormalFormGame) -> tuple[tuple[Fraction, ...], ...]:
    """Draw an exact profile, some actions with probability zero."""
    profile = []
    for size in game.n_actions:
        weights = case.rng.integers(0, 4, size=size)
        weights[case.choice(size)] += 1
        total = int(weights.sum())
        profile.append(tuple(Fraction(int(w), total) for w in weights))
    return tuple(profile)
