"""What runs inside Locust's process; nothing outside imports this, nor Locust or gevent."""
