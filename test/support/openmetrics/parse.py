"""Reads an OpenMetrics page from standard input with prometheus_client's strict parser; prints its families as JSON."""
import json
import sys

from prometheus_client.openmetrics import parser


def sample(one):
    out = {"name": one.name, "labels": one.labels, "value": repr(one.value)}
    if one.timestamp is not None:
        out["seconds"] = str(one.timestamp)
    if one.exemplar is not None:
        out["exemplar"] = {"labels": one.exemplar.labels, "value": one.exemplar.value}
    return out


families = parser.text_string_to_metric_families(sys.stdin.buffer.read().decode("utf-8"))
json.dump(
    [
        {"name": f.name, "type": f.type, "help": f.documentation, "unit": f.unit, "samples": [sample(s) for s in f.samples]}
        for f in families
    ],
    sys.stdout,
)
