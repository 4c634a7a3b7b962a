# SPDX-License-Identifier: EUPL-1.2
"""Turns a table of routes into an aiohttp application in which nothing answers except through ``Answering``.

Unknown paths and methods, and ``Expect`` on any of them, go the same way: a stranger learns nothing about which
paths exist.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.web.admission import Demand
from gateway.web.answering import Answering, Endpoint
from gateway.web.call import Call, Handler
from gateway.web.problem import SECURITY_HEADERS, Problems
from gateway.web.request_head import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path. ``path`` is aiohttp's pattern, ``demand.name`` the template without patterns."""

    method: str
    path: str
    demand: Demand
    handle: Handler


def assemble(routes: Iterable[Route], *, answering: Answering, problems: Problems) -> web.Application:
    """The application. ``client_max_size`` is not used: it would not bind the streamed bodies we read."""
    app = web.Application()
    app.on_response_prepare.append(_set_headers)
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    for path, own in by_path.items():
        resource = app.router.add_resource(path)
        allow = ", ".join(sorted(route.method for route in own))
        name = own[0].demand.name
        fallback = Route(
            method="*",
            path=path,
            demand=Demand(name=name, body=Body.UNREAD),
            handle=_method_not_allowed(problems, allow),
        )
        for route in (*own, fallback):
            _add(resource, route, answering)
    unknown = Route(
        method="*",
        path=r"/{path:[\s\S]*}",  # with line feeds too, which a dot leaves out
        demand=Demand(name="unknown", body=Body.UNREAD),
        handle=_not_found,
    )
    _add(app.router.add_resource(unknown.path), unknown, answering)
    app.middlewares.append(_only_ours(answering.endpoint(unknown.demand, unknown.handle)))
    return app


def _only_ours(unknown: Endpoint) -> Middleware:
    """Refusals of aiohttp itself (a target that is no path, as in ``OPTIONS *``) answered like any unknown path."""

    @web.middleware
    async def run(request: web.Request, handler: Endpoint) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException:
            return await unknown(request)

    return run


def _add(resource: web.Resource, route: Route, answering: Answering) -> None:
    resource.add_route(
        route.method,
        answering.endpoint(route.demand, route.handle),
        expect_handler=answering.expectation(route.demand),
    )


def _method_not_allowed(problems: Problems, allow: str) -> Handler:
    async def refuse(call: Call) -> web.StreamResponse:
        finding = Finding(
            code=Code.METHOD_NOT_ALLOWED, place="method", expected=allow, got=call.request.method
        )
        # RFC 9110 15.5.6: a 405 names the methods that are allowed.
        return problems.response(
            [finding], language=call.language, request_id=call.id, headers={"Allow": allow}
        )

    return refuse


async def _not_found(_call: Call) -> web.StreamResponse:
    raise Rejected([Finding(code=Code.NOT_FOUND, place="path")])


async def _set_headers(_request: web.Request, response: web.StreamResponse) -> None:
    # aiohttp has put its name and Python's there already; what runs here is nobody's business.
    response.headers.pop("Server", None)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
