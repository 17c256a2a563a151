"""What the model says if it is told what to say: one step for one request.

A step comes from the control plane, or from the words `sandbox:MODE` in the last text of a user,
such as `sandbox:blocked`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integrations.sandbox.gemini.conversation import Asked, Refused

_MODE = re.compile(r"\bsandbox:(?P<mode>[a-z_]+)")
_SENTIMENT = {
    "sentiment": "negative",
    "urgency": "high",
    "concerns": ["delivery delay", "order status"],
    "recommended_tone": "empathetic and proactive",
}


@dataclass(frozen=True)
class Step:
    """One answer. Fields that are not set follow from the others."""

    text: str = ""
    # Each is {"name", "args"}.
    calls: Sequence[Mapping[str, Any]] = ()
    finish: str = "STOP"
    block_reason: str = ""
    # An answer of HTTP 200 without any candidate, and without a reason.
    has_candidate: bool = True
    # Replaces the counts; empty for none at all.
    usage: Mapping[str, int] | None = None
    # The model that answered, where it is another one.
    model_version: str | None = None
    # An error instead of an answer.
    error_code: int = 0
    error_status: str = ""
    error_message: str = ""
    # The delay that the error names, such as "13s".
    retry_delay: str = ""
    quota_id: str = ""
    # A page of a proxy instead of an answer.
    html_status: int = 0
    # How long to think before answering.
    seconds: float = 0
    # For how many requests this step applies.
    times: int = 1

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Step":
        """Read a step, or a mode with what differs from it. Raises TypeError or KeyError."""
        fields = dict(data)
        mode = MODES[fields.pop("mode")] if "mode" in fields else cls()
        return replace(mode, **fields)

    @property
    def is_only_slow(self) -> bool:
        """Whether the step leaves it to the model what to say."""
        return self == Step(seconds=self.seconds, times=self.times) and self.seconds > 0

    @property
    def refusal(self) -> Refused | None:
        """The error of this step."""
        if not self.error_code:
            return None
        details: list[Mapping[str, Any]] = []
        if self.retry_delay:
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            details.append({"@type": kind, "retryDelay": self.retry_delay})
        if self.quota_id:
            kind = "type.googleapis.com/google.rpc.QuotaFailure"
            details.append({"@type": kind, "violations": [{"quotaId": self.quota_id}]})
        return Refused(self.error_code, self.error_message, self.error_status, details)


_QUOTA = "You exceeded your current quota, please check your plan and billing details."
_ORDER = {"name": "fetch_order_details", "args": {"order_id": "1234"}}
_PER_MINUTE = Step(
    error_code=429,
    error_status="RESOURCE_EXHAUSTED",
    error_message=_QUOTA,
    retry_delay="1s",
    quota_id="GenerateRequestsPerMinutePerProjectPerModel",
)
MODES: Mapping[str, Step] = {
    "one_call": Step(calls=[_ORDER]),
    "two_calls": Step(calls=[_ORDER, {"name": "order_chain", "args": {"order_id": "1234"}}]),
    "unknown_function": Step(calls=[_ORDER, {"name": "drop_all_tables", "args": {"really": True}}]),
    "bad_arguments": Step(calls=[{"name": "fetch_order_details", "args": {"order": [None, 7]}}]),
    "endless_calls": Step(calls=[_ORDER], times=1_000),
    "empty": Step(finish="MAX_TOKENS"),
    "nothing": Step(),
    "no_candidates": Step(has_candidate=False),
    "cut": Step(text="The order is on its w", finish="MAX_TOKENS"),
    "blocked": Step(block_reason="OTHER"),
    "safety": Step(finish="SAFETY"),
    "recitation": Step(finish="RECITATION"),
    "other": Step(finish="OTHER"),
    "malformed_call": Step(finish="MALFORMED_FUNCTION_CALL"),
    "unexpected_call": Step(finish="UNEXPECTED_TOOL_CALL"),
    "broken_json": Step(text='{"sentiment":"neg'),
    "cut_json": Step(text='{"sentiment":"neg', finish="MAX_TOKENS"),
    "fenced_json": Step(text=f"```json\n{json.dumps(_SENTIMENT)}\n```"),
    "wrong_value": Step(text=json.dumps({**_SENTIMENT, "sentiment": "furious"})),
    "good_json": Step(text=json.dumps(_SENTIMENT)),
    "no_usage": Step(text="Fine.", usage={}),
    "only_total": Step(text="Fine.", usage={"totalTokenCount": 67}),
    "quota": _PER_MINUTE,
    "quota_without_delay": replace(_PER_MINUTE, retry_delay=""),
    # The name says a day, the delay a moment: clients must believe the delay.
    "quota_by_day_soon": replace(
        _PER_MINUTE, quota_id="GenerateRequestsPerDayPerProjectPerModel-FreeTier"
    ),
    "daily_quota": replace(
        _PER_MINUTE,
        retry_delay="41025s",
        quota_id="GenerateRequestsPerDayPerProjectPerModel",
        times=1_000,
    ),
    "unavailable": Step(
        error_code=503,
        error_status="UNAVAILABLE",
        error_message="The model is overloaded. Please try again later.",
    ),
    "internal": Step(
        error_code=500, error_status="INTERNAL", error_message="An internal error has occurred."
    ),
    "deadline": Step(
        error_code=504,
        error_status="DEADLINE_EXCEEDED",
        error_message="The request did not finish before its deadline.",
    ),
    "html": Step(html_status=502),
    "slow": Step(seconds=20),
}


def mode_in(asked: Asked) -> Step | None:
    """Return the step that the last text of a user names, or None.

    It applies once, to the first request after the text. Only endless calls go on.
    """
    match = _MODE.search(asked.question)
    step = MODES.get(match["mode"]) if match else None
    if step is None or (asked.results and step.times == 1):
        return None
    return step
