"""Families of the catalog: every stated fact is proven again, every family keeps its promises."""

from __future__ import annotations

import json
import tracemalloc
from fractions import Fraction
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from typer.testing import CliRunner

import gametheory as gt
from gametheory import cli
from gametheory.errors import GameTheoryError, InvalidGame
from gametheory.games.catalog import CatalogEntry, KnownFacts, catalog, facts, load
from gametheory.games.catalog.draws import Draws
from gametheory.games.catalog.graphs import GRAPHS, edges
from gametheory.games.catalog.registry import game as register
from gametheory.games.normal_form import NormalFormGame

ENTRIES = {entry.name: entry for entry in catalog()}
FAMILIES = [e for e in catalog() if e.is_family and e.form == "normal form"]
RANDOM = [entry for entry in FAMILIES if entry.is_random]
SEEDS = range(1, 4)

# Parameters besides the default ones under which facts are proven again.
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "all_pay_auction": [{"valuations": (4, 4), "highest": 9}, {"valuations": (2, 3)}],
    "arms_race": [{"n_actions": 3, "security": 5}, {"n_actions": 9, "security": 12, "upkeep": 2}],
    "bertrand": [{"n_players": 3}, {"cost": 0, "highest": 3}, {"cost": 7, "highest": 7}],
    "best_shot": [{"graph": graph, "n_players": 5, "seed": 3} for graph in GRAPHS],
    "biased_rock_paper_scissors": [{"rock": "1/3", "paper": 5, "scissors": 2}],
    "braess_paradox": [{"n_players": 3}, {"shortcut": False}, {"n_players": 5, "shortcut": False}],
    "collaboration": [{"n_players": 2, "n_actions": 4}],
    "colonel_blotto": [{"soldiers": 4, "fields": 2}],
    "compound_2x2": [{"n_players": 4, "a": 3, "b": 0, "c": 5, "d": 1}, {"a": 0, "b": 2, "c": 1}],
    "congestion": [{"n_players": 3, "n_facilities": 3, "low": -5, "high": 5}],
    "cournot": [{"n_players": 3, "largest": 6}, {"n_players": 1}, {"intercept": 12}],
    "covariant_game": [{"rho": 1, "n_players": 3}],
    "cyclic_dominance": [{"n_actions": size} for size in (1, 3, 5, 9)],
    "dispersion": [{"n_players": 2, "n_actions": 4}, {"n_players": 5, "n_actions": 2}],
    "el_farol": [{"n_players": 4, "capacity": room} for room in range(5)],
    "first_price_auction": [{"valuations": (3, 3), "highest": 6}],
    "generalized_shapley": [{"n_actions": size, "seed": size} for size in (1, 2, 3, 6)],
    "grab_the_dollar": [{"n_actions": 2}, {"n_actions": 6, "first": "1/2", "clash": -7}],
    "guess_two_thirds": [{"n_players": 2, "highest": 6}],
    "hawk_dove": [{"value": "1/3", "cost": 7}],
    "hide_and_seek": [{"stakes": 5}, {"stakes": (1, 10**9, 7, 3)}],
    "inspection": [{"wage": 9, "effort": "5/2", "inspecting": "1/3"}],
    "local_effect": [{"graph": graph, "n_actions": 4, "seed": 2} for graph in GRAPHS],
    "location": [{"n_actions": size} for size in (1, 2, 3, 6, 7)] + [{"n_players": 3}],
    "majority_voting": [{"n_players": 4, "n_actions": 2}, {"n_players": 2}],
    "minimum_effort": [{"n_players": 4, "n_actions": 2, "benefit": 9, "cost": 5}],
    "minority_game": [{"n_players": 5}],
    "network_congestion": [{"n_players": 2, "width": 2, "height": 2, "seed": 4}],
    "ordinal_2x2": [{"index": index} for index in range(1, 79)],
    "penalty": [{"k": 0}, {"k": "-1/3"}],
    "planted_bimatrix": [
        {"n_rows": 5, "n_columns": 4, "row_support": (4, 1), "column_support": (0, 3), "seed": 5},
        {"n_rows": 2, "n_columns": 3, "row_support": 1, "column_support": 2},
    ],
    "planted_dominance": [{"n_actions": (2, 4, 3)}, {"n_players": 2, "n_actions": 6}],
    "planted_zero_sum": [
        {"n_rows": 6, "row_support": (5, 0, 2), "column_support": (3, 1, 0), "value": "-7/3"},
        {"row_support": 3, "column_support": 0, "value": 0},
        {"n_rows": 1, "n_columns": 1, "row_support": 0, "column_support": 0, "value": "1/7"},
    ],
    "polymatrix": [{"kind": "coordination", "graph": graph, "n_actions": 3} for graph in GRAPHS],
    "public_goods": [{"n_players": 4, "multiplier": "7/2"}],
    "pure_coordination": [{"n_actions": 1}, {"n_actions": 4}],
    "random_common_interest": [{"n_players": 3, "n_actions": (2, 3, 2)}],
    "random_coordination": [{"n_players": 3, "n_actions": 2}, {"n_actions": 1}],
    "random_potential": [{"n_players": 3, "n_actions": (2, 1, 3)}, {"n_players": 1}],
    "second_price_auction": [{"valuations": (2, 2, 1), "highest": 3}, {"valuations": 3}],
    "tournament": [{"n_actions": size} for size in (1, 2, 8)],
    "traveler_dilemma": [{"high": 9}, {"low": 0, "high": 7, "bonus": 5}],
    "volunteers_dilemma": [{"n_players": 2}, {"n_players": 4, "benefit": "3/2"}],
    "war_of_attrition": [{"prize": 6}, {"prize": "1/2", "n_actions": 2}],
}


def cases() -> list[Any]:
    """Every entry that states facts, with its default parameters, the variants, and more seeds."""
    found = []
    for entry in ENTRIES.values():
        if entry.known is not None:
            chosen = [{}, *VARIANTS.get(entry.name, [])]
            chosen += [{"seed": seed} for seed in SEEDS if entry.is_random]
            found += [
                pytest.param(entry.name, parameters, id=f"{entry.name}-{number}")
                for number, parameters in enumerate(chosen)
            ]
    return found


@pytest.mark.parametrize(("name", "parameters"), cases())
def test_stated_facts_are_proven_again(name: str, parameters: dict[str, Any]) -> None:
    game, known = load(name, **parameters), facts(name, **parameters)
    assert all(known.sources.values())
    if known.value is not None:
        solution = gt.solve(game, "minimax")
        assert solution.status == "certified_exact"
        assert solution.certificates[0].payoffs[0] == known.value
    for profile in known.equilibria or ():
        assert gt.verify(game, profile).exact
    if known.pure_equilibria is not None:
        assert list(known.pure_equilibria) == pure_equilibria(game)
    if known.potential is not None:
        assert is_potential(game, known.potential)
    if known.dominant_actions is not None:
        assert list(known.dominant_actions) == dominant_actions(game)
    if known.correlated_welfare is not None:
        best = gt.solve(game, "correlated", objective="welfare").certificates[0]
        assert (best.epsilon, best.objective_gap) == (0, 0)
        assert best.objective_value == known.correlated_welfare
    # The default traveler's dilemma has 99 x 99 joint actions; smaller ones are in the variants.
    if known.n_equilibria is not None and game.payoffs.size < 3_000:
        check_number_of_equilibria(game, known)


def check_number_of_equilibria(game: NormalFormGame, known: KnownFacts) -> None:
    solution = gt.solve(game, find="all")
    assert solution.complete
    assert all(component.is_point for component in solution.components)
    assert len(solution.equilibria) == known.n_equilibria
    if known.equilibria is not None and len(known.equilibria) == known.n_equilibria:
        assert set(solution.equilibria) == set(known.equilibria)


def pure_equilibria(game: NormalFormGame) -> list[tuple[int, ...]]:
    exact = game.exact_payoffs
    return [
        joint
        for joint in product(*map(range, game.n_actions))
        if all(
            exact[(player, *joint)]
            >= max(exact[(player, *joint[:player], slice(None), *joint[player + 1 :])])
            for player in range(game.n_players)
        )
    ]


def is_potential(game: NormalFormGame, potential: NDArray[Any]) -> bool:
    """Whether nobody's payoff, less the potential, depends on its own action."""
    assert potential.shape == game.n_actions
    rests = [
        np.moveaxis(game.exact_payoffs[player] - potential, player, 0)
        for player in range(game.n_players)
    ]
    return all((rest == rest[0]).all() for rest in rests)


def dominant_actions(game: NormalFormGame) -> list[int | None]:
    found: list[int | None] = []
    for player, size in enumerate(game.n_actions):
        own = np.moveaxis(game.exact_payoffs[player], player, 0)
        best = [
            k for k in range(size) if all((own[k] > own[j]).all() for j in range(size) if j != k)
        ]
        found.append(best[0] if best else None)
    return found


def test_facts_are_stated_of_most_games() -> None:
    assert len(FAMILIES) >= 45
    assert sum(entry.known is not None for entry in ENTRIES.values()) >= 50


def test_facts_need_sources_and_their_game_s_parameters() -> None:
    with pytest.raises(ValueError, match="value"):
        KnownFacts(value=Fraction(0))
    with pytest.raises(ValueError, match="potential"):
        KnownFacts(sources={"potential": "somebody"})
    assert not KnownFacts()
    assert not facts("random_game")

    def stated(k: int = 1) -> KnownFacts:
        return KnownFacts()

    def unstated(k: int = 2) -> NormalFormGame:
        return NormalFormGame([k])

    with pytest.raises(ValueError, match="other parameters"):
        register(source="", summary="", facts=stated)(unstated)


def test_facts_refuse_what_makes_no_game() -> None:
    with pytest.raises(InvalidGame, match="value 5"):
        facts("hawk_dove", value=5, cost=4)
    with pytest.raises(InvalidGame, match="perhaps hawk_dove"):
        facts("hawk_dov")


@pytest.mark.parametrize("entry", RANDOM, ids=lambda entry: entry.name)
def test_the_seed_alone_decides(entry: CatalogEntry) -> None:
    more = {"graph": "random"} if "graph" in entry.parameters else {}
    games = [entry.build(**more, seed=seed) for seed in range(5)]
    assert games == [entry.build(**more, seed=seed) for seed in range(5)]
    assert len(set(games)) >= 4 - 2 * (entry.name in ("best_shot", "tournament"))


def test_seeds_mean_the_same_everywhere() -> None:
    assert Draws(7).integers(-9, 9, (2, 4)).tolist() == [[4, -8, 0, 8], [-3, 4, 3, -7]]
    assert Draws(2**64 - 1).chosen(3, 5) == [2, 4, 0]
    assert Draws(7).normals((3,)).tolist() == [
        0.3188915252685547,
        1.2658348083496094,
        0.7577037811279297,
    ]
    assert load("random_game", seed=7).payoffs[0].tolist() == [
        [-16, 64, -92],
        [-22, 99, -19],
        [39, 63, 98],
    ]


# Who cites "seed 1" of a family means this game, in later versions too.
DIGESTS = {
    "best_shot": "d04079f9",
    "collaboration": "ddd9c8aa",
    "congestion": "8069827d",
    "covariant_game": "82d1b115",
    "generalized_shapley": "93bedf54",
    "graphical_game": "c5fab7c7",
    "local_effect": "ff82b9d0",
    "majority_voting": "5c051168",
    "network_congestion": "cac615bb",
    "planted_bimatrix": "5a0e282f",
    "planted_dominance": "41daf864",
    "planted_zero_sum": "93188209",
    "polymatrix": "8e1d744c",
    "random_common_interest": "4f4594cb",
    "random_coordination": "12382126",
    "random_degenerate": "81f182b6",
    "random_game": "74df7f5f",
    "random_potential": "ac203e47",
    "random_symmetric": "0f083bba",
    "random_zero_sum": "8a8bac81",
    "tournament": "ade50a3e",
}


def test_every_random_family_is_what_it_was() -> None:
    assert {entry.name: entry.build(seed=1).digest[:8] for entry in RANDOM} == DIGESTS


@pytest.mark.parametrize("low_high", [(0, 0), (-3, 3), (0, 2**63 - 1), (-(2**62), 2**62)])
def test_integers_stay_in_bounds(low_high: tuple[int, int]) -> None:
    drawn = Draws(1).integers(*low_high, (50,))
    assert low_high[0] <= drawn.min()
    assert drawn.max() <= low_high[1]


def test_draws_have_the_moments_of_their_distributions() -> None:
    dice = np.bincount(Draws(3).integers(1, 6, (60_000,)), minlength=7)[1:]
    assert abs(dice - 10_000).max() < 5 * np.sqrt(10_000 * 5 / 6)
    normal = Draws(3).normals((100_000,))
    for power, moment, deviation in ((1, 0, 1), (2, 1, 2**0.5), (3, 0, 15**0.5), (4, 3, 96**0.5)):
        assert abs((normal**power).mean() - moment) < 5 * deviation / np.sqrt(100_000)


@pytest.mark.parametrize("entry", FAMILIES, ids=lambda entry: entry.name)
def test_payoffs_are_what_the_rules_say_not_rounded(entry: CatalogEntry) -> None:
    # A rounded third has a denominator of 2**54; normal payoffs are multiples of 2**-20.
    for payoff in load(entry.name).exact_payoffs.ravel().tolist():
        assert payoff.denominator <= 2**20


NONSENSE: list[Any] = [None, "x", float("nan"), 0.5, -1, 0, 2, 4, 10**30, (), (1, 1), True, [[1]]]


@pytest.mark.parametrize("entry", FAMILIES, ids=lambda entry: entry.name)
def test_wrong_parameters_are_typed_errors(entry: CatalogEntry) -> None:
    refused = 0
    for name, value in product(entry.parameters, NONSENSE):
        try:
            built = load(entry.name, **{name: value})
        except GameTheoryError as error:
            assert isinstance(error, InvalidGame)
            refused += 1
        else:
            assert isinstance(built, NormalFormGame)
            assert isinstance(facts(entry.name, **{name: value}), KnownFacts)
    assert refused >= 4


HUGE = {
    "n_players": 30,
    "n_actions": 10**6,
    "highest": 10**6,
    "n_rows": 10**6,
    "width": 6,
    "stakes": tuple(range(1, 10**4)),
}


@pytest.mark.parametrize("entry", FAMILIES, ids=lambda entry: entry.name)
def test_too_many_payoffs_are_refused_before_they_are_allocated(entry: CatalogEntry) -> None:
    for name in set(HUGE) & set(entry.parameters):
        more = {"height": 6, "n_players": 4} if name == "width" else {}
        tracemalloc.start()
        with pytest.raises(InvalidGame):
            load(entry.name, **{name: HUGE[name]}, **more)
        assert tracemalloc.get_traced_memory()[1] < 2**20
        tracemalloc.stop()


def test_ten_million_payoffs_are_not_too_many() -> None:
    assert load("random_game", n_actions=1_000).payoffs.size == 2 * 10**6
    with pytest.raises(InvalidGame, match="make 10008338 payoffs"):
        load("random_game", n_actions=2_237)


@settings(max_examples=40)
@given(st.data())
def test_planted_zero_sum_games_have_one_equilibrium(data: st.DataObject) -> None:
    sizes = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    k = data.draw(st.integers(1, min(sizes)))
    supports = [data.draw(st.permutations(range(size)))[:k] for size in sizes]
    parameters = {
        "n_rows": sizes[0],
        "n_columns": sizes[1],
        "row_support": supports[0],
        "column_support": supports[1],
        "seed": data.draw(st.integers(0, 2**64 - 1)),
    }
    value = data.draw(st.fractions(-5, 5, max_denominator=9))
    for name, more in (("planted_zero_sum", {"value": value}), ("planted_bimatrix", {})):
        solution = gt.solve(load(name, **parameters, **more), find="all")
        assert solution.complete
        assert solution.equilibria == facts(name, **parameters, **more).equilibria
        assert solution.profile.support() == tuple(tuple(sorted(s)) for s in supports)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 10**6))
def test_planted_dominance_is_solved_by_elimination(sizes: list[int], seed: int) -> None:
    game = load("planted_dominance", n_players=len(sizes), n_actions=sizes, seed=seed)
    left = [list(range(size)) for size in sizes]
    shrinking = True
    while shrinking:
        shrinking = False
        for player in range(len(sizes)):
            own = np.moveaxis(game.payoffs[player][np.ix_(*left)], player, 0)
            dominated = [
                k for k, row in enumerate(own) if any((other > row).all() for other in own)
            ]
            left[player] = [a for k, a in enumerate(left[player]) if k not in dominated]
            shrinking = shrinking or bool(dominated)
    known = facts("planted_dominance", n_players=len(sizes), n_actions=sizes, seed=seed)
    assert tuple(zip(*left, strict=True)) == known.pure_equilibria


def test_structure_of_random_families() -> None:
    for seed in range(5):
        for n in (1, 2, 3, 4):
            assert load("random_symmetric", n_players=n, n_actions=3, seed=seed).is_symmetric()
        assert load("random_zero_sum", n_actions=(2, 5), seed=seed).is_zero_sum()
        for graph in GRAPHS:
            zero = load("polymatrix", n_players=4, graph=graph, kind="zero-sum", seed=seed)
            assert zero.is_zero_sum()
        assert load("congestion", n_players=3, seed=seed).is_symmetric()
        assert load("network_congestion", seed=seed).is_symmetric()
        assert load("local_effect", seed=seed).is_symmetric()
    assert set(load("random_degenerate", n_actions=9, levels=3).payoffs.ravel()) == {0, 1, 2}


@pytest.mark.parametrize("rho", ["-1/2", 0, "1/2", 1])
def test_covariant_payoffs_have_their_correlation(rho: Any) -> None:
    game = load("covariant_game", n_players=3, n_actions=30, rho=rho, seed=11)
    found = np.corrcoef(game.payoffs.reshape(3, -1))
    assert found[np.triu_indices(3, 1)] == pytest.approx(float(Fraction(rho)), abs=0.02)
    assert game.payoffs.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("graph", GRAPHS)
def test_graphical_games_forget_who_is_not_a_neighbor(graph: str) -> None:
    game = load("graphical_game", n_players=5, n_actions=2, graph=graph, seed=6)
    near = set(edges(graph, 5, Draws(6)))
    for one, other in permutations(range(5), 2):
        changed = game.payoffs[one] - np.flip(game.payoffs[one], axis=other)
        assert changed.any() == (tuple(sorted((one, other))) in near)


def test_graphs() -> None:
    nothing = Draws(0)
    assert [len(edges(graph, 7, nothing)) for graph in ("complete", "ring", "path", "star")] == [
        21,
        7,
        6,
        6,
    ]
    assert len(edges("grid", 9, nothing)) == 12
    assert [edges(graph, 1, nothing) for graph in GRAPHS] == [()] * len(GRAPHS)
    assert edges("ring", 2, nothing) == ((0, 1),)


def test_braess_drivers_lose_by_the_shortcut() -> None:
    slow = gt.solve(load("braess_paradox", n_players=4), "pure-nash", find="all")
    assert [c.payoffs for c in slow.certificates] == [(-8,) * 4]
    fast = gt.solve(load("braess_paradox", n_players=4, shortcut=False), "pure-nash", find="all")
    assert {c.payoffs for c in fast.certificates} == {(-7,) * 4}


def test_drivers_pay_the_delays_of_their_roads() -> None:
    game = load("network_congestion", n_players=2, width=2, height=1, seed=3)
    fixed, rising = Draws(3).integers(0, 9, (2, 7)).tolist()
    # Two streets of two blocks, roads 0, 1 and 2, 3; three avenues of one block, roads 4, 5, 6.
    roads = {"EEN": (0, 1, 6), "ENE": (0, 5, 3), "NEE": (4, 2, 3)}
    for one, other in product(roads, repeat=2):
        delay = sum(fixed[r] + rising[r] * (1 + (r in roads[other])) for r in roads[one])
        assert game.payoffs[(0, *game.action_indices((one, other)))] == -delay


def test_votes_are_counted() -> None:
    game = load("majority_voting", n_players=3, n_actions=3, seed=2)
    worth = Draws(2).integers(-100, 100, (3, 3))
    for votes in product(range(3), repeat=3):
        winner = max(range(3), key=lambda candidate: (votes.count(candidate), -candidate))
        assert game.payoffs[(slice(None), *votes)].tolist() == worth[:, winner].tolist()


def test_local_effects_are_felt_by_neighbors() -> None:
    game = load("local_effect", n_players=3, n_actions=4, graph="path", seed=5)
    draws = Draws(5)
    own = draws.integers(0, 9, (4,)).tolist()
    between = {pair: int(draws.integers(0, 9)) for pair in ((0, 1), (1, 2), (2, 3))}
    for joint in product(range(4), repeat=3):
        mine = joint[0]
        loss = sum(
            own[mine] if action == mine else between.get((min(mine, action), max(mine, action)), 0)
            for action in joint
        )
        assert game.payoffs[(0, *joint)] == -loss


def test_congestion_pays_by_the_number_of_users() -> None:
    game = load("congestion", n_players=3, n_facilities=2, seed=8)
    earned = -np.sort(-Draws(8).integers(-100, 100, (2, 3)), axis=1)
    sets = [set(map(int, name.split("+"))) for name in game.actions[0]]
    assert sets == [{0}, {1}, {0, 1}]
    for joint in product(range(3), repeat=3):
        users = [sum(f in sets[action] for action in joint) for f in range(2)]
        paid = sum(earned[f][users[f] - 1] for f in sets[joint[0]])
        assert game.payoffs[(0, *joint)] == paid


def cell(name: str, *joint_action: int, **parameters: Any) -> list[Fraction]:
    return list(load(name, **parameters).exact_payoffs[(slice(None), *joint_action)])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (cell("all_pay_auction", 1, 3), [-1, 0]),
        (cell("all_pay_auction", 2, 2), [Fraction(-1, 2)] * 2),
        (cell("arms_race", 3, 1), [8 - 4 - 9, -8 - 4 - 1]),
        (cell("bertrand", 4, 4), [Fraction(2 * 4, 2)] * 2),
        (cell("bertrand", 5, 3), [0, 5]),
        (cell("best_shot", 0, 1, 0, 0), [1, Fraction(1, 2), 1, 0]),
        (cell("compound_2x2", 0, 0, 1), [2, 2, 2]),
        (cell("dispersion", 1, 1, 1), [-2, -2, -2]),
        (cell("first_price_auction", 1, 3), [0, 1]),
        (cell("grab_the_dollar", 0, 2), [2, 0]),
        (cell("grab_the_dollar", 2, 2), [-1, -1]),
        (cell("location", 0, 4), [Fraction(5, 2)] * 2),
        (cell("location", 1, 2), [2, 3]),
        (
            cell("location", 0, 0, 2, n_players=3, n_actions=3),
            [Fraction(5, 6), Fraction(5, 6), Fraction(4, 3)],
        ),
        (cell("minimum_effort", 2, 1, 2), [0, 1, 0]),
        (cell("second_price_auction", 3, 2), [1, 0]),
        (cell("second_price_auction", 4, 4), [Fraction(-1, 2), -1]),
        (cell("war_of_attrition", 1, 3), [-1, 2]),
        (cell("war_of_attrition", 2, 2), [Fraction(-1, 2)] * 2),
    ],
)
def test_payoffs_follow_the_rules(found: list[Fraction], expected: list[Any]) -> None:
    assert found == expected


def test_the_78_ordinal_games() -> None:
    """Each of the 576 pairs of rankings is one of them, up to renaming, and no two are alike."""
    ranks = list(permutations(range(1, 5)))
    alike = {}
    for index in range(1, 79):
        A, B = load("ordinal_2x2", index=index).payoffs.astype(int)
        for one, other in ((A, B), (B.T, A.T)):
            for rows, columns in product((1, -1), repeat=2):
                pair = tuple(tuple(m[::rows, ::columns].ravel().tolist()) for m in (one, other))
                assert alike.setdefault(pair, index) == index
    assert set(alike) == set(product(ranks, ranks))
    counts = [len(facts("ordinal_2x2", index=k).pure_equilibria or "") for k in range(1, 79)]
    # Of 576 games 72 have no pure equilibrium and 72 have two: 8 ways to write each, or 4 if it
    # is symmetric, and of the 12 symmetric ones 6 have two (3 with equal actions, 3 without).
    assert [counts.count(n) for n in range(3)] == [9, 57, 12]


def test_pairs_of_a_compound_game_add_up() -> None:
    game = load("compound_2x2", n_players=4, a=1, b=7, c=3, d=5)
    table = [[1, 7], [3, 5]]
    for joint in product(range(2), repeat=4):
        expected = [sum(table[joint[i]][joint[j]] for j in range(4) if j != i) for i in range(4)]
        assert game.payoffs[(slice(None), *joint)].tolist() == expected


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def test_the_command_line_takes_parameters() -> None:
    shown = run("catalog", "covariant", "--set", "seed=7")
    assert shown.exit_code == 2
    shown = run("catalog", "covariant-game", "--set", "n_players=3", "--set", "rho=-1/4")
    assert "3 players" in shown.stdout
    assert "n_players=3, n_actions=3, rho=-1/4, seed=0" in " ".join(shown.stdout.split())
    solved = run("solve", "planted_zero_sum", "--set", "value=7/3", "--set", "row-support=3,0")
    assert "7/3" in solved.stdout
    known = " ".join(run("catalog", "braess_paradox", "--set", "shortcut=False").stdout.split())
    assert "exact potential, " in known
    assert "and 2 more" in known


def test_every_command_that_reads_a_game_takes_parameters(tmp_path: Path) -> None:
    chosen = ("--set", "stakes=1,4")
    game, profile = str(tmp_path / "game.json"), str(tmp_path / "profile.json")
    assert run("convert", "hide_and_seek", game, *chosen).exit_code == 0
    assert gt.load_game(game) == load("hide_and_seek", stakes=(1, 4))
    assert run("solve", "hide_and_seek", *chosen, "--save", profile).exit_code == 0
    assert run("verify", "hide_and_seek", profile, *chosen).exit_code == 0
    (shown,) = json.loads(run("catalog", "hide_and_seek", *chosen, "--json").stdout)
    assert shown["parameters"] == {"stakes": [1, 4]}
    assert shown["facts"]["value"]["known"] == "4/5"
    assert shown["facts"]["equilibria"]["known"][0]["strategies"] == [["4/5", "1/5"]] * 2


def test_facts_become_documents() -> None:
    for entry in ENTRIES.values():
        document = json.loads(json.dumps(facts(entry.name).to_document()))
        assert tuple(document) == facts(entry.name).stated


@pytest.mark.parametrize("seed", range(6))
def test_tournaments_are_played_with_an_odd_number_of_actions(seed: int) -> None:
    profile = gt.solve(load("tournament", n_actions=8, seed=seed)).profile
    assert [len(actions) % 2 for actions in profile.support()] == [1, 1]


def test_the_command_line_lists_families_apart() -> None:
    listed = run("catalog").stdout
    games, families = listed.split("family")[:2]
    assert "prisoners_dilemma" in games
    assert "random_common_interest" in families
    documents = json.loads(run("catalog", "--json").stdout)
    (one,) = (document for document in documents if document["name"] == "random_game")
    assert one["is_random"]
    assert one["parameters"]["low"] == -100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["catalog", "--set", "seed=1"], "without a game"),
        (["catalog", "chicken", "--set", "seed=1"], "no parameter 'seed'"),
        (["solve", "random_game", "--set", "seed"], "'seed' is no parameter"),
        (["solve", "random_game", "--set", "seed=x"], "seed is 'x'"),
        (["solve", "nowhere.json", "--set", "seed=1"], "no parameters"),
    ],
)
def test_wrong_parameters_on_the_command_line(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
