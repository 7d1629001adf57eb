"""What a voice's file says of its examination: the few figures that tell how good it is."""

from math import isfinite
from pathlib import Path
from typing import Any

from studies.tested_run import read_run

OF_ALL = ("multi_resolution_stft", "visqol", "f0_l1", "frave_score", "frave_floor")
"""On resyntheses, and on all knobs together."""
OF_KNOBS = ("error_jnd", "error")
"""How far a turned knob is off, the first that there is: in least audible differences, or in its unit."""
IN_REACH = "error_jnd_in_reach"
"""The same where training notes of the pitch have the knob."""


def figures_of(folder: Path) -> list[dict[str, Any]]:
    """The figures of a tested run that its voice carries, as JSON has them.

    Raises:
        FileNotFoundError: it was not tested
        ValueError: its reports cannot be read
    """
    run = read_run(folder)
    found = [each for each in [*run.quality, *(run.control or [])] if each.family is None and each.register is None]
    kept = [each for name in OF_ALL for each in found if each.name == name and each.knob is None]
    renderings = dict.fromkeys(each.rendering for each in found)
    for knob in run.knobs:
        each_way = [{each.name: each for each in found if (each.knob, each.rendering) == (knob, r)} for r in renderings]
        for names in (OF_KNOBS, (IN_REACH,)):
            for own in each_way:
                kept += [own[name] for name in names if name in own and isfinite(own[name].value)][:1]
    return [each._replace(definition=each.in_short).as_json for each in kept]
