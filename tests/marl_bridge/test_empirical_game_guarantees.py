"""What intervals prove, against every corner of the box they span; rankings; reductions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pytest
from gymnasium.spaces import Discrete
from numpy.testing import assert_allclose, assert_array_equal
from pettingzoo import ParallelEnv

import gametheory as gt
from gametheory.concepts.correlated import external_regrets, swap_regrets
from gametheory.concepts.normal_form import player_regrets
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.profiles import MixedProfile
from marl_bridge.empirical_game import EmpiricalGame, payoff_tensor, rank, regret_bounds
from marl_bridge.errors import InvalidEnvironment
from tests.marl_bridge.environments import MatchingPennies, OddOneOut

seeds = pytest.mark.parametrize("seed", range(6))


def constant(k: int) -> Any:
    return lambda seen, mask: k


def random_table(seed: int, shape: tuple[int, ...] = (2, 2)) -> EmpiricalGame:
    """A table of random means and intervals, on the frame of one that was played."""
    make = MatchingPennies if len(shape) == 2 else OddOneOut
    agents = make.order
    populations = {
        agent: {str(k): constant(k % 2) for k in range(size)}
        for agent, size in zip(agents, shape, strict=True)
    }
    frame = payoff_tensor(make, populations, episodes=1, ranges=(-9, 9))
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(len(shape), *shape))
    lower, upper = means - rng.random(means.shape), means + rng.random(means.shape)
    return replace(frame, means=means, lower=lower, upper=upper)


def random_profile(seed: int, shape: tuple[int, ...]) -> MixedProfile:
    rng = np.random.default_rng((seed, 1))
    return MixedProfile([rng.dirichlet(np.ones(size)) for size in shape])


def corners(table: EmpiricalGame) -> Iterator[np.ndarray]:
    ends = np.stack([table.lower, table.upper]).reshape(2, -1)
    for choice in itertools.product((0, 1), repeat=ends.shape[1]):
        yield ends[list(choice), np.arange(ends.shape[1])].reshape(table.means.shape)


@seeds
def test_regrets_are_bounded_by_the_corners_of_the_box(seed: int) -> None:
    # A player's regret is a maximum of linear functions of the payoffs, so its largest value in
    # the box is at a corner, and the bound is to be that, no more.
    table, profile = random_table(seed), random_profile(seed, (2, 2))
    games = [gt.NormalFormGame(payoffs) for payoffs in corners(table)]
    for concept, regrets, given in (
        ("nash", player_regrets, profile),
        ("coarse-correlated", external_regrets, np.outer(*profile.strategies)),
        (
            "correlated",
            swap_regrets,
            np.random.default_rng(seed).dirichlet(np.ones(4)).reshape(2, 2),
        ),
    ):
        found = np.array([regrets(game, given) for game in games])
        bounds = regret_bounds(table, given, concept)
        largest = [figure.upper for figure in bounds.regrets]
        if concept != "correlated":  # there the bounds of what it is told are added up
            assert_allclose(largest, found.max(axis=0), rtol=1e-9)
        assert max(largest) <= bounds.uniform_epsilon + 1e-12
        assert (largest >= found.max(axis=0)).all()  # never below, rounding included
        assert ([figure.lower for figure in bounds.regrets] <= found.min(axis=0) + 1e-12).all()
        assert bounds.epsilon.value == max(largest)
        assert bounds.nash_conv.upper == pytest.approx(sum(largest))
        for figure in bounds.regrets:
            assert figure.lower <= figure.value <= figure.upper


@seeds
@pytest.mark.parametrize("shape", [(2, 2), (3, 4), (2, 3, 2)])
def test_the_bound_is_never_worse_than_the_uniform_one(seed: int, shape: tuple[int, ...]) -> None:
    table, profile = random_table(seed, shape), random_profile(seed, shape)
    bounds = regret_bounds(table, profile)
    means = player_regrets(gt.NormalFormGame(table.means), profile)
    assert_allclose([figure.value for figure in bounds.regrets], means, atol=1e-12)
    assert bounds.uniform_epsilon == pytest.approx(means.max() + 2 * table.epsilon)
    assert bounds.epsilon.value <= bounds.uniform_epsilon + 1e-12
    solved = table.solve()
    assert solved.epsilon <= solved.solution.epsilon + 2 * table.epsilon + 1e-9
    inside = gt.NormalFormGame(np.random.default_rng(seed).uniform(table.lower, table.upper))
    assert player_regrets(inside, solved.profile).max() <= solved.epsilon


def test_two_epsilon_is_reached() -> None:
    # Against a fixed opponent, two actions that look equal: the truth may favor either by 2 eps.
    frame = random_table(0)
    means = np.zeros((2, 2, 2))
    table = replace(frame, means=means, lower=means - 0.25, upper=means + 0.25)
    bounds = regret_bounds(table, MixedProfile([[1, 0], [1, 0]]))
    assert bounds.epsilon.value == pytest.approx(0.5) == 2 * table.epsilon
    even = regret_bounds(table, MixedProfile([[Fraction(1, 2)] * 2, [1, 0]]))
    assert even.regrets[0].upper == pytest.approx(0.25)  # half of it cancels
    assert even.certified


def test_all_equilibria_have_guarantees_and_other_concepts_none() -> None:
    table = random_table(3)
    solved = table.equilibria()
    assert solved.solution.complete and len(solved.guarantees) == len(solved.solution.equilibria)
    assert "in the true game: epsilon at most" in str(solved)
    for concept in ("correlated", "coarse-correlated"):
        bounds = table.solve(concept).guarantee
        assert 0 <= bounds.epsilon.value <= bounds.uniform_epsilon
    with pytest.raises(UnsupportedGame, match="maxmin"):
        table.solve("maxmin")
    with pytest.raises(InvalidProfile):
        table.regret_bounds(MixedProfile([[1], [1]]))
    with pytest.raises(InvalidProfile):
        table.regret_bounds([[0.5, 0.5], [0.5, 0.5]], "correlated")
    with pytest.raises(InvalidProfile, match="independent"):
        table.regret_bounds([[0.25, 0.25], [0.25, 0.25]])


def test_profiles_that_meet_no_missing_cell_are_certified() -> None:
    sides = {str(k): constant(k) for k in (0, 1)} | {"again": constant(0)}
    wanted = [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)]
    table = payoff_tensor(MatchingPennies, sides, episodes=400, profiles=wanted)
    table = replace(table, certified=True)
    known = table.regret_bounds(MixedProfile([[1, 0, 0], [1, 0, 0]]))
    assert known.unknown == () and math.isfinite(known.epsilon.value)
    assert known.regrets[1].lower > 1.9  # the mismatcher gains 2
    other = table.regret_bounds(MixedProfile([[0, 1, 0], [1, 0, 0]]))
    assert other.epsilon.value == math.inf and not other.certified
    assert other.unknown == (("1", "1"), ("1", "again"))
    ranged = payoff_tensor(MatchingPennies, sides, episodes=400, profiles=wanted, ranges=(-1, 1))
    assert ranged.regret_bounds(MixedProfile([[0, 1, 0], [1, 0, 0]])).epsilon.value <= 2.1
    assert ranged.solve().guarantee.certified


class Crowd(ParallelEnv):
    """Five agents choose 0 or 1 once; what one earns depends on its choice and a head count."""

    metadata: ClassVar[dict[str, Any]] = {"name": "crowd_v0", "render_modes": []}

    def __init__(self, curved: bool = False, n: int = 5, render_mode: str | None = None) -> None:
        self.curved, self.render_mode = curved, render_mode
        self.possible_agents = [f"agent_{k}" for k in range(n)]

    def observation_space(self, agent: str) -> Discrete:
        return Discrete(1)

    def action_space(self, agent: str) -> Discrete:
        return Discrete(2)

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        self.agents = list(self.possible_agents)
        return dict.fromkeys(self.agents, 0), {agent: {} for agent in self.agents}

    @staticmethod
    def payoff(own: int, others: int, *, curved: bool) -> float:
        return (own * (3.0 - others)) if not curved else own * (3.0 - others**2 / 3.0)

    def step(self, actions: dict[str, int]) -> Any:
        total = sum(actions.values())
        told = {
            agent: self.payoff(a, total - a, curved=self.curved) for agent, a in actions.items()
        }
        ended, agents = dict.fromkeys(self.agents, True), self.agents
        self.agents = []
        none = dict.fromkeys(agents, False)
        return dict.fromkeys(agents, 0), told, ended, none, {agent: {} for agent in agents}


PAIR = {"stay": constant(0), "go": constant(1)}


def full_deviation(own: int, share: float, *, curved: bool) -> float:
    """What an agent expects if each of the four others goes with a probability: the definition."""
    return sum(
        math.comb(4, k) * share**k * (1 - share) ** (4 - k) * Crowd.payoff(own, k, curved=curved)
        for k in range(5)
    )


@pytest.mark.parametrize("players", [2, 3, 5])
@pytest.mark.parametrize("curved", [False, True])
def test_reductions_preserve_deviations(players: int, curved: bool) -> None:
    table = payoff_tensor(
        Crowd,
        PAIR,
        symmetric=True,
        reduction=players,
        env_kwargs={"curved": curved},
        episodes=1,
    )
    assert table.means.shape == (players, *(2,) * players)
    assert len(table.layout.cells) < 2**5 and table.reduced
    assert any("reduced" in note for note in table.notes)
    assert table.game.is_symmetric()
    for share in (0.0, 0.3, 1.0):
        profile = MixedProfile([[1 - share, share]] * players)
        found = table.game.deviation_payoffs(profile, 0)
        truth = [full_deviation(own, share, curved=curved) for own in (0, 1)]
        if share in (0.0, 1.0) or not curved or players == 5:
            assert_allclose(found, truth, atol=1e-12)
        else:
            assert abs(found[1] - truth[1]) > 0.01  # exact for affine payoffs only


def test_reductions_need_equal_shares() -> None:
    for wrong in (4, 1, 6):
        with pytest.raises(InvalidEnvironment, match=r"valid: one of \[2, 3, 5\]"):
            payoff_tensor(Crowd, PAIR, symmetric=True, reduction=wrong, episodes=1)
    with pytest.raises(InvalidEnvironment, match="there is no role"):
        payoff_tensor(Crowd, PAIR, symmetric=True, reduction={"agents": 2}, episodes=1)
    two = {"left": ["agent_0", "agent_1"], "right": ["agent_2", "agent_3"]}
    table = payoff_tensor(
        Crowd, PAIR, roles=two, reduction={"left": 2}, env_kwargs={"n": 4}, episodes=1
    )
    assert table.players == ("left 1", "left 2", "right 1", "right 2")


def test_two_roles_are_reduced_by_their_own_shares() -> None:
    roles = {"a": [f"agent_{k}" for k in range(4)], "b": [f"agent_{k}" for k in range(4, 8)]}
    with pytest.raises(InvalidEnvironment, match=r"one of \[2, 4\]|one of \[4\]"):
        payoff_tensor(Crowd, PAIR, roles=roles, reduction=3, env_kwargs={"n": 8}, episodes=1)
    table = payoff_tensor(Crowd, PAIR, roles=roles, reduction=2, env_kwargs={"n": 8}, episodes=1)
    # Player "a 1" goes; the other of its role stands for 3 agents, each of "b" for 2.
    assert table.means[0, 1, 1, 1, 0] == Crowd.payoff(1, 3 + 2, curved=False)
    assert table.means[2, 1, 0, 1, 1] == Crowd.payoff(1, 2 + 3, curved=False)


THROWS = {"rock": constant(0), "paper": constant(1), "scissors": constant(2)}


def throws(**options: Any) -> EmpiricalGame:
    given = {"episodes": 40, "ranges": (-1, 1), "symmetric": True, **options}
    return payoff_tensor("classic/rps-v2", THROWS, env_kwargs={"max_cycles": 1}, **given)


def test_rankings_of_a_circle() -> None:
    found = throws().rankings(replicates=5)
    assert found.refused == {}
    for ranking in found.rankings:
        assert ranking.player == "all" and ranking.order == (tuple(THROWS),)
        assert ranking.first == (1.0, 1.0, 1.0)  # nothing is left to luck here
    assert found.of("alpha-rank").certain and found.of("alpha-rank").proven == ()
    assert_allclose([figure.value for figure in found.of("elo").scores], 0, atol=1e-9)
    assert found.value is not None and found.value.contains(0.0)
    with pytest.raises(UnsupportedGame, match="no ranking 'elo'"):
        found.of("elo", "player_0")


def test_rankings_say_what_is_proven() -> None:
    table = payoff_tensor(
        "classic/rps-v2",
        {name: THROWS[name] for name in ("rock", "paper")},
        env_kwargs={"max_cycles": 1},
        symmetric=True,
        ranges=(-1, 1),
        episodes=60,
    )
    found = rank(table, replicates=10)
    for method in ("average", "alpha-rank", "elo"):
        assert found.of(method).proven == (("paper", "rock"),) and found.of(method).certain
    assert not found.of("nash-averaging").certain
    assert found.of("nash-averaging").scores[1].value == 0.0
    unsure = replace(table, lower=np.full_like(table.lower, -1), upper=np.ones_like(table.upper))
    assert (
        rank(unsure, replicates=0).of("alpha-rank").note
        == "1 comparisons of payoffs are not decided"
    )
    assert rank(unsure, replicates=0).of("average").proven == ()
    heuristic = rank(replace(table, certified=False), methods=["average"], replicates=0)
    assert heuristic.of("average").proven == () and math.isnan(heuristic.of("average").first[0])


def test_rankings_of_seats_and_of_many_players() -> None:
    population = {"random": "random", "first": lambda seen, mask: int(mask.argmax())}
    table = payoff_tensor("classic/tictactoe-v3", population, episodes=60, ranges=(-1, 1))
    found = rank(table, replicates=8)
    again = rank(table, replicates=8)
    assert [one.player for one in found.rankings] == ["player_1", "player_2"] * 4
    for one, other in zip(found.rankings, again.rankings, strict=True):
        assert one.scores == other.scores and one.first == other.first
        for figure in one.scores:
            assert figure.lower <= figure.value <= figure.upper
    elo = {r.player: dict(zip(r.names, r.scores, strict=True)) for r in found.rankings[-2:]}
    assert elo["player_1"]["first"].value > elo["player_1"]["random"].value
    assert sum(f.value for r in elo.values() for f in r.values()) == pytest.approx(0, abs=1e-9)

    three = rank(payoff_tensor(OddOneOut, PAIR, episodes=3), replicates=2)
    assert set(three.refused) == {"nash-averaging", "elo"} and three.value is None
    assert [one.player for one in three.rankings] == ["first", "second", "third"] * 2
    with pytest.raises(UnsupportedGame, match="unknown ranking"):
        rank(table, methods=["glicko"])
    with pytest.raises(UnsupportedGame, match="never played"):
        rank(throws(profiles=[(0, 0)]))


def test_the_value_of_the_true_game_lies_within_its_bounds() -> None:
    for seed in range(5):
        table = payoff_tensor(
            "classic/rps-v2",
            {**THROWS, "random": "random"},
            env_kwargs={"max_cycles": 1},
            ranges=(-1, 1),
            episodes=60,
            seed=seed,
        )
        value = rank(table, methods=[], replicates=0).value
        assert value is not None and value.contains(0.0) and value.upper - value.lower < 1


def test_the_record_is_plain_data_and_text() -> None:
    table = throws()
    document = table.to_dict()
    assert document["policies"] == [list(THROWS)] * 2 and document["missing"] == []
    assert_array_equal(document["means"], table.means)
    lines = str(table).splitlines()
    assert len(lines) == 1 + 6 + 1  # a header, six cells, and how sure they are
    assert "guaranteed (betting)" in lines[-1]
    with pytest.raises(InvalidEnvironment, match="there is no player"):
        table.figure((0, 0), "nobody")
    with pytest.raises(ValueError, match="read-only"):
        table.means[0, 0, 0] = 1.0
