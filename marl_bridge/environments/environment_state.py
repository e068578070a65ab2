"""States of an environment as states of a game that can be merged and searched through."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, cast

from gametheory.games.extensive_form import CHANCE
from gametheory.games.game_state import SIMULTANEOUS
from gametheory.games.state_graph import StateGraph
from marl_bridge.environments.branching import START, Actions, Branching, Visit
from marl_bridge.environments.driver import Driver, View
from marl_bridge.environments.frontier import FrontierRule, FrontierValues, values_at
from marl_bridge.environments.journal import Journal, JournalMismatch
from marl_bridge.environments.sampled_chance import Deals, SampledChance
from marl_bridge.environments.script import ChoiceNeeded, Outcome, Tape

__all__ = ["Arrival", "EnvironmentState", "Shared"]

_SHARE_WORTH_TELLING = 0.01
_STEPS_BETWEEN_LOOKS = 64
_STATES_BEFORE_ENDS = 500
"""If so many states are all different, those where the episode is over are not compared."""


class Arrival(NamedTuple):
    """Where a step led.

    Attributes
    ----------
    found : Visit or ChoiceNeeded
    position : object
        The position reached; for a choice the one before the step.
    key : Hashable
    cut : FrontierValues or None
        Returns where the depth limit, and nothing else, ended the episode.
    """

    found: Visit | ChoiceNeeded
    position: Any
    key: Hashable
    cut: FrontierValues | None = None


class _Unvisited:
    """A position that is known from a checkpoint, and stepped to when it is needed."""

    __slots__ = ("actions", "before", "key", "position", "tape")

    def __init__(self, before: Any, actions: Actions, tape: Tape, key: Hashable) -> None:
        self.before, self.actions, self.tape, self.key = before, actions, tape, key
        self.position: Any = None


class Shared:
    """What all states of one extraction share.

    Parameters
    ----------
    branching : Branching
    frontier : FrontierRule, optional
        What is still to come where the depth limit ends an episode.
    sampled : SampledChance, optional
        Deals that answer the draws, instead of all outcomes.
    journal : Journal, optional
        Steps that were taken before, and where to write down those that are taken now.

    Attributes
    ----------
    n_expanded, n_steps : int
        States that were stepped on from, and steps that were taken.
    look : callable or None
        Is called now and then, between two steps.
    truncated : list of bool
        Whether a limit of the environment ended the episode, for the states where it is over.
    cuts : list of FrontierValues or None
        The same for the depth limit.
    """

    def __init__(
        self,
        branching: Branching,
        *,
        frontier: FrontierRule | None = None,
        sampled: SampledChance | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.branching = branching
        self.agents = branching.source.driver(checked=False).agents
        self.frontier, self.sampled, self.journal = frontier, sampled, journal
        self.views: dict[str, View] = {}  # by label
        self.labels: dict[tuple[str, bytes], str] = {}
        self.sites: list[str] = []  # of the chance states, in the order of their numbers
        self.truncated: list[bool] = []  # of the terminal states, in the order of their numbers
        self.cuts: list[FrontierValues | None] = []
        self.joint_steps = False
        self.n_expanded = self.n_steps = 0
        self.look: Callable[[], object] | None = None
        self.merging = True
        self._keys: set[Hashable] | None = set()
        self._cut_values: dict[Hashable, FrontierValues] = {}

    def arrive(
        self, position: Any, key: Hashable, actions: Actions, tape: Tape, driver: Driver | None
    ) -> Arrival:
        """Step from a position, or look up in the journal where that leads.

        Parameters
        ----------
        position : object
            None for the start.
        key : Hashable
            Its key.
        actions, tape : tuple
        driver : Driver or None
            One that stands there, if there still is one. It is used up.
        """
        if self.journal is None:
            return self._step(position, key, actions, tape, driver)
        fact = self.journal.next()
        if fact is None:
            arrival = self._step(position, key, actions, tape, driver)
            calls = self.branching.script.calls.total()
            self.journal.add(arrival.found, arrival.key, arrival.cut, calls)
            return arrival
        if isinstance(fact.found, ChoiceNeeded):
            return Arrival(fact.found, position, (key, actions, tape))
        if not fact.found.acting and not self.merging:
            return Arrival(fact.found, position, object(), fact.cut)
        reached = fact.key
        if reached is None:  # replayed positions are the steps themselves
            backend, nobody = self.branching.backend, cast(Driver, None)
            position = backend.save(position, actions, tape, nobody)
            reached = backend.key(position)
        else:
            position = _Unvisited(position, actions, tape, reached)
        self._met(reached)
        return Arrival(fact.found, position, reached, fact.cut)

    def _step(
        self, position: Any, key: Hashable, actions: Actions, tape: Tape, driver: Driver | None
    ) -> Arrival:
        self.n_steps += 1
        if self.look is not None and self.n_steps % _STEPS_BETWEEN_LOOKS == 0:
            self.look()
        if isinstance(position, _Unvisited):
            position = self._go_to(position)
        found = self.branching.attempt(position, actions, tape, driver)
        if isinstance(found, ChoiceNeeded):
            return Arrival(found, position, (key, actions, tape))
        cut = self.frontier is not None and found.driver.is_cut  # type: ignore[attr-defined]
        if not found.acting and not self.merging:
            return Arrival(found, position, object(), self._values(found.driver) if cut else None)
        backend = self.branching.backend
        position = backend.save(position, actions, tape, found.driver)
        key = backend.key(position)
        self._met(key)
        if not cut:
            return Arrival(found, position, key)
        if key not in self._cut_values:
            self._cut_values[key] = self._values(found.driver)
        return Arrival(found, position, key, self._cut_values[key])

    def _values(self, driver: Driver) -> FrontierValues:
        assert self.frontier is not None
        return values_at(self.frontier, driver)

    def _go_to(self, place: _Unvisited) -> Any:
        """Step to a position from the nearest one that was stepped to in this process."""
        way = []
        at: Any = place
        while isinstance(at, _Unvisited) and at.position is None:
            way.append(at)
            at = at.before
        position = at.position if isinstance(at, _Unvisited) else at
        calls, driver = self.branching.script.calls.copy(), None
        backend = self.branching.backend
        for at in reversed(way):
            found = self.branching.attempt(position, at.actions, at.tape, driver)
            if isinstance(found, ChoiceNeeded):
                raise JournalMismatch
            driver = found.driver
            position = at.position = backend.save(position, at.actions, at.tape, driver)
            if backend.key(position) != at.key:
                raise JournalMismatch
        self.branching.script.calls = calls
        return position

    def _met(self, key: Hashable) -> None:
        """Look whether states merge: if none of the first ones do, ends are not compared.

        To compare ends changes nothing but their number, and they are most of a tree's states.
        """
        if self._keys is None:
            return
        if key in self._keys:
            self._keys = None
            return
        self._keys.add(key)
        if len(self._keys) == _STATES_BEFORE_ENDS:
            self._keys, self.merging = None, False

    def most_drawn(self, n_states: int) -> str:
        """Say where most of the states come from, if that is one place that draws."""
        places = Counter(site.partition(", draw ")[0] for site in self.sites)
        if not places:
            return ""
        place, count = places.most_common(1)[0]
        if count < _SHARE_WORTH_TELLING * n_states:
            return ""
        return (
            f"{count:,} times at {place}; objects with an __eq__ of their own are drawn from a "
            "shuffled list when they are looked at, numbers and strings all at once"
        )

    def numbers(self, graph: StateGraph) -> dict[tuple[str, bytes], int]:
        """Map each (agent, what it is shown) to its number in a graph built from these states."""
        number = {label: i for i, label in enumerate(graph.observation_labels)}
        return {key: number[label] for key, label in self.labels.items()}


class EnvironmentState:
    """A state of an environment as a :class:`gametheory.GameState` that can be merged.

    It is the position that a step led to, or a chance state: the position before the step, the
    step, and the outcomes so far. ``_last`` is the position either way. Where chance is sampled,
    the deals that are still possible are part of the state.
    """

    __slots__ = (
        "_actions",
        "_cut",
        "_deals",
        "_found",
        "_key",
        "_last",
        "_last_key",
        "_live",
        "_parts",
        "_shared",
        "_tape",
    )

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._last: Any = None
        self._last_key: Hashable = None
        self._live: list[Driver] = []
        self._deals = shared.sampled.all_deals if shared.sampled else None
        self._run(START, ())

    def _run(self, actions: Actions, tape: Tape) -> None:
        """Step, and note the position or the choice that is needed."""
        while True:
            driver = self._live.pop() if self._live else None
            arrival = self._shared.arrive(self._last, self._last_key, actions, tape, driver)
            self._parts: dict[Outcome, tuple[Fraction, Deals]] | None = None
            if self._deals is None or not isinstance(arrival.found, ChoiceNeeded):
                break
            assert self._shared.sampled is not None
            parts = self._shared.sampled.split(self._deals, arrival.found.outcomes)
            if len(parts) > 1:
                self._parts = {outcome: (share, deals) for outcome, share, deals in parts}
                break
            outcome, _, self._deals = parts[0]  # all deals agree: nothing to choose
            tape = (*tape, outcome)
            self._last = arrival.position
        self._actions, self._tape = actions, tape
        self._found, self._last, self._key, self._cut = arrival
        if isinstance(self._found, Visit):
            self._last_key = self._key
            self._live = [self._found.driver] if self._found.driver is not None else []

    def clone(self) -> EnvironmentState:
        """Copy the state; the first copy to step on takes the live environment."""
        twin = object.__new__(EnvironmentState)
        twin._shared, twin._last, twin._key = self._shared, self._last, self._key
        twin._actions, twin._tape, twin._found = self._actions, self._tape, self._found
        twin._deals, twin._parts, twin._cut = self._deals, self._parts, self._cut
        twin._last_key = self._last_key
        twin._live = self._live  # the same list: the first to step on takes the driver
        return twin

    def state_key(self) -> Hashable:
        """Return equal keys for equal states."""
        return self._key if self._deals is None else (self._key, self._deals.key)

    @property
    def _visit(self) -> Visit:
        assert isinstance(self._found, Visit)
        return self._found

    @property
    def current_player(self) -> int:
        """The agent to act, CHANCE or SIMULTANEOUS."""
        if isinstance(self._found, ChoiceNeeded):
            return CHANCE
        acting = self._found.acting
        if len(acting) == 1:
            return self._shared.agents.index(acting[0])
        self._shared.joint_steps = True
        return SIMULTANEOUS

    def is_terminal(self) -> bool:
        """Tell whether the episode is over."""
        self._shared.n_expanded += 1  # asked once a state
        return isinstance(self._found, Visit) and not self._found.acting

    def chance_outcomes(self) -> Sequence[tuple[Outcome, Fraction]]:
        """List the outcomes of the draw that is needed here."""
        if not isinstance(self._found, ChoiceNeeded):
            return ()
        self._shared.sites.append(self._found.site)  # asked once a state, in their order
        if self._parts is not None:
            return tuple((outcome, share) for outcome, (share, _) in self._parts.items())
        return self._found.outcomes

    def returns(self) -> Sequence[float]:
        """Return what each agent was told it earned so far."""
        if not self._visit.acting:  # asked once a state, in their order
            self._shared.truncated.append(self._visit.truncated)
            self._shared.cuts.append(self._cut)
        return self._visit.returns

    def legal_actions(self, player: int | None = None) -> Sequence[int]:
        """List the legal actions of an acting agent, by its mask."""
        views = self._visit.views
        agent = self._visit.acting[0] if player is None else self._shared.agents[player]
        if agent not in views:
            return ()
        view, _ = views[agent]
        return tuple((view.start + view.legal_indices()).tolist())

    def information_state(self, player: int) -> str:
        """Return a label for what an acting agent is shown, and keep the view."""
        agent = self._shared.agents[player]
        view, shown = self._visit.views[agent]
        key = (agent, shown)
        label = self._shared.labels.get(key)
        if label is None:
            label = self._shared.labels[key] = f"{agent} sees #{len(self._shared.labels)}"
            # The environment is stepped on, and may change in place what it has shown.
            kept = view._replace(observation=copy.deepcopy(view.observation))
            self._shared.views[label] = kept
        return label

    def apply(self, action: Any) -> None:
        """Play an action, a joint action, or an outcome of chance."""
        if isinstance(self._found, ChoiceNeeded):
            if self._parts is not None:
                _, self._deals = self._parts[action]
            self._run(self._actions, (*self._tape, action))
            return
        joint = isinstance(action, tuple)
        agents = self._shared.agents if joint else self._visit.acting
        chosen = zip(agents, action if joint else (action,), strict=True)
        self._run(tuple((agent, choice) for agent, choice in chosen if choice is not None), ())
