"""Operations of the API by the commands that do the same: a hint names an operation, the command line its command."""

import re

_NAMED = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) /api/v1(?:/(?:\{\w+\}|[a-z-]+))+")
_PARAMETER = re.compile(r"\{\w+\}")
_COMMANDS: dict[str, str] = {}


def register(operation: str, command: str) -> None:
    """Note the command, with the arguments it needs, that carries out an operation."""
    _COMMANDS[_key(operation)] = command


def in_commands(sentence: str) -> str:
    """The sentence with each operation it names replaced by its command; one without a command stays."""
    return _NAMED.sub(lambda named: _said(named[0]), sentence)


def _said(operation: str) -> str:
    command = _COMMANDS.get(_key(operation))
    return operation if command is None else f"`{command}`"


def _key(operation: str) -> str:
    """Independent of the names of parameters."""
    return _PARAMETER.sub("{}", operation)
