"""What the choice of a topology measured, as it is told."""

from typing import Any

from swarm_memory.tools._shape import without_none


def measured(report: dict[str, Any]) -> dict[str, Any]:
    """Metrics, thresholds and groups of a stored report; nothing where no tasks were given."""
    if "metrics" not in report:
        return {}
    metrics = dict(report["metrics"])
    metrics["criticalPath"] = metrics.pop("critical_path")
    groups = [without_none({"path": group["path"] or None, "tasks": group["tasks"]}) for group in report["groups"]]
    return without_none({"metrics": metrics, "thresholds": report["thresholds"], "groups": groups or None})
