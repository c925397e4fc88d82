"""The course: scenarios as exercises that ask for the diagnosis, and judge the learner's fix."""
