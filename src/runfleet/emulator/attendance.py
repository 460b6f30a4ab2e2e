"""Whether anybody asks the emulator for anything."""

from __future__ import annotations

from time import monotonic

from runfleet.emulator.asgi import Asgi, Receive, Scope, Send


class Attendance:
    """
    An application that knows for how long nobody has asked for anything.

    Parameters
    ----------
    app
        Answers the requests.
    """

    def __init__(self, app: Asgi) -> None:
        self._app = app
        self._open = 0
        self._since = monotonic()

    @property
    def idle_seconds(self) -> float:
        """For how long; 0 while a request is being answered, however slowly."""
        return 0.0 if self._open else monotonic() - self._since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self._open += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open -= 1
            self._since = monotonic()
