"""What the observer reads of other processes: one whole file a platform, chosen here."""

import sys

from leaklab.model.errors import NotMeasured
from leaklab.observer.probes import linux
from leaklab.observer.probes.protocol import Probes


def platform_probes() -> Probes:
    """The probes of this platform.

    Raises:
        NotMeasured: there are none. Listing, reading and comparing work everywhere.
    """
    if sys.platform.startswith("linux"):
        return linux
    raise NotMeasured(
        f"leaklab measures on Linux only, and this is {sys.platform}; "
        "run it in a Linux container or virtual machine"
    )
