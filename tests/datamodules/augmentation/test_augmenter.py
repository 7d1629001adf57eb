"""What happens to a clip follows from seed, epoch and its name, and every augmentation keeps its promises."""

import random

import numpy as np
import pytest
import torch

from datamodules.augmentation import AUGMENTATIONS, Augmenter, Level, LowPass, SpectralTilt
from synths.clip import Clip, ClipFormat

FORMAT = ClipFormat(sample_rate=16000, n_samples=3200, hop=160)
EVERYTHING = [kind() for kind in AUGMENTATIONS]
NAMES = [f"flute_{number}" for number in range(6)]


def clips(names: list[str], clip_format: ClipFormat = FORMAT) -> Clip:
    """Tones of noise and partials that differ by name alone."""
    audio, f0_hz, n_samples = [], [], clip_format.n_samples
    for name in names:
        drawn = np.random.default_rng(list(name.encode()))
        pitch_hz = drawn.uniform(150, 600)
        phase = 2 * np.pi * pitch_hz * np.arange(n_samples) / clip_format.sample_rate
        tone = sum(np.sin(partial * phase) / partial for partial in (1, 2, 3, 4))
        audio.append(0.2 * tone + 0.001 * drawn.standard_normal(n_samples))
        f0_hz.append(np.full(clip_format.n_frames, pitch_hz))
    sound, pitch = (torch.from_numpy(np.array(each)).float() for each in (audio, f0_hz))
    return Clip(sound, pitch, torch.ones_like(pitch), names, {"pitch": torch.arange(len(names)).float()})


def augmented(names: list[str], seed: int = 3, epoch: int = 5, clip_format: ClipFormat = FORMAT) -> Clip:
    return Augmenter(EVERYTHING, clip_format, seed)(clips(names, clip_format), epoch)


def test_company_and_place_in_the_batch_change_no_bit():
    long = ClipFormat(16000, 32000, 160)  # FFTs of short clips round alike anyway
    batch = augmented(NAMES, clip_format=long)
    for names in (NAMES[:1], NAMES[::-1], [NAMES[4], "other", NAMES[2]]):
        other = augmented(names, clip_format=long)
        for row in (row for row, name in enumerate(names) if name in NAMES):
            for before, after in zip(batch[:3], other[:3], strict=True):
                assert torch.equal(before[NAMES.index(names[row])], after[row])


def test_a_batch_at_once_is_the_same_but_for_rounding():
    augmenter = Augmenter(EVERYTHING, FORMAT, 3)
    alone, together = augmenter(clips(NAMES), 5), augmenter._changed(clips(NAMES), 5)
    for one, other in zip(alone[:3], together[:3], strict=True):
        torch.testing.assert_close(one, other, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("change", [{"seed": 4}, {"epoch": 6}])
def test_another_seed_or_epoch_is_another_sound(change):
    assert all((a != b).any() for a, b in zip(augmented(NAMES).audio, augmented(NAMES, **change).audio, strict=True))


def test_another_name_is_another_sound():
    same = clips(NAMES[:1] * 2)._replace(name=["one", "two"])
    audio = Augmenter([Level(chance=1)], FORMAT)(same, 0).audio
    assert not torch.allclose(audio[0], audio[1])


def test_one_augmentation_draws_nothing_from_another():
    without = Augmenter([Level(chance=0), SpectralTilt(chance=1)], FORMAT)(clips(NAMES), 0)
    assert torch.equal(
        Augmenter([LowPass(chance=0), SpectralTilt(chance=1)], FORMAT)(clips(NAMES), 0).audio, without.audio
    )
    twice = Augmenter([Level(chance=1), Level(chance=1)], FORMAT)(clips(NAMES), 0).audio
    once = Augmenter([Level(chance=1)], FORMAT)(clips(NAMES), 0).audio
    original = clips(NAMES).audio
    assert not torch.allclose(twice / original, (once / original) ** 2, rtol=1e-2)


def test_no_global_random_number_is_drawn():
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    augmented(NAMES)
    assert random.getstate() == before[0] and np.random.get_state()[1].tolist() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_chance_is_the_share_of_changed_clips(chance):
    sound = clips([f"note {number}" for number in range(600)], ClipFormat(16000, 160, 160))
    changed = (Augmenter([Level(-18, -1, chance)], FORMAT)(sound, 0).audio != sound.audio).any(1)
    assert changed.float().mean().item() == pytest.approx(chance, abs=0.06 if chance == 0.3 else 0)


@pytest.mark.parametrize("kind", AUGMENTATIONS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("clip_format", [FORMAT, ClipFormat(44100, 8820, 441)], ids=["16 kHz", "44.1 kHz"])
def test_a_clip_stays_a_clip(kind, clip_format):
    before = clips(NAMES, clip_format)
    kept = [field.clone() for field in before[:3]]
    after = Augmenter([kind(chance=1)], clip_format)(before, 0)
    assert all(torch.equal(field, copy) for field, copy in zip(before[:3], kept, strict=True))
    assert [field.shape for field in after[:3]] == [field.shape for field in kept]
    assert after.name == NAMES and after.labels is before.labels
    assert (after.audio != before.audio).any(1).all() and after.audio.isfinite().all()
    assert after.audio.dtype == torch.float32 and (after.f0_hz > 0).all()
    assert (after.confidence >= 0).all() and (after.confidence <= 1).all()


@pytest.mark.parametrize("kind", AUGMENTATIONS, ids=lambda kind: kind.__name__)
def test_silence_stays_silent(kind):
    silent = clips(NAMES[:2])
    silent = silent._replace(audio=torch.zeros_like(silent.audio))
    assert torch.equal(Augmenter([kind(chance=1)], FORMAT)(silent, 0).audio, silent.audio)


@pytest.mark.parametrize("kind", AUGMENTATIONS, ids=lambda kind: kind.__name__)
def test_nothing_is_read_back_from_another_device(kind):
    """The meta device has no numbers, and mixes with no other: reading one, or computing elsewhere, is an error."""
    sound = clips(NAMES)
    elsewhere = sound._replace(**{name: getattr(sound, name).to("meta") for name in ("audio", "f0_hz", "confidence")})
    after = Augmenter([kind(chance=0.7)], FORMAT)(elsewhere, 0)
    assert all(
        field.device.type == "meta" and field.shape == sound[place].shape for place, field in enumerate(after[:3])
    )


def test_pairs_are_refused():
    pairs = clips(NAMES)
    with pytest.raises(ValueError, match=r"remove data\.augmentations"):
        Augmenter(EVERYTHING, FORMAT)(pairs._replace(untouched=pairs.audio), 0)


def test_a_format_that_an_augmentation_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="LowPass has highest_hz 9000: choose one below 8000 Hz"):
        Augmenter([LowPass(1000, 9000)], FORMAT)
    Augmenter([LowPass(1000, 9000)], ClipFormat(44100, 441, 441))


@pytest.mark.parametrize("kind", AUGMENTATIONS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("chance", [-0.1, 1.1, float("nan")])
def test_a_chance_is_a_probability(kind, chance):
    with pytest.raises(ValueError, match=f"{kind.__name__} has a chance of"):
        kind(chance=chance)
