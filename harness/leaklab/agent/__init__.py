"""The agent: the only code of the lab that runs inside a measured process.

The folder is started by its path, `python -s FOLDER JOB`: then `leaklab_agent` is the one name that
the lab adds to the program's path, and its modules are cached bytecode, which costs the measured
process less than a script that is compiled anew. No option that a Python of 3.8 lacks is needed.
The harness itself imports `leaklab_agent.layout` alone.
"""
