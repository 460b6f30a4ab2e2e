"""Which names of blobs are allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.storage import InvalidNameError, check_blob_name, check_container_name


def test_names_for_windows_are_stricter():
    for name in ["a:b", "con", "AUX.txt", "x/lpt1", "a ", "what?"]:
        check_blob_name(name, windows=False)
        with pytest.raises(InvalidNameError):
            check_blob_name(name, windows=True)
    check_blob_name("console/run-1.txt", windows=True)


@given(st.text(alphabet="aZ9é_-. \\\t/", max_size=12) | st.text(alphabet="a.", min_size=250))
def test_a_name_is_refused_for_what_its_segments_are(name):
    """The short way by which ordinary names pass lets no other through, nor stops any."""
    segments = name.split("/")
    is_fine = all(
        segment and segment[-1] != "." and len(segment) <= 254 and not {"\\", "\t"} & set(segment)
        for segment in segments
    )
    try:
        check_blob_name(name, windows=False)
    except InvalidNameError:
        assert not is_fine
    else:
        assert is_fine


@pytest.mark.parametrize("check", [check_blob_name, check_container_name])
def test_a_message_about_a_name_has_one_line(check):
    for name in ("a\nb", "a\n" * 600):
        with pytest.raises(InvalidNameError, match=r"`a\\n") as caught:
            check(name)
        assert "\n" not in caught.value.message
