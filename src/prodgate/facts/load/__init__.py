"""What a load test measured: facts made of the records of its runs, of which each can be made again."""

from .account_view import BalancerTimes, EntranceCount
from .changes import LoadChange
from .runs import CacheableResponse, DeployUnderLoad, RequestLoad, Standstill, SteadyLoad, SurgeLoad
from .server_view import ServerView

__all__ = [
    "BalancerTimes", "CacheableResponse", "DeployUnderLoad", "EntranceCount", "LoadChange", "RequestLoad", "ServerView",
    "Standstill", "SteadyLoad", "SurgeLoad",
]  # fmt: skip
