"""Requests that come evenly, wait for no answer, and are never sent twice, until somebody says that it is enough.

A load test of Locust lasts as long as it was planned. This lasts as long as a deployment, and keeps what a load test
does not: when every failure was, which requests around it succeeded, and which build answered.
"""
