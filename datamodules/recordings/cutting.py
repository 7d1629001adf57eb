"""Where the clips of a recording begin and end."""

from dataclasses import dataclass

import numpy as np

from datamodules.recordings.listening import SHORTEST_NOTE_S, Contents, Span
from datamodules.source import FileSound
from sounds.audio import read_audio
from synths.clip import ClipFormat

SHORTEST_REMAINDER = 0.25
LEAD_S = 0.01
FADE_S = 0.005
ROUNDING_S = 1e-6


@dataclass(frozen=True)
class CutSound(FileSound):
    """A stretch of a sound file that may be shorter than a clip: what follows it is not heard.

    Args:
        duration_s: how long it is, if a clip is not shorter
    """

    duration_s: float = 0.0

    def read(self, clip: ClipFormat) -> np.ndarray:
        """(N,) float32, faded out where it is cut off, and silent from there; raises UnusableAudio."""
        n_samples = min(round(self.duration_s * clip.sample_rate), clip.n_samples)
        # Half a sample more, so that rounding in the resampler never leaves it one sample short.
        audio = read_audio(self.path, clip, self.start_s, (n_samples + 0.5) / clip.sample_rate, self.channel)
        audio = np.pad(audio[:n_samples], (0, clip.n_samples - min(len(audio), n_samples)))
        if n_samples < clip.n_samples:
            n_fade = min(round(FADE_S * clip.sample_rate), n_samples)
            audio[n_samples - n_fade : n_samples] *= np.linspace(1, 0, n_fade, dtype=np.float32)
        return audio

    def stamp(self) -> str:
        """Changes with the file, or with the part of it that is heard."""
        return f"{super().stamp()} {self.duration_s:.6f}"


def cut_at_hops(contents: Contents, clip_s: float, hop_s: float) -> list[Span]:
    """Clips at equal distances, from the first to the last sound.

    A clip that reaches beyond the last sound is cut only if a quarter of it is sound that no clip before it holds; the
    first one always is.
    """
    start_s, end_s = max(0.0, contents.sounding[0].start_s - LEAD_S), contents.sounding[-1].end_s
    spans = [Span(start_s, start_s + clip_s)]
    while (start := start_s + len(spans) * hop_s) < end_s:
        is_whole = start + clip_s <= end_s + ROUNDING_S
        unheard_s = end_s - max(start, spans[-1].end_s)
        if not is_whole and unheard_s < SHORTEST_REMAINDER * clip_s - ROUNDING_S:
            break
        spans.append(Span(start, start + clip_s))
    return spans


def cut_at_onsets(contents: Contents, clip_s: float, stop_at_next: bool) -> list[Span]:
    """A clip from every onset, up to the next or, if it need not stop there, as long as clips are.

    The first sound is an onset; what falls silent at once is none. Where clips need not stop, those but the first
    must be filled to a quarter, as those cut at hops.
    """
    end_s = contents.sounding[-1].end_s
    notes = [onset for onset in contents.onsets_s if _lasts(contents, onset)]
    starts = _apart([contents.sounding[0].start_s, *notes])
    if stop_at_next:
        ends = [*starts[1:], end_s]
        return [Span(start, min(end, start + clip_s)) for start, end in zip(starts, ends, strict=True)]
    shortest_s = SHORTEST_REMAINDER * clip_s
    return [Span(start, start + clip_s) for start in starts if start == starts[0] or end_s - start >= shortest_s]


def sound_s(contents: Contents, span: Span) -> float:
    """How much of a stretch sounds."""
    overlaps = [min(span.end_s, sound.end_s) - max(span.start_s, sound.start_s) for sound in contents.sounding]
    return sum(overlap for overlap in overlaps if overlap > 0)


def _lasts(contents: Contents, onset: float) -> bool:
    """Whether a note sounds, which may begin a little after its onset."""
    return sound_s(contents, Span(onset, onset + 2 * SHORTEST_NOTE_S)) >= SHORTEST_NOTE_S - ROUNDING_S


def _apart(onsets: list[float]) -> list[float]:
    """Without those that follow another one too soon to be a note."""
    apart: list[float] = []
    for onset in sorted(onsets):
        if not apart or onset - apart[-1] >= SHORTEST_NOTE_S:
            apart.append(onset)
    return apart
