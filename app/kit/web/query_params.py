"""Unknown query parameters are refused, so that a typo is not taken for a filter."""

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.kit.errors import InvalidInput


class UnknownParameter(InvalidInput):
    """A query parameter that the operation does not have."""

    code = "unknown_parameter"


async def only_known(request: Request) -> None:
    """Dependency of whole routers. Raises UnknownParameter."""
    if not request.query_params:
        return
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = sorted(set(_names(route.dependant)))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        takes = f"This address takes: {', '.join(known)}." if known else "This address takes none."
        raise UnknownParameter(
            f"There is no parameter {unknown[0][:100]!r} here.",
            hint=f"Check its spelling, or leave it out. {takes}",
            fields={name[:100]: "There is no such parameter." for name in unknown[:20]},
        )


def _names(dependant: Dependant) -> Iterator[str]:
    for each in dependant.query_params:
        kind = each.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (field.alias or name for name, field in kind.model_fields.items())
        else:
            yield each.alias
    for inner in dependant.dependencies:
        yield from _names(inner)
