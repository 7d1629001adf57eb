#!/bin/bash
# slurm/prepare.sh -- read and check the data and track its pitch, once, in as many parts as the array has tasks.
#   sbatch slurm/prepare.sh -c configs/experiments/x.yaml [any key]
# A part that failed: sbatch --array=3 slurm/prepare.sh -c ... --slice 3/8
#SBATCH --account=def-CHANGEME
#SBATCH --array=1-8
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=8G
#SBATCH --time=0-03:00
#SBATCH --output=%x-%A_%a.out
set -euo pipefail
cd "$SLURM_SUBMIT_DIR"
# shellcheck source=slurm/env.sh
source slurm/env.sh

srun timbre prepare --slice "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_MAX" "$@"
