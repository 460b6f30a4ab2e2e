"""Jobs and tasks that belong to no study: made one by one, with files of their own."""
