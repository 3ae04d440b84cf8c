"""Resources: the status of swarms, inboxes and entries by address, and word of their changes to who asks for it.

A client of the older protocol subscribes to an address, one of the newer listens for a list of them. Both are told by
the same feed, over any transport.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from mcp import types
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated
from mcp.shared.exceptions import MCPError

from swarm_memory.app import App
from swarm_memory.config import Toolset
from swarm_memory.models.addresses import TEMPLATES, Address, parse_address
from swarm_memory.models.values import to_json
from swarm_memory.tools._arguments import plain
from swarm_memory.tools._boundary import answer
from swarm_memory.tools.table import tools_of

_MAX_SUBSCRIPTIONS: Final = 256
"""Of one connection."""
_LISTED: Final = 20
_NOT_FOUND: Final = -32002


class Resources:
    """The handlers of one server."""

    def __init__(self, app: App) -> None:
        """Serve this app's swarms and memories."""
        self._app = app
        self._tools = tools_of(Toolset.ALL)  # a resource is read by its tool, whether or not that is offered
        self._bus = InMemorySubscriptionBus()
        self._listening = ListenHandler(self._bus)
        self._wanted: dict[Address, Counter[str]] = {}
        self._connections: dict[Connection, set[str]] = {}

    async def list(self, _context: ServerRequestContext, _params: object) -> types.ListResourcesResult:
        """The active swarms of the project."""
        swarms = await self._app.swarms.active(self._app.project.name, _LISTED)
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=str(Address("status", (swarm.id,))),
                    name=f"swarm {swarm.id}",
                    description=(swarm.objective or "")[:200] or None,
                    mime_type="application/json",
                )
                for swarm in swarms
            ]
        )

    async def templates(self, _context: ServerRequestContext, _params: object) -> types.ListResourceTemplatesResult:
        """The forms of addresses."""
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(
                    uri_template=template,
                    name=template.split(":")[0] + " " + template.rsplit("/", 2)[-1].strip("{}"),
                    description=told,
                    mime_type="application/json",
                )
                for template, told in TEMPLATES.items()
            ]
        )

    async def read(
        self, _context: ServerRequestContext, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """What the tools tell of it; reading changes nothing."""
        address = _known(str(params.uri))
        tool, arguments = _call_of(address)
        result = await answer(self._app, self._tools[tool], arguments, meta=None, session=None)
        [block] = result.content
        text = block.text if isinstance(block, types.TextContent) else ""
        content: dict[str, Any] = result.structured_content or {}
        if result.is_error or content.get("found") is False:
            raise MCPError(_NOT_FOUND, text if result.is_error else f"There is nothing at {plain(str(address))}.")
        if address.kind == "inbox":
            text = to_json({"agent": address.parts[1], "unread": content.get("unread", 0)})
        contents = types.TextResourceContents(uri=str(params.uri), text=text, mime_type="application/json")
        return types.ReadResourceResult(contents=[contents])

    async def subscribe(self, context: ServerRequestContext, params: types.SubscribeRequestParams) -> types.EmptyResult:
        """Tell this connection when the resource changes, until it ends or unsubscribes."""
        uri = str(params.uri)
        _known(uri)
        connection = _connection(context)
        known = self._connections.get(connection)
        if known is None:
            known = self._connections[connection] = set()
            connection.exit_stack.callback(self._forget, connection)
        if uri not in known:
            if len(known) >= _MAX_SUBSCRIPTIONS:
                raise MCPError(types.INVALID_REQUEST, f"A connection has at most {_MAX_SUBSCRIPTIONS} subscriptions.")
            known.add(uri)
            self._want([uri])
        return types.EmptyResult()

    async def unsubscribe(
        self, context: ServerRequestContext, params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        """Tell it no more."""
        connection = _connection(context)
        uri = str(params.uri)
        if uri in self._connections.get(connection, set()):
            self._connections[connection].discard(uri)
            self._want_no_more([uri])
        return types.EmptyResult()

    async def listen(
        self, context: ServerRequestContext, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """One stream of the newer protocol: as long as it lasts, its addresses are watched."""
        asked = list(dict.fromkeys(params.notifications.resource_subscriptions or ()))
        if len(asked) > _MAX_SUBSCRIPTIONS:
            raise MCPError(types.INVALID_REQUEST, f"A stream has at most {_MAX_SUBSCRIPTIONS} subscriptions.")
        uris = [uri for uri in asked if parse_address(uri) is not None]
        self._want(uris)
        try:
            return await self._listening(context, params)
        finally:
            self._want_no_more(uris)

    def close(self) -> None:
        """End the streams, so that their clients see a proper last message."""
        self._listening.close()

    def _want(self, uris: Iterable[str]) -> None:
        for uri in uris:
            self._wanted.setdefault(_known(uri), Counter())[uri] += 1
            self._app.watching.begin(self._tell)

    def _want_no_more(self, uris: Iterable[str]) -> None:
        for uri in uris:
            address = _known(uri)
            forms = self._wanted[address]
            forms[uri] -= 1
            if not forms[uri]:
                del forms[uri]
            if not forms:
                del self._wanted[address]
            self._app.watching.end()

    def _forget(self, connection: Connection) -> None:
        self._want_no_more(self._connections.pop(connection, set()))

    async def _tell(self, addresses: set[Address]) -> None:
        for address in addresses & self._wanted.keys():
            for uri in list(self._wanted.get(address, ())):
                await self._bus.publish(ResourceUpdated(uri))
                for connection, uris in list(self._connections.items()):
                    if uri in uris:
                        await connection.notify("notifications/resources/updated", {"uri": uri})


def _connection(context: ServerRequestContext) -> Connection:
    """The connection of a request; it outlives the request, and tells its end. The SDK hands it out nowhere else."""
    return context.session._connection  # pyright: ignore[reportPrivateUsage] - see above  # noqa: SLF001 - the same


def _known(uri: str) -> Address:
    address = parse_address(uri)
    if address is None:
        raise MCPError(_NOT_FOUND, f"{plain(repr(uri))} is no address. There are: {', '.join(TEMPLATES)}.")
    return address


def _call_of(address: Address) -> tuple[str, dict[str, Any]]:
    """The tool that tells of it, and its arguments."""
    if address.kind == "memory":
        project, namespace, key = address.parts
        return "memory_usage", {"action": "retrieve", "project": project, "namespace": namespace, "key": key}
    if address.kind == "inbox":
        return "swarm_status", {"swarmId": address.parts[0], "agent": address.parts[1]}
    return "swarm_status", {"swarmId": address.parts[0]}
