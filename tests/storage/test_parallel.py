"""Work in threads that somebody gives up."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runfleet.storage.parallel import GivenUpError, Work, for_each, in_order, pause


def test_what_one_thread_raises_ends_the_pauses_of_the_others(wait_for):
    """And is what is raised; also the pauses of parts of their work, in threads of their own."""
    waiting = []

    def wait(number):
        waiting.append(number)
        pause(900)

    def work(number):
        if number == 2:
            wait_for(lambda: len(waiting) == 2)
            raise ValueError("enough")
        if number == 1:
            for_each([number], wait, threads=1)
        else:
            wait(number)

    with ThreadPoolExecutor(3) as threads, pytest.raises(ValueError, match="enough"):
        list(in_order(threads, work, [2, 1, 0], ahead=3))


def test_parts_that_fail_end_no_other_work(wait_for):
    def fail(number):
        raise ValueError(number)

    def work(number):
        if number == 0:
            with pytest.raises(ValueError, match="0"):
                for_each([number], fail, threads=1)
        pause(0.01)

    for_each(range(4), work, threads=4)


def test_work_that_is_given_up_pauses_no_more(wait_for):
    ended = threading.Event()

    def work():
        with pytest.raises(GivenUpError):
            pause(900)
        ended.set()

    whole = Work()
    thread = threading.Thread(target=whole.do, args=(work,))
    thread.start()
    whole.give_up()
    assert ended.wait(60)
    pause(0.01)
