"""From policies in a stochastic game's environment to stationary profiles, and back.

The environment shows the state and nothing else, so a policy without a memory is a strategy of
the stochastic game. What it earns from each state on, and what the others could do about it, is
then a matter of linear equations: no episode is played, and none has to end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gametheory.errors import InvalidProfile
from gametheory.games.stationary_profile import StationaryProfile
from marl_bridge.environments.driver import View
from marl_bridge.environments.observations import observation_key
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy, UnknownProbabilities
from marl_bridge.policies.memory import HistoryPolicy
from marl_bridge.policies.policy import (
    DistributionPolicy,
    TabularPolicy,
    assign,
    checked_probabilities,
)

if TYPE_CHECKING:
    from marl_bridge.worlds.stochastic_game import StochasticGameEnv

__all__ = ["policies_of", "stationary_profile"]


def stationary_profile(env: StochasticGameEnv, policies: Any) -> StationaryProfile:
    """Ask policies for their probabilities in every state.

    Parameters
    ----------
    env : StochasticGameEnv
        Its episode, if there is one, is left alone.
    policies : policy-like or mapping
        One for all agents, or one for each.

    Returns
    -------
    StationaryProfile
        Of ``env.game``.

    Raises
    ------
    InvalidPolicy
        If a policy has a memory, or states no distribution over the legal actions.
    UnknownProbabilities
        If a policy cannot state its probabilities.

    Examples
    --------
    >>> from gametheory.concepts.stochastic import player_regrets
    >>> from marl_bridge.worlds import SoccerEnv
    >>> env = SoccerEnv(3, 2)
    >>> profile = stationary_profile(env, "random")
    >>> player_regrets(env.game, profile).round(3).tolist()
    [1.998, 1.998]
    """
    _require(env)
    game, assigned = env.game, assign(policies, env.game.players)
    for agent, policy in assigned.items():
        if isinstance(policy, HistoryPolicy):
            raise InvalidPolicy(
                f"the policy {policy!r} of agent {agent!r} has a memory",
                where="policies",
                valid="policies that see the state alone",
            )
        if not isinstance(policy, DistributionPolicy):
            raise UnknownProbabilities(
                f"the policy {policy!r} of agent {agent!r} cannot state its probabilities",
                valid="an object with probabilities(view), or a function that returns an action "
                "or the probability of each action",
            )
    rows = []
    for state, stage in enumerate(game.stages):
        strategies = []
        for agent, legal in zip(game.players, stage.n_actions, strict=True):
            view = _view(env, agent, state, legal)
            strategies.append(checked_probabilities(assigned[agent], view)[:legal])
        rows.append(strategies)
    return StationaryProfile(rows)


def policies_of(env: StochasticGameEnv, profile: StationaryProfile) -> dict[str, TabularPolicy]:
    """Return the policies that play a stationary profile, such as a solution of the game.

    Parameters
    ----------
    env : StochasticGameEnv
    profile : StationaryProfile
        Of ``env.game``.

    Raises
    ------
    InvalidPolicy
        If it is no profile of that game.

    Examples
    --------
    >>> import gametheory as gt
    >>> from marl_bridge.worlds import SoccerEnv
    >>> env = SoccerEnv(3, 2)
    >>> optimal = policies_of(env, gt.solve(env.game, "minimax").profile)
    >>> optimal["A"]
    TabularPolicy(60 observations, default='error')
    """
    _require(env)
    game = env.game
    try:
        profile.check_fits(game)
    except InvalidProfile as error:
        raise InvalidPolicy(error.what, where=error.where, valid=error.valid) from error
    tables: dict[str, dict[bytes, Any]] = {agent: {} for agent in game.players}
    for state, strategies in enumerate(profile):
        key = observation_key(np.int64(state))
        for agent, strategy in zip(game.players, strategies, strict=True):
            row = np.zeros(int(env.action_space(agent).n))
            row[: len(strategy)] = strategy
            tables[agent][key] = row
    return {agent: TabularPolicy(table, default="error") for agent, table in tables.items()}


def _view(env: StochasticGameEnv, agent: str, state: int, legal: int) -> View:
    """Show what an agent is shown in a state."""
    space = env.action_space(agent)
    is_masked = "action_mask" in getattr(env.observation_space(agent), "spaces", {})
    mask = np.arange(int(space.n)) < legal if is_masked else None
    return View(agent, np.int64(state), mask, space)


def _require(env: Any) -> None:
    from marl_bridge.worlds.stochastic_game import StochasticGameEnv

    if not isinstance(env, StochasticGameEnv):
        raise InvalidEnvironment(
            f"a {type(env).__name__} is no StochasticGameEnv",
            where="env",
            valid="a StochasticGameEnv, such as SoccerEnv() or environment_of(game)()",
        )
