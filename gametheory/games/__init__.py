"""What a game is: immutable data and the ways to build it, no search."""
