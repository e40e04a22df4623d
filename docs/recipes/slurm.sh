#!/bin/bash
# Four parts as a job array: sbatch slurm.sh; when all have ended:
# musclemetrics merge parts/1 parts/2 parts/3 parts/4 -o study
#SBATCH --array=1-4
#SBATCH --cpus-per-task=2
#SBATCH --mem=10G
#SBATCH --requeue
musclemetrics isometric recordings -o "parts/$SLURM_ARRAY_TASK_ID" --shard "$SLURM_ARRAY_TASK_ID/4" \
    -j "$SLURM_CPUS_PER_TASK" --memory 4 --quiet || case $? in 1|3) ;; *) exit 1 ;; esac
