"""Code for the processes that drive Chromium; nothing outside imports it, or Playwright."""
