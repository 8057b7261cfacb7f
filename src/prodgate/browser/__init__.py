"""Real Chromium, in processes of its own: Playwright's sync API deadlocks beside gevent, and asyncio's tests beside it.

visits.py     opens each declared page and writes down what a person would meet there
journeys.py   lets pytest run what a person must be able to do, with pytest-playwright
"""
