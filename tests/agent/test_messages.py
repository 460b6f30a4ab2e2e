"""Messages between emulator and agent."""

from hypothesis import given
from hypothesis import strategies as st

from runfleet.agent.messages import (
    BackgroundEnded,
    Constrain,
    Coordinated,
    Coordination,
    EndBackground,
    Ended,
    Execute,
    ExecutionFailure,
    FilesToUpload,
    FileToFetch,
    Kill,
    PackageToInstall,
    Proceed,
    Ready,
    RemoveFolder,
    Subject,
    SubjectKind,
    decode,
    encode,
)

text = st.text(st.characters(codec="utf-8"), max_size=20)
mappings = st.dictionaries(text, text, max_size=3)
subjects = st.builds(Subject, st.sampled_from(SubjectKind), text, text, text, text)
numbers = st.integers(0, 2**53)
seconds = st.floats(0, 1e10)
messages = st.one_of(
    st.builds(
        Execute,
        execution=numbers,
        subject=subjects,
        environment=mappings,
        files=st.lists(st.builds(FileToFetch), max_size=2).map(tuple),
        uploads=st.lists(st.builds(FilesToUpload, headers=mappings), max_size=2).map(tuple),
        packages=st.lists(st.builds(PackageToInstall), max_size=2).map(tuple),
        time_limit=st.none() | seconds,
        coordination=st.none()
        | st.builds(Coordination, files=st.lists(st.builds(FileToFetch), max_size=2).map(tuple)),
    ),
    st.builds(Proceed, numbers),
    st.builds(Constrain, numbers, st.none() | seconds, st.booleans()),
    st.builds(Coordinated, numbers),
    st.builds(Kill, numbers, st.booleans()),
    st.builds(EndBackground, text),
    st.builds(RemoveFolder, text),
    st.builds(BackgroundEnded, subjects),
    st.builds(Ready, numbers),
    st.builds(
        Ended,
        execution=numbers,
        subject=subjects,
        start_time=seconds,
        end_time=seconds,
        exit_code=st.none() | st.integers(0, 255),
        failure=st.none() | st.builds(ExecutionFailure, details=mappings),
        user_time=seconds,
        system_time=seconds,
    ),
)


@given(messages)
def test_a_message_comes_back_as_it_was(message):
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == message
