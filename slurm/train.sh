#!/bin/bash
# slurm/train.sh -- train a run on one GPU or several, then test it; stopped early, it queues itself again and goes on.
#   sbatch -J NAME slurm/train.sh -c configs/experiments/x.yaml [any key]
# Any line below can be given to sbatch instead, with the same word: --gpus-per-node=a100:4 --ntasks-per-node=4
#SBATCH --account=def-CHANGEME
#SBATCH --nodes=1
#SBATCH --gpus-per-node=h100:2
#SBATCH --ntasks-per-node=2
#SBATCH --cpus-per-task=8
#SBATCH --mem=120G
#SBATCH --time=0-12:00
#SBATCH --signal=USR1@300
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.out
set -euo pipefail
cd "$SLURM_SUBMIT_DIR"
# shellcheck source=slurm/env.sh
source slurm/env.sh

gpus=${SLURM_GPUS_PER_NODE:-$SLURM_NTASKS_PER_NODE}
if [[ $SLURM_NTASKS != $((SLURM_NNODES * SLURM_NTASKS_PER_NODE)) || ${gpus##*:} != "$SLURM_NTASKS_PER_NODE" ]]; then
    echo "slurm/train.sh: one task per GPU is needed, but there are $SLURM_NTASKS tasks on $SLURM_NNODES nodes with" \
        "$gpus each: leave --ntasks out, and give --ntasks-per-node the number of --gpus-per-node." >&2
    exit 2
fi

name=(--name "$SLURM_JOB_NAME")
[[ $SLURM_JOB_NAME != *.sh ]] || name=()  # no -J was given: the experiment's name

# What is said of data and trainer comes last: a configuration file would undo it.
# Compiled code goes to a folder per task: tasks that fill one at the same time can break it.
# shellcheck disable=SC2016
srun --kill-on-bad-exit=1 bash -c 'NUMBA_CACHE_DIR+=/$SLURM_LOCALID exec timbre "$@"' timbre \
    fit "${name[@]}" --resume true --test true "$@" --data.copy_to "$SLURM_TMPDIR" \
    --trainer.devices "$SLURM_NTASKS_PER_NODE" --trainer.num_nodes "$SLURM_NNODES"
