"""Every storage that is timed hands out the same notes."""

import torch

from benchmarks.loading import data_sets


def test_every_storage_has_the_same_sound(tmp_path):
    sets = list(data_sets(tmp_path, 3).values())
    assert len(sets) == 3 and all(len(data) == 3 for data in sets)
    for clips in zip(*([data[index] for index in range(3)] for data in sets), strict=True):
        assert len({clip.name for clip in clips}) == 1
        assert all(torch.equal(clip.audio, clips[0].audio) for clip in clips)
