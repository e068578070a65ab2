"""Exact games out of unmodified environments: every distinct state is stepped once."""

from __future__ import annotations

import gc
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.game_state import explore
from gametheory.games.state_graph import StateGraph
from marl_bridge.arguments import require_counts, require_path, require_seconds, require_seed
from marl_bridge.environments import extraction_cache
from marl_bridge.environments.audit import Audit, audit_episodes, zero_sum
from marl_bridge.environments.branching import Branching, ByCopy, ByReplay
from marl_bridge.environments.chance import chance_report
from marl_bridge.environments.environment_state import EnvironmentState, Shared
from marl_bridge.environments.extracted import Extraction, Recall
from marl_bridge.environments.factories import intercepted
from marl_bridge.environments.forecast import refuse_if_hopeless
from marl_bridge.environments.frontier import (
    Frontier,
    FrontierRule,
    FrontierValues,
    check_rule,
    frontier_of,
)
from marl_bridge.environments.hash_order import check_hash_order
from marl_bridge.environments.horizon import with_horizon
from marl_bridge.environments.journal import Journal, JournalMismatch
from marl_bridge.environments.limits import Guard, SearchProgress
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.environments.repeating import choose_way, refuse_unrepeatable
from marl_bridge.environments.sampled_chance import SampledChance, audit_sampled, parse_chance
from marl_bridge.environments.script import Script
from marl_bridge.environments.source_fingerprint import (
    NoFingerprint,
    describe,
    source_fingerprint,
)
from marl_bridge.environments.stable_snapshots import StableSnapshots
from marl_bridge.errors import ExtractionRefused, InvalidCheckpoint, InvalidEnvironment

__all__ = ["Audit", "Extraction", "SearchProgress", "extract"]


def extract(
    make: Make,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    api: Any = None,
    seed: int = 0,
    discount: float = 1.0,
    recall: Recall = "history",
    chance: str = "exact",
    depth_limit: int | None = None,
    frontier: FrontierRule | None = None,
    max_states: int = 100_000,
    max_histories: int = 5_000_000,
    time_limit: float = 120.0,
    max_memory: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    cache: bool | str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], object] | None = None,
    watch: Callable[[SearchProgress], object] | None = None,
) -> Extraction:
    """Extract the exact game of an environment, its chance included.

    Random draws become chance nodes with exact probabilities: the environment's generators are
    replaced while it is stepped, wherever it makes them, by ones that list the outcomes. A
    shuffled card branches when it is first looked at.

    Only legal actions are played. An episode ends where the environment terminates or
    truncates; ``truncated`` of the result tells the two apart. An information set is the agent's
    own sequence of observations and actions, so recall is perfect whatever the observations
    leave out.

    Parameters
    ----------
    make, env_kwargs, api
        See :func:`~marl_bridge.environments.opening.open_environment`.
    seed : int
        For the trial and audit episodes, and for sampled chance.
    discount : float
        From 0 to 1: what an agent is told it earned after its k-th action counts
        ``discount ** (k - 1)``.
    recall : {"history", "observation"}
        "observation" reports what policies forget that know their last observation alone; the
        game keeps perfect recall, which the solvers need. See :attr:`Extraction.memoryless`.
    chance : str
        "exact", or "sample:1000" for a thousand sampled deals in place of all outcomes: an
        approximation, and called one.
    depth_limit : int, optional
        End episodes after so many steps of the environment.
    frontier : (float, float) or callable, optional
        Lowest and highest return that an agent still earns where the depth limit ends an episode,
        or a function of a :class:`~marl_bridge.environments.frontier.CutPosition` that returns an
        interval for each agent, or a number, which is a guess and bounds nothing.
    max_states, max_histories : int
        Refuse larger games.
    time_limit : float
        Seconds after which the extraction is given up.
    max_memory : int, optional
        Bytes by which the process may grow.
    checkpoint : path, optional
        A file that takes down every step; with it the extraction goes on where it was ended,
        however that happened, to the same game.
    cache : bool or path, optional
        Where extractions are kept and looked up: a folder, True for the usual one. None leaves
        it to the environment variable ``MARL_BRIDGE_CACHE``.
    progress : callable, optional
        Called as ``progress(n_states, max_states)``.
    watch : callable, optional
        Called with a :class:`SearchProgress`, which says what remains.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment, or an argument is out of range.
    InvalidCheckpoint
        If the checkpoint's file is none of this extraction.
    ExtractionRefused
        If it draws from a continuum or a global generator, has continuous actions, is too
        large, or does not repeat; it says which, and where.
    AuditFailed
        If a check of the audit fails; a kind of ExtractionRefused that says which one.

    Examples
    --------
    >>> e = extract("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> e.game.n_infosets, e.game.n_nodes
    ((1, 1), 13)
    """
    require_seed(seed)
    require_counts(
        max_states=max_states, max_histories=max_histories, optional={"max_memory": max_memory}
    )
    require_seconds(zero=True, none=False, time_limit=time_limit)
    require_path(checkpoint=checkpoint)
    options = _Options(seed, discount, chance, depth_limit, frontier)
    _check_arguments(options, recall)
    limits = _Limits(max_states, max_histories, time_limit, max_memory, progress, watch)
    plain = open_environment(make, env_kwargs=env_kwargs, api=api)
    source = with_horizon(plain, discount, depth_limit)
    spaces = _require_discrete(source)
    folder = extraction_cache.cache_folder(cache)
    identity, why_not = None, ""
    if folder is not None or checkpoint is not None:
        identity, why_not = _identity(plain, make, env_kwargs, options)
    if folder is not None and identity is not None and not why_not:
        kept = extraction_cache.load(folder, _key(identity), spaces, max_histories)
        if kept is not None and kept.audit.n_states <= max_states:
            return replace(kept, recall=recall)
    if checkpoint is not None and identity is None:
        raise InvalidCheckpoint(f"no checkpoint is possible: {why_not}", where="frontier")
    with _journal(checkpoint, identity or {}, spaces) as journal, _rare_collections():
        found = _extract(source, (make, env_kwargs, api), options, limits, journal)
    if folder is not None:
        why_not = why_not or extraction_cache.save(folder, _key(identity or {}), found, spaces)
        found = replace(found, cached=f"not cached: {why_not}" if why_not else "")
    return replace(found, recall=recall)


@contextmanager
def _journal(
    checkpoint: str | os.PathLike[str] | None, identity: dict[str, Any], spaces: dict[str, Any]
) -> Iterator[Journal | None]:
    if checkpoint is None:
        yield None
        return
    journal = Journal(Path(checkpoint), identity, spaces)
    try:
        yield journal
    finally:
        journal.close()


@dataclass(frozen=True)
class _Options:
    """What a game depends on besides its environment."""

    seed: int
    discount: float
    chance: str
    depth_limit: int | None
    frontier: Any


def _check_arguments(options: _Options, recall: str) -> None:
    if recall not in ("history", "observation"):
        raise InvalidEnvironment(
            f"recall is {recall!r}", where="recall", valid="'history' or 'observation'"
        )
    if not (isinstance(options.discount, int | float) and 0 <= options.discount <= 1):
        raise InvalidEnvironment(
            f"discount is {options.discount!r}", where="discount", valid="a number from 0 to 1"
        )
    parse_chance(options.chance)
    limit = options.depth_limit
    if limit is None:
        if options.frontier is not None:
            raise InvalidEnvironment(
                "a frontier without a depth limit", where="frontier", hint="give depth_limit too"
            )
        return
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InvalidEnvironment(
            f"depth_limit is {limit!r}", where="depth_limit", valid="a number of steps, from 1"
        )
    check_rule(options.frontier)


def _identity(
    source: EnvironmentSource, make: Any, env_kwargs: Mapping[str, Any] | None, options: _Options
) -> tuple[dict[str, Any] | None, str]:
    """Collect what the game depends on, and say what of it cannot be told from others.

    None if that is the frontier. A checkpoint of an environment that cannot be told from others
    is held against it state by state.
    """
    found: dict[str, Any] = {
        "seed": options.seed,
        "discount": float(options.discount),
        "chance": options.chance,
        "depth_limit": options.depth_limit,
    }
    try:
        found["frontier"] = describe(options.frontier)
    except NoFingerprint as unseen:
        return None, f"the frontier's function cannot be told from others: {unseen}"
    try:
        found["environment"] = source_fingerprint(source, make, env_kwargs)
    except NoFingerprint as unseen:
        found["environment"] = f"{source.name}, some environment of this name"
        return found, f"the environment cannot be told from others: {unseen}"
    return found, ""


def _key(identity: Mapping[str, Any]) -> str:
    return blake2b(json.dumps(identity, sort_keys=True).encode(), digest_size=20).hexdigest()


@dataclass(frozen=True)
class _Limits:
    """What ends an extraction, and who is told how far it is."""

    max_states: int
    max_histories: int
    time_limit: float
    max_memory: int | None
    progress: Callable[[int, int], object] | None
    watch: Callable[[SearchProgress], object] | None

    def guard(self, shared: Shared, started: float) -> Guard:
        """Make what keeps the limits of one search."""
        return Guard(
            shared,
            max_states=self.max_states,
            time_limit=self.time_limit,
            deadline=started + self.time_limit,
            max_memory=self.max_memory,
            progress=self.progress,
            watch=self.watch,
        )


def _extract(
    source: EnvironmentSource,
    asked: tuple[Any, Mapping[str, Any] | None, Any],
    options: _Options,
    limits: _Limits,
    journal: Journal | None,
) -> Extraction:
    """Look at the environment, search through its states, and check what was found."""
    started, seed = time.perf_counter(), options.seed
    script = Script()
    with intercepted(script):
        branching = Branching(source, script, seed)
        refuse_unrepeatable(branching, seed=seed)
        choice = choose_way(branching, seed=seed)
    n_deals = parse_chance(options.chance)
    if n_deals is None and not (journal and journal.mechanism):
        left = limits.time_limit - (time.perf_counter() - started)
        merging = isinstance(branching.backend, ByCopy)
        refuse_if_hopeless(source, limits.max_states, max(left, 0.0), seed, merging=merging)
    with intercepted(script):
        if journal is not None:
            _use_journal(journal, branching)
        branching.leave_out_construction()
        shared, graph = _search(branching, options, limits, journal, started)
    if shared.sampled is None or not shared.sampled.answered:
        n_deals = None
    frontier = _frontier(graph, shared, options.depth_limit)
    sets = check_hash_order(*asked, choice.classes, seed=seed)
    if n_deals is None:
        checked = audit_episodes(source, graph, shared.numbers(graph), seed=seed)
    else:
        graph = replace(graph, title=f"{graph.title}, {n_deals:,} sampled deals")
        checked = audit_sampled(source, graph, n_deals, seed=seed)
    shown = tuple(shared.views[label] for label in graph.observation_labels)
    over = np.flatnonzero(graph.player == TERMINAL)
    truncated = np.zeros(graph.n_states, dtype=bool)
    truncated[over] = shared.truncated
    cancels = zero_sum(graph)
    if frontier is not None and frontier.states.size:
        nothing = np.zeros((frontier.states.size, len(graph.players)))
        cancels = zero_sum(_with_payoffs(graph, frontier.states, nothing))
        cancels = "refuted" if cancels == "refuted" else "not refuted up to the depth limit"
    audit = Audit(
        environment=source.name,
        api=source.api,
        mechanism=branching.backend.name,
        copy_microseconds=choice.copy_microseconds,
        replay_microseconds=choice.replay_microseconds,
        copy_refused=choice.refused,
        n_states=shared.n_expanded,
        n_edges=graph.n_edges,
        n_terminal_states=over.size,
        n_truncated_states=int(truncated.sum()),
        n_observations=len(shown),
        n_chance_states=int(np.count_nonzero(graph.player == CHANCE)),
        generator_calls=script.calls.total() + (journal.calls if journal else 0),
        chance=chance_report(graph, shared.sites),
        zero_sum=cancels,
        joint_steps=shared.joint_steps,
        mask_leaks=checked.mask_leaks,
        set_order=sets,
        episodes_checked=checked.episodes,
        expected_returns=checked.expected,
        seconds=time.perf_counter() - started,
        **checked.findings,
    )
    if frontier is not None and frontier.states.size:
        # Not before: the audit's episodes end with the returns so far.
        title = f"{graph.title}, {frontier.depth_limit} steps deep"
        graph = replace(_with_payoffs(graph, frontier.states, frontier.middle), title=title)
    return Extraction(
        graph=graph,
        views=shown,
        audit=audit,
        max_histories=limits.max_histories,
        truncated=truncated,
        discount=options.discount,
        frontier=frontier,
        n_deals=n_deals,
    )


def _search(
    branching: Branching,
    options: _Options,
    limits: _Limits,
    journal: Journal | None,
    started: float,
) -> tuple[Shared, StateGraph]:
    """Search through all states; again from the start if the journal was of something else."""
    n_deals = parse_chance(options.chance)
    sampled = None if n_deals is None else SampledChance(n_deals, options.seed)
    shared = Shared(branching, frontier=options.frontier, sampled=sampled, journal=journal)
    guard = limits.guard(shared, started)
    guard.keep_time()  # small games would be found before anybody looks at the clock
    branching.script.calls.clear()
    try:
        graph = _explore(shared, limits.max_states, guard)
    except JournalMismatch:
        assert journal is not None  # there is no mismatch without one
        warnings.warn(
            f"the environment does not do what the checkpoint {journal.path} says; the extraction "
            "begins again (do its states hold sets of strings?)",
            stacklevel=5,
        )
        journal.clear()
        journal.begin(branching.backend.name)
        return _search(branching, options, limits, journal, started)
    finally:
        if journal is not None:
            journal.flush()
    guard.refuse_draws()
    return shared, graph


def _use_journal(journal: Journal, branching: Branching) -> None:
    """Return to positions as the journal did, with keys that are the same in every process."""
    if journal.mechanism == "replay":
        branching.backend = ByReplay(branching)
    elif journal.mechanism and not isinstance(branching.backend, ByCopy):
        raise InvalidCheckpoint(
            f"the checkpoint {str(journal.path)!r} holds copies of states, and the environment "
            "cannot be copied now",
            where="checkpoint",
            hint="name another file",
        )
    if isinstance(branching.backend, ByCopy):
        branching.backend.snapshots = StableSnapshots()
    journal.begin(branching.backend.name)


def _frontier(graph: StateGraph, shared: Shared, depth_limit: int | None) -> Frontier | None:
    """Collect the states where the depth limit ended episodes."""
    if depth_limit is None:
        return None
    over = np.flatnonzero(graph.player == TERMINAL).tolist()
    cut: list[tuple[int, FrontierValues]] = [
        (state, values)
        for state, values in zip(over, shared.cuts, strict=True)
        if values is not None
    ]
    states, values = [state for state, _ in cut], [value for _, value in cut]
    return frontier_of(depth_limit, states, values, len(graph.players))


def _with_payoffs(
    graph: StateGraph, states: NDArray[np.int64], rows: NDArray[np.float64]
) -> StateGraph:
    payoffs = list(graph.payoffs)
    for state, row in zip(states.tolist(), rows.tolist(), strict=True):
        payoffs[state] = tuple(row)
    return replace(graph, payoffs=payoffs)


def _explore(shared: Shared, max_states: int, guard: Guard) -> StateGraph:
    """Search through all states; refusals say what to do about environments."""
    source = shared.branching.source
    try:
        return explore(
            EnvironmentState(shared),
            players=shared.agents,
            title=source.name,
            max_states=max_states,
            progress=guard,
        )
    except ExtractionRefused:
        raise
    except UnsupportedGame as error:
        raise ExtractionRefused(
            f"{source.name}: {error.what}",
            where=shared.most_drawn(max_states),
            hint="shorten the episodes with env_kwargs, or raise max_states and time_limit",
        ) from error
    except InvalidGame as error:
        raise ExtractionRefused(
            f"{source.name} is no finite game: {error.what}",
            where=error.where,
            valid=error.valid,
            hint="mend the environment",
        ) from error


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cyclic garbage less often: states and edges are none, and are many."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _require_discrete(source: EnvironmentSource) -> dict[str, Any]:
    """Return each agent's action space, all of them lists of finitely many actions."""
    driver = source.driver(checked=False)
    spaces = {agent: driver.env.action_space(agent) for agent in driver.agents}
    for agent, space in spaces.items():
        if getattr(space, "n", None) is None or np.ndim(space.n):
            raise ExtractionRefused(
                f"agent {agent!r} has the action space {space}",
                where=source.name,
                valid="finitely many actions, a Discrete space",
                hint="use estimate() for statistics on its returns",
            )
    return spaces
