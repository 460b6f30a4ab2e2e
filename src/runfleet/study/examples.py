"""How the keys of a study file are written, for the hints of messages."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, str] = {
    "": "model: {command: ./model}",
    "model": "{command: ./model}",
    "model.packages": "[epanet==2.3.5]",
    "model.inputs": "[model.inp, data/*.csv]",
    "model.overlays": "{model.inp: model.inp.j2}",
    "model.outputs": "[out.csv]",
    "model.environment": "{NAME: text}",
    "model.mpi": "{nodes: 2}",
    "parameters": "{ROUGHNESS: {uniform: [80, 140]}}",
    "parameters.*.values": "[1, 2, 3]",
    "parameters.*.categorical": "[sand, loam]",
    "parameters.*.uniform": "[lowest, highest]",
    "parameters.*.loguniform": "[lowest, highest]",
    "parameters.*.integers": "[lowest, highest]",
    "parameters.*.normal": "[mean, standard deviation]",
    "parameters.*.triangular": "[lowest, mode, highest]",
    "parameters.*.truncated_normal": "{mean: 800, sd: 150, min: 0}",
    "design": "{latin_hypercube: 100}",
    "design.csv": "samples.csv",
    "design.sobol": "128",
    "design.morris": "20",
    "design.saltelli": "256",
    "design.list": "[{ROUGHNESS: 80}, {ROUGHNESS: 140}]",
    "design.list.*": "{ROUGHNESS: 80, DEMAND: 1.2}",
    "results": "{flow: {file: out.csv, column: Q}}",
    "results.*": "{file: out.csv, column: Q}",
    "pest": "{control: net1.pst, program: pestpp-glm, workers: 4}",
    "pest.workers": "{min: 2, max: 8}",
    "pool": "{nodes: {max: 4}}",
    "pool.nodes": "{max: 4}",
}
"""How lists, mappings and designs are written, by place; `*` is any name and any number."""

_UNDER_PARAMETERS = "write `design: {}`, and the values under `parameters`"

REMEDIES: Mapping[str, str] = {
    f"design.{kind}": _UNDER_PARAMETERS.format(kind) for kind in ("grid", "zip")
}
"""What mends whatever is wrong at a place."""
