"""A nightly run on Airflow: four parts side by side, then joined."""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag

HOME = "/data/study"
PARTS = 4
# 1: some files failed, 3: all of this part did. Their rows say why, and Airflow need not try again.
GOES_ON = "|| case $? in 1|3) ;; *) exit 1 ;; esac"


@dag(schedule="@daily", start_date=pendulum.datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def muscle_study():
    """Measure what is new since last night; what was measured is in the journals of the parts."""
    numbers = range(1, PARTS + 1)
    parts = BashOperator.partial(task_id="part", cwd=HOME, retries=2).expand(
        bash_command=[
            f"musclemetrics isometric recordings -o parts/{k} --shard {k}/{PARTS} -j 2 --quiet {GOES_ON}"
            for k in numbers
        ]
    )
    joined = BashOperator(
        task_id="study",
        cwd=HOME,
        bash_command=f"musclemetrics merge {' '.join(f'parts/{k}' for k in numbers)} -o study {GOES_ON}",
    )
    parts >> joined


muscle_study()
