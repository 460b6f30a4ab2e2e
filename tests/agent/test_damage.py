"""What a task does to folders harms no other: the agent goes on, and all can be removed."""

import os
import time

import pytest

from runfleet.agent.messages import FilesToUpload, RemoveFolder
from runfleet.agent.node_logs import LOG_FILE

OWN, NODE = "$AZ_BATCH_TASK_DIR", "$AZ_BATCH_NODE_ROOT_DIR"
ELSEWHERE = f"{NODE}/shared/elsewhere"
DEEP = "deep=$(printf 'd/%.0s' $(seq 1000)); for i in 1 2 3; do mkdir -p $deep; cd $deep; done"
DAMAGES = {
    "its folder is read-only": f'chmod 555 "{OWN}"',
    "its folder is closed": f'chmod 000 "{OWN}"',
    "its folder is moved away": f'mv "{OWN}" "{ELSEWHERE}"',
    "its folder is a file": f'rm -rf "{OWN}"; touch "{OWN}"',
    "its folder is a link": f'mv "{OWN}" "{ELSEWHERE}"; ln -s "{ELSEWHERE}" "{OWN}"',
    "its folder is a link to nothing": f'rm -rf "{OWN}"; ln -s /no/such "{OWN}"',
    "its folder is a pipe": f'rm -rf "{OWN}"; mkfifo "{OWN}"',
    "its working folder is closed": "mkdir a; chmod 000 a .",
    "its working folder is a file": f'rm -rf "{OWN}/wd"; touch "{OWN}/wd"',
    "the folder of its job is read-only": f'chmod 555 "{OWN}/.."',
    "the folder of its job is a file": f'cd /; rm -rf "{NODE}"/workitems/*/*; touch "{OWN}/.."',
    "the folders of all jobs are closed": f'chmod 000 "{NODE}/workitems"',
    "all of its node is read-only": f'chmod -R a-w "{NODE}"',
    "its node is closed": f'chmod 000 "{NODE}"',
    "its node is gone": f'rm -rf "{NODE}"',
    "its output is a folder": f'rm "{OWN}/stdout.txt"; mkdir -p "{OWN}/stdout.txt/a"',
    "its output is a pipe": f'rm "{OWN}/stdout.txt"; mkfifo "{OWN}/stdout.txt"',
    "names are no text": """mkdir "$(printf '\\377')"; touch "$(printf 'a\\nb')" ' ' -- -rf""",
    "folders lie deeper than paths are long": f"{DEEP}; touch a",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_the_next_task_is_run_and_all_is_deleted(ordinary_agent, wait_for, damage):
    first = ordinary_agent.shell(damage, "t")
    ordinary_agent.run(first)
    second = ordinary_agent.shell("ls", "t")
    assert ordinary_agent.run(second).exit_code == 0
    assert ordinary_agent.stdout(second) == ""
    ordinary_agent.say(RemoveFolder(str(ordinary_agent.folder(first))))
    assert ordinary_agent.run(ordinary_agent.task("true")).exit_code == 0
    assert not os.path.lexists(ordinary_agent.folder(first))
    ordinary_agent.say(RemoveFolder(str(ordinary_agent.node_root)))
    wait_for(lambda: not os.path.lexists(ordinary_agent.node_root))
    wait_for(lambda: not os.listdir(ordinary_agent.state / "trash"))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_removed_at_once_is_gone(ordinary_agent, wait_for, damage):
    execution = ordinary_agent.shell(damage)
    ordinary_agent.run(execution)
    ordinary_agent.say(RemoveFolder(str(ordinary_agent.folder(execution))))
    ordinary_agent.say(RemoveFolder(str(ordinary_agent.node_root)))
    assert ordinary_agent.run(ordinary_agent.task("true")).exit_code == 0
    wait_for(lambda: not os.listdir(ordinary_agent.state / "trash"))


@pytest.mark.parametrize("mode", ["555", "000"])
def test_a_retry_gets_a_closed_folder_back(ordinary_agent, mode):
    ordinary_agent.run(ordinary_agent.shell(f'chmod {mode} "{OWN}"; exit 1', "t"))
    retry = ordinary_agent.shell("echo again", "t", keep_directory=True)
    assert ordinary_agent.run(retry).exit_code == 0
    assert ordinary_agent.stdout(retry) == "again\n"


def test_a_folder_that_a_link_leads_to_keeps_its_rights(ordinary_agent, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o500)
    execution = ordinary_agent.shell(
        f"rm -rf '{OWN}'; ln -s '{shared}' '{OWN}'; chmod 500 '{OWN}/..'"
    )
    ordinary_agent.run(execution)
    ordinary_agent.say(RemoveFolder(str(ordinary_agent.folder(execution))))
    ordinary_agent.run(ordinary_agent.task("true"))
    assert shared.stat().st_mode & 0o777 == 0o500


def test_what_cannot_be_removed_ends_nothing(ordinary_agent):
    running = ordinary_agent.shell("until [ -e go ]; do sleep 0.01; done")
    ordinary_agent.say(running, RemoveFolder("/proc/sys"))
    assert ordinary_agent.run(ordinary_agent.task("true")).exit_code == 0
    (ordinary_agent.wd(running) / "go").touch()
    assert ordinary_agent.ended(running).exit_code == 0


def test_nobody_waits_for_pipes_in_the_place_of_files(ordinary_agent, container, wait_for):
    """Opened, such a pipe would hold the agent up until somebody read it."""
    log = f'"{NODE}/{LOG_FILE}"'
    records = f'"{OWN}/fileuploadout.txt" "{OWN}/fileuploaderr.txt"'
    missing = FilesToUpload("../std*.txt", container.with_name("missing").as_uri())
    execution = ordinary_agent.shell(f"rm -f {log}; mkfifo {log} {records}", uploads=(missing,))
    assert ordinary_agent.run(execution).failure.code == "FileUploadContainerNotFound"
    time.sleep(0.1)  # until the log is written
    assert ordinary_agent.run(ordinary_agent.task("true")).exit_code == 0
    assert (ordinary_agent.folder(execution) / "fileuploaderr.txt").is_file()
