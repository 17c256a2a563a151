"""Reports as files and pages: CSV, XLSX, and a page to print. All are made from the same tables."""

from reports.exports.contracts import Kind, Table
from reports.exports.csv_file import write_csv
from reports.exports.page import style, write_page
from reports.exports.tables import TABLES, table_named, tables_of
from reports.exports.workbook import write_workbook

__all__ = [
    "TABLES",
    "Kind",
    "Table",
    "style",
    "table_named",
    "tables_of",
    "write_csv",
    "write_page",
    "write_workbook",
]
