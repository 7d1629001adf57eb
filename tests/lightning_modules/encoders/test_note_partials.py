"""A note's own partials: as strong as they are, less what knobs and pitch say."""

from functools import partial

import pytest
import torch

from lightning_modules.encoders import BottleneckResidual, DescriptorEncoder, NotePartials
from synths import Level, Sharpness

N_PARTIALS = 6


def tone(clip, f0_hz, levels_db):
    """(1, N) harmonics of these levels, in phase."""
    time_s = torch.arange(clip.n_samples, dtype=torch.float64) / clip.sample_rate
    waves = [
        10 ** (level / 20) * torch.sin(2 * torch.pi * f0_hz * (k + 1) * time_s) for k, level in enumerate(levels_db)
    ]
    return (0.1 * sum(waves)).float()[None]


def pitch_of(clip, f0_hz):
    """(1, F)."""
    return torch.full((1, clip.n_frames), f0_hz)


@pytest.fixture
def partials(second):
    """Six of them beside two knobs, nothing learnt."""
    return NotePartials(second, 2, N_PARTIALS)


def test_spectrum_is_the_levels_of_the_tone(partials, second):
    """1 for 20 dB, relative to the whole tone, whatever its loudness; what does not sound does not count."""
    levels_db = torch.tensor([0.0, -6.0, -20.0, -3.0, -30.0, -12.0])
    audio = tone(second, 330.0, levels_db)
    whole_db = 10 * (10 ** (levels_db / 10)).sum().log10()
    sounding = torch.ones(1, 25)
    sounding[:, :3], sounding[:, -3:] = 0, 0
    for sound in (audio, 0.1 * audio):
        heard = partials.spectrum(sound, pitch_of(second, 330.0), sounding)
        torch.testing.assert_close(heard.levels[0], (levels_db - whole_db) / 20, atol=0.02, rtol=0)
        assert heard.known.all()


def test_partials_above_nyquist_are_not_known(partials, second):
    """Of 1,500 Hz five are below 8 kHz; the sixth says nothing, nor does silence say anything."""
    audio, pitch = tone(second, 1500.0, [0.0, -6.0]), pitch_of(second, 1500.0)
    controls, sounding = torch.rand(1, 100, 2), torch.ones(1, 25)
    partials.coefficients.normal_()
    value = partials(audio, pitch, controls, sounding)
    assert value.shape == (1, N_PARTIALS) and value[0, :5].all() and not value[0, 5]
    assert not partials(0 * audio, pitch, controls, 0 * sounding).any()


def test_what_knobs_and_pitch_say_is_left_out(second):
    """Notes whose partials follow from the knobs have nothing of their own; one whose third is 12 dB up has that."""
    encoder = DescriptorEncoder(second, [Level, Sharpness], partials=partial(NotePartials, n_partials=N_PARTIALS))
    tilts, pitches = torch.linspace(-12, -2, 8), torch.linspace(200, 400, 4)
    notes = [
        (tone(second, float(f0), tilt * torch.arange(N_PARTIALS)), pitch_of(second, float(f0)))
        for tilt in tilts
        for f0 in pitches
    ]
    encoder.calibrate([(torch.cat([a for a, _ in notes]), torch.cat([p for _, p in notes]))])
    spread = torch.stack([encoder.partials.spectrum(a, p, torch.ones(1, 25)).levels[0] for a, p in notes]).std(0)
    left = torch.stack([encoder(*note).residual[0, 0] for note in notes])
    assert (left.square().mean(0).sqrt() < 0.5 * spread).all()
    levels_db = -6.0 * torch.arange(N_PARTIALS)
    plain = encoder(tone(second, 250.0, levels_db), pitch_of(second, 250.0)).residual[0, 0]
    levels_db[2] += 12.0
    other = encoder(tone(second, 250.0, levels_db), pitch_of(second, 250.0)).residual[0, 0]
    assert (other - plain).argmax() == 2 and (other - plain)[2] > 0.3


def test_they_follow_the_residual_and_stand_still(second):
    """The last numbers of the residual, the same in every frame, and as many as the model is told."""
    encoder = DescriptorEncoder(second, residual=BottleneckResidual, partials=NotePartials).eval()
    audio = tone(second, 220.0, -4.0 * torch.arange(20)) * torch.linspace(0.1, 1.0, 16000)
    residual = encoder(audio, pitch_of(second, 220.0)).residual
    assert residual.shape == (1, 100, 68) and (encoder.residual_size, encoder.added_size) == (68, 60)
    assert residual[:, :, 8:].eq(residual[:, :1, 8:]).all() and not residual[:, :, :8].eq(residual[:, :1, :8]).all()


def test_what_is_learnt_is_kept(second):
    """A copy from the state says the same."""
    recipe = partial(DescriptorEncoder, second, [Level, Sharpness], partials=NotePartials)
    encoder, copy = recipe(), recipe()
    note = tone(second, 220.0, -4.0 * torch.arange(20)), pitch_of(second, 220.0)
    encoder.calibrate([note])
    copy.load_state_dict(encoder.state_dict())
    assert copy(*note).residual.equal(encoder(*note).residual)


def test_nonsense_is_refused(second):
    """No partials, or no knobs to predict from."""
    with pytest.raises(ValueError, match="n_partials is 0: it needs at least 1"):
        NotePartials(second, 2, 0)
    with pytest.raises(ValueError, match="needs knobs to predict from"):
        DescriptorEncoder(second, [], partials=NotePartials)
