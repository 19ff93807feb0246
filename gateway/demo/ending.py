"""How a telling of the story ends, as the exit status of the process."""

from __future__ import annotations

from enum import IntEnum


class Ending(IntEnum):
    """Exit statuses: done, not completed, input that cannot be used, stopped by a person (128 + SIGINT)."""

    done = 0
    unfinished = 1
    unusable = 2
    interrupted = 130
