"""Importing the estimators before their first use."""

import importlib
import threading


def preload_estimators() -> None:
    """Import scipy's statistics in another thread.

    The import takes 0.8 s, during which the first run is made or the first table is shown.
    """
    threading.Thread(target=importlib.import_module, args=["scipy.stats"], daemon=True).start()
