"""Code for Locust's process; nothing outside imports it, or Locust or gevent."""
