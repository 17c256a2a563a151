"""What Shopify declares to the ground; see `orderchainer.core.registry`."""

from orderchainer.core.logs.secrets import hide

hide(
    "shopify",
    before=r"\bshp(?:at|ca|pa|ss|ua)_",
    secret=r"\w+",
    signs=("shpat_", "shpca_", "shppa_", "shpss_", "shpua_"),
)
# The files of bulk operations are at addresses that open them to everybody.
hide("signed", before=r"[?&]X-Goog-Signature=", secret=r"[0-9a-f]+", signs=("x-goog-signature=",))
