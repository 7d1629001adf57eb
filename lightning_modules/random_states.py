"""Where the random numbers of a run are: kept in checkpoints, and set aside while something else draws."""

from typing import Any

import torch


def random_states() -> dict[str, Any]:
    """State of the generators of CPU and CUDA."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def restore_random_states(states: dict[str, Any]) -> None:
    """Go on drawing from there; CUDA's only on as many devices as there were."""
    torch.set_rng_state(states["cpu"].cpu())
    if states["cuda"] and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([state.cpu() for state in states["cuda"]])
