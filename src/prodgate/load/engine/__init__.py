"""What runs inside Locust's process; nothing else may import this, nor Locust or gevent."""
