"""What some setting of the synth plays is found reachable; what no setting can play is refused."""

import math
from functools import partial

import pytest
import torch

from evaluation.control.reachability import met, reachable, tolerances_off
from synths import (
    ClipFormat,
    FundamentalShare,
    Harmonics,
    Level,
    LogAttackTime,
    Noisiness,
    OddEvenBalance,
    Part,
    Roughness,
    Sharpness,
    SMSSynth,
    SpectralCentroid,
    SpectralFlux,
    measure_all_layers,
)

CLIP = ClipFormat(16000, 16000, 160)
KNOBS = [knob(CLIP) for knob in (Level, Sharpness, FundamentalShare, OddEvenBalance, Noisiness)]
LEVEL, SHARPNESS, SHARE, BALANCE, NOISINESS = KNOBS
SYNTH = SMSSynth(CLIP, effects=())
TONE = SMSSynth(CLIP, parts=[partial(Harmonics, n_harmonics=40)], effects=())


def random_settings(n_requests):
    """Pitches over eight octaves, and raw parameters of all tilts, gaps, balances and mixtures."""
    f0_hz = 40.0 * 2 ** (7.0 * torch.rand(n_requests))
    partial_index = torch.arange(100)
    balance = torch.randn(n_requests, 100) * torch.rand(n_requests, 1)
    balance += (0.25 - 1.5 * torch.rand(n_requests, 1)) * (partial_index + 1).log2()
    balance -= 4.0 * (torch.rand(n_requests, 100) < 0.8 * torch.rand(n_requests, 1))
    balance -= 0.7 * torch.randn(n_requests, 1) * (partial_index % 2)
    noise = 1.0 + 1.5 * torch.randn(n_requests, 1) + 0.5 * torch.randn(n_requests, 65)
    noise += 3.0 * torch.randn(n_requests, 1) * torch.linspace(-0.5, 0.5, 65)
    gain = 1.0 - 4.0 * torch.rand(n_requests, 1)
    return f0_hz, {"harmonic_gain": gain, "harmonic_balance": balance, "noise_bands": noise}


def played_positions(descriptors, f0_hz, parameters):
    """(R,) pitches, (R, size) raw parameters -> (R, C) knob positions of what the synth plays of them."""
    layers = SYNTH.layers(f0_hz[:, None], {name: raw[:, None] for name, raw in parameters.items()})
    values = measure_all_layers(descriptors, layers)
    return torch.cat([d.position_of(value) for d, value in zip(descriptors, values, strict=True)], dim=-1)


def positions(descriptors, *rows):
    """Rows of values in the descriptors' units -> (R, C) positions."""
    columns = torch.tensor(rows).unbind(-1)
    return torch.stack([d.position_of(column) for d, column in zip(descriptors, columns, strict=True)], dim=-1)


def verdicts(descriptors, synth, *requests):
    """Whether each request, a pitch and a value per descriptor, is reachable."""
    f0_hz = torch.tensor([request[0] for request in requests])
    return reachable(descriptors, synth, f0_hz, positions(descriptors, *(request[1:] for request in requests)))[
        0
    ].tolist()


def test_what_the_synth_plays_is_reachable():
    f0_hz, parameters = random_settings(200)
    asked = played_positions(KNOBS, f0_hz, parameters)
    spread = asked.quantile(0.95, dim=0) - asked.quantile(0.05, dim=0)
    assert (spread > 0.4).all(), "settings too much alike to prove anything"
    found = reachable(KNOBS, SYNTH, f0_hz, asked)
    assert found.reachable.float().mean() >= 0.99
    assert torch.equal(met(found.achieved, asked, KNOBS), found.reachable)


def test_requests_at_the_edge_are_met_nearly_as_well_as_by_a_slow_search():
    # hundreds of steps of Adam meet all of these, most of them barely
    f0_hz = torch.tensor([58.0, 622.0, 932.0, 988.0, 1397.0, 932.0])
    asked = positions(
        KNOBS,
        (-80.0, 0.68, 0.03, -2.7, -7.48),
        (-43.02, 1.13, 0.2, 12.14, -30.9),
        (-27.3, 1.12, 0.4, -13.56, -20.04),
        (-23.45, 1.26, 0.76, 6.13, -40.47),
        (-21.84, 1.67, 0.7, 6.13, -46.19),
        (-27.3, 1.12, 0.68, 6.13, -20.04),
    )
    found = reachable(KNOBS, SYNTH, f0_hz, asked)
    assert tolerances_off(found.achieved, asked, KNOBS).abs().max() < 1.03


def test_giving_up_changes_no_verdict(monkeypatch):
    """Requests that were played, and such with knobs moved away; far fewer settings are measured."""
    f0_hz, parameters = random_settings(10)
    asked, n_measured = played_positions(KNOBS, f0_hz, parameters), []
    asked[::2, 1:4] += torch.linspace(0.2, 1.0, 5)[:, None] * torch.tensor([1.0, -1.0, 1.0])
    layers = SYNTH.layers

    def counted(pitch_hz, each):
        n_measured[-1] += len(pitch_hz)
        return layers(pitch_hz, each)

    monkeypatch.setattr(SYNTH, "layers", counted)
    verdicts = []
    for gives_up in (False, True):
        n_measured.append(0)
        verdicts.append(reachable(KNOBS, SYNTH, f0_hz, asked, gives_up).reachable.tolist())
    assert verdicts[0] == verdicts[1] and 2 <= sum(verdicts[0]) <= 8
    assert n_measured[1] < 0.7 * n_measured[0]


def test_a_request_is_judged_by_itself():
    f0_hz, parameters = random_settings(3)
    asked = played_positions(KNOBS[2:], f0_hz, parameters)
    asked[1, 0] = 1.3
    order = torch.tensor([2, 1, 0, 1, 2])
    found = reachable(KNOBS[2:], SYNTH, f0_hz[order], asked[order])
    assert found.reachable.tolist() == [True, False, True, False, True]
    torch.testing.assert_close(found.achieved[:3], found.achieved[[4, 3, 2]], rtol=0.0, atol=2e-3)


def test_nothing_is_darker_than_the_fundamental_but_noise():
    f0_hz = 1500.0
    raw = {name: torch.full((1, size), -20.0) for name, size in SYNTH.sizes.items()}
    raw["harmonic_gain"], raw["harmonic_balance"][:, 0] = torch.zeros(1, 1), 5.0
    own = played_positions(KNOBS, torch.tensor([f0_hz]), raw)
    level_db, sharpness_acum, share, *_ = (d.value_at(p).item() for d, p in zip(KNOBS, own[0], strict=True))
    assert share > 0.99
    darker_acum = sharpness_acum - 4 * Sharpness.jnd
    sine, darker_sine = (f0_hz, level_db, sharpness_acum, -50.0), (f0_hz, level_db, darker_acum, -50.0)
    assert verdicts([LEVEL, SHARPNESS, NOISINESS], SYNTH, sine, darker_sine) == [True, False]
    assert verdicts([LEVEL, SHARPNESS], SYNTH, darker_sine[:3]) == [True]


def test_no_fundamental_is_more_than_the_tone():
    shares = (220.0, 0.0), (220.0, 0.5), (220.0, 1.0), (220.0, 1.04), (220.0, 1.06)
    assert verdicts([SHARE], SYNTH, *shares) == [True, True, True, True, False]


def test_partials_above_nyquist_are_not_there():
    sine, overtone, even = (4100.0, 1.0, 0.0), (4100.0, 0.5, 0.0), (4100.0, 1.0, -10.0)
    assert verdicts([SHARE, BALANCE], TONE, sine, overtone, even) == [True, False, False]
    # below half of Nyquist there is one overtone, even; below a third there are an even and an odd one
    one, odd, two = (3900.0, 0.5, -30.0), (3900.0, 0.5, 10.0), (2600.0, 0.5, 10.0)
    assert verdicts([SHARE, BALANCE], TONE, one, odd, two) == [True, False, True]


def test_the_synth_has_a_loudest_sound_and_one_without_noise_has_none():
    # a partial of amplitude 2 at 1 kHz, where the A-weighting is 0 dB
    loudest_db = 20 * math.log10(2.0)
    levels = (1000.0, loudest_db), (1000.0, loudest_db + 3.0), (1000.0, -80.0)
    assert verdicts([LEVEL], TONE, *levels) == [True, False, True]
    assert verdicts([NOISINESS], TONE, (220.0, -50.0), (220.0, 0.0)) == [True, False]


def test_what_is_possible_by_itself_may_not_be_together():
    # tolerances are 300 Hz and 0.05
    knobs, low, thin = [SpectralCentroid(CLIP), SHARE], 1500.0, 0.05
    assert verdicts(knobs[:1], TONE, (1500.0, low)) == verdicts(knobs[1:], TONE, (1500.0, thin)) == [True]
    both, either, other = (1500.0, low, thin), (1500.0, low, 0.95), (1500.0, 3300.0, thin)
    assert verdicts(knobs, TONE, both, either, other) == [False, True, True]


def test_what_is_refused_comes_as_near_as_it_can():
    # at 3 kHz there is one overtone and it is even: odd over even is 0 dB at most
    found = reachable([BALANCE], TONE, torch.tensor([3000.0]), positions([BALANCE], (10.0,)))
    assert BALANCE.value_at(found.achieved).item() == pytest.approx(0.0, abs=0.3)
    # knobs in each other's way meet half way, where the worst error is least, however many are on one side
    rivals, asked = [FundamentalShare(CLIP) for _ in range(3)], torch.tensor([[0.3, 0.3, 0.7]])
    found = reachable(rivals, TONE, torch.tensor([220.0]), asked)
    assert found.achieved.tolist() == [pytest.approx([0.5, 0.5, 0.5], abs=0.01)]


@pytest.mark.parametrize("knob", [LogAttackTime, Roughness, SpectralFlux])
def test_what_no_frame_can_answer_for_is_judged_by_the_training_notes_near_its_pitch(knob):
    descriptor = knob(CLIP)
    low, high = descriptor.default_span
    unit = high - low
    near = torch.linspace(low, low + 0.4 * unit, 100), torch.full((100,), 110.0)
    far = torch.linspace(high - 0.4 * unit, high, 100), torch.full((100,), 880.0)
    descriptor.calibrate(*(torch.cat(each) for each in zip(near, far, strict=True)))
    asked = torch.tensor([[0.2, 0.5], [0.8, 0.5], [0.2, 0.5], [0.8, 0.5], [0.8, 1.2]])
    f0_hz = torch.tensor([110.0, 110.0, 880.0, 880.0, 880.0])
    found = reachable([descriptor, SHARE], SYNTH, f0_hz, asked)
    assert found.reachable.tolist() == [True, False, False, True, False]
    assert found.achieved[1, 0].item() == pytest.approx(0.4, abs=0.02)
    within = descriptor.range.reach(f0_hz[:1])[1] + torch.tensor([[0.9], [1.1]]) * _tolerance(descriptor)
    assert reachable([descriptor], SYNTH, f0_hz[:2], within).reachable.tolist() == [True, False]


def test_it_searches_inside_a_test_run_of_lightning_too():
    asked = torch.tensor([[0.3, 0.5]], dtype=torch.float64)
    with torch.inference_mode():
        found = reachable([SHARE, BALANCE], TONE, torch.tensor([220.0], dtype=torch.float64), asked.clone())
    assert found.reachable.tolist() == [True]
    assert not found.achieved.requires_grad


def test_met_is_a_least_audible_difference_or_a_twentieth_of_the_range():
    asked = positions([LEVEL, SHARE], (-20.0, 0.5))
    measured = positions([LEVEL, SHARE], (-19.1, 0.54), (-20.9, 0.46), (-18.9, 0.5), (-20.0, 0.44), (math.nan, 0.5))
    assert met(measured, asked, [LEVEL, SHARE]).tolist() == [True, True, False, False, False]
    off = tolerances_off(measured[:1], asked, [LEVEL, SHARE])
    assert off.tolist() == [pytest.approx([0.9, 0.8], abs=1e-4)]
    assert met(measured.reshape(1, 5, 2), asked, [LEVEL, SHARE]).shape == (1, 5)


def test_a_tolerance_is_in_the_unit_where_the_knob_is_logarithmic():
    class Pitchlike(Level):
        curve, default_span, jnd = "log", (100.0, 1600.0), 50.0

    knob = Pitchlike(CLIP)
    measured = positions([knob], (149.0,), (151.0,), (1551.0,), (1549.0,))
    asked = positions([knob], (100.0,), (100.0,), (1600.0,), (1600.0,))
    assert met(measured, asked, [knob]).tolist() == [True, False, True, False]


def test_mistakes_are_named():
    asked = torch.full((3, 2), 0.5)
    with pytest.raises(ValueError, match=r"asked has shape \(3, 2\), f0_hz \(2,\)"):
        reachable([LEVEL, SHARE], SYNTH, torch.full((2,), 220.0), asked)
    with pytest.raises(ValueError, match="is not finite"):
        reachable([LEVEL, SHARE], SYNTH, torch.full((3,), 220.0), asked * math.nan)
    with pytest.raises(ValueError, match="2 positions are measured and 2 asked of 1 descriptors"):
        met(asked, asked, [LEVEL])

    class Clicks(Part):
        sizes = {"click": 1}

    with pytest.raises(NotImplementedError, match="Clicks cannot say"):
        reachable([LEVEL, SHARE], SMSSynth(CLIP, parts=[lambda clip: Clicks()]), torch.full((3,), 220.0), asked)


def test_without_knobs_or_requests_there_is_nothing_to_refuse():
    assert reachable([], SYNTH, torch.full((2,), 220.0), torch.zeros(2, 0)).reachable.tolist() == [True, True]
    assert reachable(KNOBS, SYNTH, torch.zeros(0), torch.zeros(0, 5)).achieved.shape == (0, 5)


def _tolerance(descriptor):
    """In knob positions."""
    span = descriptor.span[1] - descriptor.span[0]
    return 0.05 if descriptor.jnd is None else descriptor.jnd / span
