"""Draw the picture of the README from the sample data: ``python docs/picture.py``."""

from pathlib import Path

import musclemetrics as mm

TARGET = Path(__file__).parent / "_static" / "force_pca.png"

if __name__ == "__main__":
    *_, record = mm.measure_files(mm.sample("force_pca_traces"), "force_pca", group_by="folder")
    TARGET.parent.mkdir(exist_ok=True)
    print(mm.plotting.save_figure(record, TARGET, dpi=140))
