"""What is random in a batch follows from seed, step and process alone."""

from types import SimpleNamespace

import torch

from lightning_modules.autoencoder import TimbreAutoencoder, batch_seed


def test_no_two_seeds_steps_or_processes_share_their_numbers():
    seeds = {batch_seed(seed, step, rank) for seed in range(3) for step in range(20) for rank in range(8)}
    assert len(seeds) == 3 * 20 * 8 and all(0 <= seed < 2**63 for seed in seeds)
    assert 0 <= batch_seed(2**64 - 1, 10**9, 511) < 2**63, "of any seed that torch knows"


def test_a_step_draws_the_same_whatever_was_drawn_before(clip_format):
    model, drawn = TimbreAutoencoder(clip_format), {}
    for rank, step in ((0, 3), (1, 3), (0, 4), (0, 3), (1, 3)):
        progress = SimpleNamespace(total=SimpleNamespace(processed=step))
        loop = SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress))
        model._trainer = SimpleNamespace(fit_loop=loop, global_rank=rank)
        model.on_train_batch_start(None, 0)
        drawn.setdefault((rank, step), []).append(torch.rand(4))
        torch.rand(rank + step)
    assert drawn[0, 3][0].equal(drawn[0, 3][1]) and drawn[1, 3][0].equal(drawn[1, 3][1])
    first = [numbers[0] for numbers in drawn.values()]
    assert not any(one.equal(other) for i, one in enumerate(first) for other in first[:i])
