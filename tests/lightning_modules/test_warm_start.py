"""Fine-tuning begins with what a model knew, or is refused in a sentence."""

from functools import partial

import pytest
import torch

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder, MinGruDecoder, TcnDecoder
from lightning_modules.encoders import BottleneckResidual, DescriptorEncoder, NotePartials, Trunk
from lightning_modules.losses import AdversarialLoss, MultiResolution
from lightning_modules.warm_start import begin_from, keep_meaning, knob_spans
from synths import ClipFormat, Level, Sharpness

RESIDUAL = partial(BottleneckResidual, size=3, trunk=partial(Trunk, width=16))


def built(clip, decoder=MinGruDecoder, descriptors=(Level, Sharpness), width=16, partials=None, loss=MultiResolution):
    encoder = partial(DescriptorEncoder, descriptors=descriptors, residual=RESIDUAL, partials=partials)
    return TimbreAutoencoder(clip, encoder, decoder=partial(decoder, width=width), reconstruction=loss)


def checkpoint(model):
    origin = {"knobs": model.encoder.knob_kinds, "f0_tracker": None}
    state = {name: value.clone() for name, value in model.state_dict().items()}
    settings = {"clip": dict(vars(model.clip))}
    return {"state_dict": state, "hyper_parameters": settings, "interpretsynth": origin, "global_step": 5}


def test_weights_and_ranges_are_taken_and_the_ranges_are_to_be_taken_anew(clip_format):
    theirs, ours = built(clip_format), built(ClipFormat(16000, 6400, 160))
    with torch.no_grad():
        for value in theirs.parameters():
            value.normal_()
    theirs.encoder.calibrated.fill_(True)
    next(theirs.encoder.each_descriptor()).range.span.copy_(torch.tensor([11.0, 22.0]))
    begin_from(ours, checkpoint(theirs), "orchestra")
    for (name, mine), (_, given) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert mine.equal(given), name
    assert knob_spans(ours)[0].tolist() == [11.0, 22.0]
    assert not ours.encoder.calibrated and ours.begins_warm and ours.trained_steps == 0


@pytest.mark.parametrize(
    "losses", [(MultiResolution, AdversarialLoss), (AdversarialLoss,) * 2, (AdversarialLoss, MultiResolution)]
)
def test_a_critic_begins_anew(clip_format, losses):
    """Whether there was one or not; all that plays is taken."""
    theirs, ours = (built(clip_format, loss=loss) for loss in losses)
    before = {name: value.clone() for name, value in ours.reconstruction.state_dict().items()}
    begin_from(ours, checkpoint(theirs), "orchestra")
    given = theirs.state_dict()
    assert all(value.equal(before[name]) for name, value in ours.reconstruction.state_dict().items())
    assert all(value.equal(given[name]) for name, value in ours.decoder.state_dict(prefix="decoder.").items())


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda clip: built(ClipFormat(22050, 4400, 220)), "it plays 22050 Hz, this experiment 16000 Hz: take clip of"),
        (lambda clip: built(ClipFormat(16000, 3200, 80)), "it has a hop of 80 samples, this experiment 160"),
        (
            lambda clip: built(clip, descriptors=(Sharpness, Level)),
            r"it has the knobs sharpness \(acum, linear\), level",
        ),
        (
            lambda clip: built(clip, descriptors=(Level,)),
            r"it has the knobs level \(dB, linear\), this experiment level",
        ),
        (lambda clip: built(clip, width=24), "it has 24x6 numbers in decoder.before.0.weight, this experiment 16x6"),
        (lambda clip: built(clip, GruDecoder), "it has 8x6 numbers in decoder.before.0.weight, this experiment 16x6"),
    ],
)
def test_what_is_built_otherwise_is_refused(clip_format, other, said):
    ours = built(clip_format)
    before = checkpoint(ours)["state_dict"]
    with pytest.raises(ValueError, match=r"^--init_from runs/x: .*" + said):
        begin_from(ours, checkpoint(other(clip_format)), "runs/x")
    assert all(value.equal(before[name]) for name, value in ours.state_dict().items())


@pytest.mark.parametrize(
    ("decoder", "n_partials"), [(MinGruDecoder, 0), (GruDecoder, 0), (TcnDecoder, 0), (MinGruDecoder, 4)]
)
def test_with_new_ranges_the_decoder_plays_the_same_for_the_same_readings(clip_format, decoder, n_partials):
    model = built(clip_format, decoder, partials=partial(NotePartials, n_partials=4) if n_partials else None)
    with torch.no_grad():
        for value in model.decoder.parameters():
            value.add_(0.1 * torch.randn_like(value))
    f0_hz, residual = torch.full((2, 20), 330.0), torch.randn(2, 20, 3 + n_partials)
    readings = torch.stack([-40 + 5 * torch.randn(2, 20), 1.5 + 0.3 * torch.randn(2, 20)], -1)

    def played():
        knobs = model.encoder.each_descriptor()
        controls = torch.stack([d.position_of(readings[..., i]) for i, d in enumerate(knobs)], -1)
        return torch.cat([*model.decoder(f0_hz, controls, residual).values()], -1)

    before, spans = played(), knob_spans(model)
    for descriptor, span in zip(model.encoder.each_descriptor(), ([-50.0, -20.0], [0.7, 2.9]), strict=True):
        descriptor.range.span.copy_(torch.tensor(span))
    assert (played() - before).abs().max() > 0.1
    keep_meaning(model, spans)
    torch.testing.assert_close(played(), before, atol=1e-4, rtol=1e-4)
    assert knob_spans(model)[1].tolist() == pytest.approx([0.7, 2.9])
