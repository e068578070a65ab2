"""Figures: the numbers in them are those of the trace or the game, and labels say what they are."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory.plots import (
    plot_logit_branch,
    plot_payoffs,
    plot_simplex,
    plot_square,
    plot_trace,
    tree_svg,
)
from gametheory.plots.equilibrium_sets import equilibrium_sets, symmetric_sets
from gametheory.plots.figures import COLORS, DASHES, MARKERS, plain
from gametheory.plots.simplex import to_plane

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

PENNIES = gt.NormalFormGame.zero_sum([[2, -1], [-1, 1]], players=["Ann", "Bob"])
RPS = gt.NormalFormGame.symmetric(
    [[0, -1, 1], [1, 0, -1], [-1, 1, 0]], actions=[["Rock", "Paper", "Scissors"]] * 2
)


@pytest.fixture(autouse=True)
def no_figures_left() -> Iterator[None]:
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def trace_of(rounds: int = 300) -> gt.Trace:
    return gt.simulate(PENNIES, "regret-matching", rounds=rounds)


def lines_of(ax: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in ax.get_lines() if line.get_label()[0] != "_"}


def shown(ax: Any) -> list[str]:
    ax.figure.canvas.draw()
    legend = ax.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def test_a_trace_is_drawn_as_it_is() -> None:
    trace = trace_of()
    ax = plot_trace(trace, players=PENNIES.players)
    lines = list(ax.get_lines())
    assert len(lines) == 4
    for line, values in zip(lines, [trace.gaps, trace.iterate_gaps, *trace.regrets.T], strict=True):
        assert np.array_equal(line.get_xdata(), trace.times)
        assert np.array_equal(line.get_ydata(), values)
    assert shown(ax)[0] == "NashConv of the averages"
    assert [text.split(" (")[0] for text in shown(ax)[2:]] == [
        "external regret of Ann",
        "external regret of Bob",
    ]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlabel()
    assert ax.get_ylabel() == "payoff units"


def test_what_a_trace_does_not_have_is_left_out() -> None:
    ax = plot_trace(gt.Trace(times=np.array([1.0, 2.0]), gaps=np.array([1.0, 0.5])))
    assert shown(ax) == ["NashConv of the averages"]


def test_evenly_spaced_times_stay_even() -> None:
    trace = gt.simulate(PENNIES, "replicator")
    assert plot_trace(trace).get_xscale() == "linear"


def test_one_population_has_one_line() -> None:
    game = gt.NormalFormGame.symmetric([[-1, 4], [0, 2]])
    trace = gt.simulate(game, "replicator", populations="one")
    ax = plot_trace(trace, show=["regrets"])
    assert len(ax.get_lines()) == trace.regrets.shape[1]


@pytest.mark.parametrize("kind", ["function", "array", "number"])
def test_a_bound_is_a_line_more(kind: str) -> None:
    trace = trace_of()
    bound: Any = {
        "function": lambda t: 3 / t**0.5,
        "array": 3 / trace.times**0.5,
        "number": 0.25,
    }[kind]
    ax = plot_trace(trace, show=["gaps"], bound=bound, bound_label="the theorem's")
    line = lines_of(ax)["the theorem's"]
    expected = np.full(trace.times.shape, 0.25) if kind == "number" else 3 / trace.times**0.5
    assert np.allclose(line.get_ydata(), expected)


def test_a_regret_that_is_never_positive_is_said_to_be() -> None:
    game = gt.NormalFormGame([[1, 1]])
    trace = gt.simulate(game, "hedge", rounds=10)
    ax = plot_trace(trace)
    assert all("never positive" in text for text in shown(ax))
    assert ax.get_yscale() == "linear"


def test_drawing_on_given_axes_makes_no_figure() -> None:
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    before = pyplot.get_fignums()
    ax = Figure().add_subplot()
    assert plot_trace(trace_of(), ax=ax) is ax
    assert plot_payoffs(PENNIES, ax=Figure().add_subplot()).get_lines()
    assert pyplot.get_fignums() == before


def test_the_plane_keeps_distances_alike() -> None:
    corners = to_plane(np.eye(3))
    sides = [np.hypot(*(corners[i] - corners[i - 1])) for i in range(3)]
    assert np.allclose(sides, 1)
    assert np.allclose(to_plane([[1 / 3] * 3])[0], corners.mean(axis=0))


def test_simplex_has_the_ways_and_the_equilibrium() -> None:
    starts = [[0.6, 0.2, 0.2], [0.1, 0.2, 0.7]]
    traces = [
        gt.simulate(RPS, "replicator", start=gt.MixedProfile([start] * 2)) for start in starts
    ]
    ax = plot_simplex(traces, game=RPS)
    lines = lines_of(ax)
    for number, trace in enumerate(traces):
        drawn = np.column_stack(lines[f"run {number}"].get_data())
        assert np.allclose(drawn, to_plane(trace.iterates[0]))
    assert np.allclose(np.ravel(lines["Nash equilibria"].get_data()), to_plane([1 / 3] * 3))
    corners = [text.get_text() for text in ax.texts if text.get_text()]
    assert corners == ["Rock", "Paper", "Scissors"]


def test_simplex_of_profiles_and_of_averages() -> None:
    profiles = [gt.MixedProfile([[1, 0, 0], [1, 0]]), gt.MixedProfile([[0, 0, 1], [1, 0]])]
    ax = plot_simplex(profiles)
    assert any(
        np.array_equal(np.column_stack(line.get_data()), to_plane([[1, 0, 0], [0, 0, 1]]))
        for line in ax.get_lines()
    )
    trace = gt.simulate(RPS, "fictitious-play", rounds=50)
    ax = plot_simplex(trace, which="averages", player=1)
    assert any(
        np.array_equal(np.column_stack(line.get_data()), to_plane(trace.averages[1]))
        for line in ax.get_lines()
    )


def test_square_marks_isolated_equilibria_and_whole_sets() -> None:
    hawk_dove = gt.catalog.load("hawk_dove")
    start = gt.MixedProfile([[0.9, 0.1], [0.8, 0.2]])
    trace = gt.simulate(hawk_dove, "replicator", start=start)
    ax = plot_square(trace, game=hawk_dove)
    marks = [line for line in ax.get_lines() if line.get_marker() == "*"]
    points = sorted(tuple(np.ravel(line.get_data()).tolist()) for line in marks)
    expected = sorted(
        tuple(float(x[0]) for x in profile.exact)
        for profile in gt.solve(hawk_dove, find="all").equilibria
    )
    assert len(points) == 3
    assert np.allclose(points, expected)
    assert hawk_dove.actions[0][0] in ax.get_xlabel()
    entry = gt.NormalFormGame.bimatrix([[0, 0], [-1, 1]], [[2, 2], [-1, 1]])
    ax = plot_square(gt.simulate(entry, "replicator"), game=entry)
    (segment,) = ax.patches  # the incumbent may fight with probability 1/2 or more
    corners = segment.get_xy()
    assert corners[:, 0].tolist() == [1.0] * len(corners)
    assert (corners[:, 1].min(), corners[:, 1].max()) == (0.5, 1.0)


def test_sets_of_equilibria() -> None:
    zeros = gt.NormalFormGame(np.zeros((2, 2, 2)))
    ((first, second),) = equilibrium_sets(zeros)
    assert len(first) == len(second) == 2
    (both,) = symmetric_sets([(first, second)])
    assert set(both) == {(1, 0), (0, 1)}
    assert symmetric_sets([(((1, 0),), ((0, 1),))]) == ()


def test_payoffs_show_what_is_known_of_chicken() -> None:
    chicken = gt.catalog.load("chicken")
    ax = plot_payoffs(chicken, mixed_frontier=True)
    lines = lines_of(ax)
    feasible = gt.feasible_payoffs(chicken).vertices
    outline = [tuple(point) for point in ax.patches[0].get_xy()[:-1].tolist()]
    assert outline == [tuple(map(float, vertex)) for vertex in feasible]
    rational = gt.individually_rational_payoffs(chicken).payoffs.vertices
    outline = [tuple(point) for point in ax.patches[1].get_xy()[:-1].tolist()]
    assert outline == [tuple(map(float, vertex)) for vertex in rational]
    assert np.column_stack(lines["Pareto frontier"].get_data()).tolist() == [
        [float(u) for u in vertex] for vertex in gt.pareto_frontier(chicken).vertices
    ]
    solution = gt.solve(chicken, find="all")
    nash = np.column_stack(lines["Nash equilibria"].get_data())
    assert nash.tolist() == [[float(u) for u in c.payoffs] for c in solution.certificates]
    best = gt.solve(chicken, "correlated", objective="welfare").payoffs
    mark = lines["correlated equilibrium of the largest sum"]
    assert np.allclose(np.ravel(mark.get_data()), best)
    pure = np.column_stack(lines["joint actions"].get_data()).tolist()
    assert sorted(map(tuple, pure)) == sorted(
        zip(chicken.payoffs[0].ravel().tolist(), chicken.payoffs[1].ravel().tolist(), strict=True)
    )
    assert {"Dare, Swerve", "Swerve, Swerve"} <= {text.get_text() for text in ax.texts}
    assert len(shown(ax)) == 8


def test_payoffs_mark_another_concept_alone() -> None:
    ax = plot_payoffs(gt.catalog.load("chicken"), concept="pure-nash")
    assert "pure-nash" in shown(ax)
    assert not any("correlated" in text or "Nash" in text for text in shown(ax))


def test_payoffs_of_degenerate_games() -> None:
    for payoffs in (np.ones((2, 2, 2)), np.array([[[1, 2]], [[2, 1]]]), np.zeros((2, 1, 1))):
        ax = plot_payoffs(gt.NormalFormGame(payoffs), mixed_frontier=True)
        assert lines_of(ax)["Pareto frontier"].get_xdata().size >= 1


def test_many_joint_actions_have_no_names() -> None:
    game = gt.NormalFormGame(np.random.default_rng(1).integers(0, 99, (2, 6, 6)))
    assert not plot_payoffs(game).texts


def test_logit_branch_begins_evenly_and_ends_in_the_limit() -> None:
    game = gt.catalog.load("battle_of_the_sexes")
    ax = plot_logit_branch(game)
    assert len(lines_of(ax)) == 4
    for line in ax.get_lines():
        assert (line.get_xdata()[0], line.get_ydata()[0]) == (0.0, 0.5)
    limit = gt.solve(game, method="logit-path").profile
    ends = [line.get_ydata()[-1] for line in ax.get_lines()]
    assert np.allclose(ends, np.concatenate(limit.strategies), atol=0.01)
    assert len(lines_of(plot_logit_branch(game, player=1))) == 2


def test_labels_are_shown_letter_by_letter() -> None:
    labels = ["$x^2", "_under"]
    game = gt.NormalFormGame.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]], actions=[labels] * 2)
    ax = plot_logit_branch(game, player=0)
    assert [text.strip() for text in shown(ax)] == [r"\$x^2", "_under"]
    assert plain("a\x00b") == "a b"
    trace = gt.simulate(game, "hedge", rounds=20)
    plot_square(trace, game=game).figure.canvas.draw()
    plot_payoffs(game).figure.canvas.draw()


def test_players_differ_by_more_than_color() -> None:
    assert len(set(map(str, DASHES))) >= 4
    assert len(set(COLORS)) == len(COLORS)
    assert len(set(MARKERS)) >= 5
    ax = plot_trace(trace_of(), show=["regrets"])
    first, second = ax.get_lines()
    assert first.get_linestyle() != second.get_linestyle()


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (lambda: plot_trace(gt.solve(PENNIES).trace), "no dynamic"),
        (lambda: plot_trace(trace_of(), show="gaps"), "show"),
        (lambda: plot_trace(trace_of(), show=["regret"]), "regret"),
        (lambda: plot_trace(trace_of(), bound=[1, 2]), r"shape \(2,\)"),
        (lambda: plot_trace(trace_of(), players=["A"]), "1 names for 2 players"),
        (lambda: plot_simplex(trace_of()), "2 actions"),
        (lambda: plot_simplex([]), "nothing to draw"),
        (lambda: plot_simplex("abc"), "nothing to draw"),  # type: ignore[arg-type]
        (lambda: plot_simplex(gt.simulate(RPS, "hedge", rounds=9), player=2), "no player 2"),
        (lambda: plot_simplex(gt.simulate(RPS, "hedge", rounds=9), game=PENNIES), "not the game"),
        (lambda: plot_simplex(gt.simulate(RPS, "hedge", rounds=9), which="best"), "which"),
        (lambda: plot_square(gt.simulate(RPS, "hedge", rounds=9)), r"\(3, 3\)"),
        (lambda: plot_square(trace_of(), game=RPS), "no 2x2 game"),
        (lambda: plot_payoffs(gt.NormalFormGame(np.zeros((3, 2, 2, 2)))), "two players"),
        (lambda: plot_payoffs(gt.catalog.load("trust")), "two players"),
        (lambda: plot_logit_branch(PENNIES, player=5), "no player 5"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(draw: Any, reason: str) -> None:
    with pytest.raises(gt.UnsupportedGame, match=reason):
        draw()


def test_without_matplotlib_there_is_a_message_and_trees_are_drawn_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace, real = trace_of(), builtins.__import__

    def hidden(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest, **named)

    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", hidden)
    for draw in (lambda: plot_trace(trace), lambda: plot_payoffs(PENNIES)):
        with pytest.raises(gt.MissingExtra, match=r"gametheory-toolkit\[plot\]"):
            draw()
    assert tree_svg(gt.catalog.load("trust")).startswith("<svg")


def test_notebook_tables_of_any_number_of_players() -> None:
    html = gt.catalog.load("prisoners_dilemma")._repr_html_()
    assert html.count("<table>") == 1
    assert html.count("<u>") == 4  # each player has one best answer to either action
    assert "<td><u>-2</u>, <u>-2</u></td>" in html
    game = gt.NormalFormGame(
        np.arange(24).reshape(3, 2, 2, 2), players=["A", "B", "<C>"], title="cube"
    )
    html = game._repr_html_()
    assert html.count("<table>") == 2
    assert "<caption>&lt;C&gt;: 0</caption>" in html
    assert "<caption>&lt;C&gt;: 1</caption>" in html
    for joint in np.ndindex(2, 2, 2):
        paid = [int(game.payoffs[(i, *joint)]) for i in range(3)]
        texts = [f"<u>{u}</u>" if joint[i] == 1 else str(u) for i, u in enumerate(paid)]
        assert f"<td>{', '.join(texts)}</td>" in html  # payoffs grow in each player's own action
    many = gt.NormalFormGame(np.zeros((7, *[2] * 7)))
    assert "<table>" not in many._repr_html_()
    assert "<th" in gt.NormalFormGame([[1, 2, 3]])._repr_html_()
