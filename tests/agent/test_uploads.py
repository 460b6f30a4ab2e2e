"""Output files."""

import json
import os

import pytest
from msgspec.structs import replace

from runfleet.agent.messages import Constrain, FilesToUpload, Kill
from runfleet.batch.states import EndedBy

WRITE = "echo out > out.txt; mkdir -p sub/deep; echo 1 > sub/1.csv; echo 2 > sub/deep/2.csv"


def blobs_in(container):
    return sorted(
        str(path.relative_to(container)) for path in container.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    ("pattern", "path", "blobs"),
    [
        ("../std*.txt", "runs/r", ["runs/r/stderr.txt", "runs/r/stdout.txt"]),
        ("../std*.txt", None, ["stderr.txt", "stdout.txt"]),
        ("../stdout.txt", "runs/r/log", ["runs/r/log"]),
        ("out.txt", "runs/r/out.txt", ["runs/r/out.txt"]),
        ("out.txt", None, ["out.txt"]),
        ("sub/1.csv", None, ["1.csv"]),
        ("sub/*.csv", "p/", ["p/1.csv"]),
        ("**/*.csv", "p", ["p/sub/1.csv", "p/sub/deep/2.csv"]),
        ("sub/**/*.csv", "p", ["p/1.csv", "p/deep/2.csv"]),
        ("out.txt", "r\\out.txt", ["r/out.txt"]),
        ("$WHERE/[12].csv", "p", ["p/1.csv"]),
        ("$AZ_BATCH_TASK_DIR/stdo*.txt", "p", ["p/stdout.txt"]),
        ("missing.txt", "p", []),
        ("*.missing", "p", []),
    ],
)
def test_files_become_blobs(agent, upload, container, pattern, path, blobs):
    execution = agent.shell(WRITE, uploads=(upload(pattern, path),), environment={"WHERE": "sub"})
    ended = agent.run(execution)
    assert (ended.exit_code, ended.failure) == (0, None)
    assert blobs_in(container) == blobs
    assert sorted(path.name for path in agent.folder(execution).iterdir()) == [
        "stderr.txt",
        "stdout.txt",
        "wd",
    ]


def test_blobs_have_the_content_of_the_files(agent, upload, container):
    uploads = (upload("out.txt"), upload("../stdout.txt"))
    agent.run(agent.shell(f"{WRITE}; echo hello", uploads=uploads))
    assert (container / "out.txt").read_text() == "out\n"
    assert (container / "stdout.txt").read_text() == "hello\n"


def test_uploads_are_done_when_the_end_is_told(agent, upload, container):
    execution = agent.shell("head -c 30000000 /dev/zero > a; ln a b", uploads=(upload("?"),))
    agent.run(execution)
    assert [path.stat().st_size for path in container.iterdir()] == [30_000_000] * 2


def test_a_blob_is_replaced_as_a_whole(agent, upload, container):
    (container / "out.txt").write_text("old and longer\n")
    with (container / "out.txt").open() as reader:
        agent.run(agent.shell(WRITE, uploads=(upload("out.txt"),)))
        assert reader.read() == "old and longer\n"
    assert (container / "out.txt").read_text() == "out\n"


def test_one_file_can_become_several_blobs(agent, upload, container):
    uploads = (upload("out.txt", "a"), upload("out.txt", "b"), upload("out.txt", "a"))
    assert agent.run(agent.shell(WRITE, uploads=uploads)).failure is None
    assert [(container / name).read_text() for name in "ab"] == ["out\n"] * 2
    assert not list(container.parent.glob(".partial/*"))


def test_a_link_becomes_a_blob_of_its_own(agent, upload, container, tmp_path):
    """Neither a symbolic nor a hard link to a shared input is shared with storage."""
    shared = tmp_path / "shared.txt"
    shared.write_text("shared\n")
    script = f"ln -s '{shared}' soft.txt; ln '{shared}' hard.txt"
    agent.run(agent.shell(script, environment={}, uploads=(upload("*.txt"),)))
    shared.write_text("changed\n")
    for name in ("soft.txt", "hard.txt"):
        assert not (container / name).is_symlink()
        assert (container / name).read_text() == "shared\n"


@pytest.mark.parametrize("pattern", ["$SHARED/to/log.csv", "$SHARED/**/*.csv", "way/to/log.csv"])
def test_a_blob_stays_when_another_task_writes_to_the_file(agent, upload, container, pattern):
    """What tasks share is written to after one of them has uploaded it."""
    environment = {"SHARED": f"{agent.node_root}/shared/{container.parents[2].name}"}
    script = 'mkdir -p "$SHARED/to"; ln -s "$SHARED" way; echo {} >> way/to/log.csv'
    for number in "12":
        uploads = (upload(pattern, number),)
        agent.run(agent.shell(script.format(number), environment=environment, uploads=uploads))
    blobs = sorted(path for path in container.rglob("*") if path.is_file())
    assert [path.read_text() for path in blobs] == ["1\n", "1\n2\n"]


@pytest.mark.parametrize("pattern", ["out.txt", "*.txt", "sub/deep/*.csv"])
def test_an_output_of_a_task_that_succeeded_takes_no_space_twice(agent, upload, container, pattern):
    agent.run(agent.shell(WRITE, uploads=(upload(pattern),)))
    assert [path.stat().st_nlink for path in container.iterdir()] == [2]


@pytest.mark.parametrize("end", ["exit 3", "sleep 1000"])
def test_a_blob_stays_when_a_task_runs_again_in_its_folder(agent, upload, container, end):
    """So does a multi-instance task whose primary was ended as a subtask had failed."""
    uploads = (upload("out.txt"),)
    first = agent.shell(f"echo 1 > out.txt; {end}", uploads=uploads, time_limit=1)
    agent.run(first)
    again = replace(first, execution=first.execution + 1000, keep_directory=True)
    agent.run(replace(again, command_line="/bin/sh -c 'echo 2 >> out.txt'", uploads=()))
    assert agent.read(first, "out.txt") == "1\n2"
    assert (container / "out.txt").read_text() == "1\n"


@pytest.mark.parametrize(
    ("script", "uploaded"),
    [("exit 0", ["completion", "success"]), ("exit 1", ["completion", "failure"])],
)
def test_conditions(agent, upload, container, script, uploaded):
    uploads = tuple(
        upload("../stdout.txt", name, condition=f"task{name}")
        for name in ("success", "failure", "completion")
    )
    agent.run(agent.shell(script, uploads=uploads))
    assert blobs_in(container) == uploaded


def test_nothing_is_uploaded_where_a_retry_will_follow(agent, upload, container):
    uploads = (upload("../stdout.txt"),)
    agent.run(agent.shell("exit 1", uploads=uploads, upload_on_failure=False))
    assert blobs_in(container) == []
    agent.run(agent.shell("exit 0", uploads=uploads, upload_on_failure=False))
    assert blobs_in(container) == ["stdout.txt"]


def test_what_a_failure_leaves_is_uploaded_where_a_retry_will_follow_no_more(
    agent, upload, container
):
    uploads = (upload("../stdout.txt"),)
    script = "echo on > a; until [ -e b ]; do sleep 0.02; done; exit 1"
    execution = agent.shell(script, uploads=uploads, upload_on_failure=False)
    agent.say(execution)
    agent.read(execution, "a")
    agent.say(Constrain(execution.execution, None, True))
    agent.run(agent.task("true"))
    (agent.wd(execution) / "b").touch()
    assert agent.ended(execution).exit_code == 1
    assert blobs_in(container) == ["stdout.txt"]


def test_logs_of_a_command_that_was_stopped_are_uploaded(agent, upload, container):
    uploads = (upload("../std*.txt"), upload("../stdout.txt", "never", condition="tasksuccess"))
    ended = agent.run(agent.shell("echo on; sleep 1000", uploads=uploads, time_limit=2))
    assert ended.ended_by is EndedBy.TIME_LIMIT
    assert blobs_in(container) == ["stderr.txt", "stdout.txt"]
    assert (container / "stdout.txt").read_text() == "on\n"


def test_nothing_is_uploaded_of_a_command_that_did_not_start(agent, upload, container):
    agent.run(agent.task("no-such-program", uploads=(upload("../std*.txt"),)))
    assert blobs_in(container) == []


def test_a_missing_container(agent, upload, container):
    missing = FilesToUpload("out.txt", container.with_name("missing").as_uri(), "p")
    execution = agent.shell(WRITE, uploads=(missing, upload("../stdout.txt")))
    ended = agent.run(execution)
    assert (ended.ended_by, ended.exit_code) == (EndedBy.EXIT, 0)
    assert (ended.failure.category, ended.failure.code) == (
        "usererror",
        "FileUploadContainerNotFound",
    )
    assert not container.with_name("missing").exists()
    assert blobs_in(container) == ["stdout.txt"]


def test_a_failed_upload_is_recorded_beside_the_logs(agent, upload, container):
    missing = FilesToUpload("out.txt", container.with_name("missing").as_uri() + "?sig=x", "p")
    execution = agent.shell(WRITE, uploads=(missing, upload("../stdout.txt")))
    agent.run(execution)
    folder = agent.folder(execution)
    (error,) = map(json.loads, (folder / "fileuploaderr.txt").read_text().splitlines())
    assert error == {
        "code": "FileUploadContainerNotFound",
        "user_error": True,
        "pattern": "out.txt",
        "file": f"{folder}/wd/out.txt",
        "destination": f"{container.with_name('missing').as_uri()}/p",
        "message": "there is no such container",
    }
    (done,) = map(json.loads, (folder / "fileuploadout.txt").read_text().splitlines())
    assert done["destination"] == f"{container.as_uri()}/stdout.txt"


def test_a_failed_upload_keeps_the_exit_code(agent, container):
    missing = FilesToUpload("../stdout.txt", container.with_name("missing").as_uri())
    ended = agent.run(agent.shell("exit 7", uploads=(missing,)))
    assert (ended.exit_code, ended.failure.code) == (7, "FileUploadContainerNotFound")


@pytest.mark.parametrize("path", ["../escaped", "a/../../escaped", "a//b", "a."])
def test_a_name_that_no_blob_can_have(agent, upload, container, path):
    ended = agent.run(agent.shell(WRITE, uploads=(upload("out.txt", path),)))
    assert ended.failure.code == "FileUploadMiscError"
    assert blobs_in(container) == []
    assert not container.with_name("escaped").exists()


def test_a_file_in_the_place_of_a_folder(agent, upload, container):
    (container / "a").touch()
    ended = agent.run(agent.shell(WRITE, uploads=(upload("out.txt", "a/b"),)))
    assert ended.failure.code == "FileUploadMiscError"


def test_uploads_to_the_web_carry_signature_and_headers(agent, blob_server):
    blob_server.signature = "a+b/c="
    container_url = f"{blob_server.url}/study-one?sv=1&sig=a%2Bb%2Fc%3D"
    headers = {"x-ms-blob-content-type": "text/csv", "x-ms-meta-run": "r"}
    uploads = (
        FilesToUpload("../std*.txt", container_url, "r"),
        FilesToUpload("ä b.csv", container_url, "r/ä b.csv", headers=headers),
    )
    ended = agent.run(agent.shell("echo 1 > 'ä b.csv'; echo hello", uploads=uploads))
    assert (ended.exit_code, ended.failure) == (0, None)
    assert blob_server.blobs == {
        "study-one/r/stdout.txt": b"hello\n",
        "study-one/r/stderr.txt": b"",
        "study-one/r/ä b.csv": b"1\n",
    }
    kept = blob_server.headers["study-one/r/ä b.csv"]
    assert headers.items() <= kept.items()


def test_a_large_file_goes_to_the_web_in_blocks(agent, blob_server):
    headers = {"x-ms-blob-content-type": "application/x-model"}
    uploads = (FilesToUpload("big", f"{blob_server.url}/study-one", headers=headers),)
    execution = agent.shell("head -c 20000000 /dev/urandom > big", uploads=uploads)
    assert agent.run(execution).failure is None
    assert blob_server.blobs["study-one/big"] == (agent.wd(execution) / "big").read_bytes()
    assert len(blob_server.blocks) == 3
    assert headers.items() <= blob_server.headers["study-one/big"].items()


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([404], "FileUploadContainerNotFound"),
        ([403], "FileUploadAccessDenied"),
        ([401], "FileUploadAccessDenied"),
        ([409], "FileUploadMiscError"),
        ([503], None),
    ],
)
def test_a_refusal_of_a_server(agent, blob_server, upload, container, faults, code):
    blob_server.faults = faults
    url = f"{blob_server.url}/study-one?sig=secret"
    blob_server.signature = "secret"
    uploads = (FilesToUpload("out.txt", url), upload("../stdout.txt"))
    ended = agent.run(agent.shell(WRITE, uploads=uploads))
    assert ended.exit_code == 0
    assert (ended.failure and ended.failure.code) == code
    assert "secret" not in str(ended)
    assert blobs_in(container) == ["stdout.txt"]


def test_a_backslash_in_a_name_is_a_slash(agent, upload, container):
    """As a storage account has it: a model that was written for Windows runs on Linux, too."""
    execution = agent.shell("printf x > 'OUT\\a.dat'", uploads=(upload("*.dat"),))
    assert agent.run(execution).failure is None
    assert (container / "OUT" / "a.dat").read_text() == "x"


def test_a_backslash_is_no_slash_where_two_files_would_be_one(agent, upload, container):
    script = "mkdir OUT; printf 1 > OUT/a.dat; printf 2 > 'OUT\\a.dat'"
    ended = agent.run(agent.shell(script, uploads=(upload("**/*.dat"),)))
    message = ended.failure.details["Message"]
    assert "holds a backslash" in message
    assert message.endswith("; and `OUT/a.dat`, as which it would be kept, is another file")
    kept = [path.read_text() for path in container.rglob("a.dat")]
    assert "2" not in kept


def test_a_name_that_is_no_utf_8(agent, upload, container):
    script = """printf x > "$(printf 'a\\377.csv')"; printf x > b.csv"""
    execution = agent.shell(script, uploads=(upload("a*"), upload("b*")))
    ended = agent.run(execution)
    assert (ended.exit_code, ended.failure.code) == (0, "FileUploadMiscError")
    assert ended.failure.details["Message"] == "its name is no UTF-8: `a?.csv`"
    assert blobs_in(container) == ["b.csv"]
    assert "a?.csv" in (agent.folder(execution) / "fileuploaderr.txt").read_text()


def test_the_first_file_that_fails_ends_its_specification(agent, container):
    missing = FilesToUpload("../std*.txt", container.with_name("missing").as_uri())
    execution = agent.task("true", uploads=(missing,))
    agent.run(execution)
    lines = (agent.folder(execution) / "fileuploaderr.txt").read_text().splitlines()
    assert [json.loads(line)["file"].rpartition("/")[2] for line in lines] == ["stderr.txt"]


def test_logs_go_first(agent, blob_server):
    url = f"{blob_server.url}/study-one"
    uploads = (FilesToUpload("out.txt", url), FilesToUpload("../std*.txt", url))
    agent.run(agent.shell(WRITE, uploads=uploads))
    names = [name.rpartition("/")[2] for name in blob_server.blobs]
    assert names == ["stderr.txt", "stdout.txt", "out.txt"]


def test_kill_ends_an_upload_that_hangs(agent, blob_server):
    blob_server.faults = [503] * 100
    uploads = (FilesToUpload("out.txt", f"{blob_server.url}/study-one"),)
    execution = agent.shell(f"{WRITE}; touch done", uploads=uploads)
    agent.say(execution)
    while len(blob_server.faults) == 100:
        pass
    agent.say(Kill(execution.execution, upload=False))
    ended = agent.ended(execution)
    assert (ended.ended_by, ended.exit_code) == (EndedBy.KILL, None)


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no second file system")
def test_a_container_on_another_file_system(agent, tmp_path):
    import tempfile

    with tempfile.TemporaryDirectory(dir="/dev/shm") as storage:
        container = f"{storage}/study-one"
        os.mkdir(container)
        uploads = (FilesToUpload("*", f"file://{container}", "p"),)
        script = "echo small > small; head -c 3000000 /dev/zero > large"
        assert agent.run(agent.shell(script, uploads=uploads)).failure is None
        sizes = {
            name: os.path.getsize(f"{container}/p/{name}") for name in os.listdir(f"{container}/p")
        }
        assert sizes == {"small": 6, "large": 3_000_000}
        assert os.listdir(f"{storage}/.partial") == []


def test_links_that_lead_nowhere_keep_no_file_from_its_container(
    ordinary_agent, container, tmp_path
):
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    script = f"ln -s loop loop; ln -s '{closed}/a' there; echo 1 > out"
    uploads = tuple(FilesToUpload(one, container.as_uri()) for one in ("*", "**/*"))
    ended = ordinary_agent.run(ordinary_agent.shell(script, uploads=uploads))
    assert ended.failure is None
    assert [path.name for path in container.iterdir()] == ["out"]
