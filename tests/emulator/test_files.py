"""Section M of the fidelity checklist: files, environment, resource and output files."""

from __future__ import annotations

import http.server
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import unquote

import pytest
from azure.core.exceptions import ResourceNotFoundError

from runfleet.storage import DirectoryStorage


@pytest.fixture
def storage(emulator):
    """The emulator's own storage account."""
    return DirectoryStorage(emulator.home / "storage")


@pytest.fixture
def container(storage, unused):
    """The URL of a container of the test's own."""
    from datetime import timedelta

    storage.create_container(unused)
    return storage.container_url(unused, life=timedelta(days=1), write=True)


@pytest.fixture
def web(tmp_path):
    """A web server with one file."""
    (tmp_path / "served.txt").write_text("from the web")
    handler = partial(Quiet, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


def output(pattern, url, condition="taskcompletion", **where):
    return {
        "filePattern": pattern,
        "destination": {"container": {"containerUrl": url, **where}},
        "uploadOptions": {"uploadCondition": condition},
    }


def blobs(storage, container):
    return [blob.name for blob in storage.list_blobs(container)]


def test_where_a_task_runs(account, job, emulator, sh):
    """Item 121."""
    account.run(job, "t", sh('pwd; echo "$AZ_BATCH_NODE_ROOT_DIR"'))
    folder, root = account.read(job, "t").splitlines()
    assert folder == f"{root}/workitems/{job}/job-1/t/wd"
    assert sorted(os.listdir(f"{root}/workitems/{job}/job-1/t")) == [
        "stderr.txt",
        "stdout.txt",
        "wd",
    ]
    assert sorted(os.listdir(root)) == [
        "applications",
        "fsmounts",
        "shared",
        "startup",
        "volatile",
        "workitems",
    ]


def test_the_variables_that_the_service_sets(account, job, pool, emulator):
    """Item 122."""
    task = account.run(job, "t", "env")
    found = dict(line.partition("=")[::2] for line in account.read(job, "t").splitlines())
    root = found["AZ_BATCH_NODE_ROOT_DIR"]
    folder = f"{root}/workitems/{job}/job-1/t"
    assert (
        found.items()
        >= {
            "AZ_BATCH_ACCOUNT_NAME": "local",
            "AZ_BATCH_ACCOUNT_URL": account.url,
            "AZ_BATCH_POOL_ID": pool,
            "AZ_BATCH_NODE_ID": task["nodeInfo"]["nodeId"],
            "AZ_BATCH_NODE_IS_DEDICATED": "true",
            "AZ_BATCH_NODE_SHARED_DIR": f"{root}/shared",
            "AZ_BATCH_NODE_STARTUP_DIR": f"{root}/startup",
            "AZ_BATCH_NODE_MOUNTS_DIR": f"{root}/fsmounts",
            "AZ_BATCH_JOB_ID": job,
            "AZ_BATCH_TASK_ID": "t",
            "AZ_BATCH_TASK_DIR": folder,
            "AZ_BATCH_TASK_WORKING_DIR": f"{folder}/wd",
        }.items()
    )
    assert "AZ_BATCH_JOB_PREP_DIR" not in found
    assert emulator.key not in account.read(job, "t")


def test_the_environment_of_a_task_goes_before_that_of_its_job(account, pool, sh):
    """Item 123."""
    common = [{"name": "A", "value": "job"}, {"name": "B", "value": "job"}]
    job = account.job(pool, commonEnvironmentSettings=common)
    own = [{"name": "B", "value": "a task's own"}, {"name": "C"}]
    account.run(job, "t", sh('echo "$A,$B,$C."'), environmentSettings=own)
    assert account.read(job, "t") == "job,a task's own,.\n"


def test_a_file_from_the_web(account, job, web, sh):
    """Item 124."""
    files = [{"httpUrl": f"{web}/served.txt", "filePath": "a/b.txt"}]
    account.run(job, "t", sh("cat a/b.txt"), resourceFiles=files)
    assert account.read(job, "t") == "from the web"
    missing = [{"httpUrl": f"{web}/missing.txt", "filePath": "a"}]
    task = account.run(job, "lost", resourceFiles=missing, constraints={"maxTaskRetryCount": 2})
    info = task["executionInfo"]
    assert info["failureInfo"]["code"] == "BlobNotFound"
    assert info["retryCount"] == 0
    assert "exitCode" not in info


def test_files_of_a_container(account, job, storage, container, unused, sh):
    """Item 125."""
    for name in ("in/a.txt", "in/deep/b.txt", "out/c.txt"):
        storage.put_bytes(unused, name, name.encode())
    files = [
        {
            "storageContainerUrl": container,
            "blobPrefix": "in/",
            "filePath": "f",
            "fileMode": "0755",
        },
        {"autoStorageContainerName": unused, "blobPrefix": "out"},
    ]
    account.run(job, "t", sh("find . -type f | sort; stat -c %a f/in/a.txt"), resourceFiles=files)
    assert account.read(job, "t").split() == [
        "./f/in/a.txt",
        "./f/in/deep/b.txt",
        "./out/c.txt",
        "755",
    ]


@pytest.mark.parametrize("path", ["../escaped", "/tmp/escaped", "a/../../escaped"])
def test_a_resource_file_stays_in_its_folder(account, job, web, path):
    files = [{"httpUrl": f"{web}/served.txt", "filePath": path}]
    response = account.send(
        "POST", f"/jobs/{job}/tasks", {"id": "t", "commandLine": "true", "resourceFiles": files}
    )
    if response.status_code == 201:
        info = account.task_in(job, "t", "completed")["executionInfo"]
        assert info["failureInfo"]["code"] == "BlobDownloadMiscError"


def test_output_and_errors_are_uploaded(account, job, storage, container, unused, sh):
    """Item 126."""
    files = [output("../std*.txt", container, path="p")]
    account.run(job, "t", sh("echo out; echo err >&2; exit 1"), outputFiles=files)
    assert blobs(storage, unused) == ["p/stderr.txt", "p/stdout.txt"]
    assert storage.get_bytes(unused, "p/stdout.txt") == b"out\n"


def test_patterns_keep_folders_and_conditions_are_respected(
    account, job, storage, container, unused, sh
):
    """Item 127."""
    files = [
        output("**/*.csv", container, path="all"),
        output("sub/**/*.csv", container, path="sub"),
        output("a.csv", container, "TaskSuccess", path="exactly.csv"),
        output("a.csv", container, "taskfailure", path="failed.csv"),
        output("nothing-*", container),
    ]
    line = sh("mkdir -p sub/deep; touch a.csv sub/b.csv sub/deep/c.csv d.txt")
    assert account.run(job, "t", line, outputFiles=files)["executionInfo"]["result"] == "success"
    assert blobs(storage, unused) == [
        "all/a.csv",
        "all/sub/b.csv",
        "all/sub/deep/c.csv",
        "exactly.csv",
        "sub/b.csv",
        "sub/deep/c.csv",
    ]


def test_a_missing_target_container_fails_the_task(account, job, container, sh):
    """Item 128."""
    files = [output("../std*.txt", container + "-missing")]
    info = account.run(job, "t", sh("exit 0"), outputFiles=files)["executionInfo"]
    assert info["failureInfo"]["code"] == "FileUploadContainerNotFound"
    assert (info["exitCode"], info["result"]) == (0, "failure")
    assert "FileUploadContainerNotFound" in account.read(job, "t", "fileuploaderr.txt")


def test_only_the_last_attempt_is_uploaded(account, job, storage, container, unused, sh):
    files = [output("../stdout.txt", container, path="log.txt")]
    line = sh("echo x >> n; wc -l < n; exit 1")
    account.run(job, "t", line, outputFiles=files, constraints={"maxTaskRetryCount": 1})
    assert storage.get_bytes(unused, "log.txt").split() == [b"2"]


def test_a_task_that_shall_not_be_tried_again_any_more_leaves_its_outputs(
    account, job, storage, container, unused, sh, tmp_path
):
    files, go = [output("../stdout.txt", container)], tmp_path / "go"
    line = sh(f"echo on; until [ -e '{go}' ]; do sleep 0.02; done; exit 1")
    account.add(job, "t", line, outputFiles=files, constraints={"maxTaskRetryCount": 3})
    account.task_in(job, "t", "running")
    body = {"constraints": {"maxTaskRetryCount": 0}}
    assert account.send("PUT", f"/jobs/{job}/tasks/t", body).status_code == 200
    go.touch()
    info = account.task_in(job, "t", "completed")["executionInfo"]
    assert (info["exitCode"], info["retryCount"]) == (1, 0)
    assert storage.get_bytes(unused, "stdout.txt") == b"on\n"


def test_files_of_a_task_are_listed(account, job, client, sh):
    """Item 129."""
    account.run(job, "t", sh("mkdir a; echo 12345 > a/b.txt"))
    top = account.get(f"/jobs/{job}/tasks/t/files")["value"]
    assert [one["name"] for one in top] == ["stderr.txt", "stdout.txt", "wd"]
    assert [one["isDirectory"] for one in top] == [False, False, True]
    whole = {one.name: one for one in client.list_task_files(job, "t", recursive=True)}
    assert set(whole) == {"stderr.txt", "stdout.txt", "wd", "wd/a", "wd/a/b.txt"}
    assert whole["wd/a/b.txt"].properties.content_length == 6
    assert whole["wd"].properties is None
    found = client.list_task_files(job, "t", recursive=True, filter="startswith(name,'wd/')")
    assert {one.name for one in found} == {"wd/a", "wd/a/b.txt"}
    assert len(list(client.list_task_files(job, "t", recursive=True, max_results=2))) == 5


def test_a_node_that_has_run_nothing_has_its_folders(account, emulator):
    """And a log without lines, of which nothing is uploaded."""
    pool = account.pool()
    (node,) = account.nodes(pool)
    path = f"/pools/{pool}/nodes/{node['id']}"
    container = emulator.home / "storage" / "logs-of-nodes"
    container.mkdir()
    asked = {"containerUrl": container.as_uri(), "startTime": "2020-01-01T00:00:00Z"}
    uploaded = account.send("POST", f"{path}/uploadbatchservicelogs", asked)
    assert uploaded.json()["numberOfFilesUploaded"] == 0
    names = {one["name"] for one in account.get(f"{path}/files")["value"]}
    assert names == {"applications", "fsmounts", "shared", "startup", "volatile", "workitems"}


def test_files_of_a_node_are_listed_and_read(account, job, pool, client):
    account.run(job, "t", "echo hello")
    (node,) = account.nodes(pool)
    names = {one.name for one in client.list_node_files(pool, node["id"])}
    assert names == {"applications", "fsmounts", "shared", "startup", "volatile", "workitems"}
    path = f"workitems/{job}/job-1/t/stdout.txt"
    assert b"".join(client.download_node_file(pool, node["id"], path)) == b"hello\n"
    properties = client.get_node_file_properties(pool, node["id"], path)
    assert properties.content_length == 6


def test_the_properties_of_a_file(account, job, client):
    """Item 130."""
    account.run(job, "t", "echo hello")
    head = account.send("HEAD", f"/jobs/{job}/tasks/t/files/stdout.txt")
    assert head.headers["Content-Length"] == "6"
    assert head.headers["Content-Type"] == "text/plain"
    assert "Last-Modified" in head.headers
    assert head.headers["ocp-batch-file-isdirectory"] == "False"
    assert re.fullmatch("0o100[0-7]{3}", head.headers["ocp-batch-file-mode"])
    url = head.headers["ocp-batch-file-url"]
    assert "/" not in url
    assert unquote(url) == f"{account.url}/jobs/{job}/tasks/t/files/stdout.txt"
    assert client.get_task_file_properties(job, "t", "stdout.txt").content_length == 6


@pytest.mark.parametrize(
    ("part", "content"), [("0-4", b"01234"), ("7-", b"789"), ("8-99", b"89"), ("-2", b"89")]
)
def test_a_part_of_a_file(account, job, part, content):
    """Item 131."""
    account.run(job, "t", "printf 0123456789")
    path = f"/jobs/{job}/tasks/t/files/stdout.txt"
    response = account.send("GET", path, headers={"ocp-range": f"bytes={part}"})
    assert (response.status_code, response.content) == (200, content)
    beyond = account.send("GET", path, headers={"ocp-range": "bytes=10-"})
    assert account.code(beyond) == (416, "InvalidRange")


def test_names_with_blanks_and_folders(account, job, client, sh):
    """Item 132."""
    account.run(job, "t", sh('mkdir "out dir"; echo x > "out dir/100% ä+b.txt"'))
    name = "wd/out dir/100% ä+b.txt"
    assert account.read(job, "t", name) == "x\n"
    assert name in {one.name for one in client.list_task_files(job, "t", recursive=True)}
    raw = account.send("GET", f"/jobs/{job}/tasks/t/files/wd/out%20dir/100%25%20%C3%A4+b.txt")
    assert raw.content == b"x\n"


def test_names_that_are_no_utf8(account, job, client, pool, sh):
    """They are listed, page by page, and read by their URLs."""
    line = r'cd ..; for f in "f\377.txt" "f\376" g; do echo x > $(printf $f); done'
    account.run(job, "t", sh(line))
    account.run(job, "in-folder", sh(r'mkdir $(printf "d\377")'))
    (node,) = account.nodes(pool)
    of_node = client.list_node_files(pool, node["id"], recursive=True, max_results=5)
    assert f"workitems/{job}/job-1/t/f?.txt" in {one.name for one in of_node}
    listed = list(client.list_task_files(job, "t", max_results=1))
    assert [one.name for one in listed] == ["f?", "f?.txt", "g", "stderr.txt", "stdout.txt", "wd"]
    path = f"/jobs/{job}/tasks/t/files/f%FF.txt"
    assert listed[1].url == account.url + path
    assert account.send("GET", path).content == b"x\n"
    head = account.send("HEAD", path)
    assert unquote(head.headers["ocp-batch-file-url"]) == account.url + path
    assert account.send("DELETE", path).status_code == 200
    assert account.code(account.send("GET", path)) == (404, "FileNotFound")
    folder = account.send("GET", f"/jobs/{job}/tasks/in-folder/files/wd/d%FF")
    assert account.code(folder) == (400, "InvalidPropertyValue")


def test_a_backslash_is_a_letter_of_names_on_linux(account, job, client, sh):
    """Listed and read alike (item 132); on Windows it parts folders."""
    account.run(job, "t", sh(r"echo x > a\\b; echo y > out"))
    names = [one.name for one in client.list_task_files(job, "t", recursive=True)]
    assert r"wd/a\b" in names
    assert b"".join(client.download_task_file(job, "t", r"wd/a\b")) == b"x\n"
    other = account.send("GET", f"/jobs/{job}/tasks/t/files/wd%5Cout")
    assert account.code(other) == (404, "FileNotFound")


def test_files_that_are_not_there(account, client, sh):
    """Item 133."""
    pool = account.pool(nodes=1)
    job = account.job(pool)
    account.run(job, "t")
    path = f"/jobs/{job}/tasks/t/files"
    assert account.code(account.send("GET", f"{path}/none.txt")) == (404, "FileNotFound")
    assert account.code(account.send("DELETE", f"{path}/none.txt")) == (404, "FileNotFound")
    account.add(account.job("no-such-pool"), "waits")
    client.begin_delete_pool(pool, polling_interval=0).result()
    # The folder of a node goes soon after its pool, not with it.
    account.wait_for(lambda: account.send("GET", f"{path}/stdout.txt").status_code == 409)
    gone = account.send("GET", f"{path}/stdout.txt")
    assert account.code(gone) == (409, "TaskFilesUnavailable")


def test_files_of_a_node_that_has_no_machine(account, sh):
    """They are there again once it has been started."""
    pool = account.pool()
    job = account.job(pool)
    task = account.run(job, "t", sh("echo x"))
    path = f"/pools/{pool}/nodes/{task['nodeInfo']['nodeId']}"
    assert account.send("POST", f"{path}/deallocate", {}).status_code == 202
    account.node_in(pool, "deallocated")
    for files, code in (
        (f"/jobs/{job}/tasks/t/files", "TaskFilesUnavailable"),
        (f"{path}/files", "NodeStateUnusable"),
    ):
        assert account.code(account.send("GET", files)) == (409, code)
    assert account.send("POST", f"{path}/start").status_code == 202
    account.node_in(pool, "idle")
    assert account.read(job, "t") == "x\n"


@pytest.mark.parametrize(
    "name",
    [
        "..%2F..%2F..%2F..%2F..%2Fkey",
        "wd%2F..%2F..%2F..%2Fshared",
        "%2Fetc%2Fpasswd",
        "wd%5C..%5C..%5C..%5Cx",
        "wd%2Fout",
        "wd%2Floop",
        "wd%2Fpipe",
        "wd%2Fa%00b",
        "wd%2F" + "x" * 300,
        "%2F",
        ".%2F",
        "%2F.%2F.",
        "wd%2F..",
        "wd%2F..%2F",
    ],
)
def test_nobody_gets_out_of_the_folder_of_a_task(account, job, name, sh):
    """Item 134; nor do links, pipes and strange names surprise anybody."""
    account.run(job, "t", sh("ln -s /etc/passwd out; ln -s loop loop; mkfifo pipe"))
    for method in ("GET", "HEAD", "DELETE"):
        response = account.send(method, f"/jobs/{job}/tasks/t/files/{name}", recursive="true")
        assert response.status_code == 404
    listed = account.get(f"/jobs/{job}/tasks/t/files", recursive="true")["value"]
    assert [one["name"] for one in listed] == ["stderr.txt", "stdout.txt", "wd"]


def test_a_growing_file_is_read_as_far_as_it_is(account, job, client, sh, tmp_path):
    """Item 135."""
    line = sh(f'echo one; while ! test -e "{tmp_path}/go"; do sleep 0.02; done; echo two')
    account.add(job, "t", line)
    # A task is running a moment before its folder is there.
    stdout = f"/jobs/{job}/tasks/t/files/stdout.txt"
    account.wait_for(lambda: account.send("GET", stdout).text() == "one\n")
    (tmp_path / "go").touch()
    account.task_in(job, "t", "completed")
    assert (
        b"".join(client.download_task_file(job, "t", "stdout.txt", ocp_range="bytes=4-"))
        == b"two\n"
    )


def test_files_and_folders_are_deleted(account, job, client, sh):
    account.run(job, "t", sh("mkdir -p full/deep empty; touch full/a b; ln -s full link"))
    client.delete_task_file(job, "t", "wd/b")
    client.delete_task_file(job, "t", "wd/link")
    client.delete_task_file(job, "t", "wd/empty")
    path = f"/jobs/{job}/tasks/t/files/wd%2Ffull"
    assert account.send("DELETE", path).status_code == 409
    client.delete_task_file(job, "t", "wd/full", recursive=True)
    left = client.list_task_files(job, "t", recursive=True, filter="startswith(name,'wd/')")
    assert list(left) == []


@pytest.mark.parametrize(
    ("name", "recursive"), [("wd%2Fa", "true"), ("wd%2Fa", ""), ("wd%2Fa%2F1", "")]
)
def test_what_a_task_goes_on_writing_is_deleted_or_refused(account, job, sh, name, recursive):
    writing = "while :; do mkdir -p a/b; for i in 1 2 3; do : > a/$i; : > a/b/$i; done; done"
    account.add(job, "t", sh(writing))
    account.task_in(job, "t", "running")
    path = f"/jobs/{job}/tasks/t/files/{name}"
    answers = [account.send("DELETE", path, recursive=recursive) for _ in range(100)]
    account.send("POST", f"/jobs/{job}/tasks/t/terminate")
    assert {answer.status_code for answer in answers} <= {200, 404, 409}


def test_a_folder_that_several_delete_at_once_is_gone(account, job, client, sh):
    account.run(job, "t", sh("mkdir d; cd d; for i in $(seq 3000); do : > $i; done"))
    path = f"/jobs/{job}/tasks/t/files/wd%2Fd"
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(account.send, "DELETE", path, recursive="true") for _ in range(6)]
        answers = [one.result() for one in asked]
    assert {answer.status_code for answer in answers} <= {200, 404}
    left = client.list_task_files(job, "t", recursive=True, filter="startswith(name,'wd/')")
    assert list(left) == []


def test_a_slash_follows_the_names_of_folders_alone(account, job, sh):
    account.run(job, "t", sh("mkdir d; touch d/a"))
    files = f"/jobs/{job}/tasks/t/files"
    assert account.send("HEAD", f"{files}/wd%2Fd%2F").status_code == 200
    for method in ("HEAD", "GET", "DELETE"):
        assert account.send(method, f"{files}/wd%2Fd%2Fa%2F").status_code == 404
    assert account.send("GET", f"{files}/wd%2Fd%2Fa").status_code == 200


def test_the_root_folder_of_a_node_is_no_file_of_it(account, client):
    pool = account.pool()
    (node,) = account.nodes(pool)
    with pytest.raises(ResourceNotFoundError):
        client.delete_node_file(pool, node["id"], "./", recursive=True)
    assert len(list(client.list_node_files(pool, node["id"]))) == 6


def test_a_folder_has_no_content(account, job):
    account.run(job, "t")
    response = account.send("GET", f"/jobs/{job}/tasks/t/files/wd")
    assert response.status_code == 400


def test_a_file_that_has_not_changed_since(account, job, client):
    account.run(job, "t")
    path = f"/jobs/{job}/tasks/t/files/stdout.txt"
    date = account.send("HEAD", path).headers["Last-Modified"]
    assert account.send("GET", path, headers={"If-Modified-Since": date}).status_code == 304
    assert account.send("GET", path, headers={"If-Unmodified-Since": date}).status_code == 200
