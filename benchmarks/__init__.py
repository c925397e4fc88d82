"""The asv suite: verdict, peak RSS and growth of every scenario, and what the observer costs.

asv reads this suite from the working tree, and the scenarios from the commit that it checked out.
The suite runs in asv's bare environment, so it imports only the standard library.
"""
