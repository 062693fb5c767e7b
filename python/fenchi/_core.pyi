"""The compiled part. Not for direct use: import fenchi."""

import enum

__version__: str

class StatusCode(enum.IntEnum):
    ok = 0
    invalid_argument = 1
    not_found = 2
    already_exists = 3
    denied = 4
    unavailable = 5
    deadline = 6
    full = 7
    locked = 8
    wrong_key = 9
    policy = 10
    too_few_providers = 11
    damaged = 12
    data_loss = 13
    unsupported = 14
    cancelled = 15
    conflict = 16
    io = 17
    internal = 18
