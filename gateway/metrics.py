"""What a monitoring system reads at `/metrics`: which policies this process obeys since when, and how requests ended.

Numbers and digests only; no label ever bears anything of a caller or a record. Each process speaks for itself: of
several workers on one port one answers, and says its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.governing.obeying import Governed

MEDIA_TYPE = CONTENT_TYPE_LATEST
PREFIX = "credit_gateway"


def text(worker: int, governed: Governed, failures: Mapping[str, int], outcomes: Mapping[str, int]) -> bytes:
    """The metrics of a process in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Now(str(worker), governed, failures, outcomes))
    return generate_latest(registry)


class _Now(Collector):
    """Everything as it is at one moment."""

    def __init__(
        self, worker: str, governed: Governed, failures: Mapping[str, int], outcomes: Mapping[str, int]
    ) -> None:
        self._worker, self._governed, self._failures, self._outcomes = worker, governed, failures, outcomes

    def collect(self) -> Iterator[Metric]:
        governed, worker = self._governed, self._worker
        info = GaugeMetricFamily(
            f"{PREFIX}_policy_info", "The policy set that decides, by its digest.", labels=["worker", "digest"]
        )
        info.add_metric([worker, governed.policies.digest], 1)
        yield info
        since = governed.standing.since
        for name, words, value in (
            ("policy_seq", "The number of the pointer that is obeyed; 0 without one.", governed.course.seq),
            ("policy_since_seconds", "When the set came into force, Unix time.", since.timestamp() if since else 0),
            ("policy_declined", "1 while a pointer is not obeyed.", governed.declined is not None),
        ):
            gauge = GaugeMetricFamily(f"{PREFIX}_{name}", words, labels=["worker"])
            gauge.add_metric([worker], value)
            yield gauge
        for name, words, label, counts in (
            ("activation_failures", "Pointers that were not obeyed, by reason.", "reason", self._failures),
            ("requests", "Requests to /graphql, by how they ended.", "outcome", self._outcomes),
        ):
            counter = CounterMetricFamily(f"{PREFIX}_{name}", words, labels=["worker", label])
            for word, count in sorted(counts.items()):
                counter.add_metric([worker, word], count)
            yield counter
