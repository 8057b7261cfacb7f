"""Real Chromium, in its own processes: Playwright's sync API deadlocks beside gevent, and asyncio's tests beside it.

visits.py starts the process that opens each declared page and records a visitor's experience journeys.py starts the
pytest that runs the journeys, with pytest-playwright engine/ the code of these processes
"""
