"""leaklab: known leaks, known culprits, and numbers that repeat.

A service may import `trace_leak` and `TracingThread` from here; nothing else of leaklab is imported
with them.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leaklab.tracing import TracingThread as TracingThread
    from leaklab.tracing import trace_leak as trace_leak

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import what a service uses when it is asked for: a measured program pays for nothing."""
    if name in {"TracingThread", "trace_leak"}:
        from leaklab import tracing  # noqa: PLC0415  (asyncio and tracemalloc)

        return getattr(tracing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
