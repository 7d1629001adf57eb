"""The table of speeds: everybody takes part, and a ratio is of seconds of sound per CPU second."""

from collections.abc import Callable

import pytest
import torch

from benchmarks.descriptors import RIVALS, DescriptorContest, Work, contests, our_work, rows
from benchmarks.knobs import N_CLIPS, SETS, in_step, measuring, notes
from benchmarks.published import published
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import DEFAULT_KNOBS
from synths import Clip, ClipFormat, Hardness, Level, SpectralCentroid
from synths.descriptors.describe import descriptor_kinds


def busy(n_products: int) -> Callable[[], object]:
    """A call that takes time in proportion."""
    matrix = torch.ones(200, 200)
    return lambda: [matrix @ matrix for _ in range(n_products)]


def test_every_descriptor_takes_part():
    """None of those that there are is forgotten, and the knobs are measured together too."""
    names = {contest.name for contest in contests()}
    assert {f"`{kind.name}`" for kind in descriptor_kinds()} <= names and set(SETS) <= names


def test_ratio_is_of_sound_per_time():
    """Ours does eight times the sound in about the same time; a program that is not there leaves a dash."""
    works = {f"{N_CLIPS}": Work(busy(50), 32.0), "1": Work(busy(50), 4.0), "theirs": Work(busy(50), 4.0)}
    (line,) = rows(DescriptorContest("ours", (Hardness,), ("theirs",)), works, rounds=5)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert float(cells[7].removesuffix(" ×")) == pytest.approx(8.0, rel=0.6)
    assert cells[3:5] == ["–", "–"] and cells[8] == "–"
    (line,) = rows(DescriptorContest("ours", (Hardness,), ("not there",)), works, rounds=1)
    assert line.endswith("| not there | – | – | – |")


def test_gradient_is_timed_where_there_is_one(clip_format):
    """Read-outs that are no knobs are timed forward only."""
    audio, f0_hz = notes(clip_format, 2)
    both, forward = (our_work(DescriptorContest("", (kind,)), clip_format, audio, f0_hz) for kind in (Level, Hardness))
    assert list(forward) == ["2", "1"] and list(both) == ["2", "1", "2, with gradient", "1, with gradient"]
    assert both["2"].sound_s == pytest.approx(0.4)


def test_knobs_are_measured(clip_format):
    """The default knobs on a batch, with and without gradient; and all that a step measures of them."""
    audio, f0_hz = notes(clip_format, 2)
    assert audio.shape == (2, clip_format.n_samples) and audio.abs().max() < 1.0
    for backward in (False, True):
        measuring(DEFAULT_KNOBS, clip_format, audio, f0_hz, backward)()
    in_step(TimbreAutoencoder(clip_format), Clip(audio, f0_hz, torch.ones_like(f0_hz), ["", ""], {}))()


def test_published_programs_run():
    """Those that are named are there, timbral_models aside, and say the same as ours of the same frames."""
    clip = ClipFormat(16000, 8000, 160)
    audio, f0_hz = notes(clip, 1)
    programs = published(audio[0].numpy(), clip)
    named = {theirs for rivals in RIVALS.values() for theirs in rivals}
    assert {theirs for theirs in named if not theirs.startswith("timbral_models")} <= set(programs)
    theirs = torch.from_numpy(programs["librosa spectral_centroid"]())[0, 5:45]
    ours = SpectralCentroid(clip).measure(audio, f0_hz)[0, 5:45]
    torch.testing.assert_close(ours.double(), theirs.double(), rtol=1e-3, atol=0.1)
