"""Packages that only some uses need: the extras of pyproject.toml."""

from importlib import import_module


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
