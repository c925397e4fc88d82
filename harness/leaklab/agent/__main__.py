"""`python -s agent/__main__.py JOB`: carry out a job and exit with its status."""

from leaklab_agent.main import main  # type: ignore[import-not-found]  # on the path at run time

if __name__ == "__main__":
    main()
