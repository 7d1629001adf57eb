"""Which split a pair is in: that of its device, so that neighbouring settings of a knob are never apart."""

import hashlib
from collections.abc import Collection, Sequence

from datamodules.amp_space_manifest import SPLITS, Pair

HELD_OUT = 0.1


def split_pairs(pairs: Sequence[Pair]) -> dict[str, str]:
    """Id -> split: the one the pair names, else one chosen by the name of its device.

    Pairs that name none follow those of their device that do. Where no pair names one, every split has a device at
    least; with fewer than three devices the pairs are shared out by what was played instead.

    Raises:
        ValueError: if there are fewer than three devices and three playings
    """
    named = {pair.full_device: pair.split for pair in pairs if pair.split}
    devices = {pair.full_device for pair in pairs}
    unnamed = {pair.full_device: pair.full_device for pair in pairs if pair.full_device not in named}
    if named or len(devices) >= len(SPLITS) or not pairs:
        chosen = {**shared_out(unnamed, at_least_one=not named), **named}
        return {pair.id: pair.split or chosen[pair.full_device] for pair in pairs}
    playings = {pair.di_id for pair in pairs}
    if len(playings) < len(SPLITS):
        raise ValueError(
            f"{len(devices)} device(s) and {len(playings)} playing(s) cannot be split three ways: add some, widen the "
            "filters, or name the split of each pair in the manifest."
        )
    chosen = shared_out(playings, at_least_one=True)
    return {pair.id: chosen[pair.di_id] for pair in pairs}


def shared_out(names: Collection[str], at_least_one: bool) -> dict[str, str]:
    """Name -> split, by a hash of the name, so that a new one rarely moves another.

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
