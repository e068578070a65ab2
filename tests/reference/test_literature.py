"""Games of the literature: what was published about them holds, exactly.

Each claim of ``literature.toml`` is a test. Equilibria are judged by their regrets, by the
library's certificate and by a checker that shares no code with it; "these are all" by two
algorithms that enumerate independently.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from gametheory import (
    BehaviorProfile,
    CorrelatedDistribution,
    InvalidGame,
    MixedProfile,
    NormalFormGame,
    mixed_of,
    solve,
    strategic_form,
    verify,
)
from gametheory.games.catalog import catalog
from gametheory.games.potential import find_potential
from gametheory.refinements import is_proper, is_trembling_hand_perfect
from gametheory.refinements.risk_dominance import payoff_dominates, risk_dominant_equilibrium
from tests.gametheory.fraction_checker import regrets
from tests.reference.literature import ABOUT, Entry, entries, numbers, table

ENTRIES = entries()


def check_equilibrium(game: NormalFormGame, profile: MixedProfile) -> tuple[Fraction, ...]:
    """Check it twice; returns its payoffs."""
    certificate = verify(game, profile)
    assert certificate.exact
    assert set(regrets(game.exact_payoffs.tolist(), [list(s) for s in profile.exact])) == {0}
    return certificate.payoffs


def all_equilibria(game: NormalFormGame) -> Any:
    """All of two players' extreme equilibria by two algorithms; all of more players' by one."""
    if game.n_players > 2:
        found = solve(game, find="all")
        assert found.complete
        return found
    first = solve(game, method="vertex-enumeration", find="all")
    second = solve(game, method="support-enumeration", find="all")
    assert first.complete
    assert second.complete
    assert {p.exact for p in first.equilibria} == {p.exact for p in second.equilibria}
    for profile in first.equilibria:
        check_equilibrium(game, profile)
    return first


def pure_equilibria(game: NormalFormGame) -> set[tuple[int, ...]]:
    """All joint actions without a profitable deviation, by definition and by ``solve``."""
    exact = game.exact_payoffs
    plain = {
        joint
        for joint in np.ndindex(*game.n_actions)
        if all(
            exact[(player, *joint)]
            >= max(exact[(player, *joint[:player], slice(None), *joint[player + 1 :])])
            for player in range(game.n_players)
        )
    }
    found = solve(game, "pure-nash", find="all")
    assert found.complete
    assert {tuple(s.index(1) for s in profile.exact) for profile in found.equilibria} == plain
    return plain


def own_payoffs(game: NormalFormGame, player: int) -> Any:
    """What each action of a player pays, shape (actions, joint actions of the others)."""
    moved = np.moveaxis(game.exact_payoffs[player], player, 0)
    return moved.reshape(len(moved), -1)


def strategic(entry: Entry) -> NormalFormGame:
    game = entry.game
    return game if isinstance(game, NormalFormGame) else strategic_form(game)


# One function for each kind of claim; claimed is what the file says


def equilibria(entry: Entry, claimed: Any) -> None:
    profiles = [entry.profile(text) for text in claimed]
    paid = [check_equilibrium(entry.game, profile) for profile in profiles]
    if "payoffs_there" in entry.data:
        assert [list(p) for p in paid] == [numbers(p) for p in entry.data["payoffs_there"]]
    if entry.data.get("all_equilibria"):
        found = all_equilibria(entry.game)
        assert {p.exact for p in found.equilibria} == {p.exact for p in profiles}
        assert all(component.is_point for component in found.components)


def payoffs_there(entry: Entry, claimed: Any) -> None:
    assert len(claimed) == len(entry.data["equilibria"])


def pure(entry: Entry, claimed: Any) -> None:
    if isinstance(entry.game, NormalFormGame):
        assert pure_equilibria(entry.game) == {entry.joint(text) for text in claimed}
        return
    outline, game = entry.outline, entry.game
    found = set()
    for chosen in product(*(outline.strategies(player) for player in range(game.n_players))):
        plan = {label: action for strategy in chosen for label, action in strategy.items()}
        plain = outline.regrets(plan)
        profile = BehaviorProfile.from_mapping(game, plan)
        assert list(verify(game, profile).regrets) == plain
        if set(plain) == {0}:
            found.add(profile)
    assert found == {entry.behavior(text) for text in claimed}


def pure_payoffs(entry: Entry, claimed: Any) -> None:
    exact = entry.game.exact_payoffs
    paid = {tuple(exact[(slice(None), *joint)]) for joint in pure_equilibria(entry.game)}
    assert paid == {tuple(numbers(text)) for text in claimed}


def pure_count(entry: Entry, claimed: Any) -> None:
    assert len(pure_equilibria(entry.game)) == claimed


def count(entry: Entry, claimed: Any) -> None:
    found = all_equilibria(entry.game)
    assert len(found.equilibria) == claimed
    assert all(component.is_point for component in found.components)
    if entry.data.get("irrational"):
        assert found.status == "certified_isolated"  # proven boxes, no equilibrium in fractions
        assert all(c.nearby is not None and c.nearby.unique for c in found.certificates)


def completely_mixed(entry: Entry, claimed: Any) -> None:
    found = all_equilibria(entry.game).equilibria
    assert sum(all(min(s) > 0 for s in p.exact) for p in found) == claimed


def extreme(entry: Entry, claimed: Any) -> None:
    found = all_equilibria(entry.game)
    assert len(found.equilibria) == claimed
    assert not all(component.is_point for component in found.components)


def components(entry: Entry, claimed: Any) -> None:
    subsets = set()
    for text in claimed:
        sides = [side.strip(" {}").split(",") for side in text.split("x")]
        subsets.add(tuple(frozenset(tuple(numbers(s)) for s in side) for side in sides))
    found = all_equilibria(entry.game).components
    every = [subset.vertices for component in found for subset in component.subsets]
    assert len(every) == len(subsets)
    assert {tuple(frozenset(side) for side in sides) for sides in every} == subsets


def payoff_range(entry: Entry, claimed: Any) -> None:
    paid = [check_equilibrium(entry.game, p) for p in all_equilibria(entry.game).equilibria]
    assert [[min(own), max(own)] for own in zip(*paid, strict=True)] == [*map(numbers, claimed)]


def rounded(entry: Entry, claimed: Any) -> None:
    [profile] = all_equilibria(entry.game).equilibria
    for strategy, shown in zip(profile.exact, claimed.split("|"), strict=True):
        for probability, figure in zip(strategy, shown.split(), strict=True):
            assert rounds_to(probability, figure)
    if "rounded_value" in entry.data:
        worth = check_equilibrium(entry.game, profile)[0]
        assert rounds_to(worth, entry.data["rounded_value"])


def rounds_to(number: Fraction, figure: str) -> bool:
    places = len(figure.partition(".")[2])
    return abs(number - Fraction(figure)) <= Fraction(1, 2 * 10**places)


def value(entry: Entry, claimed: Any) -> None:
    game = entry.game
    assert verify(game, solve(game, "minimax").profile, "minimax").exact
    worth = solve(game, "minimax").certificate.payoffs
    assert worth == (Fraction(claimed), -Fraction(claimed))
    for found in all_equilibria(strategic(entry)).equilibria:
        assert check_equilibrium(strategic(entry), found) == worth


def strict(entry: Entry, claimed: Any) -> None:
    assert solve(entry.game, "iterated-dominance").profile.actions == entry.subsets(claimed)


def weak(entry: Entry, claimed: Any) -> None:
    left = solve(entry.game, "iterated-dominance", dominance="weak").profile
    assert left.actions == entry.subsets(claimed)


def rationalizable(entry: Entry, claimed: Any) -> None:
    assert solve(entry.game, "rationalizable").profile.actions == entry.subsets(claimed)


def dominated(entry: Entry, claimed: Any) -> None:
    for text in claimed:
        left, _, weights = text.partition(" by ")
        weakly, words = left.startswith("weakly"), left.removeprefix("weakly").split()
        player = int(words[0]) - 1
        own, labels = own_payoffs(entry.game, player), entry.labels(player)
        named = words[1] in labels
        worse = own[labels.index(words[1])] if named else numbers(" ".join(words[1:])) @ own
        gains = np.array(numbers(weights), dtype=object) @ own - worse
        assert min(gains) >= 0
        assert max(gains) > 0 if weakly else min(gains) > 0
        if named:
            kind = "weak" if weakly else "strict"
            left_over = solve(entry.game, "iterated-dominance", dominance=kind).profile.actions
            assert labels.index(words[1]) not in left_over[player]


def undominated(entry: Entry, claimed: Any) -> None:
    """Each is a best response to some belief."""
    for text in claimed:
        player, action = int(text.split()[0]) - 1, text.split()[1]
        own = own_payoffs(entry.game, player)
        chosen = entry.labels(player).index(action)
        others = [
            np.array(belief, dtype=object) @ own.T for belief in simplex_grid(own.shape[1], 12)
        ]
        assert any(paid[chosen] == max(paid) for paid in others)


def simplex_grid(size: int, parts: int) -> list[list[Fraction]]:
    """All beliefs in multiples of 1 / parts."""
    cuts = product(range(parts + 1), repeat=size - 1)
    return [
        [Fraction(k, parts) for k in (*head, parts - sum(head))]
        for head in cuts
        if sum(head) <= parts
    ]


def ess(entry: Entry, claimed: Any) -> None:
    found = solve(entry.game, "ess", find="all")
    assert found.complete
    assert {p.exact[0] for p in found.equilibria} == {tuple(numbers(text)) for text in claimed}
    own = np.array(entry.game.exact_payoffs[0], dtype=object)
    for text in claimed:  # by definition, against every pure and many mixed mutants
        resident = np.array(numbers(text), dtype=object)
        for mutant in map(np.array, simplex_grid(len(resident), 6)):
            if (mutant == resident).all():
                continue
            first = resident @ own @ resident - mutant @ own @ resident
            second = resident @ own @ mutant - mutant @ own @ mutant
            assert first > 0 or (first == 0 and second > 0)


def symmetric(entry: Entry, claimed: Any) -> None:
    assert entry.game.is_symmetric()
    strategies = [tuple(numbers(text)) for text in claimed]
    for strategy in strategies:
        check_equilibrium(entry.game, MixedProfile([strategy, strategy]))
    if entry.data.get("all_symmetric"):
        found = all_equilibria(entry.game)
        assert all(component.is_point for component in found.components)
        twice = [p.exact[0] for p in found.equilibria if p.exact[0] == p.exact[1]]
        assert twice == strategies


def correlated(entry: Entry, claimed: Any) -> None:
    [joint] = table(claimed)
    certificate = verify(entry.game, CorrelatedDistribution(joint), "correlated")
    assert certificate.exact
    assert list(certificate.payoffs) == numbers(entry.data["correlated_pays"])


def correlated_pays(entry: Entry, claimed: Any) -> None:
    assert "correlated" in entry.data
    assert len(numbers(claimed)) == entry.game.n_players


def correlated_vertices(entry: Entry, claimed: Any) -> None:
    found = solve(entry.game, "correlated", find="all")
    assert found.complete
    assert len(found.equilibria) == claimed
    assert all(certificate.exact for certificate in found.certificates)


def correlated_welfare(entry: Entry, claimed: Any) -> None:
    certificate = solve(entry.game, "correlated").certificate
    assert (certificate.objective_value, certificate.objective_gap) == (Fraction(claimed), 0)


def correlated_always_pays(entry: Entry, claimed: Any) -> None:
    game = strategic(entry)
    for player, paid in enumerate(numbers(claimed)):
        for sign in (1, -1):
            objective = (sign * game.exact_payoffs[player]).ravel()
            found = solve(game, "correlated", objective=objective.reshape(game.n_actions))
            assert found.certificate.objective_gap == 0
            assert found.certificate.objective_value == sign * paid


def pareto(entry: Entry, claimed: Any) -> None:
    found = solve(entry.game, "pareto", find="all")
    assert found.complete
    joint = {tuple(s.index(1) for s in profile.exact) for profile in found.equilibria}
    assert joint == {entry.joint(text) for text in claimed}


def perfect(entry: Entry, claimed: Any) -> None:
    for text in entry.data["equilibria"]:
        holds = is_trembling_hand_perfect(entry.game, entry.profile(text)).holds
        assert holds == (text in claimed)


def proper(entry: Entry, claimed: Any) -> None:
    for text in entry.data["equilibria"]:
        assert is_proper(entry.game, entry.profile(text)).holds == (text in claimed)


def risk_dominant(entry: Entry, claimed: Any) -> None:
    assert risk_dominant_equilibrium(entry.game) == entry.joint(claimed)


def payoff_dominant(entry: Entry, claimed: Any) -> None:
    best = entry.joint(claimed)
    for other in pure_equilibria(entry.game) - {best}:
        assert payoff_dominates(entry.game, best, other)


def potential(entry: Entry, claimed: Any) -> None:
    [stated] = table(claimed)
    plain, payoffs = np.array(stated, dtype=object), entry.game.exact_payoffs
    for player in range(entry.game.n_players):
        lines = np.moveaxis(payoffs[player] - plain, player, 0)
        assert all((line == lines[0]).all() for line in lines)
    assert entry.game.is_potential()
    assert len(np.unique(find_potential(entry.game).values - plain.astype(float))) == 1


def commitment(entry: Entry, claimed: Any) -> None:
    mixed, by_pure = numbers(claimed)
    assert solve(entry.game, "stackelberg").certificate.payoffs[0] == mixed
    found = solve(entry.game, "stackelberg", commitment="pure")
    assert found.certificate.payoffs[0] == by_pure


def paths(entry: Entry, claimed: Any) -> None:
    labels = range(sum(entry.game.n_actions))
    ends = [solve(entry.game, method="lemke-howson", label=label).profile for label in labels]
    assert len({end.exact for end in ends}) == claimed
    for end in ends:
        check_equilibrium(entry.game, end)


def spe(entry: Entry, claimed: Any) -> None:
    profiles = {entry.behavior(text) for text in claimed}
    for profile in profiles:
        certificate = verify(entry.game, profile, "subgame-perfect")
        assert certificate.exact
        assert set(entry.outline.regrets(entry.outline.plan(profile, entry.game))) == {0}
    found = solve(entry.game, "subgame-perfect", find="all")
    assert found.complete
    assert {p for p in found.equilibria if p.is_pure} == profiles


def spe_pays(entry: Entry, claimed: Any) -> None:
    for text, paid in zip(entry.data["spe"], claimed, strict=True):
        profile = entry.behavior(text)
        assert list(verify(entry.game, profile).payoffs) == numbers(paid)
        assert entry.outline.payoffs(entry.outline.plan(profile, entry.game)) == numbers(paid)


def nash(entry: Entry, claimed: Any) -> None:
    for text in claimed:
        profile = entry.behavior(text)
        assert verify(entry.game, profile).exact
        if "tree" in entry.data:
            assert set(entry.outline.regrets(entry.outline.plan(profile, entry.game))) == {0}


def not_nash(entry: Entry, claimed: Any) -> None:
    for text in claimed:
        profile = entry.behavior(text)
        plain = entry.outline.regrets(entry.outline.plan(profile, entry.game))
        assert max(plain) > 0
        assert list(verify(entry.game, profile).regrets) == plain


def agent(entry: Entry, claimed: Any) -> None:
    outline = entry.outline
    for text in claimed:
        plan = outline.plan(entry.behavior(text), entry.game)
        now = outline.payoffs(plan)
        for player, sets in enumerate(outline.infosets):
            for label, actions in sets.items():
                changed = [plan | {label: {action: Fraction(1)}} for action in actions]
                assert max(outline.payoffs(other)[player] for other in changed) == now[player]


def normal_form(entry: Entry, claimed: Any) -> None:
    expected = np.array(table(claimed), dtype=object)
    form = strategic_form(entry.game, reduced=False)
    assert (form.exact_payoffs == expected).all()
    outline = entry.outline
    for joint in np.ndindex(*form.n_actions):
        chosen = [outline.strategies(player)[k] for player, k in enumerate(joint)]
        plan = {label: action for strategy in chosen for label, action in strategy.items()}
        assert outline.payoffs(plan) == list(expected[(slice(None), *joint)])


def strategies(entry: Entry, claimed: Any) -> None:
    assert list(strategic_form(entry.game, reduced=False).n_actions) == claimed
    players = range(entry.game.n_players)
    assert [len(entry.outline.strategies(player)) for player in players] == claimed


def reduced_strategies(entry: Entry, claimed: Any) -> None:
    assert list(strategic_form(entry.game).n_actions) == claimed


def plays(entry: Entry, claimed: Any) -> None:
    side, _, weights = claimed.partition(":")
    form, player = strategic_form(entry.game), int(side) - 1
    found = all_equilibria(form).equilibria
    assert tuple(numbers(weights)) in {profile.exact[player] for profile in found}
    for profile in solve(entry.game, find="all").equilibria:
        check_equilibrium(form, mixed_of(entry.game, profile))


def refused(entry: Entry, claimed: Any) -> None:
    with pytest.raises(InvalidGame, match=claimed):
        entry.outline.build()


CHECKS = {
    check.__name__: check
    for check in (
        equilibria,
        payoffs_there,
        pure,
        pure_payoffs,
        pure_count,
        count,
        completely_mixed,
        extreme,
        components,
        payoff_range,
        rounded,
        value,
        strict,
        weak,
        rationalizable,
        dominated,
        undominated,
        ess,
        symmetric,
        correlated,
        correlated_pays,
        correlated_vertices,
        correlated_welfare,
        correlated_always_pays,
        pareto,
        perfect,
        proper,
        risk_dominant,
        payoff_dominant,
        potential,
        commitment,
        paths,
        spe,
        spe_pays,
        nash,
        not_nash,
        agent,
        normal_form,
        strategies,
        reduced_strategies,
        plays,
        refused,
    )
}
CLAIMS = [
    pytest.param(entry, claim, id=f"{entry.name}: {claim}")
    for entry in ENTRIES
    for claim in entry.claims
]


@pytest.mark.parametrize(("entry", "claim"), CLAIMS)
def test_what_is_published_holds(entry: Entry, claim: str) -> None:
    CHECKS[claim](entry, entry.data[claim])


def test_the_table_has_at_least_sixty_games_each_with_a_source_and_a_claim() -> None:
    assert len(ENTRIES) >= 60
    assert max(Counter(entry.name for entry in ENTRIES).values()) == 1
    for entry in ENTRIES:
        assert entry.claims, entry.name
        assert entry.data["where"], entry.name
        for source in entry.data["source"].split("; "):
            assert any(f"({year})" in source for year in range(1910, 2030)), source
        assert len({"payoffs", "tree", "catalog"} & set(entry.data)) == 1, entry.name
        assert not ABOUT & set(entry.claims)


def test_no_game_is_there_twice() -> None:
    """Nor under other names, nor written out where the catalog has it."""
    written = [e.game for e in ENTRIES if "payoffs" in e.data]
    listed = [entry.build() for entry in catalog() if entry.form == "normal form"]
    tables = [repr(game.exact_payoffs.tolist()) for game in (*written, *listed)]
    assert len(set(tables[: len(written)])) == len(written)
    assert not set(tables[: len(written)]) & set(tables[len(written) :])
