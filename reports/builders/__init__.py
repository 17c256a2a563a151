"""The types of reports. Each is a module here with a `BUILDER`, and one line below."""

from collections.abc import Mapping

from reports.builders import messages, performance, sales
from reports.builders.contracts import Builder, Built, Question

BUILDERS: Mapping[str, Builder] = {
    "sales": sales.BUILDER,
    "messages": messages.BUILDER,
    "performance": performance.BUILDER,
}

__all__ = ["BUILDERS", "Builder", "Built", "Question"]
