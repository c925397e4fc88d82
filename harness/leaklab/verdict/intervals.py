"""The 95 % confidence intervals of all estimates."""

from collections.abc import Sequence

CONFIDENCE = 0.95


def student(freedom: int) -> float:
    """Return the quantile of Student's t that bounds a two-sided 95 % interval.

    Args:
        freedom: The degrees of freedom; less than 1 counts as 1.
    """
    from scipy.stats import t  # noqa: PLC0415  (0.8 s to import)

    return float(t.ppf((1 + CONFIDENCE) / 2, max(freedom, 1)))


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return a 95 % interval of the median from order statistics, without assuming a distribution.

    With n values, the k-th smallest and k-th largest enclose the median with probability
    1 - 2 P(Binomial(n, 1/2) < k); k is the largest for which that is at least 95 %.
    Source: Conover, Practical Nonparametric Statistics, 3.2.
    """
    from scipy.stats import binom  # noqa: PLC0415  (0.8 s to import)

    ordered = sorted(values)
    k = max(int(binom.ppf((1 - CONFIDENCE) / 2, len(ordered), 0.5)), 1)
    return ordered[k - 1], ordered[-k]
