"""What the verdict on a watch asks for beyond that on a run: nobody vouches for its length."""

import msgspec

from leaklab.model.verdicts import Conclusion, Estimate, Reason, ReasonKind
from leaklab.verdict.octaves import BLOCKS


def doubted(estimate: Estimate, floor: float, seconds: float) -> Estimate:
    """An estimate that acquits no series whose growth surely is above zero: a leak may be slower
    than the watch was long. It is undecided then, and says how long a watch would tell.

    Args:
        estimate: of one signal.
        floor: growth over an octave that counts as none.
        seconds: how long it was watched.
    """
    if estimate.conclusion is not Conclusion.CLEAN or estimate.low <= 0:
        return estimate
    # A leak rises by the floor in the last octave but one, too: the second quarter of the time,
    # from its first block to its last.
    seen_share = (BLOCKS - 1) / BLOCKS / 4
    needed = max(floor / (estimate.per_unit * seen_share), 2 * seconds)
    kind = ReasonKind.GROWS_TOO_SLOWLY
    reason = Reason(kind=kind, signal=estimate.signal, seconds=needed)
    changes = {"conclusion": Conclusion.UNDECIDED, "growth": None, "reason": reason}
    return msgspec.structs.replace(estimate, **changes)
