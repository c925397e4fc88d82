"""The lab's nouns as types: scenarios, jobs, measurements, verdicts, results, errors. No I/O."""
