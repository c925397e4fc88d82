"""What the observer reads of other processes: one whole file a platform, chosen here."""

import sys
from types import ModuleType

from leaklab.model.errors import NotMeasured


def choose() -> ModuleType:
    """The probes of this platform.

    Raises:
        NotMeasured: there are none. Listing, reading and comparing work everywhere.
    """
    if sys.platform.startswith("linux"):
        from leaklab.observer.probes import linux  # noqa: PLC0415  (reads /proc)

        return linux
    raise NotMeasured(
        f"leaklab measures on Linux only, and this is {sys.platform}; "
        "run it in a Linux container or virtual machine"
    )
