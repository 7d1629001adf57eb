"""A voice for hosts: the instrument's own sound in buffers of any size, or the pitch and level of what it hears."""

import math

import pytest
import torch

from instrument.hosted_voice import HostedVoice, HostPreset
from instrument.input_follower import LevelNow
from lightning_modules.encoders.preset import Preset
from synths import ClipFormat

HOP = 160
PRESETS = [
    HostPreset("first", 50, torch.randn(30, 2, generator=torch.Generator().manual_seed(1)), torch.full((5,), 0.25)),
    HostPreset("second", 60, torch.randn(1, 2, generator=torch.Generator().manual_seed(2)), torch.full((5,), 0.75)),
]


def scripted(voice):
    """As it is exported."""
    return torch.jit.script(voice.eval())


def tone(f0_hz, gain=0.2, n=16000):
    """Five partials at 16 kHz."""
    time_s = torch.arange(n) / 16000
    return gain * sum(torch.sin(2.0 * math.pi * k * f0_hz * time_s) / k for k in range(1, 6))


def level_db(sound):
    """The A-weighted mean over the last half."""
    now = LevelNow(ClipFormat(16000, 16000, HOP))
    return float(torch.stack([now(sound[:end]) for end in range(len(sound) // 2, len(sound), HOP)]).mean())


def in_parts(play, sound, size=512):
    """Buffer by buffer."""
    return torch.cat([play(part) for part in sound.split(size, dim=-1)], dim=-1)


@torch.no_grad()
def curves(n_frames=64):
    """(6, n_frames * hop) of pitch and positions, held for a hop; (1, F) pitch and (1, F, 5) positions."""
    f0_hz = 150.0 + 400.0 * torch.rand(1, n_frames)
    f0_hz[:, 20:24] = 0.0
    positions = torch.rand(1, n_frames, 5)
    return torch.cat([f0_hz[:, None], positions.mT], dim=1)[0].repeat_interleave(HOP, dim=-1), f0_hz, positions


def expected(instrument, f0_hz, positions, preset, seed):
    """The instrument's sound, late, with the noise that a voice draws: residual of a preset, pitch held in pauses."""
    held = f0_hz.clone()
    for frame in range(1, held.shape[1]):
        if held[0, frame] < 1.0:
            held[0, frame] = held[0, frame - 1]
    residual = Preset(preset.lowest_midi, preset.residual, torch.zeros(len(preset.residual), 5)).residual_at(held)
    torch.manual_seed(seed)
    noise = torch.stack([2.0 * torch.rand(1, 160) - 1.0 for _ in range(f0_hz.shape[1])], dim=1)
    return torch.cat(list(instrument.play(f0_hz, positions, residual, noise, 1)), dim=1)[0, : f0_hz.shape[1] * HOP]


def test_is_the_instrument_in_buffers_of_any_size(small_instrument):
    """1, 2, 8 and 64 hops, powers of two, one sample odd: equal, with a preset's residual, no later than itself."""
    instrument = small_instrument()
    voice = scripted(HostedVoice(instrument, 0, PRESETS))
    given, f0_hz, positions = curves()
    wanted = expected(instrument, f0_hz, positions, PRESETS[0], 3)
    assert wanted.abs().max() > 0.05
    with torch.inference_mode():
        for size in (HOP, 2 * HOP, 8 * HOP, 64 * HOP, 64, 512, 2048, 333):
            voice.reset()
            torch.manual_seed(3)
            torch.testing.assert_close(in_parts(voice.render, given, size), wanted, atol=1e-4, rtol=0.0)


def test_a_preset_is_its_residual_and_its_knobs(small_instrument):
    """Chosen by name; another sounds otherwise; an unknown one changes nothing."""
    instrument = small_instrument()
    voice = scripted(HostedVoice(instrument, 0, PRESETS))
    given, f0_hz, positions = curves(16)
    assert voice.shares == [0.25] * 5
    assert voice.choose("second") and voice.shares == [0.75] * 5 and not voice.choose("third") and voice.preset == 1
    torch.manual_seed(4)
    found = voice.render(given)
    torch.testing.assert_close(found, expected(instrument, f0_hz, positions, PRESETS[1], 4), atol=1e-4, rtol=0.0)
    assert (found - expected(instrument, f0_hz, positions, PRESETS[0], 4)).abs().max() > 1e-3


def test_can_be_reset_outside_what_it_played_in(small_instrument):
    """A host plays in inference mode and turns knobs outside of it: as at first, and no error."""
    voice = scripted(HostedVoice(small_instrument(), 0))
    sounds = []
    for _ in range(2):
        torch.manual_seed(5)
        with torch.inference_mode():
            sounds.append(in_parts(voice.follow, tone(220.0, n=4800)))
        voice.reset()
    assert sounds[0].abs().max() > 0.01
    torch.testing.assert_close(sounds[0], sounds[1], atol=0.0, rtol=0.0)


class Asked:
    """Stands in for the traced frame: keeps what it was asked."""

    def __init__(self, voice):
        self.frames = []
        voice.next_hop = self.keep(voice)

    def keep(self, voice):
        def next_hop(f0_hz, positions):
            self.frames.append((f0_hz, positions.clone()))
            voice.sound, voice.used = torch.full((HOP,), 0.1), 0

        return next_hop


@pytest.mark.parametrize(
    ("f0_hz", "semitones", "played_hz"), [(220.0, 0.0, 220.0), (220.0, 7.0, 329.63), (98.0, 0.0, 196.0)]
)
def test_follows_pitch_and_level(small_instrument, f0_hz, semitones, played_hz):
    """Silence asks for no pitch; then the input's, moved; octaves away where it was not learnt. A knob is its level."""
    voice = HostedVoice(small_instrument(), 0, pitches_midi=(55.0, 80.0))
    voice.semitones = semitones
    asked = Asked(voice)
    voice.follow(torch.zeros(1600))
    assert {frame[0] for frame in asked.frames} == {0.0}
    sound = tone(f0_hz)
    voice.follow(sound)
    found_hz, positions = asked.frames[-1]
    assert found_hz == pytest.approx(played_hz, rel=1e-3)
    assert float(positions[0]) == pytest.approx(1.0 + voice.follower.level_db / 80.0, abs=1e-5)
    voice.level_db = -20.0
    voice.follow(sound)
    assert float(asked.frames[-1][1][0] - positions[0]) == pytest.approx(-0.25, abs=0.01)


def test_a_knob_travels_what_notes_of_the_pitch_reach(small_instrument):
    """Between half octaves in a line, as the page does: MIDI 57 lies in the middle between 54 and 60 (rows 51, 57)."""
    instrument = small_instrument()
    rows = [(float(midi), 0.01 * index, 0.5 + 0.01 * index) for index, midi in enumerate(range(21, 118, 6))]
    instrument.knobs = [instrument.knobs[0], *(knob._replace(reach=rows) for knob in instrument.knobs[1:])]
    voice = HostedVoice(instrument, 0)
    voice.shares = [0.0, 0.0, 1.0, 0.5, 0.5]
    asked = Asked(voice)
    voice.follow(tone(261.63))  # MIDI 60: halfway from row 6 (57) to row 7 (63)
    assert asked.frames[-1][1][1:4].tolist() == pytest.approx([0.065, 0.565, 0.315], abs=1e-3)


def test_without_a_knob_of_level_the_sound_is_moved(small_instrument):
    """20 dB less in, 20 dB less out; A-weighted, the input's own level within 2 dB."""
    voice = scripted(HostedVoice(small_instrument(), -1))
    with torch.inference_mode():
        loud, soft = (level_db(in_parts(voice.follow, tone(220.0, gain, 24000))) for gain in (0.2, 0.02))
    assert loud - soft == pytest.approx(20.0, abs=2.0)
    assert loud == pytest.approx(level_db(tone(220.0)), abs=2.0)
