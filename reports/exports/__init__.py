"""Reports and statistics as files and pages: CSV, XLSX, and a page to print.

All are made from the same tables.
"""

from reports.exports.contracts import Document, Kind, Table
from reports.exports.csv_file import write_csv
from reports.exports.documents import (
    assistant_statistics,
    document_of,
    message_statistics,
    order_statistics,
    usage_statistics,
)
from reports.exports.page import style, write_page
from reports.exports.tables import TABLES, table_named, tables_of
from reports.exports.workbook import write_workbook

__all__ = [
    "TABLES",
    "Document",
    "Kind",
    "Table",
    "assistant_statistics",
    "document_of",
    "message_statistics",
    "order_statistics",
    "style",
    "table_named",
    "tables_of",
    "usage_statistics",
    "write_csv",
    "write_page",
    "write_workbook",
]
