"""A synth's own sound gives back the synth's own numbers; what a decoder changes is changed on the fit."""

import pytest
import torch

from lightning_modules.losses import MultiResolution
from synths import ClipFormat, FilteredNoise, Harmonics, SMSSynth, Strings, fitting
from synths.fitting import Fit, fit, noise_heard, partials_heard

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
F0_HZ = torch.full((1, CLIP.n_frames), 250.0)
AMPLITUDES = torch.tensor([0.2, 0.1, 0.0, 0.05, 0.02, 0.01])
DISTANCE = MultiResolution(CLIP)
SYNTH = SMSSynth(CLIP, [lambda clip: Harmonics(clip, 6), lambda clip: FilteredNoise(clip, 9)], [])


def own_numbers(n_frames=CLIP.n_frames, rise=0.0):
    """What is played: a tone over noise that gets louder by so many nepers."""
    swell = (rise * torch.linspace(0.0, 1.0, n_frames)).exp()[None, :, None]
    noise = torch.linspace(0.002, 0.02, 9)
    return [{"amplitudes": AMPLITUDES * swell}, {"noise_magnitudes": noise * swell}]


def sound(numbers, f0_hz=F0_HZ, seed=1):
    white = 2.0 * torch.rand(*f0_hz.shape, CLIP.hop, generator=torch.Generator().manual_seed(seed)) - 1.0
    return SYNTH.play(f0_hz, numbers, white)


def fitted(audio, f0_hz=F0_HZ, n_steps=30):
    """By noise that the sound was not made with; what a decoder would play is all wrong."""
    white = 2.0 * torch.rand(*f0_hz.shape, CLIP.hop, generator=torch.Generator().manual_seed(2)) - 1.0
    shape = (1, f0_hz.shape[1])
    decoded = [{"amplitudes": torch.full((*shape, 6), 0.3)}, {"noise_magnitudes": torch.full((*shape, 9), 0.3)}]
    return fit(SYNTH, audio, f0_hz, decoded, white, DISTANCE, n_steps)


def db(ratio):
    return 20.0 * ratio.log10()


def test_partials_and_noise_are_heard_as_loud_as_they_are():
    """A partial within half a dB, noise in white noise within 1 dB, before anything is fitted."""
    own = own_numbers()
    heard = partials_heard(sound(own), F0_HZ, CLIP, 6)[0, 20:-20]
    assert db(heard / AMPLITUDES)[:, AMPLITUDES > 0.03].abs().max() < 0.5
    white = 0.1 * (2.0 * torch.rand(1, CLIP.n_samples, generator=torch.Generator().manual_seed(0)) - 1.0)
    assert db(noise_heard(white, F0_HZ, CLIP, 9) / 0.1).mean().abs() < 1.0


def test_a_synths_own_sound_gives_back_its_numbers():
    """A swell: strong partials within 1 dB all along, the power of noise within 3 dB in the inner bands."""
    own = own_numbers(rise=1.0)
    audio = sound(own)
    start, found = fitted(audio, n_steps=0), fitted(audio)
    tone, noise = (found.played[part][name] for part, name in enumerate(("amplitudes", "noise_magnitudes")))
    strong = AMPLITUDES > 0.03
    assert db(tone / own[0]["amplitudes"])[0, 10:-10, strong].abs().mean() < 1.0
    power = (noise / own[1]["noise_magnitudes"])[0, 10:-10, 2:-1].square().mean(0)
    assert db(power.sqrt()).abs().max() < 3.0
    far, near = (DISTANCE(SYNTH.play(F0_HZ, each.played, each.white_noise), audio) for each in (start, found))
    assert near < 0.95 * far


def test_the_same_sound_has_the_same_fit_and_is_not_changed():
    audio = sound(own_numbers())
    before = audio.clone()
    with torch.inference_mode():
        one, two = fitted(audio, n_steps=3), fitted(audio, n_steps=3)
    assert all(a[name].equal(b[name]) for a, b in zip(one.played, two.played, strict=True) for name in a)
    assert audio.equal(before)


def test_a_long_sound_is_fitted_in_blocks_without_seams(monkeypatch):
    monkeypatch.setattr(fitting, "BLOCK_S", 0.4)
    tone = fitted(sound(own_numbers())).played[0]["amplitudes"]
    assert tone.shape == (1, CLIP.n_frames, 6)
    assert db(tone[0, 5:-5, 0] / AMPLITUDES[0]).abs().max() < 4.0, "blocks end after 40 and 80 frames"


def test_few_frames_are_fitted_too():
    """Three of them."""
    f0_hz = F0_HZ[:, :3]
    found = fitted(sound(own_numbers(3), f0_hz), f0_hz)
    assert found.played[0]["amplitudes"].shape == (1, 3, 6)
    assert db(found.played[0]["amplitudes"][0, 1, 0] / AMPLITUDES[0]).abs() < 3.0


def test_silence_is_fitted_by_silence():
    found = fitted(torch.zeros(1, CLIP.n_samples))
    assert SYNTH.play(F0_HZ, found.played, found.white_noise).abs().max() < 1e-4


def test_turning_changes_the_fit_as_it_changes_the_decoders_sound():
    """By 6 dB where the decoder's number counts, not where it is 100 dB down; nothing where nothing is turned."""
    decoded = [{"amplitudes": torch.tensor([[[0.1, 1e-6]]])}]
    one = Fit([{"amplitudes": torch.tensor([[[0.03, 0.02]]])}], decoded, None)
    assert one.moved(decoded)[0]["amplitudes"].equal(one.played[0]["amplitudes"])
    louder = one.moved([{"amplitudes": torch.tensor([[[0.2, 2e-6]], [[0.1, 8e-6]]])}])[0]["amplitudes"]
    torch.testing.assert_close(louder[0, 0], torch.tensor([0.06, 0.04]), rtol=0.02, atol=0)
    assert louder[1, 0, 0] == pytest.approx(0.03) and louder[1, 0, 1] < 0.04, "not eight times as loud"


def test_a_share_of_the_way_leads_to_what_the_decoder_plays():
    """Half-way in decibels, and all the way."""
    one = Fit([{"amplitudes": torch.tensor([[[0.04, 0.02]]])}], [{"amplitudes": torch.tensor([[[0.1, 0.1]]])}], None)
    turned = [{"amplitudes": torch.tensor([[[0.01, 0.08]]]).repeat(3, 1, 1)}]
    moved = one.moved(turned)[0]["amplitudes"]
    between = one.moved(turned, torch.tensor([0.0, 0.5, 1.0]))[0]["amplitudes"]
    torch.testing.assert_close(between[0], moved[0])
    torch.testing.assert_close(between[1], (moved[0] * turned[0]["amplitudes"][0]).sqrt())
    torch.testing.assert_close(between[2], turned[0]["amplitudes"][2])


@torch.no_grad()
def test_no_click_where_the_pitch_jumps():
    """A tone that goes from 250 to 375 Hz between two samples: its fit has no more at 4 kHz and above than it has."""
    f0_hz = torch.where(torch.arange(CLIP.n_frames) < 50, 250.0, 375.0)[None]
    at_samples = torch.where(torch.arange(CLIP.n_samples) < 8000, 250.0, 375.0).double()
    phase = 2.0 * torch.pi * at_samples.cumsum(0) / CLIP.sample_rate
    audio = sum(a * torch.sin(k * phase) for k, a in enumerate((0.2, 0.1, 0.05), 1))[None].float()
    found = fitted(audio, f0_hz)
    output = SYNTH.play(f0_hz, found.played, found.white_noise)
    assert above_4_khz(output)[7000:9000].abs().max() < 1.5 * above_4_khz(audio)[7000:9000].abs().max() + 1e-3


def above_4_khz(audio):
    """(1, N) -> (N,) what is left without all that is lower."""
    spectrum = torch.fft.rfft(audio[0])
    spectrum[: len(spectrum) // 2] = 0.0
    return torch.fft.irfft(spectrum, audio.shape[1])


@pytest.mark.parametrize("n_strings", [1, 2])
def test_partials_of_strings_are_heard_where_they_are(n_strings):
    """As loud as they are played; at harmonics, a twelfth partial would be heard a seventh too low."""
    strings = Strings(CLIP, 12, stiffness=2e-3, n_strings=n_strings, detune_cents=0.01)
    synth = SMSSynth(CLIP, [lambda clip: strings, lambda clip: FilteredNoise(clip, 9)], [])
    amplitudes = torch.linspace(0.2, 0.02, 12).expand(1, CLIP.n_frames, 12)
    played = [strings.on_each_string(amplitudes, strings.frequencies(F0_HZ))]
    played += [{"noise_magnitudes": torch.full((1, CLIP.n_frames, 9), 1e-4)}]
    decoded = [played[0] | {"amplitudes": torch.full_like(played[0]["amplitudes"], 0.3)}, played[1]]
    white = 2.0 * torch.rand(1, CLIP.n_frames, CLIP.hop, generator=torch.Generator().manual_seed(2)) - 1.0
    found = fit(synth, synth.play(F0_HZ, played, white), F0_HZ, decoded, white, DISTANCE, 0).played
    heard = found[0]["amplitudes"].unflatten(-1, (n_strings, 12)).sum(-2)[0, 20:-20]
    assert db(heard / amplitudes[0, 0]).abs().max() < 0.5
    assert found[1]["noise_magnitudes"][0, 20:-20, 1:4].max() < 0.01


def test_gaps_lie_between_partials():
    """Half-way, between harmonics and between stiff partials; above all partials a place stays."""
    places = torch.tensor([[0.2, 1.7, 2.4, 9.0]])
    assert fitting._gap(places, None).tolist() == [[0.5, 1.5, 2.5, 9.5]]
    found = fitting._gap(places, torch.tensor([1.0, 2.2, 3.6]))
    torch.testing.assert_close(found, torch.tensor([[0.5, 1.6, 2.9, 9.0]]))
