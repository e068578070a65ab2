"""How facts about trees write profiles down."""

from __future__ import annotations

from collections.abc import Mapping

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["pure_behavior"]


def pure_behavior(tree: ExtensiveFormGame, choices: Mapping[str, str]) -> BehaviorProfile:
    """Return the profile that surely takes one action at each information set, by their labels."""
    return BehaviorProfile.from_mapping(
        tree, {infoset: {action: 1} for infoset, action in choices.items()}
    )
