"""Asking the assistant: a panel on the page of an order, and a page of the project.

An answer changes nothing. It is on the page and nowhere else, and a form carries it to the next
question.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse

from accounts.access import Operation
from accounts.models import Project
from accounts.pages.workspace import WorkspacePage
from accounts.services import answer_once, fingerprint_of
from integrations.assistant.access import ASK_ASSISTANT, VIEW_ASSISTANT_USAGE
from integrations.assistant.pages.answers import shown_exchanges
from integrations.assistant.pages.examples import examples_about
from integrations.assistant.pages.forms import MAX_QUESTION_LENGTH, AskedAlready, AskForm
from integrations.assistant.pages.proposals import shown_proposals
from integrations.assistant.pages.refusals import Refused, why_nobody_can_ask, words_of
from integrations.assistant.pages.talk import Exchange, Receipt, as_context, carried, carried_in
from integrations.assistant.pages.usage import usd
from integrations.assistant.services import Answer, answer_question
from integrations.limits import AI
from orderchainer.core.db.prepared import Row
from orderchainer.core.errors import DomainError, Invalid
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.http.leaving import has_left
from orderchainer.core.limits.rates import LimitExceeded, count, user_subject
from orderchainer.core.web.fragments import wants_fragment
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.errors import OrderNotFound
from orders.pages.shown import shown_order
from orders.queries import numbered_row_in_project


class AskPage(WorkspacePage):
    """The page for questions about the project. GET asks no model."""

    template_name = "integrations/asking_page.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": ASK_ASSISTANT, "POST": ASK_ASSISTANT}
    is_live = False
    # The name of its URL, and of its element on the page.
    name: ClassVar[str] = "assistant-ask"
    row: Row | None = None

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the field for a question, or why nobody can ask."""
        self.find_order()
        return self._shown(refused=why_nobody_can_ask(self.its_project, may=self.may))

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask the model, which takes some seconds. A refusal keeps what was typed."""
        self.find_order()
        form = AskForm(self.request.POST)
        typed: str = self.request.POST.get("question", "")[:MAX_QUESTION_LENGTH].strip()
        said = carried_in(self.request.POST.get("talk", ""), self._about)
        if self.request.POST.get("cancel"):
            return self._shown(said, typed=typed)
        question = self.request.POST.get("example", "").strip() or typed
        try:
            answer = self._answer(form, question, said)
        except DomainError as exc:
            self.usage = exc.usage if isinstance(exc, LimitExceeded) else self.usage
            problem = problem_of(exc)
            assert problem is not None, "every domain error means something"
            refused = words_of(exc, self.its_project, may=self.may)
            return self._shown(said, typed=typed, refused=refused, status=problem.status)
        left = "" if typed == question else typed
        return self._shown([*said, _exchange_of(question, answer)], typed=left)

    def find_order(self) -> None:
        """Look for the order that the page is about."""

    @property
    def its_project(self) -> Project:
        """The project that `admit` has found."""
        assert self.project is not None
        return self.project

    @property
    def _about(self) -> str:
        """Whose talk it is, and about what."""
        return f"{self.person.pk} {self.request.path}"

    def _answer(self, form: AskForm, question: str, said: Sequence[Exchange]) -> Answer:
        if not form.is_valid():
            raise Invalid({}, "The question is too long, or the form is incomplete.")
        if not question:
            raise Invalid({}, "Type a question first.")
        self.usage = count(AI, [user_subject(self.person.pk)]) or self.usage
        fingerprint = fingerprint_of([self.request.path, question])
        # The question belongs to the key: whoever goes back to an old form may ask something else.
        key = f"ask-{form.cleaned_data['key']}-{fingerprint[:32]}"
        if answer_once(
            user=self.person, key=key, fingerprint=fingerprint, work=lambda: None
        ).replayed:
            raise AskedAlready
        return answer_question(
            project=self.its_project,
            by=self.person,
            message=question,
            context=as_context(said),
            order_id=self.row["uuid"] if self.row else None,
            stop=partial(has_left, self.request),
        )

    def explain(self, exc: DomainError) -> Mapping[str, Any]:
        """Keep the question on the page of a refusal, which comes without scripts."""
        question = self.request.POST.get("question", "")[:MAX_QUESTION_LENGTH]
        if not question:
            return super().explain(exc)
        return {"ways_on": "integrations/kept_question.html", "question": question}

    def _shown(
        self,
        said: Sequence[Exchange] = (),
        *,
        typed: str = "",
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Show the panel, or the page around it. Scripts swap in a refusal like anything else."""
        project, request = self.its_project, self.request
        order = shown_order(project, self.row) if self.row else None
        last = said[-1] if said else None
        proposals = last.proposals if last else ()
        content = {
            "panel": self.name,
            "panel_url": request.path.removesuffix("/"),
            "back": order.url if order else request.path,
            "order": order,
            "said": shown_exchanges(project, said, may_see_orders=self.may(VIEW_ORDERS)),
            "proposals": shown_proposals(project, proposals, viewer=self.person, may=self.may),
            "receipt": last.receipt if last else None,
            "receipts_url": reverse("assistant", kwargs={"project_id": project.uuid})
            if self.may(VIEW_ASSISTANT_USAGE)
            else "",
            "talk": carried(self._about, said) if said else "",
            "form": AskForm(auto_id=False),
            "typed": typed,
            "max_length": MAX_QUESTION_LENGTH,
            "examples": examples_about(order, self.may),
            "refused": refused,
            "may_handle": self.may(HANDLE_ORDERS),
        }
        if not wants_fragment(request):
            return self.show(content, status=status)
        is_answer = request.method == "POST"
        part = "integrations/asking_talk.html" if is_answer else "integrations/asking.html"
        return self.show(content, template=part)


class AskAboutOrderPage(AskPage):
    """The panel on the page of an order, or without JavaScript a page with it."""

    name = "order-assistant"

    def find_order(self) -> None:
        """Find the order. Raises `OrderNotFound`, also for staff who may not see orders."""
        if not self.may(VIEW_ORDERS):
            raise OrderNotFound
        number: int = self.kwargs["number"]
        self.row = numbered_row_in_project(self.its_project, number, viewer=self.person)


def _exchange_of(question: str, answer: Answer) -> Exchange:
    receipt = Receipt(
        id=str(answer.receipt_id),
        model=answer.model,
        tokens=answer.tokens_used,
        cost="cost unknown" if answer.cost is None else usd(answer.cost),
    )
    return Exchange(question, answer.reply, answer.orders, receipt, answer.proposals)
