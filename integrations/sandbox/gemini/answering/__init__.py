"""What the pretend model says by itself: a few rules that know questions about orders.

It looks for words, asks the functions that it was offered, and says in plain words what they
returned. It knows English, German and Spanish.
"""

from integrations.sandbox.gemini.answering.judging import judged
from integrations.sandbox.gemini.answering.languages import language_of
from integrations.sandbox.gemini.answering.questions import (
    calls_for,
    facts_of,
    function_about_order,
)
from integrations.sandbox.gemini.answering.telling import told
from integrations.sandbox.gemini.conversation import Asked, Said

__all__ = ["say"]


def say(asked: Asked) -> Said:
    """Answer a request. Its calls have neither ids nor signatures yet."""
    if asked.wants_json:
        return Said(judged(asked))
    language = language_of(asked.question)
    if asked.mode != "NONE" and (calls := calls_for(asked, language)):
        return Said(calls=calls)
    facts = facts_of(asked, function_about_order(asked.question, language))
    return Said(told(asked.results or facts, language))
