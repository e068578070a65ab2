"""Kills, full disks, damaged files and crowds: nothing lost, nothing wrong, a clear message."""
