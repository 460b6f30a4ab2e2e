"""
A catchment as one linear reservoir: outflow is storage divided by the storage constant.

    STORAGE_CONSTANT=12 RUNOFF_COEFFICIENT=0.4 python3 reservoir.py rain.csv

Reads hourly rain in mm, writes `discharge.csv` (hourly, m3/s) and `summary.json`.
"""

import csv
import json
import math
import os
import sys

AREA_KM2 = 25.0
M3_PER_SECOND = AREA_KM2 * 1000 / 3600  # of one millimetre an hour over the catchment


def main() -> None:
    """Route the rain of a file through the reservoir that the environment describes."""
    with open(sys.argv[1], encoding="utf-8") as file:
        rain = [float(row["rain_mm"]) for row in csv.DictReader(file)]
    discharge = route(
        rain,
        storage_constant=float(os.environ["STORAGE_CONSTANT"]),
        runoff_coefficient=float(os.environ["RUNOFF_COEFFICIENT"]),
    )
    write(discharge)


def route(rain: list[float], *, storage_constant: float, runoff_coefficient: float) -> list[float]:
    """Solve dS/dt = cP - S/k exactly over each hour of constant rain; mm/h to m3/s."""
    recession = math.exp(-1 / storage_constant)
    outflow, discharge = 0.0, []
    for depth in rain:
        outflow = outflow * recession + runoff_coefficient * depth * (1 - recession)
        discharge.append(outflow * M3_PER_SECOND)
    return discharge


def write(discharge: list[float]) -> None:
    """Write the hydrograph, and the two numbers that a flood is remembered by."""
    with open("discharge.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["hour", "discharge"])
        table.writerows((hour, f"{value:.4f}") for hour, value in enumerate(discharge, start=1))
    peak = max(discharge)
    summary = {"peak_discharge": round(peak, 4), "hour_of_peak": discharge.index(peak) + 1}
    with open("summary.json", "w", encoding="utf-8") as file:
        json.dump(summary, file)
    print(f"peak {peak:.2f} m3/s in hour {summary['hour_of_peak']}")


if __name__ == "__main__":
    main()
