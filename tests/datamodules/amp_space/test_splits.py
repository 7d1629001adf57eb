"""Devices are shared out, never files."""

from dataclasses import replace

import pytest

from datamodules.amp_space.manifest import DevicePair
from datamodules.amp_space.splits import split_pairs


def pairs_of(n_devices, n_dis=2, n_settings=3):
    return [
        DevicePair(f"{device} {di} {number}", "a", "b", f"Box {device}", di_id=f"riff {di}")
        for device in range(n_devices)
        for di in range(n_dis)
        for number in range(n_settings)
    ]


def splits_of(pairs, key):
    found: dict[str, set[str]] = {}
    chosen = split_pairs(pairs)
    for pair in pairs:
        found.setdefault(getattr(pair, key), set()).add(chosen[pair.id])
    assert all(len(splits) == 1 for splits in found.values())
    return {name: splits.pop() for name, splits in found.items()}


@pytest.mark.parametrize("n_devices", [3, 4, 5, 50])
def test_a_device_is_in_one_split_and_every_split_has_one(n_devices):
    assert set(splits_of(pairs_of(n_devices), "full_device").values()) == {"train", "valid", "test"}


def test_about_a_tenth_each_is_held_out_and_new_devices_move_none():
    before, after = splits_of(pairs_of(100), "full_device"), splits_of(pairs_of(200), "full_device")
    assert all(after[device] == split for device, split in before.items())
    assert all(10 <= list(after.values()).count(split) <= 32 for split in ("valid", "test"))


def test_two_devices_are_split_by_what_was_played():
    assert set(splits_of(pairs_of(2, n_dis=4), "di_id").values()) == {"train", "valid", "test"}


def test_too_little_to_split_is_an_error():
    with pytest.raises(ValueError, match=r"2 device\(s\) and 2 playing\(s\) cannot be split"):
        split_pairs(pairs_of(2))
    assert split_pairs([]) == {}


def test_what_the_manifest_names_holds_and_the_rest_of_the_device_follows():
    pairs = pairs_of(6)
    chosen = {
        device: "test" if split != "test" else "train" for device, split in splits_of(pairs, "full_device").items()
    }
    named = [replace(pair, split=chosen[pair.full_device]) if pair.id.endswith("0 0") else pair for pair in pairs]
    assert splits_of(named, "full_device") == chosen
    one = [replace(pair, split=split) for pair, split in zip(pairs_of(1, 1), ("train", "valid", "test"), strict=True)]
    assert list(split_pairs(one).values()) == ["train", "valid", "test"]
