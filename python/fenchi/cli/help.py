"""Help: the commands as they are declared, explained by the catalogue in the language of the run.

A command file declares commands, options and defaults; what they mean for people stands in
messages/help.py under names made of theirs ("help.provider.check.keep"), and takes the place of
what the file may say itself. `localize` writes these texts into the tree that typer built, so that
--help, the completion, the man page and the tests of the manual all read the same.
"""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import typer

from fenchi.cli.wrapping import two_columns, wrapped
from fenchi.messages import CATALOGUE, text

# typer carries its own copy of click, of which not all versions tell their types.
Command = Any
Parameter = Any
Path = tuple[str, ...]

_WIDTH_MAX = 100


def _segment(name: str) -> str:
    return name.replace("-", "_")


def key_of(path: Path) -> str:
    """The catalogue's key for a command: "help.fenchi" for the program itself."""
    return ".".join(("help", *(map(_segment, path) if path else ("fenchi",))))


def parameter_key(path: Path, parameter: Parameter) -> str | None:
    """The key of an option or argument: its own, else the one of all commands, else none."""
    name = parameter.name
    return next((k for k in (f"{key_of(path)}.{name}", f"help.any.{name}") if k in CATALOGUE), None)


def example_key(path: Path) -> str | None:
    """The key of a command's examples: lines that say what, each above an indented command."""
    key = "example" + key_of(path).removeprefix("help")
    return key if key in CATALOGUE else None


def commands_of(command: Command) -> Mapping[str, Command]:
    return getattr(command, "commands", {})


def walk(command: Command, path: Path = ()) -> Iterator[tuple[Path, Command]]:
    """The command and all below it, in the order in which people meet them."""
    yield path, command
    for name, child in commands_of(command).items():
        if not child.hidden:
            yield from walk(child, (*path, name))


def localize(command: Command) -> Command:
    """Puts the texts of the language in use into a tree. What has none keeps what was declared.

    The commands come in the order of the catalogue: that in which people meet them.
    """
    order = {key: place for place, key in enumerate(CATALOGUE)}
    for path, one in walk(command):
        if children := commands_of(one):
            last = len(order)
            named = sorted(children, key=lambda n: order.get(key_of((*path, n)), last))
            one.commands = {name: children[name] for name in named}
        if key_of(path) in CATALOGUE:
            one.help = text(key_of(path))
            one.short_help = one.help.partition("\n")[0]
        for parameter in one.params:
            if key := parameter_key(path, parameter):
                parameter.help = text(key)
    return command


def choices(parameter: Parameter) -> list[str]:
    """The values that an option takes, where they are few and known."""
    described = getattr(parameter, "type_descriptor", None) or getattr(parameter, "type", None)
    found = getattr(described, "choices", None) or ()
    return [str(getattr(one, "value", one)) for one in found]


def is_option(parameter: Parameter) -> bool:
    return bool(parameter.param_type_name == "option")


def argument_name(argument: Parameter) -> str:
    """ "SNAPSHOT", "[PATHS...]"."""
    name = argument.metavar or argument.name.upper()
    if argument.nargs != 1 and not name.endswith("..."):
        name += "..."
    return name if argument.required else f"[{name}]"


def option_name(option: Parameter) -> str:
    """ "-c, --config VALUE"."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    if option.is_flag or option.count:
        return names
    form = option.metavar or "|".join(choices(option)) or text("page.value")
    if (key := f"metavar.{form.lower()}") in CATALOGUE:
        form = text(key)
    return f"{names} {form}"


def _default(parameter: Parameter) -> str:
    value = parameter.default
    if value is None or isinstance(value, bool) or callable(value) or value in ("", [], ()):
        return ""
    return str(getattr(value, "value", value))


def explanation(parameter: Parameter) -> str:
    """What a parameter means, and then its default and the like in parentheses."""
    remarks = []
    if is_option(parameter):
        if parameter.multiple:
            remarks.append(text("page.repeatable"))
        if parameter.required:
            remarks.append(text("page.required"))
    if value := _default(parameter):
        remarks.append(text("page.default", value=value))
    if variable := parameter.envvar:
        remarks.append(text("page.variable", name=variable))
    meaning = parameter.help or ""
    if not remarks:
        return meaning
    return (meaning + text("page.remarks", remarks=text("page.separator").join(remarks))).strip()


def arguments_of(command: Command) -> list[Parameter]:
    return [one for one in command.params if not is_option(one)]


def options_of(command: Command) -> list[Parameter]:
    """Without --help, which all have."""
    return [one for one in command.params if is_option(one) and not one.hidden]


def usage(path: Path, command: Command) -> str:
    parts = ["fenchi", *path, text("page.options_here")]
    parts += [argument_name(one) for one in arguments_of(command)]
    if commands_of(command):
        parts.append(text("page.command_here"))
    return " ".join(parts)


def paragraphs(command: Command) -> list[str]:
    """What a command does, and what stands in the end: the role that it takes."""
    found = [command.help or "", *filter(None, [getattr(command, "epilog", None)])]
    return [" ".join(one.split("\n")) for one in "\n\n".join(found).split("\n\n")]


def page(path: Path, command: Command, width: int) -> str:
    """The page that --help shows."""
    lines = [text("page.usage", usage=usage(path, command))]
    for paragraph in paragraphs(command):
        lines += ["", *wrapped(paragraph, width)]
    options = [(option_name(one), explanation(one)) for one in options_of(command)]
    parts = {
        "page.arguments": [(argument_name(one), explanation(one)) for one in arguments_of(command)],
        "page.options": [*options, ("-h, --help", text("page.help"))],
        "page.commands": [
            (name, child.short_help or (child.help or "").partition("\n")[0])
            for name, child in commands_of(command).items()
            if not child.hidden
        ],
    }
    for heading, rows in parts.items():
        if rows:
            lines += ["", text(heading), *two_columns(rows, width)]
    if key := example_key(path):
        lines += ["", text("page.examples"), *(f"  {one}" for one in text(key).split("\n"))]
    return "\n".join(lines) + "\n"


def path_of(context: Any) -> list[str]:
    """The names of the command that a context is for."""
    path: list[str] = []
    while context.parent is not None:
        path.insert(0, context.info_name)
        context = context.parent
    return path


def _write_page(command: Command, context: Any, formatter: Any) -> None:
    width = min(shutil.get_terminal_size().columns, _WIDTH_MAX)
    formatter.write(page(tuple(path_of(context)), command, width))


def _resolve(group: Command, resolve: Callable[..., Any], context: Any, words: list[str]) -> Any:
    """What typer does, but a command that does not exist is said in the language of the run."""
    name = words[0]
    if not context.resilient_parsing and name not in group.commands:
        near = difflib.get_close_matches(name, group.commands)
        key = "usage.no_command_but" if near else "usage.no_command"
        raise typer.BadParameter(text(key, name=name, near=", ".join(near)), ctx=context)
    return resolve(context, words)


def speak(tree: Command) -> Command:
    """Makes a tree that was built for this run show our pages, in the language in use."""
    localize(tree)
    for _, one in walk(tree):
        one.format_help = partial(_write_page, one)
        if commands_of(one):
            one.resolve_command = partial(_resolve, one, one.resolve_command)
    return tree
