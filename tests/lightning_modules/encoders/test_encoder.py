"""What all encoders share: the knobs and their ranges."""

import pytest
import torch

from lightning_modules.encoders import DescriptorEncoder, Encoder
from synths import Descriptor, Hardness, Layers, Level, LogAttackTime, Noisiness, Sharpness


@pytest.fixture
def encoder(second):
    """Four knobs, one of them measured once per note."""
    return DescriptorEncoder(second, [Sharpness, Level, LogAttackTime, Noisiness])


@pytest.fixture
def notes(second, harmonic_tone):
    """Three notes of rising sharpness that end after half a second, and their pitch."""
    audio = torch.cat([harmonic_tone(second, 220.0, tilt) for tilt in (-18.0, -9.0, -3.0)])
    audio[:, 8000:] = 0.0
    return audio, torch.full((3, 100), 220.0)


def test_knobs_are_the_descriptors_in_order(encoder):
    """By the names of their classes."""
    assert encoder.knobs == ["sharpness", "level", "log_attack_time", "noisiness"]


def test_factors_are_controls_that_cannot_be_measured(clip_format):
    """They follow the knobs, and what is kept of them in a checkpoint says what they are."""
    encoder = Encoder(clip_format, [Sharpness, Level], 3, ["vco_2.shape"])
    assert encoder.controls == ["sharpness", "level", "vco_2.shape"] and encoder.knobs == ["sharpness", "level"]
    assert encoder.knob_kinds == ["sharpness (acum, linear)", "level (dB, linear)", "vco_2.shape (label)"]
    assert encoder.residual_size == 3


def test_calibrate_ignores_silence(encoder, second, notes):
    """Frames 40 dB below a clip's loudest do not count: silence added to the clips changes no range."""
    encoder.calibrate([notes])
    spans = {d.name: d.span.clone() for d in encoder.each_descriptor()}
    sharpness, level_db = Sharpness(second).measure(*notes), Level(second).measure(*notes)
    sounding = level_db > level_db.amax(1, keepdim=True) - 40
    ends = sharpness[:, ::2][sounding[:, ::2]].quantile(torch.tensor([0.01, 0.99]))
    torch.testing.assert_close(spans["sharpness"], ends)
    # silence has a sharpness of 0: a range that began there would have counted it
    assert 0 < sharpness[sounding].min() <= spans["sharpness"][0] and not sharpness.min()
    encoder.calibrate(
        [tuple(torch.nn.functional.pad(x, (0, x.shape[1]), value=1.0 * (x.shape[1] == 100)) for x in notes)]
    )
    for descriptor in encoder.each_descriptor():
        torch.testing.assert_close(descriptor.span, spans[descriptor.name], atol=0.02, rtol=0.02)


def test_calibrate_learns_the_reach_of_each_pitch(encoder, second, harmonic_tone):
    """Where the training notes are sharp, at 220 Hz, the knob reaches higher than an octave below and above."""
    pitch = torch.tensor([110.0, 220.0, 440.0])[:, None].expand(3, 100)
    tones = [harmonic_tone(second, f0.item(), tilt) for f0, tilt in zip(pitch[:, 0], (-15, 0, -15), strict=True)]
    encoder.calibrate([(torch.cat(tones), pitch)])
    low, high = next(encoder.each_descriptor()).range.reach(pitch[:, 0])
    assert low[1] > high[0] and low[1] > high[2] and (high >= low).all()


def test_calibrated_positions_fill_the_range(encoder, notes):
    """After calibration the training sound lies in 0..1, and reaches both ends of every knob that varies."""
    assert not encoder.calibrated
    encoder.calibrate([notes])
    assert encoder.calibrated
    level_db = encoder.level.measure(*notes)
    position = encoder.knob_positions(*notes)[..., 0][level_db > level_db.amax(1, keepdim=True) - 40]
    low, high = position.quantile(torch.tensor([0.02, 0.98])).tolist()
    assert 0 <= low < 0.1 and 0.9 < high <= 1


def test_calibrate_keeps_no_graph(encoder, notes):
    """A range is a fact about the data, not something to learn through."""
    encoder.calibrate([(notes[0].requires_grad_(), notes[1])])
    assert not any(descriptor.span.requires_grad for descriptor in encoder.each_descriptor())


def test_calibrate_refuses_silence(clip_format):
    """Nothing that sounds has no range."""
    with pytest.raises(ValueError, match="none of the training clips sounds"):
        DescriptorEncoder(clip_format).calibrate([(torch.zeros(2, clip_format.n_samples), torch.ones(2, 20))])


def test_calibrate_tells_the_family_the_positions(second, notes):
    """It is given positions of every knob, in the frames that sound, within the range just learnt."""

    class Curious(DescriptorEncoder):
        def learn_positions(self, positions):
            self.seen = positions

    encoder = Curious(second, [Sharpness, Noisiness])
    encoder.calibrate([notes])
    sounding = encoder.sounding(notes[0], encoder.every).bool()
    torch.testing.assert_close(encoder.seen, encoder.knob_positions(*notes, encoder.every)[sounding])


def test_no_descriptors_is_the_plain_autoencoder(clip_format):
    """The baseline: no knobs, empty controls."""
    encoder = DescriptorEncoder(clip_format, descriptors=[])
    encoding = encoder(torch.randn(2, clip_format.n_samples), torch.ones(2, clip_format.n_frames))
    assert encoding.controls.shape == (2, clip_format.n_frames, 0) and encoder.knobs == []


def test_what_is_measured_once_is_held(encoder, notes):
    """A note's attack time is the same position in all of its frames."""
    position = encoder.knob_positions(*notes)[..., 2]
    assert position.shape == (3, 100) and position.eq(position[:, :1]).all()


def test_knob_positions_of_layers_are_every_knob_of_what_a_synth_plays(second):
    """Positions in the knobs' order, as each descriptor measures them."""
    encoder = DescriptorEncoder(second, [Sharpness, Level])
    layers = Layers(torch.full((2, 100), 220.0), 0.1 * torch.rand(2, 100, 20), 0.01 * torch.rand(2, 100, 65))
    each = [d.position_of(d.measure_layers(layers)) for d in encoder.each_descriptor()]
    torch.testing.assert_close(encoder.knob_positions_of_layers(layers)[:, ::2], torch.stack(each, dim=-1)[:, ::2])


def test_refuses_what_must_not_be_trained_on(clip_format):
    """With the reason."""
    with pytest.raises(ValueError, match=f"hardness cannot be a knob: {Hardness.not_for_training}"):
        DescriptorEncoder(clip_format, [Level, Hardness])


@pytest.mark.parametrize(("descriptors", "factors"), [([Level, Sharpness, Level], []), ([Level], ["level"])])
def test_refuses_the_same_knob_twice(clip_format, descriptors, factors):
    """Names are how knobs are asked for."""
    with pytest.raises(ValueError, match="the knob level is listed twice"):
        Encoder(clip_format, descriptors, 0, factors)


@pytest.mark.parametrize("recipe", [lambda cls: cls, lambda cls: lambda clip: cls(clip)], ids=["class", "recipe"])
def test_refuses_a_knob_without_a_range(clip_format, recipe):
    """Named as a class or built by a recipe; other mistakes of a descriptor stay what they are."""

    class Gloss(Descriptor):
        unit, summary = "1", "no default_span"

    class Broken(Descriptor):
        default_span = (0.0, 1.0)

        def __init__(self, clip):
            super().__init__(clip)
            self.no_such_thing  # noqa: B018

    with pytest.raises(ValueError, match=r"model\.encoder\.descriptors names Gloss, a knob without a range"):
        DescriptorEncoder(clip_format, [Level, recipe(Gloss)])
    with pytest.raises(AttributeError, match="no_such_thing"):
        DescriptorEncoder(clip_format, [recipe(Broken)])


def test_reach_is_every_knobs_own(encoder, notes):
    """In their order, for each pitch."""
    encoder.calibrate([notes])
    pitch = torch.tensor([110.0, 220.0, 3000.0])
    low, high = encoder.reach(pitch)
    assert low.shape == high.shape == (3, 4)
    for knob, descriptor in enumerate(encoder.each_descriptor()):
        expected = descriptor.range.reach(pitch)
        assert low[:, knob].equal(expected[0]) and high[:, knob].equal(expected[1])


def test_level_is_known_without_a_knob(second, notes):
    """In dB, in every `every`-th frame."""
    encoder = DescriptorEncoder(second, [Sharpness])
    expected = Level(second).measure(*notes)
    torch.testing.assert_close(encoder.level_db(notes[0]), expected)
    torch.testing.assert_close(encoder.level_db(notes[0], 4), expected[:, ::4])


def test_labels_are_of_no_use_to_most(encoder, notes):
    """A family that has no factors adds no terms."""
    assert encoder.label_terms(encoder(*notes), encoder.sounding(notes[0], 4), {"pitch": torch.ones(3)}) == {}


@pytest.mark.parametrize("every", [1, 2, 3, 4])
def test_fewer_frames_are_the_same_frames(encoder, notes, every):
    """Positions and sounding agree in the frames kept; between measured frames, positions are interpolated."""
    all_frames, sounding = encoder.knob_positions(*notes), encoder.sounding(notes[0])
    few = encoder.knob_positions(*notes, every)
    assert few.shape == all_frames[:, ::every].shape
    if every % encoder.every == 0:
        torch.testing.assert_close(few, all_frames[:, ::every])
    assert encoder.sounding(notes[0], every).equal(sounding[:, ::every])
    between = 0.5 * (all_frames[:, 0:-2:2] + all_frames[:, 2::2])
    torch.testing.assert_close(all_frames[:, 1:-1:2], between)
