"""What `timbre learn` is going to do with the recordings of a folder, and why, in words."""

from typing import NamedTuple

from datamodules.recordings.material import Material
from lightning_modules.callbacks.progress_lines import spoken_s
from sounds.audio import UnusableAudio
from timbre.kept_learning import LearnRequest
from timbre.knob_report import wrapped

RATES_HZ = (16000, 24000, 32000, 44100, 48000)
NYQUIST_SHARE = 0.99
"""Bandwidth is told in sixths of an octave; a rate whose half lies a little below the edge will do."""
CLIPS_S = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
ENOUGH_SOUND = 0.85
"""The longest clip of which so much is sound; if none is, the one with most."""
EARLIER_CLIP_S = 4.0
LEAST_S, LITTLE_S = 5.0, 30.0
"""Seconds of sound: below the first there is nothing to learn from, below the second not enough (docs/learn.md)."""
FRAMES_HZ = 100
FEWEST_CLIPS = 3
N_REASONS = 3


class Start(NamedTuple):
    """A model to begin with: its name, its sample rate, and the experiment that it was trained by."""

    name: str
    sample_rate: int
    experiment: str


class LearnPlan(NamedTuple):
    """How a folder is going to be learnt.

    Attributes:
        sample_rate: in Hz
        n_frames: control frames of a clip
        hop: samples per frame
        trim_db: what is so far below the loudest of a file is silence
        start: what training begins with; None is nothing
        reasons: a line for each choice
        warnings: of too little, and of what could not be used
    """

    sample_rate: int
    n_frames: int
    hop: int
    trim_db: float
    start: Start | None
    reasons: list[str]
    warnings: list[str]

    def lines(self) -> list[str]:
        """For a terminal of 80 columns."""
        return [*self.reasons, *(row for warning in self.warnings for row in wrapped(warning))]


def plan_for(material: Material, asked: LearnRequest, start: Start | None) -> LearnPlan:
    """Choose what is not asked for.

    Args:
        material: what the folder holds
        asked: by the command
        start: a model that could be begun with; one that nobody asked for is left where the rate does not fit

    Raises:
        UnusableAudio: none of the files can be used
        ValueError: there is too little sound
    """
    _refuse_too_little(material, asked.folder)
    if start is not None and asked.begins_from is None and not _fits(material, asked, start):
        start = None
    rate, why_rate = _rate_for(material, asked, start)
    hop = round(rate / FRAMES_HZ)
    clip_s = asked.clip_s or best_clip_s(material)
    n_frames = max(1, round(clip_s * rate / hop))
    n_files, earlier = len(material.contents), material.sounding_share(EARLIER_CLIP_S)
    reasons = [
        f"  sounds   {n_files} file{'s' if n_files > 1 else ''}, {spoken_s(material.sounding_s)} of sound",
        f"  clips    {clip_s:g} s: {100 * material.sounding_share(clip_s):.0f} % of what is trained on sounds",
        *(
            [f"           (of clips of {EARLIER_CLIP_S:g} s it would be {100 * earlier:.0f} %)"]
            if clip_s < EARLIER_CLIP_S
            else []
        ),
        f"  rate     {rate} Hz: {why_rate}",
        f"  begins   {f'with the voice {start.name}' if start else 'with nothing learnt'}",
        f"  time     {asked.minutes:g} min for all, or less where training no longer pays",
    ]
    return LearnPlan(rate, n_frames, hop, material.trim_db, start, reasons, _warnings(material))


def best_clip_s(material: Material) -> float:
    """The longest clip that is filled with sound; what is trained on silence is time lost."""
    shares = {clip_s: material.sounding_share(clip_s) for clip_s in CLIPS_S}
    filled = [clip_s for clip_s, share in shares.items() if share >= ENOUGH_SOUND]
    return max(filled) if filled else max(shares, key=lambda clip_s: (round(shares[clip_s], 2), clip_s))


def rate_for(material: Material) -> int:
    """The lowest rate that holds what sounds; never more than the files have."""
    enough = [rate for rate in RATES_HZ if rate / 2 >= NYQUIST_SHARE * material.bandwidth_hz]
    highest = min(max(material.rate, RATES_HZ[0]), RATES_HZ[-1])
    return min(*enough[:1], highest) if enough else highest


def _rate_for(material: Material, asked: LearnRequest, start: Start | None) -> tuple[int, str]:
    if start is not None:
        return start.sample_rate, f"that of {start.name}"
    if asked.sample_rate is not None:
        return asked.sample_rate, "as asked"
    has = f"the files have {material.rate}, and sound up to {material.bandwidth_hz / 1000:.1f} kHz"
    return rate_for(material), has


def _fits(material: Material, asked: LearnRequest, start: Start) -> bool:
    """Whether the sounds fill the rate of a model."""
    return start.sample_rate == asked.sample_rate or (asked.sample_rate is None and material.rate >= start.sample_rate)


def _refuse_too_little(material: Material, folder: str) -> None:
    if not material.contents:
        reasons = list(material.unusable.values())
        raise UnusableAudio(f"none of the {len(reasons)} files in {folder} can be used; the first: {reasons[0]}")
    if material.sounding_s < LEAST_S or material.n_clips(min(CLIPS_S)) < FEWEST_CLIPS:
        raise ValueError(
            f"{folder} holds {material.sounding_s:.1f} s of sound: too little to learn from. Record {LITTLE_S:g} s or "
            "more, of many pitches and loudnesses."
        )


def _warnings(material: Material) -> list[str]:
    found = []
    if material.sounding_s < LITTLE_S:
        found.append(
            f"Little: with less than {LITTLE_S:g} s of sound a model learns these notes and not the instrument; record "
            "more if you can."
        )
    if material.n_stereo:
        found.append(f"{material.n_stereo} files have several channels: their mean is learnt.")
    if material.unusable:
        n_files = len(material.unusable)
        found.append(f"{n_files} file{'s' if n_files > 1 else ''} cannot be used:")
        found += list(material.unusable.values())[:N_REASONS]
    return found
