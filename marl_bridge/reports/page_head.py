"""The head that every page of the bridge begins with."""

from __future__ import annotations

__all__ = ["page_head"]

# The policy forbids every request, so a viewer need not trust a file about it.
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body class="mb">
<main>
<header>
<h1>{title}</h1>
<p class="lead">{lead}</p>
</header>
"""


def page_head(*, title: str, lead: str, style: str) -> str:
    """Return a page up to its first section; title and lead are HTML already.

    Examples
    --------
    >>> "<h1>Checks</h1>" in page_head(title="Checks", lead="All of them.", style="")
    True
    """
    return _HEAD.format(title=title, lead=lead, style=style)
