"""What a monitoring system reads at `/metrics`: which policies this process obeys since when, and how requests ended.

Numbers and digests only; no label ever bears anything of a caller or a record. Each process speaks for itself: of
several workers on one port one answers, and says its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connectors.registry import Registry
from gateway.governing.obeying import Governed
from gateway.registering.enrolment import Enrolled

MEDIA_TYPE = CONTENT_TYPE_LATEST
PREFIX = "credit_gateway"


@dataclass(frozen=True, slots=True)
class Enrolments:
    """What is obeyed of platforms; `edited` and `unasked` count files that are not what answers, `shadows` questions to
    platforms that are not live, by platform and outcome."""

    enrolled: Enrolled
    registry: Registry
    edited: int
    unasked: int
    shadows: Mapping[tuple[str, str], int]


def text(
    worker: int,
    governed: Governed,
    failures: Mapping[str, int],
    outcomes: Mapping[str, int],
    enrolments: Enrolments,
) -> bytes:
    """The metrics of a process in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Now(str(worker), governed, failures, outcomes, enrolments))
    return generate_latest(registry)


class _Now(Collector):
    """Everything as it is at one moment."""

    def __init__(
        self,
        worker: str,
        governed: Governed,
        failures: Mapping[str, int],
        outcomes: Mapping[str, int],
        enrolments: Enrolments,
    ) -> None:
        self._worker, self._governed, self._failures, self._outcomes = worker, governed, failures, outcomes
        self._enrolments = enrolments

    def collect(self) -> Iterator[Metric]:
        governed, worker, enrolled = self._governed, self._worker, self._enrolments.enrolled
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
            ("platforms", "Platforms that are asked.", len(self._enrolments.registry.platforms)),
            ("platforms_step", "The number of the last step of platforms that is obeyed.", enrolled.course.seq),
            ("platforms_declined", "1 while a step of platforms is not obeyed.", enrolled.declined is not None),
            ("platforms_edited", "Files that were edited and are not what answers.", self._enrolments.edited),
            ("platforms_not_live", "Files that nobody has put live.", self._enrolments.unasked),
            ("platforms_paused", "Platforms of which something is paused.", len(enrolled.course.paused)),
        ):
            gauge = GaugeMetricFamily(f"{PREFIX}_{name}", words, labels=["worker"])
            gauge.add_metric([worker], value)
            yield gauge
        for name, words, label, counts in (
            ("activation_failures", "Pointers and steps that were not obeyed, by reason.", "reason", self._failures),
            ("requests", "Requests to /graphql, by how they ended.", "outcome", self._outcomes),
        ):
            counter = CounterMetricFamily(f"{PREFIX}_{name}", words, labels=["worker", label])
            for word, count in sorted(counts.items()):
                counter.add_metric([worker, word], count)
            yield counter
        counter = CounterMetricFamily(
            f"{PREFIX}_shadow_questions", "Questions to platforms that are not live, by how they ended.",
            labels=["worker", "platform", "outcome"],
        )  # fmt: skip
        for (platform, outcome), count in sorted(self._enrolments.shadows.items()):
            counter.add_metric([worker, platform, outcome], count)
        yield counter
