"""Gemini's API for one key, with its rules and its errors, below `/gemini/`.

OrderChainer reaches it with `GEMINI_API_BASE=http://HOST/gemini` and the key `KEY`. The API for
OpenAI's clients is at `/gemini/v1beta/openai`.

The model answers from what the functions of a request return; see `answering/`. A text with
`sandbox:MODE` in it, or a step of the script, makes it say something else: see `script.py`.

The control plane, below `/_control/gemini`:

    GET    /            what was asked and answered, as a page for people
    POST   /script      {"mode": "blocked", "times"?} or the fields of a `Step`: what the next
                        request gets; steps wait for their turn
    DELETE /script      forget the script, and go on with requests that wait
    GET    /answers     what was asked and answered, oldest first
    POST   /clock       {"advance": seconds}: let time pass, so that models retire
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from integrations.sandbox.gemini import compatible, models, native, page, signatures
from integrations.sandbox.gemini.answering import say
from integrations.sandbox.gemini.conversation import Asked, Call, Refused, Said
from integrations.sandbox.gemini.records import Exchange
from integrations.sandbox.gemini.script import Step, mode_in
from integrations.sandbox.gemini.tokens import Counts, tokens_asked, within_bounds
from integrations.sandbox.wire import Answer, Request, html_answer, json_answer

PREFIX = "/gemini/"
COMPATIBLE = "/v1beta/openai/"
KEY = "pretend-gemini-key"
# How many exchanges are kept.
KEPT = 200
_PATH = re.compile(r"/gemini/(?P<version>v1|v1beta)/models(?:/(?P<model>[^/:]+)(?::(?P<do>\w+))?)?")


class Gemini:
    """An emulated Gemini. Several threads call it at once."""

    name = "gemini"
    label = "Gemini"

    def __init__(self, *, key: str = KEY, clock: Callable[[], float] = time.time) -> None:
        self.key = key
        self.clock = clock
        self.lock = threading.Lock()
        self.script: deque[Step] = deque()
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self.passed = 0.0
        self._ids = count(1)
        # Set to wake every request that waits.
        self._over = threading.Event()

    def reset(self) -> None:
        """Forget everything, and go on with requests that wait."""
        self.forget_script()
        with self.lock:
            self.exchanges.clear()
            self.passed = 0.0
            self._ids = count(1)

    # --- As the sandbox sees it ---------------------------------------------------------------

    def serves(self, path: str) -> bool:
        """Tell whether `path` is below `/gemini/`."""
        return path.startswith(PREFIX)

    def settings(self, host: str) -> Mapping[str, str]:
        """Tell which settings point OrderChainer here."""
        return {"GEMINI_API_BASE": f"http://{host}/gemini", "GEMINI_API_KEY": self.key}

    def introduction(self, host: str) -> Sequence[str]:
        """Tell where to look."""
        return [
            f"See what the assistant asked: http://{host}/_control/gemini/",
        ]

    def answer(self, request: Request) -> Answer:
        """Do what Gemini would do."""
        is_compatible = request.path.startswith(PREFIX.rstrip("/") + COMPATIBLE)
        try:
            if is_compatible:
                return self._compatible(request)
            return self._native(request)
        except Refused as exc:
            body = [exc.body] if is_compatible else exc.body
            return json_answer(exc.code, body)

    def control(self, method: str, path: str, data: Any) -> Answer | None:
        """Answer the control plane; see the top of this module."""
        match (method, path.strip("/")):
            case ("GET", ""):
                with self.lock:
                    return html_answer(200, page.page(self.key, list(self.exchanges)))
            case ("GET", "answers"):
                with self.lock:
                    return json_answer(200, [each.shown for each in self.exchanges])
            case ("POST", "script"):
                self.follow(Step.from_json(data))
            case ("DELETE", "script"):
                self.forget_script()
            case ("POST", "clock"):
                self.passed += float(data["advance"])
            case _:
                return None
        return Answer(204)

    def follow(self, *steps: Step) -> None:
        """Give the next requests these answers."""
        with self.lock:
            self.script.extend(steps)

    def forget_script(self) -> None:
        """Forget the steps that wait for their turn, and go on with requests that wait."""
        with self.lock:
            self.script.clear()
            self._over.set()
            self._over = threading.Event()

    # --- Both APIs ----------------------------------------------------------------------------

    def _native(self, request: Request) -> Answer:
        path = _PATH.fullmatch(request.path)
        if path is None:
            return html_answer(404, "<h1>404. That's an error.</h1>")
        given = request.headers.get("x-goog-api-key") or request.query.get("key", [""])[-1]
        self._check_key(given)
        version, model, action = path["version"], path["model"], path["do"]
        match (request.method, model, action):
            case ("GET", None, None):
                return json_answer(200, {"models": models.listed(version)})
            case ("GET", str(), None):
                self._answering(model, version)
                listed = models.listed(version)
                return json_answer(
                    200, next(each for each in listed if each["name"] == f"models/{model}")
                )
            case ("POST", str(), "generateContent" | "streamGenerateContent" | "countTokens"):
                pass
            case _:
                return html_answer(404, "<h1>404. That's an error.</h1>")
        actual = self._answering(model, version)
        if action == "countTokens":
            return self._count(actual, request)
        asked = native.read_request(actual, request.body)
        models.check_thinking(actual, asked.thinking, asked.budget)
        outcome = self._outcome(asked)
        if isinstance(outcome, Answer):
            return outcome
        said, counts, step = outcome
        name = step.model_version or actual
        usage = native.usage_of(counts) if step.usage is None else step.usage
        body = native.answer_body(said, usage, name, self._new_id("resp"))
        if step.block_reason:
            body = {**body, "promptFeedback": {"blockReason": step.block_reason}}
        if step.block_reason or not step.has_candidate:
            del body["candidates"]
        if action == "streamGenerateContent":
            if request.query.get("alt") != ["sse"]:
                return json_answer(200, [body])
            return Answer(200, native.streamed(body), {"Content-Type": "text/event-stream"})
        return json_answer(200, body)

    def _compatible(self, request: Request) -> Answer:
        token = request.headers.get("authorization", "")
        if not token.startswith("Bearer "):
            raise Refused(400, "Missing or invalid Authorization header.")
        self._check_key(token.removeprefix("Bearer "))
        rest = request.path.removeprefix(PREFIX.rstrip("/") + COMPATIBLE)
        match (request.method, rest):
            case ("GET", "models"):
                listed = [
                    {"id": each["name"], "object": "model", "owned_by": "google"}
                    for each in models.listed("v1beta")
                ]
                return json_answer(200, {"object": "list", "data": listed})
            case ("POST", "chat/completions"):
                pass
            case _:
                return html_answer(404, "<h1>404. That's an error.</h1>")
        named = compatible.read_model(request.body)
        asked = compatible.read_request(request.body, self._answering(named, "v1beta"))
        models.check_thinking(asked.model, asked.thinking, None)
        outcome = self._outcome(asked)
        if isinstance(outcome, Answer):
            return outcome
        said, counts, step = outcome
        if step.block_reason:
            said = Said(finish="PROHIBITED_CONTENT")
        name = step.model_version or asked.model
        usage = compatible.usage_of(counts) if step.usage is None else _renamed(step.usage)
        body = compatible.answer_body(said, usage, name, self._new_id("chatcmpl"))
        if not step.has_candidate:
            body["choices"] = []
        return json_answer(200, body)

    def _count(self, model: str, request: Request) -> Answer:
        turns = native.read_contents(native.contents_of(request.body), model)
        return json_answer(200, {"totalTokens": tokens_asked(Asked(model, turns))})

    def _check_key(self, given: str) -> None:
        if not given:
            words = "Method doesn't allow unregistered callers (callers without established"
            raise Refused(403, f"{words} identity).", "PERMISSION_DENIED")
        if given != self.key:
            info = {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }
            words = "API key not valid. Please pass a valid API key."
            raise Refused(400, words, details=[info])

    def _answering(self, model: str, version: str) -> str:
        now = datetime.fromtimestamp(self.clock() + self.passed, UTC)
        return models.answering_model(model, version, now)

    # --- What it says -------------------------------------------------------------------------

    def _outcome(self, asked: Asked) -> tuple[Said, Counts, Step] | Answer:
        """Return what the model says to a request, or an error of its script. Raises `Refused`."""
        step = self._step(asked)
        if step is not None and step.seconds:
            self._over.wait(step.seconds)
        if step is not None and step.refusal:
            self._keep(asked, str(step.refusal))
            raise step.refusal
        if step is not None and step.html_status:
            self._keep(asked, f"HTTP {step.html_status}")
            return html_answer(step.html_status, f"<h1>{step.html_status} Bad Gateway</h1>")
        said, counts = within_bounds(asked, self._signed(asked, self._scripted(step) or say(asked)))
        self._keep(asked, said, counts)
        return said, counts, step or Step()

    def _step(self, asked: Asked) -> Step | None:
        with self.lock:
            if self.script:
                step = self.script[0]
                if step.times > 1:
                    self.script[0] = replace(step, times=step.times - 1)
                else:
                    self.script.popleft()
                return step
        return mode_in(asked)

    def _scripted(self, step: Step | None) -> Said | None:
        """Return what a step says; None if it leaves the words to the model."""
        if step is None or step.is_only_slow:
            return None
        calls = [Call("", each["name"], each.get("args", {})) for each in step.calls]
        return Said(step.text, calls, step.finish)

    def _signed(self, asked: Asked, said: Said) -> Said:
        """Give each call an id, and the first one the signature of all."""
        calls = [replace(each, id=self._new_id("call")) for each in said.calls]
        if calls:
            signature = signatures.signature_of(asked.model, calls)
            calls[0] = replace(calls[0], signature=signature)
        return replace(said, calls=calls)

    def _new_id(self, kind: str) -> str:
        return f"{kind}_{next(self._ids)}"

    def _keep(self, asked: Asked, said: Said | str, counts: Counts | None = None) -> None:
        exchange = Exchange(asked, said, counts, self.clock() + self.passed)
        with self.lock:
            self.exchanges.append(exchange)


def _renamed(usage: Mapping[str, int]) -> dict[str, int]:
    names = {
        "promptTokenCount": "prompt_tokens",
        "candidatesTokenCount": "completion_tokens",
        "totalTokenCount": "total_tokens",
    }
    return {names[name]: number for name, number in usage.items() if name in names}


def gemini_for_people(clock: Callable[[], float] = time.time) -> Gemini:
    """Return a Gemini whose key is the same at each start, to try the service with."""
    return Gemini(clock=clock)
