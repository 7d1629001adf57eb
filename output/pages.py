"""Pages of one file: they carry all that they show and play, and ask nothing of any network."""

from pathlib import Path
from typing import Any

import jinja2

from output.numbers import readable

PARTS = Path(__file__).parent
"""Folder of page_parts.html: the look that all pages share, and how their sounds are played."""


def rendered(template: Path, **values: Any) -> str:
    """A template and what it is told of -> the page; all that is told is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, PARTS]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["readable"] = readable
    return environment.get_template(template.name).render(**values)
