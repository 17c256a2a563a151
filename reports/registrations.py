"""What reports register with core and the apps below; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS
from notifications.sockets.audiences import AUDIENCES, Audience
from notifications.sockets.messages import MESSAGES
from orderchainer.core.admin.sections import SECTIONS, Section
from orderchainer.core.http.documented import THINGS
from orderchainer.core.logs.secrets import hide
from orderchainer.core.web.looks import LOOKS, Look
from orderchainer.core.web.navigation import NAVIGATION, Item
from orders.services.erasing import FORGETTERS
from orders.stream.types import register_types

# Import the errors too: the OpenAPI document lists the codes of all errors that are loaded by then.
from reports import errors, mail, schedule_tasks, socket_messages  # noqa: F401 (they register)
from reports.access import VIEW_REPORTS
from reports.events import REPORT, EventType
from reports.work.forgetting import forget_customers

register_types(EventType, sentence=socket_messages.sentence_of)
AUDIENCES.add(REPORT, Audience(VIEW_REPORTS, "reports"))
MESSAGES.add(EventType.READY, socket_messages.ready)

# The path of the page behind a link in an e-mail: it is all that the page asks for.
hide("report_link", before=r"/report-pages/", secret=r"[\w.:-]{16,}", signs=("/report-pages/",))

AREAS.add("reports", "a project's reports")

SECTIONS.add("reports", Section(place=45))

FORGETTERS.add("reports", forget_customers)

THINGS.add("reports", "What a project's orders, messages and work add up to.")

# The first item is where a project opens.
NAVIGATION.add("today", Item("Today", "sun", "view_project", place=5, key="t"))
NAVIGATION.add("reports", Item("Reports", "chart-column", "view_reports", place=60, key="r"))

LOOKS.add("generating", Look("loader-circle", "blue"))
# A schedule that makes reports; that of a paused one comes from integrations.
LOOKS.add("on", Look("circle-check", "green"))
