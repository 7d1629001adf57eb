"""Whether a process is still there."""

import os
from contextlib import suppress
from pathlib import Path

CAN_BE_ASKED = os.name != "nt"
"""Signal 0 asks; on Windows it is Ctrl-C."""


def is_alive(number: int) -> bool:
    """Look for a process of this machine; where that cannot be told, it counts as alive."""
    with suppress(OSError):  # Linux tells those that have ended but that nobody has waited for
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    if not CAN_BE_ASKED:
        return True
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
