"""The command ``draw``: which picture a game has in which kind of file."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.plots import plot_payoffs, tree_svg
from gametheory.plots.figures import FIGURES, need_matplotlib, save_figure, write_picture
from gametheory.solution import Solution

__all__ = ["check_target", "draw_game"]

_OF_TREES = (".svg", ".html")
_OF_TABLES = (".html", *FIGURES)

# Nothing is loaded, so a viewer need not trust labels that other people wrote.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, "Helvetica Neue", Arial, sans-serif; margin: 2rem auto;
  max-width: 75rem; padding: 0 1.25rem; color: #1c2330; background: #ffffff; }}
table {{ border-collapse: collapse; margin: 1rem 0 1.5rem; }}
caption {{ text-align: left; color: #5d6879; padding-bottom: .5rem; }}
th {{ font-weight: 600; padding: .35rem .9rem; }}
tbody td {{ border: 1px solid #c9ced8; padding: .5rem 1.1rem; text-align: center; }}
u {{ text-decoration-thickness: 2px; text-underline-offset: 3px; }}
svg {{ max-width: 100%; height: auto; }}
pre {{ white-space: pre-wrap; font-size: .9rem; }}
@media screen and (prefers-color-scheme: dark) {{
  body {{ color: #e8ebf1; background: #14171d; }}
  caption {{ color: #98a2b3; }}
  tbody td {{ border-color: #3a4250; }}
}}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def check_target(game: Any, target: Path) -> None:
    """Refuse a file that this game has no picture for, before any work is done.

    Raises
    ------
    UnsupportedGame
        The suffix names no kind of picture of such games.
    MissingExtra
        The picture needs matplotlib, which is not installed.
    """
    suffix, is_tree = target.suffix.lower(), isinstance(game, ExtensiveFormGame)
    valid = _OF_TREES if is_tree else _OF_TABLES
    if suffix not in valid:
        kind = "a tree" if is_tree else "a game in normal form"
        raise UnsupportedGame(
            f"cannot draw {kind} as {str(target)!r}", valid=f"a file name ending in {list(valid)}"
        )
    if not is_tree and suffix in FIGURES:
        if game.n_players != 2:
            raise UnsupportedGame(
                f"no picture of the payoffs of {game.n_players} players",
                valid="two players",
                hint="write an .html file: it has tables",
            )
        need_matplotlib()


def draw_game(game: Any, target: Path, solution: Solution | None, max_nodes: int) -> None:
    """Write a picture of a game to a file, all of it or nothing.

    Parameters
    ----------
    game : NormalFormGame or ExtensiveFormGame
    target : Path
        Its suffix says what kind of picture it is, see :func:`check_target`.
    solution : Solution or None
        Of the game: in a tree its first profile is drawn, in a picture of payoffs all of its
        payoffs are marked, below a table its equilibria are listed.
    max_nodes : int
        Refuse trees of more histories.
    """
    if not isinstance(game, ExtensiveFormGame) and target.suffix.lower() in FIGURES:
        chosen = None if solution is None else [solution]
        save_figure(target, lambda ax: plot_payoffs(game, solutions=chosen, ax=ax))
        return
    if isinstance(game, ExtensiveFormGame):
        profile = None if solution is None or not solution.equilibria else solution.profile
        body = tree_svg(game, profile, max_nodes=max_nodes)
        if target.suffix.lower() == ".svg":
            write_picture(target, body.encode())
            return
    else:
        body = game._repr_html_()
    if solution is not None:
        body += f"\n<pre>{escape(_in_words(solution))}</pre>"
    page = _PAGE.format(title=escape(game.title or "game"), body=body)
    write_picture(target, page.encode("utf-8", "xmlcharrefreplace"))


def _in_words(solution: Solution) -> str:
    """Say what was found: the status, and in normal form each equilibrium."""
    if solution.equilibria and not hasattr(solution.profile, "strategies"):
        return str(solution)
    return "\n".join([str(solution), *(f"  {profile}" for profile in solution.equilibria)])
