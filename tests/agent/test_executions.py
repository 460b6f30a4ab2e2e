"""An execution, from its folder to the news of its end."""

import time

import pytest

from runfleet.agent.messages import Constrain, FilesToUpload, FileToFetch, Kill, RemoveFolder
from runfleet.agent.node_logs import LOG_FILE
from runfleet.batch.states import EndedBy


def test_a_command_runs_in_its_own_folder(agent):
    execution = agent.shell("pwd; echo wrong >&2; echo $P > out.txt", environment={"P": "0.1 m"})
    ended = agent.run(execution)
    assert (ended.ended_by, ended.exit_code, ended.failure) == (EndedBy.EXIT, 0, None)
    assert ended.subject == execution.subject
    folder = agent.folder(execution)
    assert sorted(path.name for path in folder.iterdir()) == ["stderr.txt", "stdout.txt", "wd"]
    assert agent.stdout(execution) == f"{folder}/wd\n"
    assert (folder / "stderr.txt").read_text() == "wrong\n"
    assert (folder / "wd" / "out.txt").read_text() == "0.1 m\n"


def test_a_node_has_its_standard_folders(agent):
    agent.run(agent.task("true"))
    names = sorted(path.name for path in agent.node_root.iterdir())
    assert names == ["applications", "fsmounts", "shared", "startup", "volatile", "workitems"]


def test_a_start_task_runs_in_the_startup_folder(agent):
    execution = agent.task("pwd", directory="startup")
    assert agent.run(execution).exit_code == 0
    assert agent.stdout(execution) == f"{agent.node_root}/startup/wd\n"


def test_times_enclose_the_execution(agent):
    before = time.time()
    ended = agent.run(agent.shell("sleep 0.05"))
    assert before <= ended.start_time <= ended.end_time - 0.05 <= time.time()


def test_processor_time_counts_waited_for_children(agent):
    busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
    ended = agent.run(agent.shell(f"sh -c '{busy}'"))
    assert ended.user_time + ended.system_time > 0.02


@pytest.mark.parametrize(
    ("script", "exit_code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill $$", 143)]
)
def test_the_exit_code_is_that_of_the_command(agent, script, exit_code):
    ended = agent.run(agent.shell(script))
    assert (ended.ended_by, ended.exit_code) == (EndedBy.EXIT, exit_code)
    assert ended.failure is None


def test_the_environment_is_the_given_one_over_a_small_base(agent):
    execution = agent.task("env", environment={"A": "1", "TZ": "Asia/Tokyo", "EMPTY": ""})
    agent.run(execution)
    lines = set(agent.stdout(execution).splitlines())
    assert {"A=1", "TZ=Asia/Tokyo", "EMPTY="} <= lines
    base = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR"}
    given = {line.partition("=")[0] for line in lines} - base
    assert given == {"A", "EMPTY", *execution.environment} - base


def test_a_command_reads_nothing_and_inherits_no_files(agent):
    execution = agent.shell("cat; ls /proc/self/fd")
    agent.run(execution)
    assert agent.stdout(execution).split() == ["0", "1", "2", "3"]  # 3: that of `ls` itself


def test_a_broken_pipe_ends_a_program_silently(agent):
    """Signals that Python ignores are not ignored by what the agent starts."""
    execution = agent.shell("yes | head -n 1")
    assert agent.run(execution).exit_code == 0
    assert agent.stdout(execution) == "y\n"
    assert (agent.folder(execution) / "stderr.txt").read_text() == ""


def test_large_output_is_kept_whole(agent):
    execution = agent.shell("head -c 50000000 /dev/zero; head -c 1000000 /dev/zero >&2")
    assert agent.run(execution).exit_code == 0
    assert (agent.folder(execution) / "stdout.txt").stat().st_size == 50_000_000
    assert (agent.folder(execution) / "stderr.txt").stat().st_size == 1_000_000


def test_executions_run_side_by_side(agent):
    meet = "touch {own}; while [ ! -e ../../{other}/wd/{other} ]; do sleep 0.01; done"
    one = agent.shell(meet.format(own="a", other="b"), "a")
    two = agent.shell(meet.format(own="b", other="a"), "b")
    agent.say(one, two)
    assert agent.ended(one).exit_code == agent.ended(two).exit_code == 0


def test_many_executions_at_once_all_end(agent):
    executions = [agent.shell(f"exit {number % 7}") for number in range(200)]
    agent.say(*executions)
    codes = [agent.ended(execution).exit_code for execution in executions]
    assert codes == [number % 7 for number in range(200)]


def test_an_unknown_program_fails_without_exit_code(agent):
    ended = agent.run(agent.task("cmd /c dir"))
    assert (ended.ended_by, ended.exit_code) == (EndedBy.FAILURE, None)
    assert (ended.failure.category, ended.failure.code) == ("usererror", "CommandProgramNotFound")
    assert ended.failure.details == {"Program": "cmd"}


@pytest.mark.parametrize(
    "command", ["sh -c 'unfinished", "", "   ", "./", "/etc/passwd", "/etc", "sh 'a\x00b'"]
)
def test_what_cannot_be_started_fails_to_launch(agent, command):
    ended = agent.run(agent.task(command))
    assert (ended.ended_by, ended.exit_code) == (EndedBy.FAILURE, None)
    code = "CommandProgramNotFound" if command in ("./", "/etc") else "CommandLaunchFailed"
    assert ended.failure.code == code


def test_a_new_execution_finds_an_empty_folder(agent):
    first = agent.shell("echo old > old.txt", "t")
    agent.run(first)
    second = agent.shell("ls", "t")
    assert agent.run(second).exit_code == 0
    assert agent.stdout(second) == ""


def test_a_retry_finds_its_files_and_new_logs(agent, container):
    (container / "input.txt").write_text("fresh\n")
    files = (FileToFetch(f"{container.as_uri()}/input.txt", file_path="input.txt"),)
    first = agent.shell("echo one; echo changed > input.txt; exit 1", "t", files=files)
    agent.run(first)
    second = agent.shell("echo two; cat input.txt", "t", files=files, keep_directory=True)
    agent.run(second)
    assert agent.stdout(second) == "two\nchanged\n"


def test_a_retry_on_a_node_that_lost_the_folder_starts_afresh(agent, container):
    (container / "input.txt").write_text("fresh\n")
    files = (FileToFetch(f"{container.as_uri()}/input.txt", file_path="input.txt"),)
    execution = agent.task("cat input.txt", files=files, keep_directory=True)
    assert agent.run(execution).exit_code == 0
    assert agent.stdout(execution) == "fresh\n"


def test_a_retry_does_not_change_logs_that_were_uploaded(agent, upload, container):
    uploads = (upload("../stdout.txt", "first"),)
    agent.run(agent.shell("echo one; exit 1", "t", uploads=uploads))
    agent.run(agent.shell("echo two", "t", keep_directory=True))
    assert (container / "first").read_text() == "one\n"


def test_kill_ends_a_running_command(agent):
    execution = agent.shell("echo $$ > pid; sleep 1000")
    agent.say(execution)
    agent.pid_from(execution, "pid")
    ended = agent.kill(execution)
    assert (ended.ended_by, ended.exit_code, ended.failure) == (EndedBy.KILL, None, None)


def test_kill_right_behind_the_execution(agent):
    execution = agent.shell("sleep 1000")
    agent.say(execution, Kill(execution.execution))
    assert agent.ended(execution).ended_by is EndedBy.KILL


def test_kill_cancels_what_is_still_being_fetched(agent, blob_server):
    blob_server.blobs["study-one/slow"] = b"x"
    file = FileToFetch(f"{blob_server.url}/study-one/slow", file_path="slow")
    execution = agent.shell("touch ran", "t", files=(file,))
    agent.say(execution)
    assert blob_server.held.wait(60)
    ended = agent.kill(execution)
    assert (ended.ended_by, ended.exit_code) == (EndedBy.KILL, None)
    # The slow answer comes only now, when another execution has the folder.
    again = agent.shell("echo > there; while [ ! -e go ]; do sleep 0.01; done; ls", "t")
    agent.say(again)
    agent.read(again, "there")
    blob_server.hold.set()
    (agent.wd(again) / "go").touch()
    assert agent.ended(again).exit_code == 0
    assert agent.stdout(again) == "go\nthere\n"


@pytest.mark.parametrize("wanted", [True, False])
def test_kill_lets_uploads_go_on_where_they_are_wanted(agent, blob_server, wanted):
    """The command has ended by itself, and what it wrote is on its way."""
    upload = FilesToUpload("out.txt", f"{blob_server.url}/study-one", "slow")
    execution = agent.shell("echo 7 > out.txt", uploads=(upload,))
    agent.say(execution)
    assert blob_server.held.wait(60)
    agent.say(Kill(execution.execution, wanted))
    if not wanted:
        assert agent.ended(execution).ended_by is EndedBy.KILL
    blob_server.hold.set()
    if wanted:
        assert agent.ended(execution).ended_by is EndedBy.EXIT
        assert blob_server.blobs["study-one/slow"] == b"7\n"


def test_kill_of_an_unknown_execution_is_nothing(agent):
    agent.say(Kill(999))
    assert agent.run(agent.task("true")).exit_code == 0


def test_a_time_limit_ends_the_command(agent):
    ended = agent.run(agent.shell("sleep 1000", time_limit=0.1))
    assert (ended.ended_by, ended.exit_code, ended.failure) == (EndedBy.TIME_LIMIT, None, None)
    assert ended.end_time - ended.start_time >= 0.1


def test_a_time_limit_counts_the_fetching_of_files(agent, blob_server):
    blob_server.blobs["study-one/slow"] = b"x"
    file = FileToFetch(f"{blob_server.url}/study-one/slow", file_path="slow")
    ended = agent.run(agent.task("true", files=(file,), time_limit=0.2))
    assert ended.ended_by is EndedBy.TIME_LIMIT


def test_time_limits_pass_in_their_own_order(agent):
    long, short = (agent.shell("sleep 1000", time_limit=seconds) for seconds in (2.2, 0.1))
    quick = agent.shell("true", time_limit=2)
    agent.say(long, short, quick)
    ends = [agent.ended(one) for one in (quick, short, long)]
    assert [one.ended_by for one in ends] == ["exit", "timelimit", "timelimit"]
    assert ends[1].end_time < ends[2].end_time


def test_a_time_limit_may_be_longer_than_the_kernel_waits_at_once(own_agent, wait_for):
    month = 30 * 24 * 3600
    execution = own_agent.shell("sleep 1000", time_limit=month)
    own_agent.say(execution)
    # From then on there is nothing else to wait for.
    wait_for((own_agent.node_root / LOG_FILE).exists)
    assert own_agent.run(own_agent.task("true")).exit_code == 0
    assert own_agent.kill(execution).ended_by is EndedBy.KILL


def test_a_longer_time_limit_counts_from_the_begin(agent):
    execution = agent.shell("echo on > a; sleep 1000", time_limit=2)
    agent.say(execution)
    agent.read(execution, "a")
    for seconds in (1000, 2.5):
        agent.say(Constrain(execution.execution, seconds, True))
    ended = agent.ended(execution)
    assert ended.ended_by is EndedBy.TIME_LIMIT
    assert 2.5 <= ended.end_time - ended.start_time < 4.5


@pytest.mark.parametrize("before", [None, 1000])
def test_a_shorter_time_limit_that_has_passed_ends_the_command(agent, before):
    execution = agent.shell("echo on > a; sleep 1000", time_limit=before)
    agent.say(execution)
    agent.read(execution, "a")
    agent.say(Constrain(execution.execution, 0.001, True))
    assert agent.ended(execution).ended_by is EndedBy.TIME_LIMIT


def test_a_time_limit_that_is_lifted_ends_nothing(agent):
    execution = agent.shell("sleep 0.8", time_limit=0.4)
    agent.say(execution, Constrain(execution.execution, None, True))
    assert agent.ended(execution).ended_by is EndedBy.EXIT


def test_constraints_of_what_is_over_are_nothing(agent):
    execution = agent.shell("true")
    agent.run(execution)
    agent.say(Constrain(execution.execution, 0.001, True))
    assert agent.run(agent.task("true")).exit_code == 0


def test_a_removed_folder_is_out_of_sight_at_once(agent):
    execution = agent.shell("mkdir a; touch a/b")
    agent.run(execution)
    agent.say(RemoveFolder(str(agent.node_root)))
    again = agent.shell("ls ../..", "other")
    assert agent.run(again).exit_code == 0
    assert agent.stdout(again) == "other\n"
