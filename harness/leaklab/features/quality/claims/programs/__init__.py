"""Small programs that are measured for a claim; each prints its figures as JSON.

They use the standard library only, so that nothing but the claim takes memory.
"""
