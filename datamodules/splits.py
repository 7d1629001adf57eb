"""Which of train, valid and test something belongs to."""

import hashlib
from collections.abc import Collection

SPLITS = ("train", "valid", "test")
HELD_OUT = 0.1


def shared_out(names: Collection[str], at_least_one: bool = True) -> dict[str, str]:
    """Name -> split, by a hash of the name, so that a new one rarely moves another: four fifths train.

    Args:
        names: what is shared out
        at_least_one: whether every split gets one; there are three names or more, then
    """
    place = {name: int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 16**8 for name in names}
    ordered = sorted(names, key=place.__getitem__)
    n_train = sum(place[name] < 1 - 2 * HELD_OUT for name in names)
    n_test = sum(place[name] >= 1 - HELD_OUT for name in names)
    if at_least_one:
        # Only where chance left a split empty does a border move.
        n_test = min(max(n_test, 1), len(names) - 2)
        n_train = min(max(n_train, 1), len(names) - n_test - 1)
    last = len(names) - n_test
    return {
        name: "train" if rank < n_train else "test" if rank >= last else "valid" for rank, name in enumerate(ordered)
    }
