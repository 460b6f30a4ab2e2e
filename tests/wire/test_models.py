"""The derived shapes are those of the SDK that is installed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "tools" / "generate_wire_models.py"
MODELS = ROOT / "src" / "runfleet" / "wire" / "models.py"


def test_the_shapes_of_bodies_are_those_of_the_sdk():
    generated = subprocess.run(
        [sys.executable, GENERATOR], capture_output=True, text=True, check=True
    )
    assert MODELS.read_text(encoding="utf-8") == generated.stdout, (
        "python tools/generate_wire_models.py > src/runfleet/wire/models.py"
    )
