"""``gametheory`` and ``python -m gametheory``."""

from __future__ import annotations

from gametheory.starting import start

__all__ = ["main"]


def main() -> None:
    """Run the command line; leaves with its exit code."""
    start("gametheory.cli")


if __name__ == "__main__":
    main()
