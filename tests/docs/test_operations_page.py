"""The page of operations says what the code says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_operations_is_fresh():
    generator = ROOT / "tools" / "generate_operations_page.py"
    page = ROOT / "docs" / "operations.md"
    generated = subprocess.run(
        [sys.executable, generator], capture_output=True, text=True, check=True
    )
    assert page.read_text(encoding="utf-8") == generated.stdout, "make pages"
