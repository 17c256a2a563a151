"""Asking the assistant on a page: what it shows, what it keeps, and what it never does."""

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import IdempotencyRecord
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_staff, make_user
from accounts.tests.projects import Team
from integrations.assistant.contracts import Finish, ModelBusy, ToolCall, Turn
from integrations.assistant.models import AssistantCall
from integrations.assistant.pages.talk import MAX_EXCHANGES, MAX_LENGTH
from integrations.assistant.tests.models.pretend import PretendGemini
from integrations.assistant.tests.scripted.service import Hanging, Scripted, calls, says, stops
from notifications.models import Draft, Message
from notifications.tests.factories import make_line
from notifications.tests.pages.scenes import write
from orderchainer.testing.races import race
from orders.models import Order
from orders.services import update_order
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.filterwarnings("ignore:.*is not a valid")

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def agent(team: Team) -> Client:
    """A browser in which somebody has signed in who handles orders."""
    return browser_of(team.members["agent"])


@pytest.fixture
def viewer(team: Team) -> Client:
    """A browser in which somebody has signed in who may only look."""
    return browser_of(team.members["viewer"])


def page_of(team: Team, order: Order | None = None) -> str:
    """Return the address of the panel of an order, or of the project's page."""
    if order is None:
        return address(team, "assistant", "ask")
    return address(team, "orders", order.pk, "assistant")


def fields_of(response: Any) -> dict[str, str]:
    """Return what the form of a page carries."""
    return fields_of_text(text_of(response))


def fields_of_text(page: str) -> dict[str, str]:
    form = page.partition('<form class="ask"')[2]
    found = re.findall(r'<input type="hidden" name="(key|talk)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def ask(client: Client, path: str, question: str, *, script: bool = False, **fields: str) -> Any:
    """Open the page and ask, with what its form carries."""
    carried = fields_of(client.get(path))
    body = {**carried, "question": question, **fields}
    return client.post(path, body, headers=SCRIPT if script else {})


def typed_in(response: Any) -> str:
    """Return what stands in the field for a question."""
    (found,) = re.findall(r'name="question" value="([^"]*)"', text_of(response))
    return html.unescape(found)


# --- Asking -----------------------------------------------------------------------------------


def test_the_order_has_the_panel_and_its_page_asks_nobody(
    team: Team, viewer: Client, model: Scripted
) -> None:
    order = place(team)
    path = page_of(team, order)

    page = text_of(viewer.get(address(team, "orders", order.pk)))
    part = text_of(viewer.get(path, headers=SCRIPT))

    assert f'id="order-assistant" aria-label="Ask the assistant" hx-get="{path}"' in page
    assert "orderchainer/js/asking.js" in page
    assert "<html" not in part
    assert '<section class="card asking" id="order-assistant"' in part
    assert model.questions == []


def test_the_question_about_an_order_needs_no_number(
    team: Team, agent: Client, gemini: PretendGemini
) -> None:
    wood = place(team, title="Saw the wood")
    order = place(team, wood, title="Build a table")

    answer = ask(agent, page_of(team, order), "Why does it wait?", script=True)

    told = text_of(answer)
    assert answer.status_code == 200
    assert "<html" not in told
    assert '<p class="question" dir="auto">Why does it wait?</p>' in told
    link = f'<a href="{address(team, "orders", wood.pk)}">#{wood.pk}</a>'
    assert f"It waits for {link}" in told
    sources = told.partition("Looked at ")[2].partition("</p>")[0]
    for each in (order, wood):
        assert (
            f'<a href="{address(team, "orders", each.pk)}"><bdi>#{each.pk} {each.title}</bdi>'
            in sources
        )
    assert typed_in(answer) == ""
    assert gemini.calls


def test_without_scripts_it_is_a_page_with_the_answer_and_its_receipt(
    team: Team, viewer: Client, gemini: PretendGemini
) -> None:
    place(team, title="Build a table")

    answer = ask(viewer, page_of(team), "Which orders are pending?")

    page = text_of(answer)
    call = AssistantCall.objects.get()
    assert "<html" in page
    assert "There are" in page or "Build a table" in page
    assert f"{call.model}, {call.total_tokens:,} tokens, 0.0" in page
    receipt = f"{address(team, 'assistant')}#receipt-{call.uuid}"
    assert f'<a href="{receipt}">Receipt</a>' in page
    assert f'id="receipt-{call.uuid}"' in text_of(viewer.get(address(team, "assistant")))
    assert call.user == team.members["viewer"]


def test_an_example_is_asked_and_leaves_alone_what_was_typed(
    team: Team, agent: Client, model: Scripted
) -> None:
    order = place(team, place(team))
    path = page_of(team, order)
    assert 'name="example" value="Why does it wait?"' in text_of(agent.get(path))

    answer = ask(agent, path, "And half a quest", example="Why does it wait?")

    assert '<p class="question" dir="auto">Why does it wait?</p>' in text_of(answer)
    assert typed_in(answer) == "And half a quest"
    assert "Why does it wait?" in model.questions[0].words
    assert "And half" not in model.questions[0].words


def test_examples_fit_the_order_and_the_role(
    team: Team, agent: Client, viewer: Client, model: Scripted
) -> None:
    first = place(team)
    failed = place(team)
    update_order(order_id=failed.pk, by=team.owner, fields={"status": "failed"})
    blocked = place(team, failed)

    def examples(client: Client, order: Order | None) -> set[str]:
        page = text_of(client.get(page_of(team, order)))
        return set(re.findall(r'name="example" value="([^"]*)"', page))

    assert "Move it to active." in examples(agent, first)
    assert "Move it to active." not in examples(viewer, first)
    assert "Why is it blocked?" in examples(agent, blocked)
    assert "Which orders are waiting?" in examples(viewer, None)


def test_a_follow_up_carries_what_was_said_as_data(
    team: Team, agent: Client, model: Scripted
) -> None:
    path = page_of(team)
    model.steps = [says("Because of the wood.")]
    answer: Any = agent.get(path)
    for number in range(MAX_EXCHANGES + 2):
        body = {**fields_of(answer), "question": f"Question {number}?"}
        answer = agent.post(path, body)

    words = model.questions[-1].words
    assert f"Question {MAX_EXCHANGES}?" in words
    assert "Because of the wood." in words
    assert "Question 0?" not in words
    page = text_of(answer)
    assert f"Question {MAX_EXCHANGES + 1}?" in page
    assert f"Question {MAX_EXCHANGES}?" in page
    # Nothing of it is kept.
    call = AssistantCall.objects.latest("pk")
    assert (call.question, call.answer) == ("", "")
    assert "wood" not in "".join(IdempotencyRecord.objects.values_list("answer", flat=True))


def test_a_long_answer_that_is_carried_on_shows_where_it_was_cut(
    team: Team, agent: Client, model: Scripted
) -> None:
    model.steps = [says("A" * (MAX_LENGTH + 1))]
    answer = ask(agent, page_of(team), "Why?")
    assert "A" * (MAX_LENGTH + 1) in text_of(answer)

    cancelled = agent.post(page_of(team), {**fields_of(answer), "cancel": "yes"})

    assert f">{'A' * (MAX_LENGTH - 1)}…<" in text_of(cancelled)


def test_a_follow_up_means_the_order_that_was_asked_about(
    team: Team, agent: Client, gemini: PretendGemini
) -> None:
    order = place(team)
    first = ask(agent, page_of(team), f"Why does #{order.pk} wait?")

    second = agent.post(page_of(team), {**fields_of(first), "question": "Move it to active."})

    assert f'data-moving="{order.pk}"' in text_of(second)
    assert gemini.calls


def test_what_a_form_carries_is_believed_only_if_it_is_ours(
    team: Team, agent: Client, viewer: Client, model: Scripted
) -> None:
    order = place(team)
    model.steps = [says("Because of the wood.")]
    talk = fields_of(ask(agent, page_of(team), "Why?"))["talk"]
    forged = signing.dumps(["x", [["Q", "A lie", []]]], salt="something else", compress=True)

    for client, path, text in [
        (viewer, page_of(team), talk),
        (agent, page_of(team, order), talk),
        (agent, page_of(team), talk[:-1] + "x"),
        (agent, page_of(team), forged),
        (agent, page_of(team), "[]"),
    ]:
        page = text_of(ask(client, path, "And now?", talk=text))
        assert page.count("<article>") == 1
        assert "A lie" not in page
    assert text_of(ask(agent, page_of(team), "And now?", talk=talk)).count("<article>") == 2


def test_a_form_that_is_sent_twice_asks_once(team: Team, agent: Client, model: Scripted) -> None:
    path = page_of(team)
    fields = fields_of(agent.get(path))

    first = agent.post(path, {**fields, "question": "Why?"})
    second = agent.post(path, {**fields, "question": "Why?"})

    assert (first.status_code, second.status_code) == (200, 409)
    assert len(model.questions) == 1
    assert "so it was not asked twice" in text_of(second)
    assert typed_in(second) == "Why?"
    # The page has a new key by now, and an old one may ask something else.
    again = agent.post(path, {**fields_of(second), "question": "Why?"})
    other = agent.post(path, {**fields, "question": "Why not?"})
    assert (again.status_code, other.status_code) == (200, 200)


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_at_once_asks_once(team: Team, model: Scripted) -> None:
    path = page_of(team)
    first, second = (browser_of(team.members["agent"]) for _ in range(2))
    body = {**fields_of(first.get(path)), "question": "Why?"}
    waiting = Hanging()
    model.steps = [waiting]

    def let_it_answer() -> int:
        assert waiting.reached.wait(30)
        status: int = second.post(path, body).status_code
        waiting.go_on.set()
        return status

    assert race(lambda: first.post(path, body).status_code, let_it_answer) == [200, 409]
    assert len(model.questions) == 1


def test_cancelling_keeps_the_question_and_asks_nobody(
    team: Team, agent: Client, model: Scripted
) -> None:
    answer = ask(agent, page_of(team), "Why?", script=True, cancel="yes")

    assert typed_in(answer) == "Why?"
    assert model.questions == []
    assert not AssistantCall.objects.exists()


def test_the_palette_leads_to_the_page(team: Team, viewer: Client) -> None:
    def found(text: str) -> str:
        return text_of(viewer.get(address(team, "palette"), {"q": text}, headers=SCRIPT))

    link = f'data-url="{page_of(team)}"'
    assert link in found("assist")
    assert link not in found("assistants")


# --- Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "times", "status", "words"),
    [
        ("blocked", 1, 502, "The model refuses to answer this. Ask it in other words."),
        ("cut", 1, 502, "no room left"),
        # Each is asked again after a pause.
        pytest.param(
            *("unavailable", 2, 503, "takes no more questions at the moment. Try again in a"),
            marks=pytest.mark.slow,
        ),
        pytest.param("html", 2, 503, "Try again in a minute.", marks=pytest.mark.slow),
    ],
)
def test_a_model_without_an_answer_is_told_and_the_question_stays(
    team: Team,
    agent: Client,
    gemini: PretendGemini,
    mode: str,
    times: int,
    status: int,
    words: str,
) -> None:
    for _ in range(2 * times):
        gemini.says(mode)

    page = ask(agent, page_of(team), "Why is nothing done?")
    part = ask(agent, page_of(team), "Why is nothing done?", script=True)

    # Scripts swap in a refusal like an answer.
    assert (page.status_code, part.status_code) == (status, 200)
    for response in (page, part):
        assert 'role="alert"' in text_of(response)
        assert words in text_of(response)
        assert typed_in(response) == "Why is nothing done?"


def test_a_service_that_is_down_is_told(
    team: Team, agent: Client, gemini: PretendGemini, settings: Settings
) -> None:
    settings.GEMINI_API_BASE = "http://127.0.0.1:9"

    answer = ask(agent, page_of(team), "Why?")

    assert answer.status_code == 503
    assert "The model service did not answer." in text_of(answer)
    assert typed_in(answer) == "Why?"


def test_a_full_process_says_when_to_come_back(
    team: Team, agent: Client, model: Scripted, settings: Settings
) -> None:
    settings.ASSISTANT_CONCURRENCY = 0

    answer = ask(agent, page_of(team), "Why?")

    assert answer.status_code == 503
    assert "Try again in 5 seconds." in text_of(answer)
    assert typed_in(answer) == "Why?"


def test_the_limit_of_questions_keeps_the_question(
    team: Team, agent: Client, model: Scripted, settings: Settings
) -> None:
    settings.RATE_LIMIT_AI = "1/m"
    ask(agent, page_of(team), "Why?")

    answer = ask(agent, page_of(team), "Why not?")

    assert answer.status_code == 429
    assert "Too many requests. Try again in" in text_of(answer)
    assert typed_in(answer) == "Why not?"
    assert len(model.questions) == 1


def test_a_spent_budget_says_until_when_and_who_can_change_it(
    team: Team, viewer: Client, model: Scripted
) -> None:
    path = page_of(team)
    fields = fields_of(viewer.get(path))
    team.project.settings = {"assistant_monthly_budget_usd": 1}
    team.project.save()
    AssistantCall.objects.create(
        project=team.project,
        kind="query",
        outcome="answered",
        provider="scripted",
        model_asked="x",
        known_cost=Decimal(1),
    )

    asked = viewer.post(path, {**fields, "question": "Why?"})
    opened = text_of(viewer.get(path))
    manager = text_of(browser_of(team.members["manager"]).get(path))

    assert asked.status_code == 429
    assert "used up the budget" in text_of(asked)
    assert "The next one begins" in text_of(asked)
    assert typed_in(asked) == "Why?"
    assert "Owners and managers of the project can change it." in opened
    assert 'name="question"' not in opened
    assert f'href="{address(team, "settings")}#id_assistant_monthly_budget_usd"' in manager
    assert model.questions == []


def test_without_a_key_those_in_charge_read_what_is_missing(
    team: Team, viewer: Client, settings: Settings
) -> None:
    settings.ASSISTANT_PROVIDER, settings.GEMINI_API_KEY = "gemini", ""
    path = page_of(team)

    for_viewers = text_of(viewer.get(path))
    for_managers = text_of(browser_of(team.members["manager"]).get(path))
    asked = viewer.post(path, {"question": "Why?", "key": "once"})

    assert "The assistant is off." in for_viewers
    assert "GEMINI_API_KEY" not in for_viewers
    assert "GEMINI_API_KEY" in for_managers
    assert "docs/assistant.md" in for_managers
    assert asked.status_code == 503
    assert typed_in(asked) == "Why?"


@pytest.mark.parametrize("question", ["", "   ", "x" * 4_001])
def test_nothing_and_too_much_are_not_asked(
    team: Team, agent: Client, model: Scripted, question: str
) -> None:
    answer = ask(agent, page_of(team), question)

    assert answer.status_code == 400
    assert 'role="alert"' in text_of(answer)
    assert model.questions == []


def test_whoever_was_signed_out_reads_their_question(team: Team, agent: Client) -> None:
    path = page_of(team)
    agent.cookies.clear()

    page = agent.post(path, {"question": "Why </textarea> me?", "key": "once"})
    part = agent.post(path, {"question": "Why?", "key": "once"}, headers=SCRIPT)

    assert (page.status_code, part.status_code) == (401, 401)
    assert "Why &lt;/textarea&gt; me?</textarea>" in text_of(page)


def test_a_form_of_another_site_asks_nobody(team: Team, model: Scripted) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = browser_of(team.members["agent"]).cookies

    answer = client.post(page_of(team), {"question": "Why?", "key": "once"})

    assert answer.status_code == 403
    assert model.questions == []


# --- Who may ----------------------------------------------------------------------------------


def test_strangers_and_other_orders_are_not_there(team: Team, model: Scripted) -> None:
    order = place(team)
    stranger = browser_of(make_user())
    owner = browser_of(team.owner)

    for path in (page_of(team), page_of(team, order)):
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, {"question": "Why?", "key": "once"}).status_code == 404
    assert owner.get(address(team, "orders", 999_999, "assistant")).status_code == 404
    assert owner.get(address(team, "orders", 10**18, "assistant")).status_code == 404
    assert model.questions == []


def test_staff_who_may_not_ask_see_no_panel(team: Team, model: Scripted) -> None:
    order = place(team)
    staff, only_asks = make_staff("view_order"), make_staff("view_assistantcall")

    page = browser_of(staff).get(address(team, "orders", order.pk))

    assert page.status_code == 200
    assert "order-assistant" not in text_of(page)
    assert browser_of(staff).get(page_of(team, order)).status_code == 403
    assert browser_of(only_asks).get(page_of(team)).status_code == 200
    assert browser_of(only_asks).get(page_of(team, order)).status_code == 404


# --- Proposals --------------------------------------------------------------------------------


def test_a_move_is_proposed_as_a_button_that_asks(
    team: Team, agent: Client, viewer: Client, gemini: PretendGemini
) -> None:
    order = place(team, title=HOSTILE)
    path = page_of(team, order)

    page = text_of(ask(agent, path, "Move it to active."))

    order.refresh_from_db()
    assert order.status == "pending"
    proposal = page.partition('aria-label="Proposals"')[2].partition("</ul>")[0]
    assert "<img src=x" not in page
    moves = f"{address(team, 'orders', order.pk)}/moves"
    assert f'<form action="{moves}" data-moving="{order.pk}">' in proposal
    assert f'name="version" value="{order.version}"' in proposal
    assert 'name="to" value="active"' in proposal
    # A title in another direction turns no word beside it.
    assert f"Move <bdi>#{order.pk} " in proposal
    # It stays for as long as the model has answered nothing else.
    gemini.says("blocked")
    body = {**fields_of_text(page), "question": "And then?"}
    assert 'name="to" value="active"' in text_of(agent.post(path, body))
    # Where it leads asks, and does nothing by itself.
    asking = agent.get(f"{moves}?to=active&version={order.version}&next={path}")
    assert "Move to active" in text_of(asking)
    order.refresh_from_db()
    assert order.status == "pending"
    # Who may not move orders gets no proposal from anywhere.
    assert "Proposals" not in text_of(ask(viewer, path, "Move it to active."))


def test_a_proposal_that_came_too_late_says_so(team: Team, agent: Client, model: Scripted) -> None:
    order = place(team)
    waits = place(team, place(team))
    move = ToolCall("1", "propose_move", {"order_id": str(order.pk), "status": "active"})

    def meanwhile(status: str) -> Any:
        def answer() -> Turn:
            update_order(order_id=order.pk, by=team.owner, fields={"status": status})
            return says("I propose to move it.")

        return answer

    model.steps = [calls(move), meanwhile("active")]
    moved = text_of(ask(agent, page_of(team), "Move it?"))
    assert "It is active already." in moved
    assert 'name="to"' not in moved
    stay = ToolCall("1", "propose_move", {"order_id": str(waits.pk), "status": "active"})
    model.steps = [calls(stay), says("I cannot.")]
    assert "Proposals" not in text_of(ask(agent, page_of(team), "Move it?"))


def test_an_order_that_was_deleted_meanwhile_is_said_to_be_gone(
    team: Team, agent: Client, model: Scripted
) -> None:
    order = place(team)
    number = order.pk
    move = ToolCall("1", "propose_move", {"order_id": str(number), "status": "active"})

    def deleted() -> Turn:
        order.delete()
        return says(f"I propose to move #{number}.")

    model.steps = [calls(move), deleted]

    page = text_of(ask(agent, page_of(team), "Move it?"))

    assert "The order no longer exists." in page
    assert "Looked at" not in page
    assert f">#{number}</a>" not in page


def test_a_text_for_the_customer_becomes_a_draft_and_is_not_sent(
    team: Team, agent: Client, viewer: Client, gemini: PretendGemini
) -> None:
    order = place(team)
    message = write(make_line(team.project), "Where is it?")
    message.order = order
    message.save()
    path = page_of(team, order)

    page = text_of(ask(agent, path, "Tell the customer how it stands."))

    draft = address(team, "inbox", message.conversation.uuid, "draft")
    assert f'<form method="post" action="{draft}">' in page
    (text,) = re.findall(r'name="insert" value="([^"]*)"', page)
    assert not Draft.objects.exists()
    # Pressed twice, the button adds the text once.
    for _ in range(2):
        used = agent.post(draft, {"insert": html.unescape(text)})
        assert used["Location"] == address(team, "inbox", message.conversation.uuid)
    assert Draft.objects.get().content == html.unescape(text)
    assert not Message.objects.filter(direction="outbound").exists()
    assert "Proposals" not in text_of(ask(viewer, path, "Tell the customer how it stands."))


def test_a_customer_who_never_wrote_has_no_conversation_to_answer_in(
    team: Team, agent: Client, gemini: PretendGemini
) -> None:
    order = place(team, customer_phone="+4915112345678")

    page = text_of(ask(agent, page_of(team, order), "Tell the customer how it stands."))

    assert "There is no conversation with this customer yet" in page
    assert 'data-copy="order-assistant-text-1"' in page
    assert 'id="order-assistant-text-1"' in page


# --- Hostile text -----------------------------------------------------------------------------


def test_an_answer_carries_no_markup_and_no_foreign_link(
    team: Team, agent: Client, model: Scripted
) -> None:
    order = place(team, title=HOSTILE)
    elsewhere = place(team)
    evil = (
        f'{HOSTILE} <a href="https://evil.example">#{order.pk}</a> [x](https://evil.example) '
        f"javascript:alert(1) https://evil.example/#{order.pk} #{elsewhere.pk} "
        "<form action=/orders/1/move method=post><button>OK</button></form>"
    )
    fetch = ToolCall("1", "fetch_order_details", {"order_id": str(order.pk)})
    model.steps = [calls(fetch), says(evil)]

    for script in (True, False):
        answer = ask(agent, page_of(team), HOSTILE, script=script)
        told = text_of(answer).partition('<div class="talk"')[2].partition('<form class="ask"')[0]
        assert "<img src=x" not in told
        assert "<form" not in told
        hrefs = re.findall(r'href="([^"]*)"', told)
        assert hrefs
        assert all(href.startswith(address(team)) for href in hrefs)
        # It was not told of that order, so the number means nothing.
        assert address(team, "orders", elsewhere.pk) not in hrefs
        model.steps = [calls(fetch), says(evil)]


def test_the_name_that_a_shop_gave_leads_to_its_order(
    team: Team, agent: Client, model: Scripted
) -> None:
    other = place(team, title="Other")
    order = place(team, title="#1001", external_id="5001")
    fetch = [
        ToolCall(str(number), "fetch_order_details", {"order_id": named})
        for number, named in enumerate(["#1001", f"#{other.pk}"])
    ]
    model.steps = [calls(*fetch), says(f"#1001 and #{other.pk}, but not #10011 or #1001-B.")]

    told = text_of(ask(agent, page_of(team), "Well?"))

    assert f'<a href="{address(team, "orders", order.pk)}">#1001</a> and' in told
    assert f'<a href="{address(team, "orders", other.pk)}">#{other.pk}</a>, but' in told
    assert "not #10011 or #1001-B." in told


def test_blocked_and_endless_answers_keep_what_was_said(
    team: Team, agent: Client, model: Scripted
) -> None:
    path = page_of(team)
    model.steps = [says("Because of the wood.")]
    first = ask(agent, path, "Why?")
    model.steps = [stops(Finish.BLOCKED, "SAFETY")]

    second = agent.post(path, {**fields_of(first), "question": "Really?"})

    assert second.status_code == 502
    assert "Because of the wood." in text_of(second)
    assert typed_in(second) == "Really?"
    model.steps = [ModelBusy("busy", after_seconds=60)]
    third = agent.post(path, {**fields_of(second), "question": "Really?"})
    assert "Because of the wood." in text_of(third)


# --- Statements -------------------------------------------------------------------------------


def test_the_panel_takes_few_statements(team: Team, agent: Client, model: Scripted) -> None:
    order = place(team, place(team))
    path = page_of(team, order)
    agent.get(path, headers=SCRIPT)
    with CaptureQueriesContext(connection) as opened:
        agent.get(path, headers=SCRIPT)

    assert len(opened) <= 4
