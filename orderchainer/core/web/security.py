"""What pages for browsers have: headers, and a limit on how often they are asked for."""

from orderchainer.core.limits.rates import Limit, register_limit

# Stops scripts that run in a loop. People do not notice it, and it does not use up the API's limit.
PAGES = register_limit(Limit("pages", "RATE_LIMIT_PAGES"))

HEADERS = {
    # The browser may keep a page, but asks again before it shows it, except for Back and Forward.
    # `no-store` would forbid to keep it for these too. `controls.js` loads a page anew that they
    # bring back after its reader has signed out. Signing out clears what the browser has stored.
    "Cache-Control": "private, no-cache",
    # Addresses of pages contain ids. Forms need the referrer on our own pages, for the CSRF check.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
# For an answer with a secret that is shown once.
NOT_KEPT = {"Cache-Control": "no-store"}
