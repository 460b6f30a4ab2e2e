"""What a file has in place of what a pattern looks for."""

from __future__ import annotations

import pytest

from runfleet.study.nearest_lines import nearest_line

REPORT = """\
 WATER BALANCE MODEL 1.2
 Peak inflow      12.1 m3/s
 PEAK  OUTFLOW  =     9.300D+00 M3/S
    0  0.00000E+00
"""


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"PEAK OUTFLOW = +(\S+)", "PEAK  OUTFLOW  =     9.300D+00 M3/S"),
        (r"^\s*peak\s+inflow:\s*(\d+)", "Peak inflow      12.1 m3/s"),
        (r"(?:water|balance) +(\S+)", "WATER BALANCE MODEL 1.2"),
        (r"head at node 7: (\S+)", None),
        (r"^ +7 +(\S+)", None),
    ],
)
def test_the_line_with_most_of_the_words_is_the_nearest(pattern: str, line: str | None) -> None:
    """Its blanks are shown as they are, as one too many may be what is wrong."""
    assert nearest_line(pattern, REPORT) == line
    assert nearest_line(pattern, "") is None
