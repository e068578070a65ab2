"""Environments with chance and hidden information: exact games, and bugs that are found."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import gametheory as gt
import marl_bridge
from gametheory import BehaviorProfile
from gametheory.games.extensive_form import CHANCE
from gametheory.games.state_graph import unroll
from marl_bridge.environments.audit import audit_episodes, random_play
from marl_bridge.environments.factories import intercepted
from marl_bridge.environments.script import Script
from marl_bridge.environments.views import view_key
from marl_bridge.errors import AuditFailed, ExtractionRefused
from marl_bridge.rollouts import rollouts
from tests.marl_bridge import chance_environments as kuhn
from tests.marl_bridge.environments import Coordination, HigherCard

KUHNS = [
    kuhn.Kuhn,
    kuhn.ChoiceKuhn,
    kuhn.ImportedKuhn,
    kuhn.RandomStateKuhn,
    kuhn.PythonKuhn,
    kuhn.ConstructedKuhn,
    kuhn.PickledKuhn,
    kuhn.CardKuhn,
    kuhn.LateKuhn,
    kuhn.SortedSet,
    kuhn.WeightedKuhn,
]


@pytest.mark.parametrize("make", KUHNS)
def test_kuhn_poker_is_exact_however_it_draws(make):
    e = marl_bridge.extract(make)
    # Two chance nodes one after the other, or one with six outcomes.
    assert e.game.n_nodes == (55 if make is kuhn.WeightedKuhn else 58)
    assert e.game.n_infosets == (6, 6)
    assert {Fraction(p) for p in e.game.exact_chance} <= {Fraction(1, n) for n in (2, 3, 6)}
    solution = gt.solve(e.game)
    assert solution.certificate.exact
    assert solution.payoffs == pytest.approx([-1 / 18, 1 / 18], abs=1e-15)
    assert e.audit.zero_sum == "proven"
    assert e.audit.generator_calls > 0
    assert e.audit.n_chance_states == (e.graph.player == CHANCE).sum() > 0
    assert e.audit.mask_leaks == ()
    assert e.audit.n_truncated_states == 0


def test_drawn_cards_keep_to_their_holders():
    e = marl_bridge.extract(kuhn.Kuhn)
    own, others = e.audit.chance
    assert own.n_states == 1 and others.n_states == 3
    assert "permutation" in own.site and "chance_environments" in own.site
    assert own.seen_by == {"first": "yes", "second": "partly"}
    assert others.seen_by == {"first": "no", "second": "yes"}


def test_cards_shown_to_everybody_are_reported():
    e = marl_bridge.extract(kuhn.OpenCards)
    assert e.game.n_infosets == (12, 12)
    assert all(set(site.seen_by.values()) == {"yes"} for site in e.audit.chance)


def test_lazy_cards_are_drawn_when_looked_at():
    e = marl_bridge.extract(kuhn.CardKuhn)
    game = e.game
    at_once = marl_bridge.extract(kuhn.Kuhn).game
    # The second card is drawn when its holder is shown it, after the first action: six nodes.
    assert e.audit.n_chance_states == 7
    assert gt.solve(game).payoffs.tolist() == gt.solve(at_once).payoffs.tolist()


def test_shuffled_cards_that_nobody_sees_never_branch():
    class Deck(kuhn.Kuhn):
        def deal(self):
            deck = [kuhn.Card(number % 3) for number in range(52)]
            self.np_random.shuffle(deck)
            return [deck.pop(), deck.pop()]

    e = marl_bridge.extract(Deck)
    # The first card, the second one after a check and after a bet; 50 more are never drawn.
    assert e.audit.n_chance_states == 1 + 2 * 52
    # 52 x 2 x 51 places where the second agent acts, each ending or going on in two ways.
    deals = 52 * 51
    assert e.game.n_terminals == 5 * deals


@pytest.fixture(scope="module")
def leduc():
    pytest.importorskip("rlcard")
    return marl_bridge.extract("classic/leduc-holdem-v4")


def test_leduc_holdem_has_its_histories_and_information_sets(leduc):
    assert leduc.game.n_nodes == 21_411
    assert leduc.game.n_infosets == (288, 288)
    assert leduc.audit.n_chance_states == 339
    assert len(leduc.views) == 186  # what is shown last merges information sets
    assert leduc.audit.mask_leaks == ("player_0", "player_1")
    assert leduc.audit.zero_sum == "proven"


def small_blind(graph, start):
    """The same game from another start on, that state swapped with the root."""
    order = np.arange(graph.n_states)
    order[[0, start]] = order[[start, 0]]
    degrees = np.diff(graph.first_edge)[order]
    edges = np.concatenate(
        [np.arange(graph.first_edge[s], graph.first_edge[s + 1]) for s in order.tolist()]
    )
    return unroll(
        replace(
            graph,
            player=graph.player[order],
            observation=graph.observation[order],
            first_edge=np.concatenate([[0], np.cumsum(degrees)]),
            edge_target=order[graph.edge_target[edges]],  # a swap is its own inverse
            edge_label=graph.edge_label[edges],
            edge_probability=[graph.edge_probability[e] for e in edges.tolist()],
            payoffs=[graph.payoffs[s] for s in order.tolist()],
        )
    )


def test_leduc_holdem_is_worth_nothing_before_the_seats_are_drawn(leduc):
    solution = gt.solve(leduc.game)
    assert solution.payoffs == pytest.approx([0, 0], abs=1e-9)
    # The first chance node draws who is the small blind; there seats are worth something.
    graph = leduc.graph
    seats = [small_blind(graph, int(target)) for target in graph.edge_target[:2]]
    values = [gt.solve(game).payoffs for game in seats]
    assert values[0] == pytest.approx(values[1][::-1], abs=1e-9)
    assert max(values[0]) == pytest.approx(0.011913, abs=1e-6)


@pytest.mark.parametrize("make", [kuhn.Kuhn, kuhn.CardKuhn, HigherCard])
def test_expected_payoffs_agree_with_real_episodes(make):
    e = marl_bridge.extract(make)
    uniform = BehaviorProfile.uniform(e.game)
    played = rollouts(marl_bridge.open_environment(make), "random", episodes=3000, seed=5)
    spread = played.returns.std(axis=1) / np.sqrt(len(played))
    expected = e.game.expected_payoffs(uniform)
    assert (np.abs(played.returns.mean(axis=1) - expected) <= 4.5 * spread + 1e-12).all()
    assert random_play(e.graph) == pytest.approx(expected.tolist())
    assert e.audit.expected_returns == pytest.approx(expected.tolist())


@pytest.mark.parametrize(
    ("make", "check", "message"),
    [
        (kuhn.ConstantSeed, "seed", r"from the seed 7 whatever reset\(\) is given"),
        (kuhn.SeedInTheGame, "seed", r"reset\(0\) and reset\(1\) give different episodes"),
        (kuhn.HiddenFactory, "seed", r"reset\(0\) and reset\(1\) give different episodes"),
        (kuhn.Leaking, "reset", "reused instance differs from a fresh one: returns"),
        (kuhn.HappyHour, "determinism", "different episodes: returns.*reads a clock: time.time"),
        (kuhn.SetOrder, "hash order", "differ between processes.*sort a set"),
    ],
)
def test_a_failed_audit_says_which_check(make, check, message):
    with pytest.raises(AuditFailed, match=message) as failure:
        marl_bridge.extract(make)
    assert failure.value.check == check


class Biased(kuhn.Kuhn):
    """Deals the first agent the better card, nine times in ten."""

    def deal(self):
        cards = super().deal()
        return sorted(cards, reverse=True) if self.np_random.integers(10) else cards


class Marked(kuhn.Kuhn):
    """Shows a bet as something else."""

    def observe(self, agent):
        return np.where(super().observe(agent) == 1, 2, super().observe(agent)).astype(np.int8)


class Doubling(kuhn.Kuhn):
    """Pays double in the second episode of an instance."""

    games = 0

    def reset(self, seed=None, options=None):
        super().reset(seed, options)
        self.games += 1

    def won(self):
        won = super().won()
        return None if won is None else won * self.games


@pytest.mark.parametrize(
    ("make", "check", "message"),
    [
        (Biased, "mean", r"earns agent 'first' between .* 400 episodes, and 0\.1250 in the"),
        (Marked, "episodes", r"does not follow the extracted game: agent .* is shown something"),
        (kuhn.Shortened, "episodes", r"does not follow the extracted game: the episode ends"),
        (Doubling, "reset", r"on an instance that was used before, does not follow .* returns"),
    ],
)
def test_episodes_of_another_game_do_not_pass(make, check, message):
    e = marl_bridge.extract(kuhn.Kuhn)
    shown = {(view.agent, view_key(view)): number for number, view in enumerate(e.views)}
    passed = audit_episodes(marl_bridge.open_environment(kuhn.Kuhn), e.graph, shown, seed=0)
    assert passed.episodes == 2 * passed.episodes_reused == 400
    with pytest.raises(AuditFailed, match=message) as failure:
        audit_episodes(marl_bridge.open_environment(make), e.graph, shown, seed=0)
    assert failure.value.check == check


class Dice(Coordination):
    """Each round a coin decides what agreement pays; both act at once."""

    def reset(self, seed=None, options=None):
        self.generator = np.random.default_rng(seed)
        return super().reset(seed, options)

    def step(self, actions):
        observations, rewards, *rest = super().step(actions)
        factor = int(self.generator.choice([0, 3], p=[0.75, 0.25]))
        return observations, {agent: factor * r for agent, r in rewards.items()}, *rest


def test_parallel_environments_may_draw():
    e = marl_bridge.extract(Dice)
    plain = marl_bridge.extract(Coordination)
    assert e.audit.joint_steps
    uniform, same = BehaviorProfile.uniform(e.game), BehaviorProfile.uniform(plain.game)
    expected = 0.75 * plain.game.expected_payoffs(same)
    assert e.game.expected_payoffs(uniform) == pytest.approx(expected.tolist(), abs=1e-12)
    assert set(e.game.exact_chance) == {Fraction(3, 4), Fraction(1, 4)}
    report = marl_bridge.check(Dice, "random", episodes=100)
    assert report.exact
    assert report.team_optimum is None  # no joint policy is known to be the best with chance
    assert report.exploitability is None
    returns = [agent.exact_return for agent in report.agents]
    assert returns == pytest.approx(expected.tolist())


def test_decks_of_numbers_are_refused_with_the_place():
    class Numbers(kuhn.Kuhn):
        def deal(self):
            deck = list(range(52))
            self.np_random.shuffle(deck)
            return deck[:2]

    with pytest.raises(ExtractionRefused, match=r"more than 2,000 states.*Generator\.shuffle at"):
        marl_bridge.extract(Numbers, max_states=2000)


class Rejecting(kuhn.Kuhn):
    """Draws the second card until it is another one."""

    def deal(self):
        first = second = self.np_random.integers(3)
        while second == first:
            second = self.np_random.integers(3)
        return [first, second]


def test_draws_without_end_are_refused():
    with pytest.raises(ExtractionRefused, match=r"draws more than 200 times.*integers at tests"):
        marl_bridge.extract(Rejecting)


@pytest.mark.parametrize("make", [kuhn.ModuleGenerator, kuhn.System])
def test_chance_from_elsewhere_is_found(make):
    with pytest.raises(ExtractionRefused, match=r"different|differs|made outside"):
        marl_bridge.extract(make)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (kuhn.GlobalNumpy, r"global generator, numpy\.random\.permutation, at tests.*chance_env"),
        (kuhn.GlobalPython, r"global generator, random\.sample, at tests.*chance_environments"),
        (kuhn.Continuous, r"Generator\.random, which is continuous, at tests.*chance_environments"),
        (kuhn.Catching, r"Generator\.random, which is continuous"),
        (kuhn.SeedFromDraws, r"Generator\.integers, one of 2,147,483,648 numbers"),
    ],
)
def test_draws_without_a_list_of_outcomes_are_refused_by_name(make, message):
    with pytest.raises(ExtractionRefused, match=message):
        marl_bridge.extract(make)


def test_bugs_that_leave_a_game_are_reported():
    assert marl_bridge.extract(kuhn.ShownMask).audit.mask_leaks == ("first", "second")
    cut = marl_bridge.extract(kuhn.Shortened).audit
    assert cut.n_truncated_states == 6
    assert cut.n_terminal_states == 24
    assert cut.notes == ("6 of 24 ends are by a limit, not by the game",)
    assert "nothing is hidden" in marl_bridge.extract(kuhn.OpenCards).audit.notes[0]
    assert marl_bridge.extract(kuhn.Kuhn).audit.notes == ()


def test_everything_is_put_back():
    factories = (np.random.default_rng, np.random.Generator, np.random.RandomState, random.Random)
    functions = (np.random.randint, random.random, kuhn.default_rng, kuhn.time.time)
    before = random.getstate()
    marl_bridge.extract(kuhn.Kuhn)
    with pytest.raises(ExtractionRefused):
        marl_bridge.extract(kuhn.Continuous)
    after = (np.random.default_rng, np.random.Generator, np.random.RandomState, random.Random)
    assert all(one is other for one, other in zip(factories, after, strict=True))
    again = (np.random.randint, random.random, kuhn.default_rng, kuhn.time.time)
    assert all(one == other for one, other in zip(functions, again, strict=True))
    assert random.getstate() == before


def test_stand_ins_pass_for_the_originals():
    script = Script()
    real = np.random.default_rng(0)
    with intercepted(script):
        assert isinstance(real, np.random.Generator)
        assert isinstance(np.random.default_rng(0), np.random.Generator)  # nothing runs: real
        assert np.random.default_rng(3).integers(100) == np.random.default_rng(3).integers(100)
        assert random.Random(4).random() == random.Random(4).random()

        class Own(random.Random):
            pass

        class Day(datetime.datetime):
            pass

        assert type(Own(3)) is Own
        assert type(Day(2020, 1, 2)) is Day
        assert datetime.datetime(2020, 1, 2) < datetime.datetime.now()
        with script.follow(()):
            made = [
                np.random.default_rng(1),
                np.random.Generator(np.random.PCG64(2)),
                np.random.RandomState(3),
                random.Random(4),
            ]
            assert isinstance(made[0], np.random.Generator)
            assert isinstance(made[2], np.random.RandomState)
            assert isinstance(made[3], random.Random)
        assert script.seeds == [1, (2, ()), 3, 4]
    assert issubclass(Own, random.Random)
    assert Own(3).random() == random.Random(3).random()


def test_constructors_that_draw_add_nothing_unless_it_matters():
    class Idle(kuhn.Kuhn):
        def __init__(self):
            super().__init__()
            self.reset()

    class Fixed(kuhn.Kuhn):
        def __init__(self):
            super().__init__()
            self.stake = 1 + int(np.random.default_rng().integers(2))

        def won(self):
            won = super().won()
            return None if won is None else won * self.stake

    assert marl_bridge.extract(Idle).game.n_nodes == 58
    fixed = marl_bridge.extract(Fixed).game
    assert fixed.n_nodes == 1 + 2 * 58
    assert gt.solve(fixed).payoffs == pytest.approx([-1.5 / 18, 1.5 / 18], abs=1e-15)


def test_environments_with_chance_are_replayed_where_they_cannot_be_copied():
    class Locked(kuhn.LateKuhn):
        def __init__(self):
            super().__init__()
            self.step_back = (part for part in ())

    replayed, copied = marl_bridge.extract(Locked), marl_bridge.extract(kuhn.LateKuhn)
    assert (replayed.audit.mechanism, copied.audit.mechanism) == ("replay", "copy")
    assert replayed.game.n_nodes == copied.game.n_nodes
    assert gt.solve(replayed.game).payoffs.tolist() == gt.solve(copied.game).payoffs.tolist()


def test_check_of_a_game_with_chance_is_exact():
    report = marl_bridge.check(kuhn.Kuhn, "random", episodes=500)
    assert report.exact
    first, second = report.agents
    assert first.optimal_value == pytest.approx(-1 / 18, abs=1e-12)
    assert first.exact_return == pytest.approx(1 / 8, abs=1e-12)
    assert report.team_optimum is None
    # Kuhn's best responses to random play: the other one earns so much less.
    assert first.worst_case_return == pytest.approx(-second.best_response_value)
    assert any("Every interval contains the exact" in sentence for sentence in report.verdict)
