"""The run as it looks from outside: what is read of it while it lasts."""
