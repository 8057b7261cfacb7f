"""Engines that run outside this process: environments made for them, and what they report."""
