"""Real Chromium, in its own processes: Playwright's sync API deadlocks beside gevent, and asyncio's tests beside it.

visits.py     starts the process that opens each declared page and records what a person would meet there
journeys.py   starts the pytest that runs what a person must be able to do, with pytest-playwright
engine/       what runs in these processes
"""
