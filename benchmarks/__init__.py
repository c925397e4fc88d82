"""The asv suite: verdict, peak RSS and growth of every scenario, and what the observer costs.

It is read from the working tree, the scenarios from the commit that asv checked out. Everything
here runs in asv's bare environment: nothing but the standard library.
"""
