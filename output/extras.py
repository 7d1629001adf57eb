"""Packages that only some uses need: the extras of pyproject.toml."""

from importlib import import_module
from importlib.util import find_spec

ALONE = {"neutone_sdk": "1.5.2"}
"""Packages that are installed without what they ask for (it is here, or not needed), and the version that was tried."""


def require(extra: str, *packages: str) -> None:
    """Look for the packages of an extra before they are used.

    Raises:
        ValueError: one is missing; the sentence says how to install it
    """
    for name in packages:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise  # it is there, and lacks something itself
            raise ValueError(f"{name} is not installed: pip install '.[{extra}]' in the project's folder.") from error


def require_alone(package: str) -> None:
    """Look for a package of ALONE.

    Raises:
        ValueError: it is missing; the sentence says how to install it
    """
    if find_spec(package) is None:
        raise ValueError(f"{package} is not installed: pip install --no-deps {package}=={ALONE[package]}.")
