"""The page's meter is the training code's."""

import numpy as np
import pytest
import torch

from instrument.correction import correction_graph, correction_of
from instrument.graph import Blob
from instrument.meter import Meter, meter_graph, metered
from instrument.page_code import page_code
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, Layers, Roughness, measure_all_layers

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

N_PARTIALS, N_BANDS = 100, 65


@pytest.fixture(scope="module")
def model():
    """Untrained, with our five knobs."""
    return TimbreAutoencoder(ClipFormat(16000, 16000, 160)).eval()


def random_layers(n):
    """Tones from 55 to 1,760 Hz, loud and soft, bright and dull, more or less noisy, silent above Nyquist."""
    f0_hz = 55.0 * 2.0 ** (5.0 * torch.rand(n, 1))
    number = torch.arange(1, N_PARTIALS + 1)
    amplitudes = 0.5 * torch.rand(n, 1) ** 3 * number ** (-3.0 * torch.rand(n, 1)) * torch.rand(n, N_PARTIALS)
    amplitudes = amplitudes * (f0_hz * number < 8000.0)
    noise = 0.05 * torch.rand(n, 1) ** 3 * torch.rand(n, N_BANDS)
    return Layers(f0_hz, amplitudes[:, None], noise[:, None])


def runs_of(layers, **more):
    """Inputs of a graph, layer by layer."""
    given = {
        "f0_hz": layers.f0_hz,
        "amplitudes": layers.amplitudes,
        "noise_magnitudes": layers.noise_magnitudes,
        **more,
    }
    return [{name: x[index].ravel().tolist() for name, x in given.items()} for index in range(len(layers.f0_hz))]


@pytest.mark.browser
def test_reads_what_the_descriptors_read(model, node_job):
    """On 40 random layers, within a hundredth of a JND; within 1e-4 of the range where there is none."""
    layers, blob = random_layers(40), Blob()
    described = meter_graph(model, N_PARTIALS, N_BANDS).packed(blob)
    answers = node_job("graph", graph=described, blob=bytes(blob.numbers), code=page_code(), runs=runs_of(layers))
    knobs = list(model.encoder.each_descriptor())
    assert len(knobs) == 5
    for knob, expected in zip(knobs, measure_all_layers(knobs, layers), strict=True):
        step = knob.jnd or 0.01 * float(knob.span[1] - knob.span[0])
        read = np.array([answer[knob.name][0] for answer in answers])
        assert np.abs(read - expected[:, 0].numpy()).max() < 0.01 * step, knob.name
        assert read.std() > step, knob.name


@pytest.mark.browser
def test_the_correction_is_the_training_code_too(model, node_job):
    """After a step, at knobs, pitches and gains of all kinds, knobs read the same within a tenth of a tolerance.

    Gains themselves may differ where several ways lead there: they are found by small differences.
    """
    layers, blob = random_layers(12), Blob()
    correction = correction_of(model, N_PARTIALS, N_BANDS)
    asked, gains = torch.rand(12, 1, 5), 0.5 * torch.randn(12, 1, 5)
    described = correction_graph(correction).packed(blob)
    runs = runs_of(layers, asked=asked, gains=gains)
    answers = node_job("graph", graph=described, blob=bytes(blob.numbers), code=page_code(), runs=runs)
    for index, answer in enumerate(answers):
        one = Layers(*(x[index : index + 1] for x in layers[:3]))
        (expected,) = correction(*one[:3], asked[index], gains[index])
        ways = correction.directions(one)[:, 0].mT
        after = [
            correction.target.of_layers(one.scaled((each - gains[index])[:, None] @ ways))
            for each in (expected.detach(), torch.tensor(answer["gains_next"])[None])
        ]
        assert ((after[1] - after[0]) / correction.target.tolerance(asked[index])).abs().max() < 0.1


def test_steps_meet_the_knobs(model):
    """Six steps from a frame: what can be met is met within a tenth of a tolerance."""
    torch.manual_seed(1)
    correction = correction_of(model, N_PARTIALS, N_BANDS)
    number = torch.arange(1, N_PARTIALS + 1)
    open_layers = Layers(
        torch.full((1, 1), 220.0),
        (0.2 / number * (220.0 * number < 8000.0))[None, None],
        torch.full((1, 1, N_BANDS), 3e-4),
    )
    ways = correction.directions(open_layers)[:, 0].mT
    goal = correction.target.of_layers(open_layers.scaled(torch.tensor([[[0.2, -0.3, 0.2, 0.1, 0.3]]]) @ ways))
    gains = torch.zeros(1, 5)
    for _ in range(8):
        played = open_layers.scaled(gains[:, None] @ ways)
        (gains,) = correction(*played[:3], goal[:, 0], gains)
    played = open_layers.scaled(gains[:, None] @ ways)
    off = (correction.target.of_layers(played) - goal) / correction.target.tolerance(goal)
    assert off.abs().max() < 0.1


def test_a_knob_that_only_sound_tells_has_no_meter():
    """Roughness needs a window's time."""
    encoder = lambda clip: DescriptorEncoder(clip, descriptors=[Roughness])  # noqa: E731
    model = TimbreAutoencoder(ClipFormat(16000, 16000, 160), encoder)
    assert metered(model) == [] and meter_graph(model, N_PARTIALS, N_BANDS) is None
    assert correction_of(model, N_PARTIALS, N_BANDS) is None


def test_the_meter_is_a_tuple_of_readings(model):
    """In the order of the knobs."""
    layers = random_layers(1)
    read = Meter(metered(model))(*layers[:3])
    assert [float(x) for x in read] == [float(x) for x in measure_all_layers(metered(model), layers)]
