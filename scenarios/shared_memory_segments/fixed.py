"""Frames handed from a camera's process to a viewer's, without a copy through a pipe."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory


class FrameExchange:
    """Both ends of the exchange: only the name of a frame travels, the pixels stay put."""

    def publish(self, frame: bytes) -> str:
        """Put a frame where every process finds it; return the name to take it by."""
        segment = SharedMemory(create=True, size=len(frame))
        assert segment.buf is not None
        segment.buf[: len(frame)] = frame
        segment.close()
        return segment.name

    def take(self, name: str, size: int) -> bytes:
        """The frame of that name and size; each is taken once."""
        segment = SharedMemory(name)
        assert segment.buf is not None
        frame = bytes(segment.buf[:size])
        segment.close()
        segment.unlink()
        return frame
