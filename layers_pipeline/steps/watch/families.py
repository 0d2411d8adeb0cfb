"""How figures are made: families of samples with names, units and labels.

Belongs here: the shape that every module of figures gives, shorthand for families.
Does not belong here: which figures there are.

Names are Prometheus': ``layers_``, what is measured, its base unit; ``_total`` for what only grows.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

Samples = Iterable[tuple[tuple[str, ...], float]]
"""Values of labels, and the number."""
Families = Iterator[Metric]


def gauge(name: str, said: str, samples: Samples, labels: tuple[str, ...] = ()) -> Metric:
    """Numbers that rise and fall."""
    family = GaugeMetricFamily(f"layers_{name}", said, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def counter(name: str, said: str, samples: Samples, labels: tuple[str, ...] = ()) -> Metric:
    """Numbers that only grow; ``_total`` is added to the name."""
    family = CounterMetricFamily(f"layers_{name}", said, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def single(number: float) -> Samples:
    """One number without labels."""
    return [((), number)]


def instants(found: Mapping[tuple[str, ...], datetime | None]) -> Samples:
    """Instants as seconds since 1970; what never was has no sample."""
    return [(labels, at.timestamp()) for labels, at in found.items() if at is not None]
