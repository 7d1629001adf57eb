"""An instrument as hosts without Python take it: one description in JSON and one block of numbers."""

import base64
import gzip
import json
from typing import Any, NamedTuple

import numpy as np
import torch

from instrument.correction import correction_graph
from instrument.decoder import VoiceFrame, decoder_graph
from instrument.graph import Blob
from instrument.instrument import Knob
from instrument.meter import meter_graph, metered
from instrument.page_code import page_code
from lightning_modules.provenance import provenance
from lightning_modules.timbre_model import TimbreModel
from projection import projectable
from synths import Harmonics, Reverb

FORMAT = 1


class PageParts(NamedTuple):
    """What a page or another host needs.

    Attributes:
        about: rates, knobs, graphs; `room` says where its half-precision response begins in the blob, and its length
        blob: numbers
    """

    about: dict[str, Any]
    blob: bytes

    def as_json(self) -> str:
        """Both in one text: the blob (gzip) and the product that the runner uses, in base64."""
        more = {"blob": zipped_text(self.blob), "code": base64.b64encode(page_code()).decode()}
        return json.dumps(self.about | more, allow_nan=False, separators=(",", ":"))

    def as_zipped_json(self) -> str:
        """The same for a page that shall be small: `about` is zipped too."""
        about = json.dumps(self.about, allow_nan=False, separators=(",", ":"))
        code = base64.b64encode(page_code()).decode()
        return json.dumps({"about": zipped_text(about.encode()), "blob": zipped_text(self.blob), "code": code})


def zipped_text(content: bytes) -> str:
    """Bytes in base64 of their gzip."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


@torch.no_grad()
def page_parts(model: TimbreModel, name: str) -> PageParts:
    """Compile a model, in eval mode, for the page.

    Args:
        model: with a decoder and a synth that the page can play
        name: shown to whoever plays

    Raises:
        ValueError: it has no calibrated knob, or cannot be played there; the sentence says why
    """
    refuse_uncalibrated(model)
    frame = VoiceFrame(model).eval()
    graphs = {"decoder": decoder_graph(frame), "meter": meter_graph(model, frame.n_partials, frame.n_bands)}
    graphs["correction"] = correction_graph(frame.correction) if frame.correction else None
    blob = Blob()
    packed = {part: graph.packed(blob) if graph else None for part, graph in graphs.items()}
    room = _room(model)
    clip, knobs = model.clip, list(model.encoder.each_descriptor())
    states = model.decoder.initial_state(1)
    about = {
        "format": FORMAT,
        "name": name,
        "version": provenance()["version"],
        "sample_rate": clip.sample_rate,
        "hop": clip.hop,
        "ramp": _ramp(model),
        "n_partials": frame.n_partials,
        "n_bands": frame.n_bands,
        "residual_size": frame.residual_size,
        "knobs": described_knobs(model),
        "level": next((index for index, knob in enumerate(knobs) if knob.is_level), -1),
        "states": [[state, float(values.flatten()[0])] for state, values in states.items()],
        **packed,
        "correction_knobs": [index for index, knob in enumerate(knobs) if projectable(knob)],
        "room": [blob.place(room), len(room)] if len(room) else None,
    }
    return PageParts(about, bytes(blob.numbers))


def described_knobs(model: TimbreModel) -> list[dict[str, Any]]:
    """Each control: as `Knob` has it, with its JND (null where none is known), and whether a meter reads it."""
    read = {descriptor.name for descriptor in metered(model)}
    described = []
    for descriptor in model.encoder.each_descriptor():
        knob = Knob.of(descriptor)._asdict()
        more = {"jnd": descriptor.jnd, "metered": descriptor.name in read, "summary": descriptor.summary}
        described.append(knob | more)
    for factor in model.encoder.factors:
        knob = Knob(factor, "share", "linear", 0.0, 1.0, [])._asdict()
        described.append(knob | {"jnd": None, "metered": False, "summary": "a labelled factor"})
    return described


def refuse_uncalibrated(model: TimbreModel) -> None:
    """Refuse a model whose knobs mean nothing yet.

    Raises:
        ValueError: it has none, or has not been calibrated
    """
    if not model.encoder.controls:
        raise ValueError("this model has no knobs: there is nothing to turn; export .onnx.")
    if model.encoder.knobs and not bool(model.encoder.calibrated):
        raise ValueError("the knobs of this model have no range yet: train it first, for a step at least.")


def _ramp(model: TimbreModel) -> str:
    """How its harmonics go from frame to frame."""
    kinds = {"linear" if part.window is None else "hann" for part in model.synth.parts if isinstance(part, Harmonics)}
    if len(kinds) > 1:
        raise ValueError("two parts of the synth go from frame to frame in different ways: the page knows one.")
    return kinds.pop() if kinds else "linear"


def _room(model: TimbreModel) -> np.ndarray:
    """The response behind the direct sound; nothing where there is no effect."""
    effects = [effect for effect in model.synth.effects if getattr(effect, "enabled", True)]
    if not effects:
        return np.zeros(0, np.float16)
    if len(effects) > 1 or type(effects[0]) is not Reverb:
        names = ", ".join(type(effect).__name__ for effect in effects)
        raise ValueError(f"the page knows one effect, Reverb, and this synth has {names}: export .onnx.")
    response = effects[0].response.detach().cpu().numpy().astype(np.float16)
    return np.pad(response, (1, 0))
