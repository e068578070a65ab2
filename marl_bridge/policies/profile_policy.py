"""A behavior profile of an extracted game, played in the environment."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from gametheory.games.behavior_profile import BehaviorProfile
from marl_bridge.environments.driver import View
from marl_bridge.environments.extraction import Extraction
from marl_bridge.environments.views import view_key
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.checks import n_actions_of
from marl_bridge.policies.memory import RecurrentPolicy

__all__ = ["ProfilePolicy"]

Key = tuple[int, int, bytes]


class ProfilePolicy(RecurrentPolicy):
    """Plays what a profile says at the information set that an agent's own sequence leads to.

    Parameters
    ----------
    extraction : Extraction
        Of the environment that is played.
    profile : BehaviorProfile
        Of ``extraction.game``.

    Examples
    --------
    >>> from marl_bridge.environments.extraction import extract
    >>> e = extract("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> policy = ProfilePolicy(e, BehaviorProfile.uniform(e.game))
    >>> policy.distribution(e.view(0), policy.initial_memory("player_0"), None)[0].round(3)
    array([0.333, 0.333, 0.333])
    """

    def __init__(self, extraction: Extraction, profile: BehaviorProfile) -> None:
        super().__init__()
        profile.check_fits(extraction.game)
        self._agents = extraction.game.players
        self._probabilities = profile.probabilities
        self._offsets: list[int] = extraction.game.action_offsets.tolist()
        self._known: dict[Key, int] = {}
        game = extraction.game
        keys = [view_key(view) for view in extraction.views]
        legal = [view.legal_indices() for view in extraction.views]
        for player, plex in enumerate(game.sequence_form.treeplexes):
            infosets = np.flatnonzero(game.infoset_player == player).tolist()
            for infoset, sequence in zip(infosets, plex.parent_sequence.tolist(), strict=True):
                above, index = -1 - player, -1
                if sequence:
                    flat = plex.flat.start + sequence - 1
                    above = int(np.searchsorted(game.action_offsets, flat, side="right")) - 1
                    rank = flat - int(game.action_offsets[above])
                    index = int(legal[int(game.infoset_observation[above])][rank])
                shown = int(game.infoset_observation[infoset])
                self._known[above, index, keys[shown]] = infoset
        self._legal = [legal[shown] for shown in game.infoset_observation.tolist()]

    def with_profile(self, profile: BehaviorProfile) -> ProfilePolicy:
        """Return the policy of another profile of the same game, at next to no cost.

        Raises
        ------
        InvalidPolicy
            If the profile has other information sets.
        """
        if not np.array_equal(profile.offsets, self._offsets):
            raise InvalidPolicy(
                "the profile is one of another game",
                where="profile",
                hint="build a ProfilePolicy from that game's extraction",
            )
        other = copy.copy(self)
        other._live, other._told = {}, False
        other._probabilities = profile.probabilities
        return other

    def initial_memory(self, agent: str) -> int:
        """Return what stands for "no information set yet"."""
        return -1 - self._agents.index(agent)

    def respond(self, view: View, memory: Any, last_action: Any) -> tuple[Any, Any]:
        """Return the profile's distribution at the agent's information set.

        Raises
        ------
        InvalidPolicy
            If the environment shows what the extracted game does not.
        """
        index = -1 if last_action is None else int(last_action) - view.start
        infoset = self._known.get((memory, index, view_key(view)))
        if infoset is None:
            raise InvalidPolicy(
                f"agent {view.agent!r} is shown what the extracted game never shows it here",
                where=f"observation {view.observation!r}",
                hint="was the profile made for this environment?",
            )
        p = np.zeros(n_actions_of(view, "a profile"))
        low, high = self._offsets[infoset : infoset + 2]
        p[self._legal[infoset]] = self._probabilities[low:high]
        return p, infoset

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProfilePolicy):
            return NotImplemented
        return (
            self._agents == other._agents
            and np.array_equal(self._probabilities, other._probabilities)
            and self._known == other._known
        )

    __hash__ = None  # type: ignore[assignment]
