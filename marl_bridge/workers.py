"""Work on several processes: one loop, whether it is done here, by joblib's processes or by Ray.

What a task gives must depend on the task alone, never on who does it or when: then results are
the same, bit by bit, for every number of workers and every backend.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from gametheory.errors import GameTheoryError, MissingExtra
from marl_bridge.errors import InvalidEnvironment, InvalidPolicy

__all__ = ["Backend", "Workers", "require_portable"]

Backend = Literal["loky", "threading", "ray"]
_BACKENDS = ("loky", "threading", "ray")
_TASKS_AT_ONCE = 8  # for each worker of a backend that gives results in batches only

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the work.

    Attributes
    ----------
    number : int
        Of workers; one does everything here, without joblib.
    backend : {"loky", "threading", "ray"}
        Processes, threads, or Ray through joblib's backend. Ray is started on this machine unless
        it runs already.

    Raises
    ------
    InvalidEnvironment
        If the number is not positive or there is no such backend.

    Examples
    --------
    >>> sorted(Workers().run(pow, [(2, 3), (2, 4)]))
    [8, 16]
    """

    number: int = 1
    backend: Backend = "loky"

    def __post_init__(self) -> None:
        number = self.number
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise InvalidEnvironment(
                f"workers is {number!r}", where="workers", valid="an integer, at least 1"
            )
        if self.backend not in _BACKENDS:
            raise InvalidEnvironment(
                f"unknown backend {self.backend!r}",
                where="backend",
                valid=", ".join(map(repr, _BACKENDS)),
            )

    @property
    def elsewhere(self) -> bool:
        """Whether tasks leave this process, so that everything in them must be pickled."""
        return self.number > 1 and self.backend != "threading"

    def run(
        self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]
    ) -> Iterator[_Result]:
        """Do all tasks and yield what they give, in no particular order.

        Parameters
        ----------
        function : callable
            Called as ``function(*task)``; of a module, so that other processes find it.
        tasks : sequence of tuple

        Raises
        ------
        MissingExtra
            If joblib or Ray is needed and not installed.
        """
        if self.number == 1 or len(tasks) == 1:
            for task in tasks:
                yield function(*task)
            return
        joblib = _joblib()
        with _ready(self.backend, self.number):
            calls = [joblib.delayed(_guarded)(function, *task) for task in tasks]
            with joblib.parallel_config(backend=self.backend, n_jobs=self.number):
                for result in _results(joblib, calls, self):
                    if isinstance(result, _Failure):
                        raise result.error
                    yield result


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error on its way home: backends wrap raised ones in errors of their own."""

    error: GameTheoryError


def _guarded(function: Callable[..., Any], *task: Any) -> Any:
    try:
        return function(*task)
    except GameTheoryError as error:
        return _Failure(error)


def _results(joblib: Any, calls: Sequence[Any], workers: Workers) -> Iterator[Any]:
    if workers.backend != "ray":
        parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
        results = parallel(calls)
        try:
            for result in results:  # noqa: UP028 - "yield from" would close them, with warnings
                yield result
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joblib's word on tasks that are given up
                results.close()
        return
    size = _TASKS_AT_ONCE * workers.number  # Ray's backend has no generators
    with joblib.Parallel(batch_size=1) as parallel:
        for start in range(0, len(calls), size):
            yield from parallel(calls[start : start + size])


def require_portable(things: Mapping[str, Any], *, where: str) -> None:
    """Refuse what cannot be sent to another process, by its name.

    Parameters
    ----------
    things : mapping of str to object
    where : {"make", "policies"}
        The argument they came in.

    Raises
    ------
    InvalidEnvironment, InvalidPolicy
        If something cannot be pickled; of an environment or a policy.
    """
    _joblib()
    import cloudpickle  # gymnasium and joblib both bring it

    for name, thing in things.items():
        try:
            cloudpickle.dumps(thing)
        except Exception as error:  # whatever __reduce__ of somebody's class raises
            kind = InvalidEnvironment if where == "make" else InvalidPolicy
            raise kind(
                f"{name} cannot be sent to another process: {error}",
                where=where,
                valid="what pickle or cloudpickle can write",
                hint="backend='threading' or workers=1",
            ) from error


def _joblib() -> Any:
    try:
        import joblib
    except ImportError as error:
        raise MissingExtra.of("pettingzoo", "work on several processes (joblib)") from error
    return joblib


@contextlib.contextmanager
def _ready(backend: str, number: int) -> Iterator[None]:
    """Start Ray on this machine if it is wanted and does not run, and stop it again."""
    if backend != "ray":
        yield
        return
    # Without it Ray looks for a token that only clusters have.
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise MissingExtra.of("ray", "the backend 'ray'") from error
    register_ray()
    if ray.is_initialized():
        yield
        return
    # A folder of its own: two runs, or two users, must not meet in the default one.
    folder = tempfile.mkdtemp(prefix="ray")
    try:
        ray.init(
            num_cpus=number,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            _temp_dir=folder,
        )
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
