"""What the shapes of several entities share."""

import pytest

from runfleet.wire.shapes import job_directory, jobs_of_directory


@pytest.mark.parametrize("job_id", ["Study-1", "job-1", "schedule:job-1", "Schedule:job-23"])
def test_a_job_is_among_those_that_its_folder_may_be_of(job_id):
    _, parent, name = job_directory(job_id).split("/")
    assert job_id.lower() in jobs_of_directory(parent, name)
