"""Parts of the page run in Node."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Job = Callable[..., Any]


@pytest.fixture(scope="session")
def node_job() -> Job:
    """Runs a job of page_jobs.js: its kind and what it needs by name; bytes go as base64."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed.")
    script = Path(__file__).parent / "page_jobs.js"

    def run(kind: str, **given: Any) -> Any:
        job = {name: base64.b64encode(x).decode() if isinstance(x, bytes) else x for name, x in given.items()}
        said = subprocess.run(
            ["node", str(script)], input=json.dumps({"kind": kind, **job}), capture_output=True, text=True
        )
        assert not said.returncode, said.stderr
        return json.loads(said.stdout)

    return run
