"""The locustfile of the self-test."""

from locust import FastHttpUser, task


class SelfTestUser(FastHttpUser):
    """Requests each of the server's faults, mostly the one with a known p95."""

    insecure = False

    @task(9)
    def steady(self) -> None:
        """Request what has a known p95."""
        self.client.get("/steady")

    @task(5)
    def dropped(self) -> None:
        """Request what is sometimes dropped."""
        self.client.get("/dropped")

    @task(3)
    def stall(self) -> None:
        """Request what stalls."""
        self.client.get("/stall")

    @task(3)
    def errors(self) -> None:
        """Request what sometimes fails."""
        self.client.get("/errors")
