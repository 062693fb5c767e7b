"""Mistakes in what was typed, in the language of the run, with the page that tells how it is right.

typer may carry its own copy of click: its exceptions are known by name, not imported.
"""

from __future__ import annotations

from typing import Any

import typer

from fenchi.cli import help as pages
from fenchi.messages import in_use, text

# What all of them are.
UsageError: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


def _kinds(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _name(error: Any) -> str:
    """The option or argument that it is about: "--depth", "SNAPSHOT"."""
    parameter = getattr(error, "param", None)
    if parameter is None:
        return ""
    if pages.is_option(parameter):
        return " / ".join(parameter.opts)
    return pages.argument_name(parameter).strip("[]")


def message(error: Any) -> str:
    kinds = _kinds(error)
    if "NoSuchOption" in kinds:
        near = ", ".join(sorted(error.possibilities or ()))
        key = "usage.no_option_but" if near else "usage.no_option"
        return text(key, option=error.option_name, near=near)
    if "MissingParameter" in kinds:
        return text("usage.missing", name=_name(error))
    if "BadParameter" in kinds:
        name = _name(error)
        if not name:
            return str(error.message)
        if known := pages.choices(error.param):
            return text("usage.not_one_of", name=name, known=", ".join(known))
        return text("usage.bad_value", name=name, why=error.message)
    if "BadOptionUsage" in kinds and in_use() != "en":
        return text("usage.bad_option", option=error.option_name, why=error.format_message())
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "UsageError" and context and pages.commands_of(context.command):
        return text("usage.no_command_given")  # all else of a group comes as a class of its own
    if "UsageError" in kinds:
        return text("usage.other", why=error.format_message())
    return str(error.format_message())


def shown(error: Any) -> str:
    """For people: how the command is written, what is wrong, where to read more."""
    if "NoArgsIsHelpError" in _kinds(error):
        return str(error.format_message()).rstrip("\n")
    lines = []
    context = getattr(error, "ctx", None)
    names: list[str] = []
    if context is not None:
        names = pages.path_of(context)
        usage = pages.usage(tuple(names), context.command)
        lines.append(text("page.usage", usage=usage))
    lines.append(text("error", message=message(error)))
    lines.append(text("hint", hint=" ".join(["fenchi", *names, "--help"])))
    return "\n".join(lines)
