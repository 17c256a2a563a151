"""Webhooks: what providers post to us is verified, stored, answered, and then worked on.

`receiving` is what happens before the answer, `working` what happens after it. The row in between
is the truth: a crash or a lost nudge leaves a row that the sweep finds.
"""
