"""What runs inside the processes that drive Chromium; nothing outside imports this, nor Playwright."""
