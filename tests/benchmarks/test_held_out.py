"""Notes that training never hears: by instrument and by pitch, from names alone."""

import json

import pytest

from benchmarks.held_out import hold_out, split_of


@pytest.fixture
def release(tmp_path):
    """Four instruments at 40 pitches, two dynamics, spread over three splits at random."""
    notes = {}
    for instrument in (900, 910, 920, 940):
        for pitch in range(40, 80):
            for velocity in (50, 100):
                notes[f"x_{instrument}-{pitch}-{velocity}"] = {"instrument": instrument, "pitch": pitch}
    for index, split in enumerate(("train", "valid", "test")):
        folder = tmp_path / "release" / f"nsynth-{split}"
        (folder / "audio").mkdir(parents=True)
        part = {name: note for number, (name, note) in enumerate(notes.items()) if number % 3 == index}
        (folder / "examples.json").write_text(json.dumps(part))
        for name in part:
            (folder / "audio" / f"{name}.wav").write_bytes(name.encode())
    return tmp_path / "release"


def read(out, split):
    """Notes of a split of the new release."""
    return json.loads((out / f"nsynth-{split}" / "examples.json").read_text())


def test_test_notes_are_of_other_instruments_and_pitches(release, tmp_path):
    """Half of each kind, none of them in training or validation, every file there."""
    counts = hold_out(release, tmp_path / "out", [940], every=6, most=30)
    train, valid, test = (read(tmp_path / "out", split) for split in ("train", "valid", "test"))
    assert counts == {"train": len(train), "valid": len(valid), "test": 30}
    seen = list(train.values()) + list(valid.values())
    assert all(note["instrument"] != 940 and note["pitch"] % 6 for note in seen)
    assert sum(note["instrument"] == 940 for note in test.values()) == 15
    assert all(note["instrument"] == 940 or note["pitch"] % 6 == 0 for note in test.values())
    assert 0.03 < len(valid) / len(seen) < 0.2
    for split, notes in (("train", train), ("test", test)):
        assert all((tmp_path / "out" / f"nsynth-{split}" / "audio" / f"{n}.wav").read_text() == n for n in notes)


def test_takes_of_a_pitch_stay_together():
    """Two dynamics of a note are never on both sides of validation."""
    for pitch in range(40, 80):
        splits = {split_of(f"x-{v}", {"instrument": 900, "pitch": pitch}, [940], 6) for v in (25, 50, 100)}
        assert len(splits) == 1


def test_again_the_same(release, tmp_path):
    """The choice is the names', not chance."""
    for out in ("one", "two"):
        hold_out(release, tmp_path / out, [940], every=6, most=30)
    assert read(tmp_path / "one", "test") == read(tmp_path / "two", "test")


def test_no_release(tmp_path):
    """One sentence."""
    with pytest.raises(FileNotFoundError, match=r"examples\.json"):
        hold_out(tmp_path, tmp_path / "out", [940], 6, 30)
