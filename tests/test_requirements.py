"""What is installed: without a compiler, on other systems than Linux too, and as pyproject asks for."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LISTS = ("requirements.lock", "requirements-lowest.txt", "requirements-visqol.lock", "slurm/requirements-alliance.txt")
LINE = re.compile(r"([\w.-]+)(?:\[[\w,]+\])?(?:==|>=)[\w.]+(?: ?; (?P<marker>.+))?")


def packages(name: str) -> dict[str, str]:
    """Name -> marker of every package of a list."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = (LINE.fullmatch(line) for line in lines if line and not line.startswith(("#", "--find-links")))
    return {re.sub("[-_.]+", "-", match[1]).lower(): match["marker"] or "" for match in found}  # type: ignore[index]


@pytest.mark.parametrize("name", LISTS)
def test_nothing_needs_a_compiler(name):
    assert "libsvm-official" not in packages(name)
    assert "visqol-python" not in packages(name) or name == "requirements-visqol.lock", "pip would fetch what it needs"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-lowest.txt"])
def test_what_there_is_for_linux_alone_is_asked_for_there_alone(name):
    for package, marker in packages(name).items():
        if package.startswith(("nvidia-", "cuda-", "triton")):
            assert marker.replace("'", '"') == 'sys_platform == "linux"', package


def test_the_lock_holds_all_that_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(line for lines in extras.values() for line in lines)]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in asked} - {"interpretsynth"}  # type: ignore[index]
    assert names <= packages("requirements.lock").keys() | packages("requirements-visqol.lock").keys()
