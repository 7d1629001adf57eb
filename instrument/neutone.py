"""A voice as a file for Neutone FX: sound in, followed by the voice, four of its knobs on the host's own."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from instrument.hosted_voice import HostedVoice
from instrument.instrument import Knob
from output.extras import require_alone
from output.whole_files import written_whole

MOST_KNOBS = 4
TECHNICAL = (
    "A decoder plays the partials and noise bands of a differentiable synthesiser from pitch, calibrated timbre knobs "
    "and a residual. Pitch by a causal YIN (16 ms), level A-weighted; knobs stand in what training notes of the "
    "sounding pitch reach."
)


class NeutoneCard(NamedTuple):
    """What the host shows of a file; longer texts are cut where it would refuse them.

    Attributes:
        name: up to 30 letters
        what: it plays, up to 150
        data: that it learnt from, and under which licence its weights are
        version: of this package
        presets: instruments that the voice knows
    """

    name: str
    what: str
    data: str
    version: str
    presets: Sequence[str] = ()


class FollowingVoice(nn.Module):
    """A voice that follows a sound, and whose four knobs are the host's.

    Args:
        voice: as it shall begin
        chosen: indices of its controls, in the order of the host's knobs
    """

    chosen: list[int]

    def __init__(self, voice: HostedVoice, chosen: Sequence[int]) -> None:
        super().__init__()
        self.voice = voice
        self.chosen = list(chosen)

    def forward(self, audio: Tensor, shares: list[float]) -> Tensor:
        """(1, n) samples, shares 0..1 of the chosen knobs -> (1, n) sound."""
        for index, share in zip(self.chosen, shares):  # noqa: B905  # TorchScript knows no strict
            self.voice.shares[index] = min(1.0, max(0.0, share))
        return self.voice.follow(audio[0])[None]


def chosen_knobs(knobs: Sequence[Knob], level: int, asked: Sequence[str] = ()) -> list[int]:
    """Indices of the knobs that are asked for, or else of the first four; the level follows the input.

    Raises:
        ValueError: one is unknown, named twice or the level, or they are more than four
    """
    names = [knob.name for knob in knobs]
    free = [name for index, name in enumerate(names) if index != level]
    for name in asked:
        if name not in free:
            why = "follows the input" if name in names else "is no knob of this model"
            raise ValueError(f"--knobs {','.join(asked)}: {name} {why}: choose of {', '.join(free) or 'none'}.")
    if len(set(asked)) < len(asked) or len(asked) > MOST_KNOBS:
        raise ValueError(f"--knobs {','.join(asked)}: name up to {MOST_KNOBS} different knobs.")
    return [names.index(name) for name in asked or free[:MOST_KNOBS]]


def write_neutone(
    voice: HostedVoice, knobs: Sequence[Knob], chosen: Sequence[int], path: Path, card: NeutoneCard, sample_rate: int
) -> None:
    """Write the file by Neutone's own package, which loads and tries it before it gets its name.

    Args:
        voice: as it shall begin
        knobs: of the instrument
        chosen: `chosen_knobs`
        path: to write
        card: what the host shows
        sample_rate: of the model; the host resamples

    Raises:
        ValueError: the package is not installed
    """
    require_alone("neutone_sdk")
    with _quiet(), tempfile.TemporaryDirectory() as folder, written_whole(path) as partial:
        from neutone_sdk.utils import save_neutone_model

        model = _wrapped(FollowingVoice(voice, chosen), knobs, card, sample_rate)
        save_neutone_model(model, Path(folder), speed_benchmark=False, test_offline_mode=False)
        partial.write_bytes((Path(folder) / "model.nm").read_bytes())


def _wrapped(following: FollowingVoice, knobs: Sequence[Knob], card: NeutoneCard, sample_rate: int) -> Any:
    """The module as the package wants it: its base class is known only where it is installed."""
    from neutone_sdk import NeutoneParameter, WaveformToWaveformBase
    from neutone_sdk.parameter import ContinuousNeutoneParameter

    shares = [following.voice.shares[index] for index in following.chosen]
    parameters = [
        ContinuousNeutoneParameter(knobs[index].name, _spoken(knobs[index]), round(share, 3))
        for index, share in zip(following.chosen, shares, strict=True)
    ]

    class NeutoneVoice(WaveformToWaveformBase):
        def __init__(self) -> None:
            # Before the base class, which asks for them: TorchScript sees attributes, not what is around a class.
            self.card_name, self.card_what, self.card_data = card.name[:30], card.what[:150], card.data[:500]
            self.card_version, self.card_rate = card.version, sample_rate
            self.card_technical = TECHNICAL
            self.card_tags = ["timbre knobs", *(preset[:15] for preset in card.presets)][:7]
            super().__init__(following)

        def get_neutone_parameters(self) -> list[NeutoneParameter]:
            return parameters

        def get_model_name(self) -> str:
            return self.card_name

        def get_model_authors(self) -> list[str]:
            return ["InterpretSynth"]

        def get_model_short_description(self) -> str:
            return self.card_what

        def get_model_long_description(self) -> str:
            return self.card_data

        def get_technical_description(self) -> str:
            return self.card_technical

        def get_tags(self) -> list[str]:
            return self.card_tags

        def get_model_version(self) -> str:
            return self.card_version

        def is_experimental(self) -> bool:
            return False

        def is_input_mono(self) -> bool:
            return True

        def is_output_mono(self) -> bool:
            return True

        def get_native_sample_rates(self) -> list[int]:
            return [self.card_rate]

        def get_native_buffer_sizes(self) -> list[int]:
            empty: list[int] = []
            return empty

        @torch.jit.export
        def calc_model_delay_samples(self) -> int:
            return self.model.voice.latency_samples

        def reset_model(self) -> bool:
            self.model.voice.reset()
            return True

        def do_forward_pass(self, x: Tensor, params: dict[str, Tensor]) -> Tensor:
            shares: list[float] = []
            for name in self.neutone_parameter_names:
                shares.append(float(params[name]))
            return self.model.forward(x, shares)

    return NeutoneVoice()


def _spoken(knob: Knob) -> str:
    unit = "" if knob.unit == "1" else f" {knob.unit}"
    return f"0 to 1: what notes of the sounding pitch reach, within {knob.low:.3g} to {knob.high:.3g}{unit}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what the package logs."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
