"""What the self-test asks the fault server for."""

from locust import FastHttpUser, task


class SelfTestUser(FastHttpUser):
    """Asks for each of the server's faults; mostly for the one with a known p95."""

    insecure = False

    @task(9)
    def steady(self) -> None:
        """Ask for what has a known p95."""
        self.client.get("/steady")

    @task(5)
    def dropped(self) -> None:
        """Ask for what is sometimes dropped."""
        self.client.get("/dropped")

    @task(3)
    def stall(self) -> None:
        """Ask for what stands still."""
        self.client.get("/stall")

    @task(3)
    def errors(self) -> None:
        """Ask for what sometimes fails."""
        self.client.get("/errors")
