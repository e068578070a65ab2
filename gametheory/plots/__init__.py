"""Pictures: what a dynamic did, where a game's payoffs lie, and the tree of a game."""
