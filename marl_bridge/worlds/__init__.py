"""Environments of our own: games as PettingZoo environments, so that the bridge runs both ways."""
