"""How good strategies are: rankings of the actions of a game, each with what it means."""
