"""The journal of an extraction: every step and where it led, so that it can go on another day.

The search through an environment's states is deterministic: given where each step led, it can be
done again without stepping. So the file is a list of these answers in the order in which they were
asked for, written in frames, each with its length and checksum. A process may be killed at any
moment: a frame that was not finished is not there. Nothing in the file is code.
"""

from __future__ import annotations

import json
import os
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from marl_bridge.environments.branching import Visit
from marl_bridge.environments.driver import View
from marl_bridge.environments.frontier import FrontierValues
from marl_bridge.environments.safe_values import UnsafeValue, decode, encode
from marl_bridge.environments.script import ChoiceNeeded, Outcome
from marl_bridge.environments.views import view_key
from marl_bridge.errors import InvalidCheckpoint

__all__ = ["Fact", "Journal", "JournalMismatch"]

_MAGIC = b"marl-bridge journal 1\n"
_FRAME = struct.Struct("<II")  # length and CRC-32 of the payload
_FACTS_A_FRAME = 2000
_SECONDS_A_FRAME = 1.0
_LARGEST_FRAME = 2**28  # bytes, compressed or not: a few bytes can be an enormous text
_UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    zlib.error,
)
"""What facts can raise that anybody may have written."""


class JournalMismatch(Exception):
    """The environment does not do what the journal says; it belongs to another one."""


class Fact(NamedTuple):
    """Where a step led, from the journal; a visit has no driver."""

    found: Visit | ChoiceNeeded
    key: Hashable
    cut: FrontierValues | None


class Journal:
    """Hands out the facts of earlier processes, then takes new ones.

    Parameters
    ----------
    path : str or Path
        Made if it is not there.
    identity : dict
        What the extraction depends on, plain data: a journal of anything else is refused.
    spaces : dict of str to gymnasium.Space
        Each agent's actions.

    Attributes
    ----------
    mechanism : str
        How positions were returned to; "" in a new journal.
    calls : int
        Calls of random generators in earlier processes.

    Raises
    ------
    InvalidCheckpoint
        If the file is no journal, belongs to another extraction, is in use, or cannot be written.
    """

    def __init__(self, path: str | Path, identity: dict[str, Any], spaces: dict[str, Any]) -> None:
        self.path, self._identity, self._spaces = Path(path), identity, spaces
        self.mechanism, self.calls = "", 0
        self._calls_now = 0
        self._new: list[Any] = []
        self._flushed = time.monotonic()
        self._views: list[tuple[View, bytes]] = []
        self._view_numbers: dict[tuple[str, bytes], int] = {}
        self._known: dict[Hashable, Any] = {}
        try:
            self._file = self.path.open("a+b")
        except OSError as error:
            raise self._invalid(f"cannot be written: {error.strerror}") from error
        try:
            self._lock()
            self._facts: Iterator[Fact] | None = self._read(self._open_frames())
        except BaseException:
            self._file.close()
            raise

    def begin(self, mechanism: str) -> None:
        """Note how positions are returned to, in a new journal."""
        if not self.mechanism:
            self.mechanism = mechanism
            self._write({"identity": self._identity, "mechanism": mechanism})

    def next(self) -> Fact | None:
        """Hand out the next fact; None when there are no more."""
        if self._facts is None:
            return None
        fact = next(self._facts, None)
        if fact is None:
            self._facts = None
        return fact

    def add(
        self,
        found: Visit | ChoiceNeeded,
        key: Hashable,
        cut: FrontierValues | None,
        calls: int,
    ) -> None:
        """Take down where a step led, and write to the file now and then.

        Parameters
        ----------
        found, key, cut
            See :class:`Fact`.
        calls : int
            Calls of random generators in this process so far.
        """
        if isinstance(found, ChoiceNeeded):
            outcomes = [
                [o.number, o.of, o.label, p.numerator, p.denominator] for o, p in found.outcomes
            ]
            self._new.append(["choice", found.site, outcomes])
        else:
            name = key.hex() if isinstance(key, bytes) else None
            if name is not None and name in self._known:
                self._new.append(["known", name])
            else:
                if name is not None:
                    self._known[name] = None
                views = [self._number_of(*found.views[agent]) for agent in found.acting]
                kept = None if cut is None else [cut.low, cut.high, cut.is_bound]
                self._new.append(["visit", name, views, found.returns, found.truncated, kept])
        self._calls_now = self.calls + calls
        late = time.monotonic() - self._flushed > _SECONDS_A_FRAME
        if late or len(self._new) >= _FACTS_A_FRAME:
            self.flush()

    def flush(self) -> None:
        """Write down what is new."""
        if self._new:
            new, self._new = self._new, []
            self._write({"calls": self._calls_now, "facts": new})
        self._flushed = time.monotonic()

    def clear(self) -> None:
        """Forget everything: the next facts are the first."""
        os.ftruncate(self._file.fileno(), 0)
        self.mechanism, self.calls, self._facts, self._new = "", 0, None, []
        self._views, self._view_numbers, self._known = [], {}, {}

    def close(self) -> None:
        """Close the file; what was not flushed is lost."""
        with suppress(OSError):  # of a full disk: writing to it has told so already
            self._file.close()

    def _number_of(self, view: View, shown: bytes) -> int:
        number = self._view_numbers.get((view.agent, shown))
        if number is None:
            if view.action_space != self._spaces[view.agent]:
                raise self._invalid("cannot hold an environment whose action spaces change")
            try:
                seen = encode(view.observation)
            except UnsafeValue as unsafe:
                raise self._invalid(f"cannot hold the observations: {unsafe}") from unsafe
            mask = None if view.mask is None else encode(view.mask)
            self._new.append(["view", view.agent, seen, mask])
            number = self._view_numbers[view.agent, shown] = len(self._view_numbers)
        return number

    def _write(self, content: Any) -> None:
        text = json.dumps(content).encode()
        if len(text) > _LARGEST_FRAME:
            facts = content.get("facts", ())
            if len(facts) < 2:
                raise self._invalid("cannot hold an observation of so many bytes")
            for half in (facts[: len(facts) // 2], facts[len(facts) // 2 :]):
                self._write({**content, "facts": half})
            return
        payload = zlib.compress(text, 1)
        try:
            start = b"" if self._size() else _MAGIC
            self._file.write(start + _FRAME.pack(len(payload), zlib.crc32(payload)) + payload)
            self._file.flush()
        except OSError as error:
            raise self._invalid(
                f"cannot be written: {error.strerror}",
                hint="free the disk: what the file holds is kept, and gone on from",
            ) from error

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise self._invalid("is in use by another process") from error
        except OSError:  # a file system without locks
            return

    def _open_frames(self) -> list[tuple[int, int]]:
        """Check the file, cut off what was not finished, and list the frames of facts."""
        self._file.seek(0)
        size = self._size()
        start = self._file.read(len(_MAGIC))
        if not _MAGIC.startswith(start):
            raise self._invalid("is no checkpoint of an extraction")
        frames = []
        end = self._file.tell()
        while (frame := self._next_frame(end, size)) is not None:
            frames.append(frame)
            end = sum(frame)
        if not frames:
            end = 0
        if end < size:
            if frames or size > len(_MAGIC):
                warnings.warn(
                    f"the last {size - end:,} bytes of the checkpoint {self.path} cannot be read; "
                    "what they held is found again",
                    stacklevel=2,
                )
            os.ftruncate(self._file.fileno(), end)
        if frames:
            try:
                header = self._content(*frames[0])
                identity, self.mechanism = header["identity"], str(header["mechanism"])
            except _UNREADABLE as error:
                raise self._invalid("is no checkpoint of an extraction") from error
            self._require_same(identity)
        return frames[1:]

    def _require_same(self, identity: Any) -> None:
        mine = json.loads(json.dumps(self._identity))
        if identity == mine:
            return
        names = [*mine, *identity] if isinstance(identity, dict) else []
        different = dict.fromkeys(
            name for name in names if name not in identity or identity[name] != mine.get(name)
        )
        raise self._invalid(
            f"belongs to another extraction: another {', '.join(different) or 'identity'}"
        )

    def _next_frame(self, at: int, size: int) -> tuple[int, int] | None:
        """Return where a frame's payload begins and how long it is, if it is whole."""
        if at + _FRAME.size > size:
            return None
        self._file.seek(at)
        length, checksum = _FRAME.unpack(self._file.read(_FRAME.size))
        begin = at + _FRAME.size
        if length > _LARGEST_FRAME or begin + length > size:
            return None
        return (begin, length) if zlib.crc32(self._file.read(length)) == checksum else None

    def _content(self, begin: int, length: int) -> Any:
        self._file.seek(begin)
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(self._file.read(length), _LARGEST_FRAME)
        if unpacking.unconsumed_tail or not unpacking.eof:
            raise ValueError("a frame that is longer than any that is written")
        return json.loads(text)

    def _read(self, frames: list[tuple[int, int]]) -> Iterator[Fact]:
        for frame in frames:
            try:
                content = self._content(*frame)
                facts = [fact for entry in content["facts"] if (fact := self._fact(*entry))]
                calls = int(content["calls"])
            except _UNREADABLE as error:
                raise self._invalid(f"holds what no extraction wrote: {error!r}") from error
            self.calls = calls
            yield from facts

    def _fact(self, kind: str, *entry: Any) -> Fact | None:
        return _READERS[kind](self, *entry)

    def _read_view(self, agent: str, seen: Any, mask: Any) -> None:
        view = View(
            agent, decode(seen), None if mask is None else decode(mask), self._spaces[agent]
        )
        shown = view_key(view)
        self._view_numbers[agent, shown] = len(self._views)
        self._views.append((view, shown))

    def _read_choice(self, site: str, outcomes: list[Any]) -> Fact:
        listed = tuple(
            (Outcome(number, of, label), Fraction(above, below))
            for number, of, label, above, below in outcomes
        )
        return Fact(ChoiceNeeded(listed, site), None, None)

    def _read_visit(
        self, name: str | None, views: list[int], returns: list[float], truncated: bool, kept: Any
    ) -> Fact:
        shown = {self._views[number][0].agent: self._views[number] for number in views}
        nobody: Any = None
        visit = Visit(nobody, tuple(shown), shown, tuple(returns), truncated)
        cut = None if kept is None else FrontierValues(tuple(kept[0]), tuple(kept[1]), kept[2])
        fact = Fact(visit, None if name is None else bytes.fromhex(name), cut)
        if name is not None:
            self._known[name] = fact
        return fact

    def _read_known(self, name: str) -> Fact:
        fact: Fact = self._known[name]
        return fact

    def _invalid(
        self, what: str, hint: str = "name another file, or delete this one if nobody needs it"
    ) -> InvalidCheckpoint:
        return InvalidCheckpoint(
            f"the checkpoint {str(self.path)!r} {what}", where="checkpoint", hint=hint
        )


_READERS: dict[str, Callable[..., Fact | None]] = {
    "view": Journal._read_view,
    "choice": Journal._read_choice,
    "visit": Journal._read_visit,
    "known": Journal._read_known,
}
