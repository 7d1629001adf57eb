"""What every exported descriptor, part, effect and encoder promises: a new one is picked up by its export alone."""

import inspect
import io
import math
from functools import partial

import pytest
import torch

import lightning_modules.encoders
import lightning_modules.losses
import synths
from lightning_modules.encoders import BottleneckResidual, DescriptorEncoder, Encoder, NotePartials, Residual, Term
from synths import Descriptor, Effect, Part, SMSSynth
from synths.streaming import StreamingSynth


def exported(package, kind, *unfinished):
    """Classes of a kind that a package exports and that are finished: they fill in every method of `unfinished`."""
    classes = [value for name in package.__all__ if inspect.isclass(value := getattr(package, name))]
    kinds = [cls for cls in classes if issubclass(cls, kind)]
    return [cls for cls in kinds if not any(getattr(cls, m.__name__, None) is m for m in unfinished)]


DESCRIPTORS = [cls for cls in exported(synths, Descriptor) if hasattr(cls, "summary")]
TRAINABLE = [cls for cls in DESCRIPTORS if not cls.not_for_training]
PARTS = exported(synths, Part, Part.play)
EFFECTS = exported(synths, Effect, Effect.affected)
FAMILIES = exported(lightning_modules.encoders, Encoder, Encoder.forward)
ENCODERS = [*FAMILIES, partial(DescriptorEncoder, residual=BottleneckResidual, partials=NotePartials)]
RESIDUALS = exported(lightning_modules.encoders, Residual, Residual.forward)
LOSSES = exported(lightning_modules.losses, torch.nn.Module)
RECONSTRUCTIONS = [cls for cls in LOSSES if list(inspect.signature(cls.forward).parameters)[3:] == []]


def name_of(value):
    """Test id of a class."""
    return value.__name__ if inspect.isclass(value) else None


every_descriptor = pytest.mark.parametrize("descriptor", DESCRIPTORS, ids=name_of)
every_trainable = pytest.mark.parametrize("descriptor", TRAINABLE, ids=name_of)
every_part = pytest.mark.parametrize("part", PARTS, ids=name_of)
every_effect = pytest.mark.parametrize("effect", EFFECTS, ids=name_of)
every_residual = pytest.mark.parametrize("residual", RESIDUALS, ids=name_of)
every_encoder = pytest.mark.parametrize("encoder", ENCODERS, ids=name_of)
every_reconstruction = pytest.mark.parametrize("loss", RECONSTRUCTIONS, ids=name_of)
every_rate = pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
sounds = pytest.mark.parametrize("sound", ["silence", "sine", "harmonic tone", "noise"])


@pytest.fixture
def audio_of(clip_format, sine, harmonic_tone):
    """Name of a sound -> two clips of it, the second softer."""

    def build(sound):
        one = {
            "silence": lambda: torch.zeros(1, clip_format.n_samples),
            "sine": lambda: sine(clip_format, 440.0, 0.5),
            "harmonic tone": lambda: harmonic_tone(clip_format, 220.0),
            "noise": lambda: 0.1 * torch.randn(1, clip_format.n_samples),
        }[sound]()
        return torch.cat([one, 0.3 * one])

    return build


def reloaded(module, other):
    """The state of a module, through a file, into another of its class."""
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    return other


def pitch_of(audio, clip, f0_hz=220.0):
    """(B, F) of one pitch for (B, N) audio."""
    return torch.full((len(audio), audio.shape[-1] // clip.hop), f0_hz, dtype=audio.dtype)


def raw_parameters(part, n_clips, n_frames):
    """Random raw parameters of the sizes a part asks for, of the order a decoder gives."""
    return {name: torch.randn(n_clips, n_frames, size, requires_grad=True) for name, size in part.sizes.items()}


def test_found():
    """The tests below are not void."""
    assert {"Level", "Sharpness", "Roughness"} <= {cls.__name__ for cls in TRAINABLE}
    assert {"Hardness"} <= {cls.__name__ for cls in DESCRIPTORS} - {cls.__name__ for cls in TRAINABLE}
    assert {"Harmonics", "FilteredNoise", "Strings"} <= {cls.__name__ for cls in PARTS}
    assert {"Reverb"} <= {cls.__name__ for cls in EFFECTS}
    families = {"DescriptorEncoder", "DisentangledEncoder", "AdversarialEncoder"}
    assert families <= {cls.__name__ for cls in FAMILIES}
    assert {"BottleneckResidual", "VariationalResidual", "PublishedResidual"} <= {cls.__name__ for cls in RESIDUALS}
    assert {"MultiResolution", "AdversarialLoss"} <= {cls.__name__ for cls in RECONSTRUCTIONS}
    bases = {Descriptor, Part, Effect, Encoder, Residual}
    assert not bases & {*DESCRIPTORS, *PARTS, *EFFECTS, *FAMILIES, *RESIDUALS}


@every_descriptor
def test_descriptor_says_what_it_is(descriptor, clip_format):
    """Name, unit and summary are there to print, the default span ascends, the name is a usable option."""
    assert descriptor.name.isidentifier() and descriptor.name == descriptor.name.lower()
    assert descriptor.unit.strip() and descriptor.summary.strip()
    low, high = descriptor.default_span
    assert math.isfinite(low) and low < high < math.inf
    assert descriptor(clip_format).span.tolist() == pytest.approx([low, high])


def test_descriptor_names_differ():
    """Each knob can be asked for by name."""
    names = [descriptor.name for descriptor in DESCRIPTORS]
    assert len(set(names)) == len(names)


@every_descriptor
@sounds
def test_descriptor_measures(descriptor, sound, audio_of, clip_format):
    """(B, N) -> (B, F), or (B, 1) once per note; finite, and the same for a clip alone as in a batch."""
    audio = audio_of(sound)
    pitch, module = pitch_of(audio, clip_format), descriptor(clip_format)
    value = module.measure(audio, pitch)
    assert value.shape == (2, 1 if module.rate == "note" else clip_format.n_frames)
    assert value.isfinite().all() and module(audio, pitch).isfinite().all()
    torch.testing.assert_close(module.measure(audio[1:], pitch[1:]), value[1:], rtol=1e-4, atol=1e-3)


@every_descriptor
@sounds
@pytest.mark.parametrize("n_samples", [3333, 16000])
def test_descriptor_pools(descriptor, sound, n_samples, audio_of, clip_format):
    """One finite number per sound of any length, the same alone as in a batch."""
    audio = audio_of(sound).repeat(1, -(-n_samples // clip_format.n_samples))[:, :n_samples]
    pitch = torch.full((2, -(-n_samples // clip_format.hop)), 220.0)
    value = descriptor(clip_format).pooled(audio, pitch)
    assert value.shape == (2,) and value.isfinite().all()
    torch.testing.assert_close(descriptor(clip_format).pooled(audio[1:], pitch[1:]), value[1:], rtol=1e-4, atol=1e-3)


@every_trainable
@sounds
def test_descriptor_has_finite_gradients(descriptor, sound, audio_of, clip_format):
    """On every sound; none at all for silence."""
    audio = audio_of(sound).requires_grad_()
    value = descriptor(clip_format)(audio, pitch_of(audio, clip_format))
    (gradient,) = torch.autograd.grad((value * torch.rand_like(value)).sum(), audio)
    assert gradient.isfinite().all()
    assert sound != "silence" or not gradient.any()


@every_trainable
def test_descriptor_can_be_learnt_from(descriptor, audio_of, clip_format):
    """Some sound has a gradient that is not zero: the knob can be trained."""
    audio = (audio_of("noise") + audio_of("harmonic tone")) * torch.linspace(0, 1, clip_format.n_samples)
    audio = audio.requires_grad_()
    (gradient,) = torch.autograd.grad(descriptor(clip_format)(audio, pitch_of(audio, clip_format)).sum(), audio)
    assert gradient.abs().max() > 0


@every_descriptor
@every_rate
def test_descriptor_takes_other_lengths(descriptor, sample_rate):
    """F = N / hop at every rate, for sound shorter and longer than a clip."""
    clip = synths.ClipFormat(sample_rate, 30 * 441, 441)
    for n_frames in (1, 7, 30, 65):
        audio = 0.1 * torch.randn(1, n_frames * clip.hop)
        value = descriptor(clip).measure(audio, pitch_of(audio, clip))
        assert value.shape == (1, 1 if descriptor.rate == "note" else n_frames) and value.isfinite().all()


@every_descriptor
def test_descriptor_keeps_its_range(descriptor, audio_of, clip_format):
    """A calibrated range travels in the state_dict: positions and reach are the same after a round trip."""
    module = descriptor(clip_format)
    low, high = module.default_span
    values = torch.linspace(low + 0.1 * (high - low), low + 0.6 * (high - low), 200)
    module.calibrate(values, torch.linspace(100.0, 1000.0, 200))
    copy = reloaded(module, descriptor(clip_format))
    audio = audio_of("noise")
    pitch = pitch_of(audio, clip_format)
    assert copy.span.equal(module.span) and copy.span.tolist() != pytest.approx(list(module.default_span))
    assert copy(audio, pitch).equal(module(audio, pitch))
    assert all(one.equal(other) for one, other in zip(copy.range.reach(pitch), module.range.reach(pitch), strict=True))


@every_part
@pytest.mark.parametrize("f0_hz", [0.0, 50.0, 440.0, 7999.0, 12000.0])
def test_part_renders(part, f0_hz, clip_format):
    """Raw parameters -> (B, N) finite audio with finite gradients, for any pitch."""
    module = part(clip_format)
    parameters = raw_parameters(module, 2, clip_format.n_frames)
    pitch = torch.full((2, clip_format.n_frames), f0_hz, requires_grad=True)
    audio = module(pitch, parameters)
    assert audio.shape == (2, clip_format.n_samples) and audio.isfinite().all()
    gradients = torch.autograd.grad(audio.square().sum(), [pitch, *parameters.values()], allow_unused=True)
    assert all(gradient is None or gradient.isfinite().all() for gradient in gradients)


@every_part
def test_part_uses_every_parameter(part, clip_format):
    """No parameter is asked for in vain: each has a gradient."""
    module = part(clip_format)
    parameters = raw_parameters(module, 1, clip_format.n_frames)
    audio = module(torch.full((1, clip_format.n_frames), 220.0), parameters)
    for name, gradient in zip(
        module.sizes, torch.autograd.grad(audio.square().sum(), parameters.values()), strict=True
    ):
        assert gradient.abs().max() > 0, name


@every_part
@pytest.mark.parametrize("scale", [-30.0, 30.0])
def test_part_stands_extremes(part, scale, clip_format):
    """Whatever a network says, the sound stays finite."""
    module = part(clip_format)
    parameters = {name: scale * value.sign() for name, value in raw_parameters(module, 1, clip_format.n_frames).items()}
    assert module(torch.full((1, clip_format.n_frames), 220.0), parameters).isfinite().all()


@every_part
def test_part_says_what_it_plays(part, clip_format):
    """Its layers, if it has words for them, are of known kinds, a row per frame, with gradients to its parameters."""
    module = part(clip_format)
    if part.layers is Part.layers:
        assert SMSSynth(clip_format, [part]).parts_without_layers() == [part.__name__]
        return
    parameters = raw_parameters(module, 2, clip_format.n_frames)
    layers = module.layers(torch.full((2, clip_format.n_frames), 220.0), parameters)
    assert layers and layers.keys() <= set(synths.Layers._fields) - {"f0_hz"}
    assert all(layer.shape[:2] == (2, clip_format.n_frames) and layer.isfinite().all() for layer in layers.values())
    total = torch.stack([layer.sum() for layer in layers.values()]).sum()
    assert any(gradient.abs().max() > 0 for gradient in torch.autograd.grad(total, parameters.values()))


@every_part
def test_part_plays_what_it_says(part, clip_format):
    """Its layers alone are its sound, bit for bit."""
    module, parameters = part(clip_format), raw_parameters(part(clip_format), 2, clip_format.n_frames)
    f0_hz = torch.full((2, clip_format.n_frames), 220.0)
    torch.manual_seed(0)
    audio = module(f0_hz, parameters)
    torch.manual_seed(0)
    assert module.play(f0_hz, module.layers(f0_hz, parameters)).equal(audio)


@every_part
def test_part_begins_a_search(part, clip_format):
    """A raw number for each of its parameters."""
    started = part(clip_format).start(1.0, 2.0, 3.0)
    assert {name: (len(raw),) for name, raw in started.items()} == {n: (s,) for n, s in part(clip_format).sizes.items()}
    assert all(raw.isfinite().all() for raw in started.values())


def played_in_blocks(stream, f0_hz, parameters, n_frames=6):
    """(B, N) audio aligned with the offline rendering."""
    state, heard = stream.initial_state(len(f0_hz)), []
    for start in range(0, f0_hz.shape[1], n_frames):
        block = slice(start, start + n_frames)
        audio, state = stream(f0_hz[:, block], {name: x[:, block] for name, x in parameters.items()}, state)
        heard.append(audio)
    end = [stream.finish(state)] if stream.latency_frames else []  # a stream without a memory knows no batch
    return torch.cat([*heard, *end], dim=1)[:, stream.latency_frames * stream.hop :]


@pytest.mark.parametrize("times", [1, 2])
@every_part
def test_part_streams(part, times, clip_format):
    """Alone and twice in a synth, in blocks it is what it is offline; or the method to write is named."""
    synth = SMSSynth(clip_format, [part] * times, ()).requires_grad_(False)
    if "streaming" not in vars(part):
        with pytest.raises(ValueError, match=rf"{part.__name__} has no streaming form.*method streaming\(\)"):
            StreamingSynth(synth)
        return
    f0_hz = torch.linspace(100.0, 900.0, 20).expand(2, -1)
    raw = {name: torch.randn(2, 20, size) for name, size in synth.sizes.items()}
    n_noises = times * part.wants_noise
    raw["white_noise"] = 2.0 * torch.rand(2, 20, n_noises * clip_format.hop) - 1.0
    audio = played_in_blocks(StreamingSynth(synth), f0_hz, raw)
    torch.testing.assert_close(audio, synth(f0_hz, raw), atol=1e-4, rtol=0)


def heard_in_blocks(stream, audio, n_samples):
    """(B, N) audio through a streaming effect, block by block."""
    state, heard = stream.initial_state(len(audio)), []
    for block in audio.split(n_samples, dim=1):
        wet, state = stream(block, state)
        heard.append(wet)
    return torch.cat(heard, dim=1)


@every_effect
@every_rate
def test_effect_streams(effect, sample_rate):
    """In blocks of any length it is what it is offline; or the method to write is named."""
    clip = synths.ClipFormat(sample_rate, 20 * 441, 441)
    module = effect(clip).requires_grad_(False)
    if "streaming" not in vars(effect):
        with pytest.raises(ValueError, match=rf"{effect.__name__} has no streaming form.*method streaming\(\)"):
            StreamingSynth(SMSSynth(clip, effects=[effect]))
        return
    audio, stream = torch.randn(2, clip.n_samples), module.streaming(clip.hop)
    for n_frames in (1, 3, 20):
        wet = heard_in_blocks(stream, audio, n_frames * clip.hop)
        torch.testing.assert_close(wet, module(audio), atol=1e-4, rtol=0)


@every_effect
@every_rate
@pytest.mark.parametrize("n_frames", [1, 7, 65])
def test_effect_keeps_the_shape(effect, sample_rate, n_frames):
    """(B, N) -> (B, N) at every rate, for sound shorter and longer than a clip; each sound as if it were alone."""
    clip = synths.ClipFormat(sample_rate, 30 * 441, 441)
    module, audio = effect(clip), 0.1 * torch.randn(2, n_frames * clip.hop)
    wet = module(audio)
    assert wet.shape == audio.shape and wet.dtype == audio.dtype
    torch.testing.assert_close(module(audio[1:]), wet[1:], atol=1e-5, rtol=1e-4)


@every_effect
def test_effect_can_be_learnt_with(effect, clip_format):
    """The sound has a finite gradient that is not zero, and so has each of its weights."""
    module, audio = effect(clip_format), 0.1 * torch.randn(2, clip_format.n_samples, requires_grad=True)
    weights = dict(module.named_parameters())
    loss = (module(audio) * torch.randn(2, clip_format.n_samples)).sum()
    gradients = dict(zip(["audio", *weights], torch.autograd.grad(loss, [audio, *weights.values()]), strict=True))
    assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients.values()), gradients.keys()


@every_effect
@pytest.mark.parametrize("loudness", [0.0, 1.0])
def test_effect_stands_extremes(effect, loudness, clip_format):
    """Silence and a square wave at full scale: finite, with finite gradients to sound and weights."""
    square = torch.where(torch.arange(clip_format.n_samples) // 40 % 2 == 0, loudness, -loudness)
    module, audio = effect(clip_format), square[None].requires_grad_()
    wet = module(audio)
    assert wet.isfinite().all()
    gradients = torch.autograd.grad(wet.square().sum(), [audio, *module.parameters()])
    assert all(gradient.isfinite().all() for gradient in gradients)


@every_effect
def test_effect_can_be_switched_off(effect, clip_format):
    """By `enabled`, or by a synth that is dry for a while: the sound passes unchanged, and so it does in blocks."""
    synth, audio = SMSSynth(clip_format, effects=[effect]), torch.randn(2, clip_format.n_samples)
    (module,) = synth.effects
    assert not module(audio).equal(audio)
    with synth.dry():
        assert module(audio).equal(audio)
        if "streaming" in vars(effect):
            assert not StreamingSynth(synth).effects
    assert not module(audio).equal(audio)


@every_effect
def test_effect_round_trip(effect, clip_format):
    """The state_dict holds all that an effect has learnt."""
    module = effect(clip_format)
    with torch.no_grad():
        for weights in module.parameters():
            weights.add_(0.1 * torch.randn_like(weights))
    audio = torch.randn(2, clip_format.n_samples)
    assert reloaded(module, effect(clip_format))(audio).equal(module(audio))


@every_part
def test_part_round_trip(part, clip_format):
    """The state_dict holds all that a part has learnt."""
    module = part(clip_format)
    copy = reloaded(module, part(clip_format))
    parameters = raw_parameters(module, 1, clip_format.n_frames)
    rendered = []
    for each in (module, copy):
        torch.manual_seed(1)
        rendered.append(each(torch.full((1, clip_format.n_frames), 220.0), parameters))
    assert rendered[0].equal(rendered[1])


@every_encoder
@sounds
def test_encoder_encodes(encoder, sound, audio_of, clip_format):
    """(B, N) -> as many controls as it names, a residual of the size it states, finite terms, finite gradients."""
    module = encoder(clip_format)
    audio = audio_of(sound).requires_grad_()
    encoding = module(audio, pitch_of(audio, clip_format))
    assert encoding.controls.shape == (2, clip_format.n_frames, len(module.controls))
    assert encoding.residual.shape == (2, clip_format.n_frames, module.residual_size)
    assert len(set(module.controls)) == len(module.controls) == len(module.knob_kinds)
    assert module.controls[: len(module.knobs)] == module.knobs
    assert all(isinstance(term, Term) and term.value.shape == () for term in encoding.terms.values())
    everything = torch.cat([encoding.controls, encoding.residual], dim=-1)
    assert everything.isfinite().all()
    loss = everything.square().sum() + sum(term.value for term in encoding.terms.values())
    gradients = torch.autograd.grad(loss, [audio, *module.parameters()])
    assert loss.isfinite() and all(gradient.isfinite().all() for gradient in gradients)


@every_encoder
def test_encoder_learns_with_all_it_has(encoder, audio_of, clip_format):
    """Every weight, of a critic too, has a gradient that is not zero."""
    module = encoder(clip_format)
    audio = audio_of("noise") * torch.linspace(0.5, 1, clip_format.n_samples)
    encoding = module(audio, pitch_of(audio, clip_format))
    loss = encoding.residual.sum() + sum(term.weight * term.value for term in encoding.terms.values())
    if list(module.parameters()):
        loss.backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in module.parameters())


@every_encoder
def test_encoder_hears_clips_alone(encoder, audio_of, clip_format):
    """Outside training a clip is encoded the same alone as in a batch, the same every time, at no price."""
    module = encoder(clip_format).eval()
    audio = audio_of("noise")
    pitch = pitch_of(audio, clip_format)
    together, alone = module(audio, pitch), module(audio[1:], pitch[1:])
    assert together.terms == {} and module(audio, pitch).residual.equal(together.residual)
    torch.testing.assert_close(alone.controls, together.controls[1:], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(alone.residual, together.residual[1:], atol=1e-4, rtol=1e-4)


@every_residual
@sounds
def test_residual_is_as_wide_as_it_says(residual, sound, audio_of, clip_format):
    """(B, F, size), finite, with finite terms and gradients; it is no encoder."""
    module, audio = residual(clip_format), audio_of(sound).requires_grad_()
    value, terms = module(audio, pitch_of(audio, clip_format))
    assert value.shape == (2, clip_format.n_frames, module.size) and not issubclass(residual, Encoder)
    loss = value.square().sum() + sum(term.value for term in terms.values())
    gradients = torch.autograd.grad(loss, [audio, *module.parameters()], allow_unused=True)
    assert loss.isfinite() and all(gradient is None or gradient.isfinite().all() for gradient in gradients)


@every_encoder
def test_encoder_measures_its_knobs(encoder, audio_of, clip_format):
    """`knob_positions` has the knobs' shape and order, whatever the controls are."""
    module = encoder(clip_format)
    audio = audio_of("harmonic tone")
    pitch = pitch_of(audio, clip_format)
    each = [descriptor(audio, pitch).expand(pitch.shape) for descriptor in module.each_descriptor()]
    measured = module.knob_positions(audio, pitch)
    assert measured.shape == (*pitch.shape, len(module.knobs))
    torch.testing.assert_close(measured[:, :: module.every], torch.stack(each, dim=-1)[:, :: module.every])


@every_encoder
def test_encoder_round_trip(encoder, audio_of, clip_format):
    """Ranges, weights and the fact of being calibrated travel in the state_dict."""
    module = encoder(clip_format)
    audio = audio_of("noise")
    pitch = pitch_of(audio, clip_format)
    module.calibrate([(audio * torch.linspace(0, 1, clip_format.n_samples), pitch)])
    copy = reloaded(module, encoder(clip_format))
    assert bool(copy.calibrated)
    for each in (module, copy):
        each.eval()
    expected, again = module(audio, pitch), copy(audio, pitch)
    assert again.controls.equal(expected.controls) and again.residual.equal(expected.residual)


@every_reconstruction
@sounds
def test_reconstruction_is_a_distance(loss, sound, audio_of, clip_format):
    """Zero of itself, positive otherwise, in training finite with finite gradients to sound and all weights."""
    module, target = loss(clip_format), audio_of(sound)
    output = (target + 0.1 * torch.randn_like(target)).requires_grad_()
    value = module(output, target)
    gradients = torch.autograd.grad(value, [output, *module.parameters()])
    assert value.shape == () and value.isfinite() and all(gradient.isfinite().all() for gradient in gradients)
    module.eval()
    assert module(target, target) == pytest.approx(0.0, abs=1e-6) and module(output.detach(), target) > 0.01


@every_reconstruction
def test_reconstruction_round_trip(loss, audio_of, clip_format):
    """Its state, where it has one, makes the same of the same sounds, in training too."""
    module = loss(clip_format)
    pair = audio_of("noise").requires_grad_(), audio_of("harmonic tone")
    assert module(*pair).equal(reloaded(module, loss(clip_format))(*pair))
