"""The agent: the only code of the lab that runs inside a measured process.

It is started by its path, `python -s agent/__main__.py JOB`. So the agent's folder is what Python
puts on the program's path, and `leaklab_agent` is the one name in it; its modules are cached
bytecode, which costs the measured process less than a script that is compiled anew. No option that
Python 3.8 lacks is needed. The harness itself imports `leaklab_agent.layout` alone.

Started as a folder, `python -s agent JOB`, it would take 590 KiB more: the interpreter imports
`runpy` for that.
"""
