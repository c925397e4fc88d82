"""The probes that read other processes: one module per platform, chosen here."""

import sys

from leaklab.model.errors import NotMeasured
from leaklab.observer.probes import linux
from leaklab.observer.probes.protocol import Probes


def platform_probes() -> Probes:
    """Return the probes of this platform.

    Raises:
        NotMeasured: The platform is not supported. Commands that list, read and compare results
            need no probes.
    """
    if sys.platform.startswith("linux"):
        return linux
    raise NotMeasured(
        f"leaklab measures on Linux only, and this is {sys.platform}; "
        "run it in a Linux container or virtual machine"
    )
