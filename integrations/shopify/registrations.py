"""What Shopify registers with the core; see `orderchainer.core.registry`."""

from orderchainer.core.logs.secrets import hide

hide(
    "shopify",
    before=r"\bshp(?:at|ca|pa|ss|ua)_",
    secret=r"\w+",
    signs=("shpat_", "shpca_", "shppa_", "shpss_", "shpua_"),
)
# Anybody who knows the address of a bulk operation's file can read the file.
hide("signed", before=r"[?&]X-Goog-Signature=", secret=r"[0-9a-f]+", signs=("x-goog-signature=",))
