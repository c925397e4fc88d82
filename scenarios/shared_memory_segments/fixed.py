"""Frames that go from a camera's process to a viewer's process in shared memory."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory


class FrameExchange:
    """Both ends of the exchange: only the name of a frame is sent, not its pixels."""

    def publish(self, frame: bytes) -> str:
        """Put a frame into shared memory; return the name under which it can be taken."""
        segment = SharedMemory(create=True, size=len(frame))
        assert segment.buf is not None
        segment.buf[: len(frame)] = frame
        segment.close()
        return segment.name

    def take(self, name: str, size: int) -> bytes:
        """Return the frame with a name and size; each frame is taken once."""
        segment = SharedMemory(name)
        assert segment.buf is not None
        frame = bytes(segment.buf[:size])
        segment.close()
        segment.unlink()
        return frame
