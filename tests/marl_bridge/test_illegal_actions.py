"""What environments do with forbidden actions, and where episodes are cut, is found and told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import marl_bridge
from marl_bridge.environments import open_environment
from marl_bridge.environments.endings import Ending, early_truncation
from marl_bridge.environments.illegal_actions import try_illegal_actions
from marl_bridge.environments.inspection import inspect
from tests.marl_bridge.environments import Coordination
from tests.marl_bridge.test_trials import Turns


class Masked(Turns):
    """Each choice may be made by its mask: nobody repeats what was chosen last."""

    def observe(self, agent: str) -> Any:
        mask = np.ones(2, dtype=np.int8)
        if self.played:
            mask[self.played[-1]] = 0
        return {"observation": super().observe(agent), "action_mask": mask}

    def step(self, action: int | None) -> None:
        if action is not None and self.played and action == self.played[-1]:
            self.offend(action)
        else:
            super().step(action)

    def offend(self, action: int) -> None:
        super().step(action)


class Raising(Masked):
    def offend(self, action: int) -> None:
        raise KeyError(action)


class Ignoring(Masked):
    def offend(self, action: int) -> None:
        pass


class Fining(Masked):
    """Ends the game; the offender pays the other one."""

    def offend(self, action: int) -> None:
        agent = self.agent_selection
        self._cumulative_rewards[agent] = 0.0
        self.rewards = {name: -2.0 if name == agent else 2.0 for name in self.agents}
        self.terminations = dict.fromkeys(self.agents, True)
        self._accumulate_rewards()


class Together(Coordination):
    """Both act at once; who has just played 0 must not play it again."""

    def step(self, actions: dict[str, int]) -> Any:
        if any(
            last == actions[agent] == 0 for last, agent in zip(self.last, self.agents, strict=True)
        ):
            raise ValueError("masked")
        return super().step(actions)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Turns, "none met: at no position seen does a mask forbid an action"),
        (Masked, "plays on (1"),
        (Raising, "raises KeyError"),
        (Ignoring, "changes nothing: the offender acts again"),
        (Fining, "ends the episode, -2 for the offender and 2 for the others"),
        (Together, "raises ValueError"),
    ],
)
def test_what_becomes_of_a_forbidden_action_is_told(make: Any, words: str) -> None:
    found = try_illegal_actions(open_environment(make), seed=0)
    assert str(found).startswith(words)
    assert found == try_illegal_actions(open_environment(make), seed=0)
    assert (found.tried == 0) == (make is Turns)


def test_unpaid_punishments_are_no_zero_sum(capsys: pytest.CaptureFixture[str]) -> None:
    found = try_illegal_actions(open_environment("classic/tictactoe-v3"), seed=0)
    assert found.returns_cancel is False
    assert found.answers == (("ends the episode, -1 for the offender and 0 for the others", 12),)
    assert try_illegal_actions(open_environment(Fining), seed=0).returns_cancel is True
    assert try_illegal_actions(open_environment(Ignoring), seed=0).returns_cancel is None
    assert not capsys.readouterr().out  # PettingZoo's own warnings


def test_audit_and_inspection_tell_it_and_the_game_has_none() -> None:
    audit = marl_bridge.extract(Fining).audit
    assert audit.n_terminal_states == 2  # masks leave one way after the first choice
    seen = inspect(Fining, episodes=3)
    assert "-2 for the offender" in str(seen.illegal_actions)
    assert seen.to_dict()["illegal_actions"]["tried"] == seen.illegal_actions.tried > 0


@pytest.mark.parametrize(
    ("endings", "words"),
    [
        ([], "not seen"),
        ([Ending("termination", 5, 3)], "not seen"),
        ([Ending("truncation", 5, 3), Ending("truncation", 5, 3)], "not seen: all 2"),
        ([Ending("truncation", 5, 3), Ending("termination", 9, 5)], "seen: episode 0 was"),
        ([Ending("truncation", 5, 3), Ending("cut at max_steps", 9, 5)], "seen: episode 0 was"),
        ([Ending("truncation", 5, 3), Ending("termination", 6, 3)], "not seen: all 1"),
        ([Ending("truncation", 5, 3), Ending("truncation", 6, 3)], "not seen: 2 truncated"),
        ([Ending("truncation", 5, 4), Ending("truncation", 6, 3)], "seen: 2 truncated"),
    ],
)
def test_truncations_that_no_limit_explains(endings: list[Ending], words: str) -> None:
    assert early_truncation(endings).startswith(words)
