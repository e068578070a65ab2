"""Every bug that was planted is found, refused or told; what is no bug gives the exact value."""

from __future__ import annotations

import pytest

import gametheory as gt
import marl_bridge
from gametheory.errors import GameTheoryError
from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.hash_order import differs_by_process
from marl_bridge.environments.inspection import inspect
from marl_bridge.environments.outside_state import OutsideState
from marl_bridge.errors import AuditFailed, ExtractionRefused, InvalidEnvironment
from tests.marl_bridge.seeded_bugs import BUGS

FAILED = {  # the check or, for chance whose outcome decides where it shows, several
    "Fifth": {"determinism", "seed", "reset"},
    "Cached": {"episodes", "reset"},
    "Address": {"determinism", "seed", "reset", "episodes"},
    "Process": {"hash order"},
    "Salted": {"hash order"},
    "Uuid": {"determinism", "seed", "reset", "episodes"},
    "Numbered": {"determinism", "seed"},
    "Drifting": {"reset"},
    "LastDeal": {"determinism", "seed", "reset"},
    "Meanings": {"reset"},
}
REFUSED = {
    "Secret": (ExtractionRefused, r"global generator, secrets\.choice, at tests"),
    "Threaded": (ExtractionRefused, r"draws in a thread of its own, Generator\.permutation at"),
    "NotANumber": (ExtractionRefused, "no finite game: payoffs"),
    "Nobody": (InvalidEnvironment, r"raises KeyError: 'third'; where: after . by second"),
}
TOLD = {
    "Jackpot": "Jackpot.played",
    "Warming": "tests.marl_bridge.seeded_bugs._STEPS",
}
HARMLESS = {"RightlyCached": -1 / 18, "Aliased": -1 / 18, "Windowed": -1 / 18, "Skipping": 1 / 3}


def test_each_bug_has_its_test():
    assert {*FAILED, *REFUSED, *TOLD, *HARMLESS} == BUGS.keys()


def _some_slow(names):
    return [pytest.param(n, marks=pytest.mark.slow) if n == "Process" else n for n in names]


@pytest.mark.parametrize("name", _some_slow(FAILED))
def test_an_audit_fails(name):
    with pytest.raises(AuditFailed) as failure:
        marl_bridge.extract(BUGS[name])
    assert failure.value.check in FAILED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_the_reason(name):
    kind, words = REFUSED[name]
    with pytest.raises(kind, match=words) as refusal:
        marl_bridge.extract(BUGS[name])
    assert isinstance(refusal.value, GameTheoryError)


@pytest.mark.parametrize("name", TOLD)
def test_what_classes_and_modules_keep_is_told(name):
    audit = marl_bridge.extract(BUGS[name]).audit
    assert audit.outside_state == (TOLD[name],)
    (note,) = audit.notes
    assert note.startswith(f"{TOLD[name]} changed while it was played")


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_bug_is_exact(name):
    e = marl_bridge.extract(BUGS[name])
    assert gt.solve(e.game).payoffs == pytest.approx([HARMLESS[name], -HARMLESS[name]], abs=1e-15)
    assert e.audit.notes == ()
    assert e.audit.checks["outside state"] == "none that changes"


def test_two_names_for_one_memory_are_no_copies():
    # A snapshot would make them two: it is found in the trial, and positions are replayed.
    assert marl_bridge.extract(BUGS["Windowed"]).audit.mechanism == "replay"
    assert marl_bridge.extract(BUGS["Aliased"]).audit.mechanism == "copy"


@pytest.mark.parametrize("name", ["Process", "Salted", "Address"])
def test_what_differs_between_processes_is_seen_in_the_code(name):
    assert differs_by_process([BUGS[name]])
    assert not differs_by_process([BUGS["Aliased"]])


class Keeper:
    """Keeps something at every place outside instances."""

    shown = (1, 2)
    shared: dict[str, int] = {}  # noqa: RUF012

    def remember(self, thing, memory=[]):  # noqa: B006
        memory.append(thing)


def closing():
    count = [0]

    class Closing:
        def play(self):
            count[0] += 1

    return Closing


def test_every_place_outside_instances_is_watched():
    outside = OutsideState([Keeper, int, Snapshots])
    assert outside.changed() == ()
    Keeper().remember(1)
    assert outside.changed() == ("a default value of Keeper.remember",)
    Keeper.shared["a"] = 1
    assert outside.changed() == ("Keeper.shared", "a default value of Keeper.remember")
    closed = closing()
    outside = OutsideState([closed])
    closed().play()
    (name,) = outside.changed()
    assert name.startswith("what ") and name.endswith("Closing.play encloses")


def test_inspection_tells_some_of_them_too():
    assert not inspect(BUGS["Drifting"], episodes=2, time_limit=2).reused_is_deterministic
    assert not inspect(BUGS["Numbered"], episodes=2, time_limit=2).fresh_is_deterministic
