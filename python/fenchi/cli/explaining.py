"""What the library says in English, with a sentence before it in the language of the run.

The library's details name the object, the provider and the numbers; nobody translates them by
their text. The sentence follows from the code of an error, or from the kind of a damage.
"""

from __future__ import annotations

from fenchi import Error
from fenchi.messages import in_use, text


def explained(error: Error) -> tuple[str, str]:
    """What went wrong, and what to do next."""
    if not error.from_core:
        return error.message, error.hint
    next_step = text(f"outcome.{error.code.name}.next")
    if in_use() == "en":
        return error.message, error.hint or next_step
    sentence = text(f"outcome.{error.code.name}")
    if error.hint:
        next_step = text("outcome.next", next=next_step, hint=error.hint)
    return text("outcome.detail", sentence=sentence, message=error.message), next_step


def problem_explained(code: str, message: str) -> str:
    """Why a path was not saved or restored as it should be."""
    if in_use() == "en":
        return message
    return text("outcome.detail", sentence=text(f"outcome.{code}"), message=message)


def damage_explained(kind: str, what: str) -> str:
    if in_use() == "en":
        return what
    return text("damage.of_kind", kind=text(f"damage.{kind}"), what=what)
