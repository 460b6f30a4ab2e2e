"""Every kind of storage account, with a container `study-one`."""

import pytest

from runfleet.storage import AzureBlob, DirectoryStorage, Storage

CONTAINER = "study-one"


@pytest.fixture(params=["directory", "azurite"])
def storage(request, tmp_path) -> Storage:
    made: Storage
    if request.param == "directory":
        made = DirectoryStorage(tmp_path / "a folder's name")
    else:
        azurite = request.getfixturevalue("azurite")
        made = AzureBlob.from_connection_string(azurite.connection_string)
        made.delete_container(CONTAINER)
    made.create_container(CONTAINER)
    return made
