"""Modules that profile from within, in the process that does the work, or in a pool's parent.

Each has the functions of `leaklab.features.tools.driver.NoProbe`. They import the standard library
and their tool only, and print what their users would print at the same places. This folder is
copied beside the driver, and imported as `leaklab_probes`.
"""
