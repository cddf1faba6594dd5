"""A bench as JSON: bytes and seconds as numbers, for other programs."""

from __future__ import annotations

import json

from pydock.bench.measure import Measured, differences, figures
from pydock.report.bench.table import Bench
from pydock.terminal import in_json
from pydock.values import to_builtins

VERSION = 1


def written(bench: Bench) -> str:
    """One object; `version` counts changes of this form."""
    weights = [measured.weight for measured in bench.versions]
    first, last = weights[0], weights[-1]
    document = {
        "version": VERSION,
        "path": bench.path,
        "time": bench.moment,
        "engine": bench.engine,
        "runs": bench.runs,
        "versions": [_version(measured) for measured in bench.versions],
        "causes": dict(differences(first, last)) if len(weights) > 1 and first and last else {},
    }
    return in_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _version(measured: Measured) -> dict[str, object]:
    weight = measured.weight
    return {
        "name": measured.name,
        "figures": figures(measured),
        "builds": {str(scenario): list(seconds.times) for scenario, seconds in measured.builds.items()},
        "not_measured": {str(scenario): why for scenario, why in measured.why_not.items()},
        "slowest_steps": [{"step": name, "seconds": seconds} for name, seconds in measured.steps],
        "weight": to_builtins(weight) if weight else None,
        "starts": [to_builtins(life) for life in measured.lives],
        "notes": list(measured.notes),
        "failure": to_builtins(measured.failure) if measured.failure else None,
    }
