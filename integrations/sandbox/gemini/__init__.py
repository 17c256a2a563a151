"""An emulated Gemini, whose model answers questions about orders without the internet."""

from integrations.sandbox.gemini.conversation import Asked, Call, Result, Said, Turn
from integrations.sandbox.gemini.emulator import Gemini, gemini_for_people
from integrations.sandbox.gemini.script import MODES, Step

__all__ = [
    "MODES",
    "Asked",
    "Call",
    "Gemini",
    "Result",
    "Said",
    "Step",
    "Turn",
    "gemini_for_people",
]
