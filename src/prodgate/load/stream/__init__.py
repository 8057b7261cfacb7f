"""Requests that come evenly, wait for no answer, and are never sent twice, until somebody stops them.

A load test of Locust lasts as long as it was planned; a stream lasts as long as a deployment. It also keeps what a load
test does not: the time of each failure, the requests around it that succeeded, and the build that answered.
"""
