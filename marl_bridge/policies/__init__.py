"""Policies: what acts for an agent, where it comes from, and its table over information sets."""
