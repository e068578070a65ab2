"""Magnetic mirror descent: regularized learning whose last iterate, not an average, is played."""

from __future__ import annotations

from gametheory.algorithms.extensive_form.magnetic_mirror_descent import MirrorDescent
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_layout import lay_out
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import require_positive
from marl_bridge.learners.tree import TreeLearner

__all__ = ["MagneticMirrorDescent"]


@register(
    "mmd",
    default_episodes=1_000,
    promise="two-player zero-sum games that can be extracted, steps small enough: the last iterate "
    "tends to the equilibrium of the game regularized towards its magnet, with "
    "magnet_iterations > 0 to one of the game itself",
    also=("magnetic-mirror-descent",),
    source="Sokota et al. (2023), magnetic mirror descent; regularized Nash dynamics, which moves "
    "what it is regularized to in the same way: Pérolat et al. (2021)",
)
class MagneticMirrorDescent(TreeLearner):
    """Mirror descent on the extracted tree, drawn to a magnet; policies are the last iterate.

    Parameters
    ----------
    source : EnvironmentSource
        An environment whose game can be extracted.
    episodes : int
        Not used: nothing is annealed but by moving the magnet.
    seed : int
        Of the episodes that are played; what is learned does not depend on it.
    step, temperature : float
        For payoffs of range one: the step size, and the weight of the distance to the magnet.
    magnet_iterations : int
        The magnet is moved to the iterate after so many iterations; 0 leaves it where it is, at
        uniform play, and the limit is the regularized game's equilibrium.
    iterations : int
        Before each episode.
    max_states, max_histories, time_limit
        Limits of the extraction.

    Raises
    ------
    InvalidEnvironment
        If a number is out of range.

    References
    ----------
    S. Sokota, R. D'Orazio, J. Z. Kolter, N. Loizou, M. Lanctot, I. Mitliagkas, N. Brown and
    C. Kroer (2023), A unified approach to reinforcement learning, quantal response equilibria,
    and two-player zero-sum games, ICLR. J. Pérolat et al. (2021), From Poincaré recurrence to
    convergence in imperfect information games: finding equilibrium via regularization, ICML.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        step: float = 10.0,
        temperature: float = 1e-3,
        magnet_iterations: int = 100,
        iterations: int = 10,
        max_states: int = 100_000,
        max_histories: int = 5_000_000,
        time_limit: float = 120.0,
    ) -> None:
        require_positive(step=step, temperature=temperature)
        if not isinstance(magnet_iterations, int) or magnet_iterations < 0:
            raise InvalidEnvironment(
                f"magnet_iterations is {magnet_iterations!r}",
                where="magnet_iterations",
                valid="a whole number; 0 for never",
            )

        def begin(game: ExtensiveFormGame) -> MirrorDescent:
            scale = game.payoff_range or 1.0
            return MirrorDescent(
                lay_out(game.sequence_form),
                step=step / scale,
                temperature=temperature * scale,
                magnet_iterations=magnet_iterations,
            )

        super().__init__(
            source,
            begin,
            seed=seed,
            iterations=iterations,
            max_states=max_states,
            max_histories=max_histories,
            time_limit=time_limit,
        )
