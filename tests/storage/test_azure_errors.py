"""What the service says of blobs and containers, in the words of this package."""

import pytest

from runfleet.storage import BlobNotFoundError, ContainerNotFoundError, StorageError
from runfleet.storage.azure_errors import told_as
from runfleet.storage.channel import WebError


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "BlobNotFound", BlobNotFoundError),
        (404, "ContainerNotFound", ContainerNotFoundError),
        (409, "ContainerBeingDeleted", ContainerNotFoundError),
        (409, "LeaseIdMissing", StorageError),
    ],
)
def test_what_is_not_there_is_told_from_other_errors(status, code, kind):
    """A container that is deleted is there for half a minute more, and of no use."""
    with pytest.raises(StorageError) as told, told_as("it cannot be read", "study-one", "a"):
        raise WebError("refused", status=status, code=code)
    assert type(told.value) is kind
