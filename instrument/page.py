"""The playable page: one HTML file that asks nobody for anything."""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from instrument.page_parts import PageParts, zipped_text
from output.whole_files import write_text

AUDIO_THREAD = (
    *("half.js", "knob_range.js", "graph.js", "synth.js", "resample.js", "exact.js", "envelope.js"),
    *("tones.js", "turner.js", "player.js", "tracker.js", "apart.js", "tap.js", "worklet.js"),
)
"""Scripts of the worklet, in order: one text, because what comes from a data: address cannot import."""
PAGE_THREAD = (
    *("half.js", "knob_range.js", "dom.js", "settings.js", "scale.js", "engine.js", "recorder.js", "sound.js"),
    *("spectrum.js", "knobs.js", "keys.js", "phrase.js", "midi.js", "input.js", "controls.js", "main.js"),
)
"""Scripts of the page, in order: one text too."""
COMMENT_LINES = re.compile(r"^ *//.*\n", re.MULTILINE)


def write_page(parts: PageParts, path: Path) -> None:
    """Write the instrument as one HTML file, whole or not at all.

    Raises:
        OSError: it cannot be written
    """
    write_text(path, page(parts))


def page(parts: PageParts) -> str:
    """The text of the page."""
    environment = Environment(undefined=StrictUndefined, autoescape=False)
    template = environment.from_string(page_file("index.html"))
    return template.render(
        name=parts.about["name"],
        style=page_file("style.css"),
        data=parts.as_zipped_json(),
        worklet=zipped_text(worklet_text().encode()),
        scripts="\n".join(page_file(name) for name in PAGE_THREAD),
    )


def worklet_text() -> str:
    """The audio thread's scripts as one."""
    return "\n".join(page_file(name).replace('"use strict";\n', "", 1) for name in AUDIO_THREAD)


@cache
def page_file(name: str) -> str:
    """A file of `instrument/page`; of a script, what runs: comments are for who reads it there."""
    text = files("instrument").joinpath("page", name).read_text(encoding="utf-8")
    return COMMENT_LINES.sub("", text) if name.endswith(".js") else text
