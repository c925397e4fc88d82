"""The estimators, imported ahead of their first use."""

import importlib
import threading


def preload_estimators() -> None:
    """Import scipy's statistics in another thread: they take 0.8 s, in which a first run is made,
    or a first table shown."""
    threading.Thread(target=importlib.import_module, args=["scipy.stats"], daemon=True).start()
