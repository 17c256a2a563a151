"""What people can ask the assistant for."""

from integrations.assistant.services.questions import Answer, answer_question
from integrations.assistant.services.replies import Draft, draft_reply
from integrations.assistant.services.sentiment import Mood, judge_message

__all__ = [
    "Answer",
    "Draft",
    "Mood",
    "answer_question",
    "draft_reply",
    "judge_message",
]
