"""What holds for every test: nothing beyond this machine is reached, by this process or by those it starts."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

NETWORK = Path(__file__).resolve().parent / "network"

runpy.run_path(str(NETWORK / "sitecustomize.py"))
os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (str(NETWORK), os.environ.get("PYTHONPATH", "")) if p)
