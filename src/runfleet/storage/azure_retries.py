"""The patience of the SDK, which is that of the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.storage.blob import ExponentialRetry
from requests.exceptions import ProxyError

from runfleet.patience import Patience, retry_after_of
from runfleet.reasons import innermost
from runfleet.storage.channel import WebError, is_of_storage, trouble_of
from runfleet.storage.errors import NotAStorageAccountError
from runfleet.storage.parallel import pause

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse
    from azure.core.rest import HttpRequest, HttpResponse

_FIRST_REFUSAL = 400
_NO_ANSWER = (ServiceRequestError, ServiceResponseError)


class PatientRetry(ExponentialRetry):
    """
    Sends a request of the SDK again for as long as the patience lasts.

    Parameters
    ----------
    patience
        How long to wait.
    called
        Who is asked, in what is told of the waiting.
    """

    def __init__(self, patience: Patience, called: str) -> None:
        super().__init__()
        self._patience = patience
        self._called = called

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[Any, Any]:
        """Send a request until it is answered, by a storage account."""
        sdk: Any = super()
        response: PipelineResponse[Any, Any] = sdk.send(request)
        self._patience.note_answer()
        answer = response.http_response
        if answer.status_code < _FIRST_REFUSAL and not is_of_storage(answer.headers):
            server = urlsplit(request.http_request.url).netloc
            raise NotAStorageAccountError(server, answer.body())
        return response

    def configure_retries(self, request: PipelineRequest[HttpRequest]) -> dict[str, Any]:
        """Begin with a request."""
        return {**super().configure_retries(request), "wait": self._patience.begin(pause)}

    def increment(
        self,
        settings: dict[str, Any],
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: AzureError | None = None,
    ) -> bool:
        """Wait; tell whether to send it again."""
        if response is not None:
            failure = _refusal(response)
        elif isinstance(error, _NO_ANSWER):
            failure = _no_answer(request, error)
        else:  # nobody has logged in
            return False
        trouble = trouble_of(failure, self._called, request.method, request.url)
        return bool(settings["wait"].outlasts(trouble))

    def sleep(self, settings: dict[str, Any], transport: object) -> None:
        """Do nothing: `increment` has waited."""


def _no_answer(request: HttpRequest, error: AzureError) -> WebError:
    by_proxy = isinstance(getattr(error, "inner_exception", None), ProxyError)
    place = "the proxy" if by_proxy else urlsplit(request.url).netloc
    return WebError(f"{place}: {innermost(error)}")


def _refusal(response: HttpResponse) -> WebError:
    code = response.headers.get("x-ms-error-code", "")
    return WebError(
        f"{response.status_code} {code or response.reason or ''}".rstrip(),
        status=response.status_code,
        code=code,
        retry_after=retry_after_of(response.headers.get("Retry-After")),
    )
