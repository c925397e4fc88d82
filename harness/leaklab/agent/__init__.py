"""The agent: the only code of the lab that runs inside a measured process.

The agent is started by its path, `python -s agent/__main__.py JOB`. Python then puts the agent's
folder on the program's path, where `leaklab_agent` is the only importable name. Its modules are
cached bytecode, which costs the measured process less than a script that is compiled at every
start. The command needs no option that Python 3.8 lacks. The harness itself imports only
`leaklab_agent.layout`.

Starting the folder, `python -s agent JOB`, would take 590 KiB more, because the interpreter imports
`runpy` to run a folder.
"""
