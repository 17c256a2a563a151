"""What members of a project may do with its reports."""

from accounts.access import AGENTS, EVERYBODY, MANAGERS, changing, viewing

VIEW_REPORTS = viewing("view_reports", EVERYBODY, model="reports.report")
# Have reports generated, also by schedules, and delete them.
MANAGE_REPORTS = changing("manage_reports", AGENTS, staff_permission="reports.change_report")
# See who calls the API in the project, how often, and with which tokens.
VIEW_USAGE = viewing("view_usage", MANAGERS, model="reports.apicalls")
