"""Written music as parts: MusicXML by partitura, ABC by symusic, which the extra `score` installs."""

import warnings
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import Any

from melodies.written_part import WrittenNote, WrittenPart
from output.extras import require

XML_SUFFIXES, ABC_SUFFIXES = (".musicxml", ".mxl", ".xml"), (".abc",)
USUAL_BPM = 120.0
VELOCITIES = {"ppp": 0.2, "pp": 0.32, "p": 0.44, "mp": 0.56, "mf": 0.68, "f": 0.8, "ff": 0.9, "fff": 1.0}
"""Strength of what is written; what is not written is mezzo-forte."""


def read_sheet(path: Path) -> list[WrittenPart]:
    """The parts of a file that have notes, repeats played.

    Raises:
        ValueError: a package is missing, or the file is damaged; the sentence says the mend
        OSError: it cannot be read
    """
    path.open("rb").close()
    is_abc = path.suffix.lower() in ABC_SUFFIXES
    require("score", "symusic" if is_abc else "partitura")
    parts = _read(_abc_parts if is_abc else _xml_parts, path)
    return [part for part in parts if part.notes]


def _read(reader: Callable[[Path], list[WrittenPart]], path: Path) -> list[WrittenPart]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return reader(path)
        except Exception as error:  # whatever another's parser stumbles over
            kind = "MusicXML" if reader is _xml_parts else "ABC"
            raise ValueError(f"{path} is not {kind} that can be read: export it again, or as MIDI.") from error


def _xml_parts(path: Path) -> list[WrittenPart]:
    from partitura import load_score, score

    return [_xml_part(score.unfold_part_maximal(part), score) for part in load_score(str(path)).parts]


def _xml_part(part: Any, score: Any) -> WrittenPart:
    tempi = [(float(part.quarter_map(each.start.t)), _bpm(each)) for each in part.iter_all(score.Tempo)]
    marks = [
        (each.start.t, VELOCITIES[each.text])
        for each in part.iter_all(score.LoudnessDirection, include_subclasses=True)
        if each.text in VELOCITIES
    ]
    notes = []
    for note in part.notes_tied:
        start, end = (float(part.quarter_map(t)) for t in (note.start.t, note.start.t + note.duration_tied))
        velocity = _last(marks, note.start.t, VELOCITIES["mf"])
        notes.append(WrittenNote(_seconds(start, tempi), _seconds(end, tempi), float(note.midi_pitch), velocity))
    return WrittenPart((part.part_name or "").strip(), notes)


def _bpm(tempo: Any) -> float:
    """Quarters a minute."""
    quarters = {"h": 2.0, "e": 0.5, "q.": 1.5, "h.": 3.0, "e.": 0.75}.get(tempo.unit or "q", 1.0)
    return float(tempo.bpm) * quarters or USUAL_BPM


def _seconds(quarter: float, tempi: list[tuple[float, float]]) -> float:
    """When a quarter begins, at tempi that each hold until the next."""
    time_s, at, bpm = 0.0, 0.0, USUAL_BPM
    for begins, next_bpm in sorted(tempi):
        if begins >= quarter:
            break
        time_s, at, bpm = time_s + max(0.0, begins - at) * 60.0 / bpm, max(at, begins), next_bpm
    return time_s + (quarter - at) * 60.0 / bpm


def _last(marks: list[tuple[int, float]], at: int, otherwise: float) -> float:
    ordered = sorted(marks)
    index = bisect_right([moment for moment, _ in ordered], at)
    return ordered[index - 1][1] if index else otherwise


def _abc_parts(path: Path) -> list[WrittenPart]:
    from symusic import Score

    score: Any = Score(str(path), ttype="second", fmt="abc")  # its stubs know no tracks
    return [
        WrittenPart(
            track.name.strip(),
            [
                WrittenNote(note.time, note.time + note.duration, float(note.pitch), note.velocity / 127.0)
                for note in track.notes
            ],
        )
        for track in score.tracks
    ]
