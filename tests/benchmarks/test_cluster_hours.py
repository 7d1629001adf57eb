"""What is counted of a step, and between which times a GPU must lie."""

import pytest
import torch

from benchmarks.cluster_hours import Gpu, Moved, StepWork, bounds_s, storage_table


def test_launches_bytes_and_ffts_are_counted_and_views_are_free():
    one, other = torch.zeros(4, 256), torch.zeros(4, 256)
    with Moved() as moved:
        one.view(256, 4).transpose(0, 1)
        assert (moved.launches, moved.bytes) == (0, 0)
        one + other
        assert (moved.launches, moved.bytes) == (1, 3 * 4 * 4 * 256)
        torch.fft.rfft(one)
    assert moved.launches == 2
    assert moved.fft_operations == pytest.approx(2.5 * 4 * 256 * 8)  # 2.5 n log2 n each, of the real side


def test_a_step_lies_between_what_must_be_and_what_could_be():
    gpu = Gpu(operations=1e12, bytes=1e12, clusters="")
    assert bounds_s(StepWork(2e12, 1e12, 0, 0.0), gpu) == pytest.approx((2.0, 8.0))
    assert bounds_s(StepWork(0, 0, 1000, 0.0), gpu) == pytest.approx((0.005, 0.015))


def test_storage_is_scaled_to_all_notes(tmp_path):
    (tmp_path / "release" / "nsynth-train" / "audio").mkdir(parents=True)
    for number in range(2):
        (tmp_path / "release" / "nsynth-train" / "audio" / f"{number}.wav").write_bytes(b"")
    (tmp_path / "release" / ".timbre").mkdir()
    (tmp_path / "release" / ".timbre" / "shard").write_bytes(b"x" * 2000)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "best.ckpt").write_bytes(b"x" * 10_000_000)
    table = storage_table(tmp_path / "release", tmp_path / "run", 45)
    assert "| prepared, all of NSynth | 0.306 | 1 for 2 notes here |" in table  # 1,000 bytes a note
    assert "| 45 runs | 0.45 | 45 |" in table
