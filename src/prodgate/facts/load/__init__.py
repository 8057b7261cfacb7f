"""Facts of load tests, derived from the records of their runs and reproducible from them."""

from .runs import CacheableResponse, DeployUnderLoad, LoadChange, RequestLoad, Standstill, SteadyLoad, SurgeLoad
from .server_view import BalancerTimes, EntranceCount, ServerView

__all__ = [
    "BalancerTimes", "CacheableResponse", "DeployUnderLoad", "EntranceCount", "LoadChange", "RequestLoad", "ServerView",
    "Standstill", "SteadyLoad", "SurgeLoad",
]  # fmt: skip
