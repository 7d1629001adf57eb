#!/bin/bash
# slurm/sweep_array.sh -- a sweep, a task per point; stopped early, a point queues itself again and goes on.
#   sbatch -J NAME --array=0-11 slurm/sweep_array.sh sweeps/x.yaml [--storage journal] [any key]
#   sbatch -J turned_share --array=1-16%4 slurm/sweep_array.sh agent ENTITY/PROJECT/SWEEP      (needs internet)
# `timbre sweep sweeps/x.yaml` says how many points there are. Any line below can be given to sbatch instead.
#SBATCH --account=def-CHANGEME
#SBATCH --array=0-15%4
#SBATCH --gpus-per-node=h100:1
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=60G
#SBATCH --time=0-03:00
#SBATCH --signal=USR1@300
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%A_%a.out
set -euo pipefail
cd "$SLURM_SUBMIT_DIR"
# shellcheck source=slurm/env.sh
source slurm/env.sh

if [[ ${1:-} == agent ]]; then
    export WANDB_MODE=online WANDB_DIR=$TIMBRE_RUNS WANDB_RUN_GROUP=${WANDB_RUN_GROUP:-$SLURM_JOB_NAME}
    srun wandb agent --count 1 --forward-signals "$2"
else
    srun timbre sweep "$@" --point "$SLURM_ARRAY_TASK_ID" --data.copy_to "$SLURM_TMPDIR"
fi
