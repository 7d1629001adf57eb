"""A pair of files is cut where both have sound, and no further."""

import numpy as np
import pytest
import soundfile

from datamodules.amp_space.clips import Cutter
from datamodules.amp_space.lags import PairLag
from datamodules.amp_space.manifest import DevicePair
from synths.clip import ClipFormat

RATE = 16000
CLIP = ClipFormat(sample_rate=RATE, n_samples=1600, hop=160)


def clips(root, n_source, n_target, lag=0, skip_s=0.0, **of_the_pair):
    """Every sample of both files is its own number, in steps of 16 bits and with a sign of its own."""
    for name, n_frames in (("source", n_source), ("target", n_target)):
        numbers = np.arange(1, n_frames + 1)
        soundfile.write(root / f"{name}.wav", (numbers * (-1) ** numbers).astype(np.int16), RATE)
    pair = DevicePair("a", "source.wav", "target.wav", "Box", sample_rate=RATE, **of_the_pair)
    return Cutter(CLIP, root, skip_s).clips(pair, {}, PairLag(lag))


def first_and_last(sound):
    """Numbers of the first sample that is heard and of the last."""
    numbers = np.abs(np.rint(sound.read(CLIP) * 32768)).astype(int)
    return numbers[0], numbers.max()


@pytest.mark.parametrize(
    "n_source, n_target, n_clips", [(8000, 8000, 5), (8000, 5000, 3), (5000, 8000, 3), (700, 800, 1)]
)
def test_the_shorter_file_ends_the_pair_and_a_short_rest_is_left_out(tmp_path, n_source, n_target, n_clips):
    found = clips(tmp_path, n_source, n_target)
    assert [clip.name for clip in found] == [f"a#{number}" for number in range(n_clips)]


@pytest.mark.parametrize("lag, skip_s, source, target", [(37, 0, 1, 38), (-37, 0, 38, 1), (37, 0.1, 1564, 1601)])
def test_both_start_at_one_position(tmp_path, lag, skip_s, source, target):
    clip = clips(tmp_path, 8000, 8000, lag, skip_s)[0]
    assert first_and_last(clip.untouched)[0] == source and first_and_last(clip.sound)[0] == target


def test_a_pair_that_ends_within_its_files_is_not_read_beyond(tmp_path):
    first, second = clips(tmp_path, 8000, 8000, 10, source_start=100, target_start=200, num_frames=2103)
    assert first_and_last(first.untouched) == (101, 1700) and first_and_last(first.sound) == (211, 1810)
    assert first_and_last(second.untouched) == (1701, 2203) and first_and_last(second.sound) == (1811, 2313)


def test_nothing_in_common_is_named(tmp_path):
    (clip,) = clips(tmp_path, 8000, 8000, lag=9000)
    assert "nothing in common" in clip.problem


@pytest.mark.parametrize("path", ["/etc/passwd", "../source.wav", "a/../../source.wav"])
def test_what_is_not_below_the_root_is_not_read(tmp_path, path):
    soundfile.write(tmp_path / "source.wav", np.zeros(8000), RATE)
    (tmp_path / "root").mkdir()
    for pair in (DevicePair("a", path, "b.wav", "Box"), DevicePair("a", path, path, "Box")):
        (clip,) = Cutter(CLIP, tmp_path / "root", 0.0).clips(pair, {}, PairLag(0))
        assert f"is not below {tmp_path / 'root'}" in clip.problem
