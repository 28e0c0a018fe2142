"""``badgeissuer serve``: the HTTP service in this process, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from badgeissuer.cli import console
from badgeissuer.cli.exits import Exit
from badgeissuer.cli.options import AsJson, BaseUrl, DataDir, Host, Port
from badgeissuer.errors import Unavailable

if TYPE_CHECKING:
    from badgeissuer.settings import Settings

# How long requests that run may go on after the signal to stop, in seconds.
_GRACE = 15
# Whoever has a share link sees the record: the log is not to have it.
_SHARED = re.compile(r"^(/s/)[^/?]+")


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    base_url: BaseUrl = None,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request, without its query.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Serve the API and the public documents.

    Refuses to start where the database is not migrated, the passphrase is missing, a key is not its row's, or the base
    URL is another one than that of the issuers in the database.
    """
    from badgeissuer.cli import readiness
    from badgeissuer.cli.passphrase import ensure_passphrase
    from badgeissuer.settings import Settings

    settings = Settings.load(data_dir=data_dir, base_url=base_url)
    if settings.demo:
        ensure_passphrase(settings)
    asyncio.run(readiness.check(settings))
    with listen(host, port) as listener:
        serve_on(settings, listener, access_log=access_log, as_json=as_json)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ``Unavailable`` in words, where the server's own message would be a number."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # IPv4 first: `localhost` is both, and people type 127.0.0.1.
        family, *_, address = min(found, key=lambda entry: entry[0] is not socket.AF_INET)
        return socket.create_server((str(address[0]), int(address[1])), family=family, backlog=2048)
    except OSError as error:
        raise Unavailable(
            f"cannot listen on {host}:{port}: {error.strerror or error}. Another service may be running there; "
            "--port takes another one"
        ) from None


def serve_on(
    settings: Settings,
    listener: socket.socket,
    *,
    access_log: bool,
    as_json: bool,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Serve on a socket until a signal ends it; running requests get a grace time. ``extra`` joins the JSON line."""
    import uvicorn

    from badgeissuer.jobs import background
    from badgeissuer.runtime import Runtime
    from badgeissuer.web.app import create_app

    console.log_to_stderr(serving=True)
    # Start and stop we tell ourselves; what uvicorn has to say beyond that is worth reading.
    logging.getLogger("uvicorn.error").setLevel(logging.DEBUG if console.debugging() else logging.WARNING)
    logging.getLogger("uvicorn.access").addFilter(_without_query)
    address = _address(listener)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                _tell(settings, address, extra or {}, as_json=as_json)

    config = uvicorn.Config(
        create_app(Runtime(settings), jobs=background.run),
        log_config=None,
        access_log=access_log,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        lifespan="on",
    )
    try:
        Server(config).run(sockets=[listener])
    except SystemExit:  # uvicorn's way of saying that the start failed; the reason is in the log
        raise typer.Exit(Exit.BUG) from None


def _tell(settings: Settings, address: str, extra: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.show_json({"listening": address, "base_url": settings.base_url, **extra})
    console.note(f"Listening on {address}, public address {settings.base_url}. Stop with Ctrl-C.", "bold green")
    if settings.loopback and urlsplit(settings.base_url).port != urlsplit(address).port:
        console.note(f"{settings.base_url} does not lead here: links in what is served will not work.", "yellow")


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _without_query(record: logging.LogRecord) -> bool:
    """Queries can hold what people searched for, and share links open records; the rest of the path says enough."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, version, status = record.args
        record.args = (client, method, _SHARED.sub(r"\1-", str(path).partition("?")[0]), version, status)
    return True
