"""Which split a pair is in: that of its device, so that neighbouring settings of a knob are never apart."""

from collections.abc import Sequence

from datamodules.amp_space.manifest import DevicePair
from datamodules.splits import SPLITS, shared_out


def split_pairs(pairs: Sequence[DevicePair]) -> dict[str, str]:
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
    chosen = shared_out(playings)
    return {pair.id: chosen[pair.di_id] for pair in pairs}
