"""What each pattern of a diagnosis means, in a line for the help page."""

from leaklab.model.scenario import Pattern

PATTERN_MEANINGS = {
    Pattern.FULL_OBJECT_IN_INDEX: "an index keeps objects, and needs a part of them",
    Pattern.NEVER_CLEARED_COLLECTION: "entries are added, and none is ever removed",
    Pattern.CACHE_WITHOUT_EVICTION: "a cache keeps every result",
    Pattern.PROCESSED_DATA_KEPT: "what is done with is kept all the same",
    Pattern.CIRCULAR_REFERENCE: "objects refer to each other, and wait for gc",
    Pattern.UNCLOSED_RESOURCE: "a file, socket, thread or child is not ended",
    Pattern.UNBOUNDED_BUFFER: "a buffer or a history has no limit",
    Pattern.ACCIDENTAL_REFERENCE: "an object is kept that was not meant to be",
    Pattern.LISTENER_NOT_REMOVED: "a callback or a subscription stays",
    Pattern.NATIVE_ALLOCATION: "memory of a C library is not freed",
    Pattern.PER_PROCESS_STATE: "each worker collects what one could hold",
    Pattern.COPY_ON_WRITE: "a child changes pages that it shares",
    Pattern.SHARED_SEGMENT_KEPT: "a shared-memory segment is not removed",
}
PATTERNS_EPILOG = "\b\nThe patterns:\n" + "\n".join(
    f"  {pattern:<25} {meaning}" for pattern, meaning in PATTERN_MEANINGS.items()
)
