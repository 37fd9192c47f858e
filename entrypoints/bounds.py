"""The most that may be asked for: beyond it a number is a slip, and would fill memory or never end."""

from __future__ import annotations

MOST_REPLICATES = 1_000_000
"""Bootstrap cohorts."""
MOST_AT_ONCE = 1024
"""Workers, threads, studies of a batch."""
LONGEST_S = 1e7
"""Seconds that anything may be waited for: four months."""
