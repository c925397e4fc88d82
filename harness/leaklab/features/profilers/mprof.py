"""memory_profiler over time: `mprof run`, and the picture of `mprof plot`."""

from leaklab.features.profilers.commands import output_of, require_file
from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.scenario import Mode

DATA, PICTURE = "mprofile.dat", "mprof.png"


class Mprof:
    """Samples of the RSS every 0.1 s, which `mprof plot` reads."""

    name = "mprof"
    package = "memory_profiler"
    part = 1
    fails_on_leaks = False
    pools = "samples each worker from outside (--multiprocess)"
    parent_only = frozenset[Mode]()

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command; in a pool it samples the children, too."""
        children = ["--multiprocess"] if task.is_pool else []
        data = ["-o", str(task.output / DATA)]
        return ProfileCommand([task.python, "-m", "mprof", "run", *children, *data, task.driver])

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return what `mprof peak` prints; the samples and the plot are files.

        Raises:
            NotMeasured: There are no samples.
        """
        data = require_file(self.name, task.output / DATA, tool_run)
        plot = ["plot", "-o", str(task.output / PICTURE), str(data)]
        output_of(self.name, [task.python, "-m", "mprof", *plot], {"MPLBACKEND": "Agg"})
        return output_of(self.name, [task.python, "-m", "mprof", "peak", str(data)])

    def suspects(self, report: str) -> list[Suspect]:
        """Return nothing: a curve over time names no line and no type."""
        del report
        return []
