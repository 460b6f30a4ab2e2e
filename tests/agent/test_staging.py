"""Resource files."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.agent.failures import ExecutionError
from runfleet.agent.messages import FileToFetch
from runfleet.agent.staging import target_path
from runfleet.batch.states import EndedBy
from runfleet.storage.placing import SMALL


@pytest.fixture
def blob(container):
    """Put a blob into the container, and give its URL."""

    def put(name, content=b"content"):
        path = container / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path.as_uri()

    return put


def fetch(agent, *files, **changes):
    """Run a command that does nothing with some files."""
    execution = agent.task("true", files=files, **changes)
    return agent.run(execution), agent.wd(execution)


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_blob_of_this_machine_is_copied(agent, blob, container):
    ended, wd = fetch(agent, FileToFetch(blob("a b#%c"), file_path="sub/copy.txt"))
    assert ended.exit_code == 0
    assert (wd / "sub/copy.txt").read_bytes() == b"content"
    (wd / "sub/copy.txt").write_bytes(b"changed by the model")
    assert (container / "a b#%c").read_bytes() == b"content"


@pytest.mark.parametrize("size", [0, 1, SMALL, SMALL + 1, 20_000_000])
def test_blobs_of_any_size_are_copied_whole(agent, blob, size):
    content = os.urandom(size)
    _, wd = fetch(agent, FileToFetch(blob("big", content), file_path="big"))
    assert (wd / "big").read_bytes() == content


@pytest.mark.parametrize("size", [10, SMALL + 1])
@pytest.mark.parametrize(("text", "mode"), [("0770", 0o770), ("0444", 0o444), ("600", 0o600)])
def test_the_file_mode_is_applied(agent, blob, text, mode, size):
    file = FileToFetch(blob("data", b"x" * size), file_path="data", file_mode=text)
    _, wd = fetch(agent, file)
    assert stat.S_IMODE((wd / "data").stat().st_mode) == mode


def test_the_latter_of_two_files_of_one_name_stays(agent, blob):
    urls = (blob("a", b"first and longer"), blob("b", b"second"))
    _, wd = fetch(agent, *(FileToFetch(url, file_path="x") for url in urls))
    assert (wd / "x").read_bytes() == b"second"


@pytest.mark.parametrize(
    ("prefix", "file_path", "expected"),
    [
        ("", "", ["in/a/1", "in/a/2", "in/b", "other"]),
        ("in/a/", "", ["in/a/1", "in/a/2"]),
        ("in/", "data/x", ["data/x/in/a/1", "data/x/in/a/2", "data/x/in/b"]),
        ("ot", ".", ["other"]),
        ("none", "", []),
    ],
)
@pytest.mark.parametrize("where", ["here", "web"])
def test_a_container_comes_with_whole_blob_names(
    agent, blob, container, blob_server, prefix, file_path, expected, where
):
    for name in ("in/a/1", "in/a/2", "in/b", "other"):
        blob(name, name.encode())
        blob_server.blobs[f"study-one/{name}"] = name.encode()
    url = container.as_uri() if where == "here" else f"{blob_server.url}/study-one"
    file = FileToFetch(url, is_container=True, blob_prefix=prefix, file_path=file_path)
    ended, wd = fetch(agent, file)
    assert ended.exit_code == 0, ended
    assert files_below(wd) == expected
    assert all((wd / name).read_text() in name for name in expected)


def test_a_blob_of_the_web_is_fetched_with_its_signature(agent, blob_server):
    blob_server.signature = "a+b/c="
    blob_server.blobs["study-one/in/big file"] = content = os.urandom(5_000_000)
    url = f"{blob_server.url}/study-one/in/big%20file?sv=1&sig=a%2Bb%2Fc%3D"
    ended, wd = fetch(agent, FileToFetch(url, file_path="x/big"))
    assert ended.exit_code == 0, ended
    assert (wd / "x/big").read_bytes() == content


def test_a_container_of_the_web_is_listed_with_its_signature(agent, blob_server):
    blob_server.signature = "a+b/c="
    blob_server.blobs["study-one/in/ä &1"] = b"content"
    blob_server.blobs["study-one/in/empty folder/"] = b""
    url = f"{blob_server.url}/study-one?sv=1&sig=a%2Bb%2Fc%3D"
    ended, wd = fetch(agent, FileToFetch(url, is_container=True))
    assert ended.exit_code == 0, ended
    assert files_below(wd) == ["in/ä &1"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_of_a_server_is_waited_out(agent, blob_server, status):
    blob_server.blobs["study-one/a"] = b"content"
    blob_server.faults = [status]
    ended, wd = fetch(agent, FileToFetch(f"{blob_server.url}/study-one/a", file_path="a"))
    assert ended.exit_code == 0, ended
    assert (wd / "a").read_bytes() == b"content"


@pytest.mark.parametrize("is_container", [False, True])
def test_a_connection_that_breaks_off_is_made_again(agent, blob_server, is_container):
    blob_server.blobs["study-one/a"] = content = os.urandom(3_000_000)
    blob_server.breaks = 1
    url = f"{blob_server.url}/study-one" + ("" if is_container else "/a")
    path = "" if is_container else "a"
    ended, wd = fetch(agent, FileToFetch(url, file_path=path, is_container=is_container))
    assert ended.exit_code == 0, ended
    assert (wd / "a").read_bytes() == content


def test_a_server_that_is_not_there(agent):
    ended, _ = fetch(agent, FileToFetch("http://127.0.0.1:1/a", file_path="x/a"))
    failure = failure_of(ended)
    assert failure.code == "BlobDownloadMiscError"
    assert failure.details["FilePath"] == "x/a"


def failure_of(ended):
    """The failure of an execution whose command did not run."""
    assert (ended.ended_by, ended.exit_code) == (EndedBy.FAILURE, None)
    return ended.failure


def test_a_missing_blob(agent, blob, container):
    url = f"{container.as_uri()}/missing"
    file = FileToFetch(url, file_path="here/it.txt")
    ended, _ = fetch(agent, FileToFetch(blob("a"), file_path="a"), file)
    failure = failure_of(ended)
    assert (failure.category, failure.code) == ("usererror", "BlobNotFound")
    assert failure.message == "One of the specified Azure Blob(s) was not found"
    assert failure.details["BlobSource"] == url
    assert failure.details["FilePath"] == "here/it.txt"


def test_a_missing_container(agent, container):
    url = container.with_name("missing").as_uri()
    ended, _ = fetch(agent, FileToFetch(url, is_container=True))
    assert failure_of(ended).code == "BlobNotFound"


@pytest.mark.parametrize("is_container", [False, True])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "BlobNotFound"),
        (401, "BlobAccessDenied"),
        (403, "BlobAccessDenied"),
        (409, "BlobDownloadMiscError"),
    ],
)
def test_a_refusal_of_a_server(agent, blob_server, status, code, is_container):
    blob_server.faults = [status]
    url = f"{blob_server.url}/study-one/a?sig=secret"
    ended, _ = fetch(agent, FileToFetch(url, file_path="a", is_container=is_container))
    failure = failure_of(ended)
    assert failure.code == code
    assert str(status) in failure.details["Message"]
    assert failure.details["FilePath"] == "a"
    assert "secret" not in str(failure)


@pytest.mark.parametrize(("file_path", "place"), [("", "in/slow"), ("x", "x/in/slow")])
def test_a_blob_that_goes_while_its_container_is_fetched(agent, blob_server, file_path, place):
    """The failure names the one blob and its place, not those of the container."""
    blob_server.blobs["study-one/in/slow"] = b"content"
    container = f"{blob_server.url}/study-one"
    file = FileToFetch(container, is_container=True, file_path=file_path)
    execution = agent.task("true", files=(file,))
    agent.say(execution)
    assert blob_server.held.wait(60)
    del blob_server.blobs["study-one/in/slow"]
    blob_server.hold.set()
    failure = failure_of(agent.ended(execution))
    assert failure.code == "BlobNotFound"
    assert failure.details["BlobSource"] == f"{container}/in/slow"
    assert failure.details["FilePath"] == place


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "nonsense", "file://elsewhere/a", "data:,a"])
def test_a_url_of_another_kind_is_not_fetched(agent, url):
    ended, _ = fetch(agent, FileToFetch(url, file_path="a"))
    failure = failure_of(ended)
    assert failure.code == "BlobDownloadMiscError"
    assert failure.details["FilePath"] == "a"


@given(st.text("ab./\0", max_size=10))
def test_any_path_stays_in_the_working_directory_or_is_refused(path):
    try:
        target = target_path("/node/task/wd", path, "file:///a")
    except ExecutionError as error:
        assert error.failure.code == "BlobDownloadMiscError"  # noqa: PT017
    else:
        assert os.path.normpath(target).startswith("/node/task/wd/")


@pytest.mark.parametrize("size", [10, SMALL + 1])
@pytest.mark.parametrize("file_path", ["../escaped", "a/../../escaped", "/tmp/escaped", "", "."])
def test_nothing_leaves_the_working_directory(agent, blob, file_path, size):
    ended, wd = fetch(agent, FileToFetch(blob("a", b"x" * size), file_path=file_path))
    assert failure_of(ended).code == "BlobDownloadMiscError"
    assert not (wd.parent / "escaped").exists()
    assert files_below(wd) == []


def test_a_file_in_the_place_of_a_folder(agent, blob):
    files = (FileToFetch(blob("a"), file_path="x"), FileToFetch(blob("b"), file_path="x/y"))
    ended, _ = fetch(agent, *files)
    assert failure_of(ended).code == "BlobDownloadMiscError"


def test_nothing_half_fetched_is_left(agent, blob_server):
    blob_server.blobs["study-one/a"] = b"content"
    file = FileToFetch(f"{blob_server.url}/study-one/", is_container=True)
    fetch(agent, file, FileToFetch(f"{blob_server.url}/study-one/b", file_path="b"))
    assert list((agent.state / "partial").iterdir()) == []
