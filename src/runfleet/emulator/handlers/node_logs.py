"""Requests for what the node agent noted."""

from __future__ import annotations

from hashlib import sha256

from runfleet.emulator.node_roots import node_root
from runfleet.emulator.service import Service
from runfleet.emulator.service_logs import LogRange, LogUpload
from runfleet.wire import nodes
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond

_RESULT_TYPE = "Microsoft.Azure.Batch.Protocol.Entities.UploadBatchServiceLogsResult"


async def upload_node_logs(service: Service, request: Request) -> Response:
    """Bring the log of a node into a container; answered once it is there."""
    parameters = request.parameters
    node = service.engine.state.node(parameters["pool_id"], parameters["node_id"]).node
    asked = nodes.parse_upload_logs(request.body)
    account = sha256(service.account.encode()).hexdigest()[:16]
    directory = f"{account}/{node.pool_id.lower()}/{node.node_id}/{request.request_id}"
    upload = LogUpload(
        node_root(service.folders, node.node_id),
        LogRange(asked.start_time, asked.end_time),
        asked.container_url,
        directory,
    )
    count = await service.log_uploads.upload(upload)
    metadata = {"odata.metadata": f"{request.base}/$metadata#{_RESULT_TYPE}"}
    return respond(request, metadata | nodes.uploaded_logs_json(directory, count))
