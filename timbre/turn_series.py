"""`timbre turn` for experiments: each sound under every condition, a table, a picture, and how to make it again."""

import argparse
import csv
import io
import itertools
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from instrument.render import KnobReport
from output.pictures import save_png
from output.whole_files import write_text
from sounds.headers import UnusableAudio
from sounds.sound_file import sound_files
from synths.descriptors.request import KnobRequest
from timbre.knob_report import remark_lines
from timbre.requests import parsed_requests, refuse_unknown
from timbre.series_options import conditions_of
from timbre.turn_picture import series_picture
from timbre.turn_report import impossible, knob_reports
from timbre.unfinished_series import UnfinishedSeries
from turning.conditions import Condition
from turning.delivery import Delivered, FileKind, delivered, kind_of
from turning.knobs import offered
from turning.listened import Listened
from turning.sound_in import LoweredIn, SoundIn, file_in
from turning.turn import AskedPlaces, asked_of, changes

LOSSLESS = (".aif", ".aiff", ".flac", ".wav")
"""Series of other files are written as WAV: what was measured must stay."""
MOST_ATTEMPTS, SPARE_DB = 3, 0.1
TOGETHER = 8
"""Conditions that are worked on at a time: their sounds stay in memory."""


def make_series(given: argparse.Namespace, args: Sequence[str]) -> None:
    """Write all sounds, table.csv, series.png and settings.txt."""
    conditions = conditions_of(given)
    requests = [parsed_requests(condition.moves, "--nudge") for condition in conditions]
    refuse_unknown([one for each in requests for one in each], offered(True), owner="a recording")
    sources = sound_files(str(given.input)) if given.input.is_dir() else [given.input]
    settings = f"timbre {version('interpretsynth')}\ntimbre turn {shlex.join(args)}\n"
    unfinished = UnfinishedSeries(given.output, [settings, *(condition.name for condition in conditions)])
    rows: list[dict[str, Any]] = []
    for source in tqdm(sources, desc="turning", file=sys.stderr, ncols=79, disable=len(sources) < 2):
        rows += _rows_of(given, source, conditions, requests, unfinished)
    if not any(row["file"] for row in rows):
        unfinished.end()
        given.output.rmdir()
        raise ValueError(f"{given.input}: none of its {len(sources)} sounds could be turned as asked.")
    write_text(given.output / "table.csv", _csv(rows))
    save_png(series_picture(rows), given.output / "series.png")
    write_text(given.output / "settings.txt", settings)
    unfinished.end()
    made = [row for row in rows if row["file"]]
    worst = max(abs(row[key]) for row in made for key in row if key.endswith("_off_jnd") and row[key] != "")
    print(f"{given.output}: {len(made)} sounds of {len({row['source'] for row in made})} recordings, table.csv,")
    print(f"  series.png and settings.txt; every knob within {worst:.2f} JND of what was asked")
    missed = sum(bool(row["remark"]) for row in made)
    if missed:
        print(f"  {missed} of them were not met in all: their remark in table.csv says how near they came")
    for row in rows:
        if not row["file"]:
            print(f"  not made: {Path(row['source']).name}, {row['condition']}: {row['remark']}")


def _rows_of(
    given: argparse.Namespace,
    source: Path,
    conditions: Sequence[Condition],
    requests: Sequence[Sequence[KnobRequest]],
    unfinished: UnfinishedSeries,
) -> list[dict[str, Any]]:
    """Rows of one recording: made now, or by a run of the same command that was interrupted."""
    if (made := unfinished.rows_of(source)) is not None:
        return made
    try:
        rows = _one_sound(given, source, conditions, requests)
    except UnusableAudio as error:
        print(f"  left out: {error}")
        rows = []
    unfinished.keep(source, rows)
    return rows


def _one_sound(
    given: argparse.Namespace, source: Path, conditions: Sequence[Condition], requests: Sequence[Sequence[KnobRequest]]
) -> list[dict[str, Any]]:
    """Rows of the table of one recording; where one would clip, the recording is lowered before all are made."""
    with file_in(str(source)) as file:
        end = source.suffix.lower() if source.suffix.lower() in LOSSLESS else ".wav"
        kind = kind_of(given.output / f"x{end}", file.file, given.peak)
        gain_db, rows = 0.0, []
        for _ in range(MOST_ATTEMPTS):
            sound = LoweredIn(file, 10.0 ** (gain_db / 20.0)) if gain_db else file
            rows = _all_conditions(given, sound, kind, source, conditions, requests)
            lowered_db = max((row["lowered_db"] for row in rows if row["file"]), default=0.0)
            if not lowered_db:
                break
            gain_db -= lowered_db + SPARE_DB
    return [row | {"lowered_db": round(-gain_db, 2)} if row["file"] else row for row in rows]


def _all_conditions(
    given: argparse.Namespace,
    sound: SoundIn,
    kind: FileKind,
    source: Path,
    conditions: Sequence[Condition],
    requests: Sequence[Sequence[KnobRequest]],
) -> list[dict[str, Any]]:
    listened = Listened(sound, "mix" if given.channel == "mix" else int(given.channel))
    _refuse_knobs_of_pitch(listened, requests)
    asked = asked_of(listened, requests, given.release, given.hold)
    reasons = [_why_not(listened, asked, row, each) for row, each in enumerate(requests)]
    rows = [_row(source, conditions[row], reason) for row, reason in enumerate(reasons) if reason]
    good = [row for row, reason in enumerate(reasons) if not reason]
    for start in range(0, len(good), TOGETHER):
        some = good[start : start + TOGETHER]
        part = asked._replace(positions=asked.positions[some], free=asked.free[some])
        rows += _some_conditions(given, listened, part, kind, [conditions[row] for row in some], source)
    return rows


def _some_conditions(
    given: argparse.Namespace,
    listened: Listened,
    asked: AskedPlaces,
    kind: FileKind,
    conditions: Sequence[Condition],
    source: Path,
) -> list[dict[str, Any]]:
    """Write the sounds of a few conditions and measure them."""
    end = source.suffix.lower() if source.suffix.lower() in LOSSLESS else ".wav"
    paths = [given.output / f"{source.stem}_{condition.name}{end}" for condition in conditions]
    written = delivered(listened.sound, changes(listened, asked, given.steady), paths, kind)
    rows = []
    for row, (condition, path) in enumerate(zip(conditions, paths, strict=True)):
        with file_in(str(path)) as turned:
            got = listened.readings([type(knob) for knob in asked.knobs], turned)
        reports = knob_reports(listened, asked, row, got)
        remark = " ".join(line.strip() for line in remark_lines(reports, corrected=True))
        rows.append(_row(source, condition, remark, path, written[row], reports))
    return rows


def _refuse_knobs_of_pitch(listened: Listened, requests: Sequence[Sequence[KnobRequest]]) -> None:
    kinds = offered(listened.has_pitch)
    for request in itertools.chain(*requests):
        if request.knob not in kinds:
            raise UnusableAudio(
                f"{listened.sound.label}: {request.knob} needs a sound with a pitch, and only {listened.why_no_pitch}"
            )


def _why_not(listened: Listened, asked: AskedPlaces, row: int, requests: Sequence[KnobRequest]) -> str:
    return "; ".join(f"{request.written}: {reason}" for request, reason in impossible(listened, asked, row, requests))


def _row(
    source: Path,
    condition: Condition,
    remark: str,
    path: Path | None = None,
    written: Delivered | None = None,
    reports: Sequence[KnobReport] = (),
) -> dict[str, Any]:
    row: dict[str, Any] = {"file": path.name if path else "", "source": str(source), "condition": condition.name}
    row["lowered_db"] = round(written.lowered_db, 2) if written else ""
    row["peak_rise_db"] = round(written.rise_db, 2) if written else ""
    row["remark"] = remark
    for report in reports:
        name = report.descriptor.name
        row |= {f"{name}_was": report.was, f"{name}_asked": report.asked, f"{name}_got": report.got}
        row |= {f"{name}_unit": report.descriptor.unit, f"{name}_off_jnd": report.off}
        step = report.descriptor.jnd or 0.05 * float(abs(report.descriptor.span[1] - report.descriptor.span[0]))
        row[f"{name}_moved_jnd"] = (report.got - report.was) / step
        row[f"{name}_asked_jnd"] = (report.asked - report.was) / step
    return row


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in sorted(rows, key=len, reverse=True) for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: f"{value:.4f}" if isinstance(value, float) else value for key, value in row.items()})
    return text.getvalue()
