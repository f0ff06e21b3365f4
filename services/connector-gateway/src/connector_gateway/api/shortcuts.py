"""The short way of a push: past the machinery of dependencies, a tenth of what the door costs."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from chassis.auth import Keyring, Principal
from chassis.clock import now
from connector_gateway.api.callers import own_system
from connector_gateway.domain.connections import CODE

BEARER = re.compile(r"Bearer ([\x21-\x7e]+)")
NAMED = re.compile(CODE)

Endpoint = Callable[..., Coroutine[Any, Any, Response]]


class PushRoute(APIRoute):
    """Calls its endpoint with ``code``, ``request``, ``who`` and ``now`` made by hand.

    Only where nothing can be wrong but the token: a request with a query, without a bearer token
    or with an odd code goes the common way, which knows how to say what is wrong with it. OpenAPI
    is that of the endpoint either way.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of a request."""
        common_way = super().get_route_handler()
        endpoint: Endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            code = request.path_params["code"]
            bearer = BEARER.fullmatch(request.headers.get("authorization", ""))
            if request.scope["query_string"] or bearer is None or not NAMED.fullmatch(code):
                return await common_way(request)
            keyring: Keyring = request.app.state.keyring
            who: Principal = await own_system(await keyring.principal(bearer[1]), code)
            return await endpoint(code, request, who, now())

        return handle
