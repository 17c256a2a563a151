"""What a page carries from the preview of an import to the import itself.

The file travels with the page, so that nothing is left on the server if nobody goes on.
"""

import base64
import binascii
import hashlib
import zlib
from typing import Any

from django import forms

from catalog.services import ImportReport
from catalog.services.sheets import MAX_BYTES


class PackedField(forms.CharField):
    """A file that a page carries in a hidden field, compressed and as text."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        """Return the bytes. Raises ValidationError for too many, or if we did not pack them."""
        try:
            press = zlib.decompressobj()
            content = press.decompress(base64.b64decode(value or "", validate=True), MAX_BYTES)
        except (binascii.Error, ValueError, zlib.error):
            content = b""
        if not content or press.unconsumed_tail:
            raise forms.ValidationError("Choose the file again.")
        return content


def packed(content: bytes) -> str:
    """Return `content` in the form that `PackedField` reads."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def fingerprint_of(report: ImportReport) -> str:
    """Return a digest that two reports share only if they make the same changes."""
    parts = [
        "\n".join(report.new_categories),
        *(
            f"{row.row} {row.action} {row.sku!r} {sorted(row.changes.items())!r}"
            for row in report.rows
        ),
    ]
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()
